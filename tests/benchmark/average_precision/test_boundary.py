"""Boundaries and their IoU against the definition, pixel by pixel."""

from typing import Any

import numpy as np
import pytest
from boundary_oracle import published_boundary
from evaluation_cases import coded
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools import mask as coco_mask

from benchmark.average_precision.boundary import (
    Band,
    band_iou,
    boundary,
    boundary_distance,
    lesser_ious,
)
from o365seg.formats.masks import encode_rle


def boundary_ious(
    predicted: list[dict[str, Any]],
    true: list[dict[str, Any]],
    crowd: list[bool],
    least: float = 0.0,
) -> np.ndarray:
    """What boundary AP matches by, from masks alone."""
    ours: Any = predicted
    theirs: Any = true
    mask_ious = coco_mask.iou(ours, theirs, [int(one) for one in crowd])
    return lesser_ious(np.asarray(mask_ious), predicted, true, crowd, least=least)


def plain_boundary(mask: np.ndarray, distance: int) -> np.ndarray:
    """Pixels of the mask with something else, or nothing at all, within reach."""
    height, width = mask.shape
    found = np.zeros_like(mask)
    for y in range(height):
        for x in range(width):
            around = [
                0 <= v < height and 0 <= u < width and mask[v, u]
                for v in range(y - distance, y + distance + 1)
                for u in range(x - distance, x + distance + 1)
            ]
            found[y, x] = mask[y, x] and not all(around)
    return found


@pytest.mark.parametrize(
    ("size", "distance"),
    [
        ((480, 640), 16),  # 0.02 × 800
        ((3, 4), 1),  # 0.1 rounds to 0; at least 1
        ((30, 40), 1),
        ((75, 100), 2),  # exactly 2.5: to the even
        ((105, 140), 4),  # exactly 3.5
    ],
)
def test_the_band_is_2_percent_of_the_diagonal(size: tuple[int, int], distance: int) -> None:
    assert boundary_distance(size) == distance


masks = st.tuples(st.integers(1, 14), st.integers(1, 14)).flatmap(
    lambda size: arrays(np.uint8, size, elements=st.sampled_from([0, 1, 1, 1, 1, 1]))
)


def drawn(band: Band, shape: tuple[int, ...]) -> np.ndarray:
    """A boundary in its image, uint8[height, width]."""
    image = np.zeros(shape, np.uint8)
    width, height = band.pixels.shape
    image[band.top : band.top + height, band.left : band.left + width] = band.pixels.T
    return image


@given(masks, st.sampled_from([0.02, 0.1, 0.3, 1.0]))
def test_any_boundary_equals_the_definition(mask: np.ndarray, ratio: float) -> None:
    distance = boundary_distance((mask.shape[0], mask.shape[1]), ratio)
    found = boundary(encode_rle(mask), ratio)
    assert (drawn(found, mask.shape) == plain_boundary(mask, distance)).all()
    assert (drawn(found, mask.shape) == published_boundary(mask, ratio)).all()
    assert found.area == found.pixels.sum()


def test_the_image_s_border_counts_as_outside() -> None:
    full = encode_rle(np.ones((90, 120), np.uint8))
    assert boundary(full).area == 90 * 120 - (90 - 6) * (120 - 6)  # 0.02 × 150 = 3


def test_a_mask_without_pixels_has_no_boundary() -> None:
    nothing = np.zeros((9, 7), np.uint8)
    empty, whole = boundary(encode_rle(nothing)), boundary(encode_rle(nothing + 1))
    assert empty.area == 0
    assert band_iou(empty, whole) == band_iou(whole, empty) == band_iou(empty, empty) == 0
    one = coded(nothing + 1)
    assert boundary_ious([coded(nothing)], [one], [False]).tolist() == [[0]]
    assert boundary_ious([], [one], [False]).shape == (0, 1)


@given(st.data())
def test_ious_equal_the_definition(data: st.DataObject) -> None:
    size = data.draw(st.tuples(st.integers(1, 10), st.integers(1, 10)))
    some = st.lists(arrays(np.uint8, size, elements=st.integers(0, 1)), min_size=1, max_size=3)
    predicted, true = data.draw(some), data.draw(some)
    crowd = data.draw(st.lists(st.booleans(), min_size=len(true), max_size=len(true)))
    ours, theirs = [coded(m) for m in predicted], [coded(m) for m in true]
    found = boundary_ious(ours, theirs, crowd)
    some = boundary_ious(ours, theirs, crowd, least=0.5)
    assert (found == some)[some >= 0.5].all()
    assert (found < 0.5)[some < 0.5].all()

    def iou(p: np.ndarray, t: np.ndarray, of_predicted: bool) -> float:
        whole = p.sum() if of_predicted else (p | t).sum()
        return float((p & t).sum() / whole) if (p & t).any() else 0.0

    for row, p in enumerate(predicted):
        for column, t in enumerate(true):
            wanted = iou(p, t, crowd[column])
            if not crowd[column]:
                wanted = min(wanted, iou(plain_boundary(p, 1), plain_boundary(t, 1), False))
            assert found[row, column] == pytest.approx(wanted)


def test_a_shifted_contour_costs_boundary_iou_more_than_mask_iou() -> None:
    disc = np.zeros((240, 320), np.uint8)
    disc[40:200, 60:260] = 1
    moved = np.roll(disc, 4, axis=1)
    (value,) = boundary_ious([coded(moved)], [coded(disc)], [False])[0]
    mask_iou = (disc & moved).sum() / (disc | moved).sum()
    assert value < 0.8 < 0.95 < mask_iou
