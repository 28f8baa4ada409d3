"""What an image is supervised by, on the stride-4 grid of the masks: masks, or only boxes.

Ground truth comes into the form of the merged proposals (appendix F): of a class that the task
merges there is one mask an image, of any other one for each instance. All of it is an id map
first, which is taken at stride 4 and only then split into masks, so that the masks stay disjoint.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

STRIDE = 4
"""Pixels of the input a cell of the mask grid, along either axis (appendix F)."""


@dataclass(frozen=True)
class MaskTarget:
    """An image of G masks; pixels in none of them (void, crowd, padding) count as "not this mask".

    Attributes:
        labels: (G,) int64, class indices.
        masks: (G, h, w) bool, disjoint, none empty.
    """

    labels: torch.Tensor
    masks: torch.Tensor

    def to(self, device: torch.device | str) -> "MaskTarget":
        """The same on a device; the host does not wait for it where the memory is pinned."""
        move = {"device": device, "non_blocking": True}
        return MaskTarget(self.labels.to(**move), self.masks.to(**move))


@dataclass(frozen=True)
class BoxTarget:
    """An image of G boxes, as their shadows on the two axes.

    Attributes:
        labels: (G,) int64, class indices.
        rows: (G, h) bool, the rows that a box covers; at least one.
        columns: (G, w) bool, likewise.
    """

    labels: torch.Tensor
    rows: torch.Tensor
    columns: torch.Tensor

    def to(self, device: torch.device | str) -> "BoxTarget":
        """The same on a device; the host does not wait for it where the memory is pinned."""
        move = {"device": device, "non_blocking": True}
        return BoxTarget(self.labels.to(**move), self.rows.to(**move), self.columns.to(**move))


Target = MaskTarget | BoxTarget


@dataclass(frozen=True)
class Segment:
    """A segment of an id map: its id there, its class index, and whether it stands for a crowd."""

    id: int
    label: int
    crowd: bool = False


def at_stride(ids: np.ndarray) -> np.ndarray:
    """An id map on the mask grid: of each 4×4 pixels the one after the centre, [2, 2].

    Args:
        ids: integer (H, W); H and W multiples of 4.

    Returns:
        (H / 4, W / 4), a view.
    """
    return ids[STRIDE // 2 :: STRIDE, STRIDE // 2 :: STRIDE]


def segments_target(
    ids: np.ndarray, segments: Sequence[Segment], mergeable: np.ndarray
) -> MaskTarget:
    """Panoptic or instance masks from an id map and what it lists.

    Segments of one mergeable class become one mask. Crowds are left out, and so is what has no
    pixel on the grid: an empty mask in the matching only hurts (Mask2Former's issue 215).

    Args:
        ids: integer (h, w) at stride 4; ids that no segment lists are void.
        segments: What there is; each id once.
        mergeable: (K,) bool, as `merge.mergeable_classes` has it.
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
    places = np.searchsorted(known, ids).clip(max=len(known) - 1)
    found = np.where(known[places] == ids, np.array(groups)[places], -1)
    return _split(found, np.array(labels, np.int64))


def semantic_target(classes: np.ndarray, class_count: int) -> MaskTarget:
    """One mask for each class in a map of classes.

    Args:
        classes: integer (h, w) at stride 4; whatever is not in 0 to K - 1 is void.
        class_count: K.
    """
    classes = classes.astype(np.int64)  # bytes have no -1
    known = (classes >= 0) & (classes < class_count)
    return _split(np.where(known, classes, -1), np.arange(class_count))


def boxes_target(labels: np.ndarray, boxes: np.ndarray, size: tuple[int, int]) -> BoxTarget:
    """The shadows of boxes. A cell counts that a box touches, so that none vanishes by its size.

    (BoxInst samples cells at their centres, and a box of three pixels can miss them all.)

    Args:
        labels: integer (G,), class indices.
        boxes: float (G, 4), left, top, right, bottom in pixels of the input; a box that lies
            outside is left out.
        size: The input's height and width, padding and all; multiples of 4.
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    height, width = size
    inside = (boxes[:, 0] < width) & (boxes[:, 1] < height) & (boxes[:, 2:] > 0).all(1)
    boxes = boxes[inside]
    columns = _shadow(boxes[:, 0], boxes[:, 2], width // STRIDE)
    rows = _shadow(boxes[:, 1], boxes[:, 3], height // STRIDE)
    labels = np.asarray(labels, np.int64)[inside]
    return BoxTarget(*(torch.from_numpy(array) for array in (labels, rows, columns)))


def _shadow(low: np.ndarray, high: np.ndarray, cells: int) -> np.ndarray:
    """(G, cells) bool: the cells from `low` to `high`, in pixels; one at least."""
    first = np.floor(low / STRIDE).clip(0, cells - 1)[:, None]
    last = np.ceil(high / STRIDE)[:, None]
    cell = np.arange(cells)
    return (cell >= first) & (cell < np.maximum(last, first + 1))


def _split(numbers: np.ndarray, labels: np.ndarray) -> MaskTarget:
    """Masks of an (h, w) map of places in `labels` (-1 for none); those with a pixel."""
    present = np.unique(numbers)
    present = present[present >= 0]
    masks = numbers[None] == present[:, None, None]  # (G, h, w)
    return MaskTarget(torch.from_numpy(labels[present]), torch.from_numpy(masks))
