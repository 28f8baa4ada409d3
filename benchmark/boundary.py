"""Boundary IoU by the rule of boundary-iou-api (Cheng et al., CVPR 2021).

The boundary of a mask is what erosion takes away: its pixels with a pixel outside the mask, or
outside the image, within `distance` in both x and y. Compared are these bands alone, so that a
large object's contour weighs as much as a small one's. Boundary AP matches by the lesser of mask
IoU and boundary IoU; with a crowd by mask IoU alone.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from pycocotools import mask as coco_mask

from o365seg.masks import Rle, decode_rle, encode_rle

DILATION_RATIO = 0.02
"""Of the image's diagonal, as for COCO and LVIS (Cityscapes: 0.005)."""


def boundary_distance(size: tuple[int, int], dilation_ratio: float = DILATION_RATIO) -> int:
    """The width of the band in pixels, at least 1, for an image of a (height, width)."""
    height, width = size
    # numpy's root, and Python's rounding of halves to the even: the reference's own.
    return max(1, round(float(dilation_ratio * np.sqrt(height**2 + width**2))))


def mask_boundary(mask: np.ndarray, dilation_ratio: float = DILATION_RATIO) -> np.ndarray:
    """The boundary of a mask.

    Args:
        mask: uint8[height, width] of 0 and 1.
        dilation_ratio: Width of the band as a part of the image's diagonal.

    Returns:
        uint8[height, width] of 0 and 1.
    """
    distance = boundary_distance((mask.shape[0], mask.shape[1]), dilation_ratio)
    boundary = np.zeros(mask.shape, np.uint8)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        return boundary
    # Around the mask all is 0, and so it counts beyond the image: its tight box is enough.
    inside = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    padded = np.pad(np.ascontiguousarray(mask[inside]), 1)
    # As many steps of 3 × 3 as the band is wide; OpenCV makes one step of a wider kernel of it.
    # Beyond the padding pixels do not erode, which changes nothing: the padding does already.
    eroded = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=distance)
    boundary[inside] = mask[inside] - eroded[1:-1, 1:-1]
    return boundary


def rle_boundary(rle: Rle, dilation_ratio: float = DILATION_RATIO) -> Rle:
    """The boundary of a run-length mask, as compressed run lengths.

    Raises:
        MaskError: `rle` does not describe a mask.
    """
    return encode_rle(mask_boundary(decode_rle(rle), dilation_ratio))


def boundary_ious(
    predicted: Sequence[Rle],
    true: Sequence[Rle],
    crowd: Sequence[bool],
    dilation_ratio: float = DILATION_RATIO,
) -> np.ndarray:
    """What boundary AP matches by: min(mask IoU, boundary IoU) of every pair.

    Args:
        predicted: Compressed run lengths, of the image's size as all of these masks.
        true: Likewise.
        crowd: Of each of `true`; with a crowd, mask intersection over predicted area alone.
        dilation_ratio: Width of the band as a part of the image's diagonal.

    Returns:
        float64[predicted, true].

    Raises:
        MaskError: one of them does not describe a mask.
    """
    if not predicted or not true:
        return np.zeros((len(predicted), len(true)))
    masks = _ious(predicted, true, crowd)
    bands = _ious(
        [rle_boundary(rle, dilation_ratio) for rle in predicted],
        [rle_boundary(rle, dilation_ratio) for rle in true],
        crowd,
    )
    return np.where(np.asarray(crowd, bool), masks, np.minimum(masks, bands))


def _ious(predicted: Sequence[Rle], true: Sequence[Rle], crowd: Sequence[bool]) -> np.ndarray:
    crowds = [int(c) for c in crowd]
    return np.asarray(coco_mask.iou(_packed(predicted), _packed(true), crowds), np.float64)


def _packed(masks: Sequence[Rle]) -> list[Any]:
    """Masks in pycocotools' form, whose run lengths are bytes."""
    return [{"size": list(rle.size), "counts": str(rle.counts).encode()} for rle in masks]
