"""Boundary IoU by the rule of boundary-iou-api (Cheng et al., CVPR 2021).

The boundary of a mask is what erosion takes away: its pixels with a pixel outside the mask, or
outside the image, within `distance` in both x and y. Compared are these bands alone, so that a
large object's contour weighs as much as a small one's. Boundary AP matches by the lesser of mask
IoU and boundary IoU; with a crowd by mask IoU alone. All else is mask AP: areas are the masks'.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from benchmark.average_precision.native_core import DILATION_RATIO
from benchmark.reading.predictions import tight_box
from o365seg.formats.masks import Rle, check_rle

StockRle = dict[str, Any]
"""Compressed run lengths in pycocotools' form: `size` and `counts`, text or bytes."""


@dataclass(frozen=True)
class Band:
    """The boundary of a mask, in the smallest window of its image that holds the mask.

    Attributes:
        left: The window's first column.
        top: The window's first row.
        pixels: uint8[columns, rows] of 0 and 1, columns first as in run lengths.
        area: The number of pixels set.
    """

    left: int
    top: int
    pixels: np.ndarray
    area: int


def boundary_distance(size: tuple[int, int], dilation_ratio: float = DILATION_RATIO) -> int:
    """The width of the band in pixels, at least 1, for an image of a (height, width)."""
    height, width = size
    # numpy's root, and Python's rounding of halves to the even: the reference's own.
    return max(1, round(float(dilation_ratio * np.sqrt(height**2 + width**2))))


def boundary(rle: Rle, dilation_ratio: float = DILATION_RATIO) -> Band:
    """The boundary of a mask.

    Args:
        rle: The mask.
        dilation_ratio: Width of the band as a part of the image's diagonal.

    Raises:
        MaskError: `rle` does not describe a mask.
    """
    runs, height = check_rle(rle), rle.size[0]
    left, top, width, rows = tight_box(runs, height)
    if rows == 0:
        return Band(0, 0, np.zeros((0, 0), np.uint8), 0)
    ends = np.cumsum(runs).clip(left * height, (left + width) * height)
    values = np.arange(runs.size, dtype=np.uint8) & 1
    columns = np.repeat(values, np.diff(ends, prepend=left * height)).reshape(width, height)
    # Around the mask all is 0, and so it counts beyond the image: its tight box is enough.
    padded = np.pad(columns[:, top : top + rows], 1)
    # As many steps of 3 × 3 as the band is wide; OpenCV makes one step of a wider kernel of it.
    # Beyond the padding pixels do not erode, which changes nothing: the padding does already.
    distance = boundary_distance(rle.size, dilation_ratio)
    eroded = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=distance)
    pixels = (padded - eroded)[1:-1, 1:-1]
    return Band(left, top, pixels, cv2.countNonZero(pixels))


def band_iou(first: Band, second: Band) -> float:
    """Intersection over union of two boundaries in one image; 0 where they share no pixel."""
    left, top = max(first.left, second.left), max(first.top, second.top)
    right, bottom = (
        min(one.left + one.pixels.shape[0] for one in (first, second)),
        min(one.top + one.pixels.shape[1] for one in (first, second)),
    )
    if left >= right or top >= bottom:
        return 0.0
    parts = [
        one.pixels[left - one.left : right - one.left, top - one.top : bottom - one.top]
        for one in (first, second)
    ]
    shared = cv2.countNonZero(cv2.bitwise_and(*parts))
    return shared / (first.area + second.area - shared) if shared else 0.0


def lesser_ious(
    mask_ious: np.ndarray,
    predicted: Sequence[StockRle],
    true: Sequence[StockRle],
    crowd: Sequence[bool],
    *,
    least: float,
    dilation_ratio: float = DILATION_RATIO,
) -> np.ndarray:
    """What boundary AP matches by, min(mask IoU, boundary IoU), from the mask IoU of every pair.

    Args:
        mask_ious: float64[predicted, true].
        predicted: The masks.
        true: The masks.
        crowd: Of each of `true`; with a crowd, mask intersection over predicted area alone.
        least: The least value that anything is made of. A pair whose mask IoU is below keeps it,
            for the lesser one is below too; so few boundaries are ever drawn, each once.
        dilation_ratio: Width of the band as a part of the image's diagonal.

    Returns:
        float64[predicted, true].

    Raises:
        MaskError: one of them does not describe a mask.
    """
    found = np.array(mask_ious, np.float64).reshape(len(predicted), len(true))
    near = (found >= least) & ~np.asarray(crowd, bool)
    rows, columns = np.nonzero(near)
    ours = {i: boundary(_rle(predicted[i]), dilation_ratio) for i in np.unique(rows).tolist()}
    theirs = {j: boundary(_rle(true[j]), dilation_ratio) for j in np.unique(columns).tolist()}
    for i, j in zip(rows.tolist(), columns.tolist(), strict=True):
        found[i, j] = min(found[i, j], band_iou(ours[i], theirs[j]))
    return found


def _rle(record: StockRle) -> Rle:
    counts, (height, width) = record["counts"], record["size"]
    return Rle((height, width), counts.decode("ascii") if isinstance(counts, bytes) else counts)
