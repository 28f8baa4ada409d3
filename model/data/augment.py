"""Large-scale jitter, random crop and flip (appendix F), and the ground truth on the mask grid.

As detectron2's `ResizeScale`, `FixedSizeCrop` and `RandomFlip` do it: the image is resized to
`scale` times the input's side, keeping its aspect ratio; a larger result is cropped at random, a
smaller one is padded at the bottom and the right. Two things differ, for speed. Only the part of
the image inside the crop is resized, so the crop starts at a whole pixel of the *image*. And labels
are sampled only at the centres of the mask grid's cells; detectron2 resizes the whole map and then
subsamples it.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch

from model.data.samples import VOID, BoxGroundTruth, ClassGroundTruth, Sample
from model.network.preprocess import MULTIPLE, PADDING
from model.objective.targets import (
    STRIDE,
    BoxTarget,
    MaskTarget,
    boxes_target,
    segments_target,
    semantic_target,
)


@dataclass(frozen=True)
class Augmentation:
    """Settings of the random augmentation.

    Attributes:
        size: Side of the network's input in pixels, a multiple of 32 (appendix F: 1024).
        scale: Smallest and largest scale, > 0 (appendix F: [0.1, 2.0]; [0.5, 2.0] for ADE20K).
        flip: Probability of a horizontal flip, 0 to 1 (not in the paper; 0.5 is usual).
    """

    size: int = 1024
    scale: tuple[float, float] = (0.1, 2.0)
    flip: float = 0.5


@dataclass(frozen=True)
class Example:
    """One training example.

    Attributes:
        image: uint8 (3, S, S), RGB, padded with ImageNet's mean colour.
        size: Height and width of the unpadded part in pixels.
        target: Its ground truth on the (S / 4, S / 4) grid.
    """

    image: torch.Tensor
    size: tuple[int, int]
    target: MaskTarget | BoxTarget


@dataclass(frozen=True)
class Axis:
    """The transform along one axis of an image: [start, start + length) is resized to `resized`.

    Attributes:
        start: First pixel of the image that is used.
        length: Number of image pixels that are resized.
        resized: Number of pixels after resizing.
        shown: Number of these, from the first, that fit into the input.
        flipped: Whether the pixels that fit are reversed.
    """

    start: int
    length: int
    resized: int
    shown: int
    flipped: bool = False

    def sources(self, positions: np.ndarray) -> np.ndarray:
        """Image pixels at the centres of the given input pixels; both int64 (n,)."""
        if self.flipped:
            positions = self.shown - 1 - positions
        pixels = np.floor((positions + 0.5) * self.length / self.resized).astype(np.int64)
        return self.start + pixels.clip(0, self.length - 1)

    def forward(self, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Input coordinates of edges [low, high], clipped to the shown part; float64 (n,) each."""
        factor = self.resized / self.length
        ends = ((edge - self.start) * factor for edge in (low, high))
        low, high = (np.clip(edge, 0, self.shown) for edge in ends)
        return (self.shown - high, self.shown - low) if self.flipped else (low, high)


def augment(
    sample: Sample, augmentation: Augmentation, mergeable: np.ndarray, rng: np.random.Generator
) -> Example:
    """Augment an image and its ground truth at random.

    Args:
        sample: The image and its ground truth.
        augmentation: The settings.
        mergeable: (K,) bool, from `merge.mergeable_classes` for the data set's task.
        rng: Four numbers are drawn from it; equal states give equal examples.
    """
    rows, columns = draw_view(sample.image.shape[:2], augmentation, rng)
    image = _picture(sample.image, rows, columns, augmentation.size)
    size, shown = augmentation.size, (rows.shown, columns.shown)
    truth = sample.ground_truth
    if isinstance(truth, BoxGroundTruth):
        return Example(image, shown, _boxes(truth, rows, columns, size))
    if isinstance(truth, ClassGroundTruth):
        grid = _on_grid(truth.classes, rows, columns, size)
        return Example(image, shown, semantic_target(grid, len(mergeable)))
    grid = _on_grid(truth.ids, rows, columns, size)
    return Example(image, shown, segments_target(grid, truth.segments, mergeable))


def draw_view(
    image: tuple[int, ...], augmentation: Augmentation, rng: np.random.Generator
) -> tuple[Axis, Axis]:
    """Draw the rows and the columns of the view of an image of a given (height, width).

    Raises:
        ValueError: the input's size is not a multiple of 32.
    """
    if augmentation.size < MULTIPLE or augmentation.size % MULTIPLE:
        raise ValueError(f"the input's size must be a multiple of {MULTIPLE}")
    draws = rng.random(4)
    low, high = augmentation.scale
    side = augmentation.size * (low + (high - low) * draws[0])
    factor = min(side / image[0], side / image[1])
    flipped = bool(draws[1] < augmentation.flip)
    rows = _window(image[0], factor, augmentation.size, draws[2])
    columns = _window(image[1], factor, augmentation.size, draws[3], flipped)
    return rows, columns


def _window(length: int, factor: float, size: int, draw: float, flipped: bool = False) -> Axis:
    """The window along an axis of `length` pixels that is resized by `factor`."""
    whole = max(round(length * factor), 1)
    if whole <= size:
        return Axis(0, length, whole, whole, flipped)
    factor = whole / length
    window = min(int(np.ceil(size / factor)), length)
    resized = max(round(window * factor), size)
    start = min(int(draw * (length - window + 1)), length - window)
    return Axis(start, window, resized, size, flipped)


def _picture(image: np.ndarray, rows: Axis, columns: Axis, size: int) -> torch.Tensor:
    part = image[rows.start : rows.start + rows.length, columns.start :][:, : columns.length]
    # Area averaging when shrinking; otherwise small images would be noise.
    smaller = rows.resized < rows.length or columns.resized < columns.length
    method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    resized = cv2.resize(part, (columns.resized, rows.resized), interpolation=method)
    canvas = np.empty((3, size, size), np.uint8)
    for channel, plane in enumerate(cv2.split(resized)):
        shown = plane[: rows.shown, : columns.shown]
        canvas[channel] = PADDING[channel]
        canvas[channel, : rows.shown, : columns.shown] = (
            shown[:, ::-1] if columns.flipped else shown
        )
    return torch.from_numpy(canvas)


def _on_grid(values: np.ndarray, rows: Axis, columns: Axis, size: int) -> np.ndarray:
    """The map at stride 4, by the rule of `targets.at_stride`; `VOID` in the padding."""
    positions = np.arange(STRIDE // 2, size, STRIDE)
    row, column = (positions[positions < axis.shown] for axis in (rows, columns))
    grid = np.full((len(positions), len(positions)), VOID, values.dtype)
    shown = values[rows.sources(row)[:, None], columns.sources(column)]
    grid[: len(row), : len(column)] = shown
    return grid


def _boxes(truth: BoxGroundTruth, rows: Axis, columns: Axis, size: int) -> BoxTarget:
    left, right = columns.forward(truth.boxes[:, 0], truth.boxes[:, 2])
    top, bottom = rows.forward(truth.boxes[:, 1], truth.boxes[:, 3])
    kept = (right > left) & (bottom > top)
    boxes = np.stack([left, top, right, bottom], 1)[kept]
    return boxes_target(truth.labels[kept], boxes, (size, size))
