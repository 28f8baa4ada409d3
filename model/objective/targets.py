"""Training targets on the stride-4 grid of the masks: masks, or boxes only.

Ground truth takes the form of the merged proposals (appendix F): one mask per image for a class
that the task merges, one per instance for any other class. It starts as an id map, which is sampled
at stride 4 and then split into masks, so that the masks stay disjoint.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

STRIDE = 4
"""Pixels of the input per cell of the mask grid, along either axis (appendix F)."""


@dataclass(frozen=True)
class MaskTarget:
    """G masks of an image; pixels outside (void, crowd, padding) are negative for each mask.

    Attributes:
        labels: (G,) int64, class indices.
        masks: (G, h, w) bool, disjoint, none empty.
    """

    labels: torch.Tensor
    masks: torch.Tensor

    def to(self, device: torch.device | str) -> "MaskTarget":
        """A copy on a device; the host does not wait if the memory is pinned."""
        move = {"device": device, "non_blocking": True}
        return MaskTarget(self.labels.to(**move), self.masks.to(**move))


@dataclass(frozen=True)
class BoxTarget:
    """G boxes of an image, as their projections on the two axes.

    Attributes:
        labels: (G,) int64, class indices.
        rows: (G, h) bool, the rows that a box covers, at least one.
        columns: (G, w) bool, the columns that it covers, at least one.
    """

    labels: torch.Tensor
    rows: torch.Tensor
    columns: torch.Tensor

    def to(self, device: torch.device | str) -> "BoxTarget":
        """A copy on a device; the host does not wait if the memory is pinned."""
        move = {"device": device, "non_blocking": True}
        return BoxTarget(self.labels.to(**move), self.rows.to(**move), self.columns.to(**move))


Target = MaskTarget | BoxTarget


@dataclass(frozen=True)
class BatchTargets:
    """The targets of the B images of a batch in shared tensors, image after image.

    Attributes:
        joined: The targets of all images as one.
        counts: Number of ground-truth masks of each image.
    """

    joined: Target
    counts: tuple[int, ...]

    def split(self) -> list[Target]:
        """The target of each image, as views."""
        kind = type(self.joined)
        columns = [tensor.split(self.counts) for tensor in vars(self.joined).values()]
        return [kind(*row) for row in zip(*columns, strict=True)]

    def to(self, device: torch.device | str) -> "BatchTargets":
        """A copy on a device; the host does not wait if the memory is pinned."""
        return BatchTargets(self.joined.to(device), self.counts)

    def pin_memory(self) -> "BatchTargets":
        """A copy in pinned memory, which a GPU reads directly."""
        kind = type(self.joined)
        pinned = kind(*(tensor.pin_memory() for tensor in vars(self.joined).values()))
        return BatchTargets(pinned, self.counts)


def join_targets(targets: Sequence[Target]) -> BatchTargets:
    """The targets of a batch from those of its images, on the same device.

    Raises:
        ValueError: no image, or both masks and boxes.
    """
    kinds = {type(target) for target in targets}
    if len(kinds) != 1:
        raise ValueError("a batch needs masks or boxes, not both")
    columns = zip(*(vars(target).values() for target in targets), strict=True)
    joined = kinds.pop()(*(torch.cat(column) for column in columns))
    return BatchTargets(joined, tuple(len(target.labels) for target in targets))


@dataclass(frozen=True)
class Segment:
    """A segment of an id map: its id in the map, its class index, and whether it is a crowd."""

    id: int
    label: int
    crowd: bool = False


def at_stride(ids: np.ndarray) -> np.ndarray:
    """An id map on the mask grid: pixel [2, 2] of each 4×4 pixels, the one after the centre.

    Args:
        ids: integer (H, W); H and W multiples of 4.

    Returns:
        (H / 4, W / 4), a view.
    """
    return ids[STRIDE // 2 :: STRIDE, STRIDE // 2 :: STRIDE]


def segments_target(
    ids: np.ndarray, segments: Sequence[Segment], mergeable: np.ndarray
) -> MaskTarget:
    """Panoptic or instance masks from an id map and its segments.

    Segments of one mergeable class become one mask. Crowds and segments without a pixel on the grid
    are omitted, as empty masks harm the matching (Mask2Former's issue 215).

    Args:
        ids: integer (h, w) at stride 4; ids that no segment lists are void.
        segments: The segments of the map, with unique ids.
        mergeable: (K,) bool, from `merge.mergeable_classes`.
    """
    group_of_label: dict[int, int] = {}
    labels: list[int] = []
    groups: list[int] = []
    kept = sorted((segment for segment in segments if not segment.crowd), key=lambda s: s.id)
    for segment in kept:
        group = group_of_label.get(segment.label, len(labels))
        if group == len(labels):
            labels.append(segment.label)
        if mergeable[segment.label]:
            group_of_label[segment.label] = group
        groups.append(group)
    known = np.array([segment.id for segment in kept], np.int64)
    if not kept:
        return _split(np.full(ids.shape, -1), np.zeros(0, np.int64))
    positions = np.searchsorted(known, ids).clip(max=len(known) - 1)
    found = np.where(known[positions] == ids, np.array(groups)[positions], -1)
    return _split(found, np.array(labels, np.int64))


def semantic_target(classes: np.ndarray, class_count: int) -> MaskTarget:
    """One mask for each class of a label map.

    Args:
        classes: integer (h, w) at stride 4; values outside 0 to K - 1 are void.
        class_count: K.
    """
    classes = classes.astype(np.int64)  # bytes have no -1
    known = (classes >= 0) & (classes < class_count)
    return _split(np.where(known, classes, -1), np.arange(class_count))


def boxes_target(labels: np.ndarray, boxes: np.ndarray, size: tuple[int, int]) -> BoxTarget:
    """The projections of boxes, of all cells that a box touches, so that small boxes are kept.

    (BoxInst samples cells at their centres; a box of three pixels can miss them all.)

    Args:
        labels: integer (G,), class indices.
        boxes: float (G, 4), left, top, right, bottom in pixels of the input; boxes outside
            it are omitted.
        size: The input's height and width with padding; multiples of 4.
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    height, width = size
    inside = (boxes[:, 0] < width) & (boxes[:, 1] < height) & (boxes[:, 2:] > 0).all(1)
    boxes = boxes[inside]
    columns = _projection(boxes[:, 0], boxes[:, 2], width // STRIDE)
    rows = _projection(boxes[:, 1], boxes[:, 3], height // STRIDE)
    labels = np.asarray(labels, np.int64)[inside]
    return BoxTarget(*(torch.from_numpy(array) for array in (labels, rows, columns)))


def _projection(low: np.ndarray, high: np.ndarray, cells: int) -> np.ndarray:
    """(G, cells) bool: the cells from `low` to `high` in pixels, at least one."""
    first = np.floor(low / STRIDE).clip(0, cells - 1)[:, None]
    last = np.ceil(high / STRIDE)[:, None]
    cell = np.arange(cells)
    return (cell >= first) & (cell < np.maximum(last, first + 1))


def _split(numbers: np.ndarray, labels: np.ndarray) -> MaskTarget:
    """Non-empty masks of an (h, w) map of indices into `labels` (-1 for none)."""
    present = np.unique(numbers)
    present = present[present >= 0]
    masks = numbers[None] == present[:, None, None]  # (G, h, w)
    return MaskTarget(torch.from_numpy(labels[present]), torch.from_numpy(masks))
