"""Masks as outlines, filled again as ultralytics fills them."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from o365seg.exports.outline import single_outline


def filled(outline: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """As `ultralytics.data.utils.polygon2mask`: coordinates cut down to whole pixels."""
    mask = np.zeros(size, np.uint8)
    cv2.fillPoly(mask, [outline.astype(np.int32)], 1)
    return mask


def disc(radius: float) -> np.ndarray:
    y, x = np.mgrid[:40, :40]
    return ((x - 20) ** 2 + (y - 20) ** 2 <= radius**2).astype(np.uint8)


@pytest.mark.parametrize("radius", [0, 1, 2, 7.5, 19])
def test_a_single_part_without_holes_is_exact(radius: float) -> None:
    np.testing.assert_array_equal(filled(single_outline(disc(radius)), (40, 40)), disc(radius))


@pytest.mark.parametrize("line", [np.s_[5, 3:9], np.s_[3:9, 5], np.s_[0, 0], np.s_[:, 0]])
def test_thin_masks_are_exact_and_have_an_extent(line: tuple) -> None:
    mask = np.zeros((12, 12), np.uint8)
    mask[line] = 1
    outline = single_outline(mask)
    assert len(outline) >= 3
    assert (np.ptp(outline, axis=0) > 0).all()
    np.testing.assert_array_equal(filled(outline, mask.shape), mask)


def test_a_hole_stays_a_hole_but_for_its_bridge() -> None:
    ring = disc(15) - disc(8)
    np.testing.assert_array_equal(filled(single_outline(ring), (40, 40)), ring)


def test_parts_are_joined_by_a_line_of_a_pixel() -> None:
    mask = np.zeros((20, 40), np.uint8)
    mask[5:15, 5:15] = mask[5:15, 25:35] = 1
    found = filled(single_outline(mask), mask.shape)
    assert (found >= mask).all()
    assert found.sum() - mask.sum() == 10  # the columns between them


@settings(deadline=None, max_examples=60)
@given(arrays.arrays(np.uint8, (9, 11), elements=st.integers(0, 1)))
def test_no_pixel_is_lost(mask: np.ndarray) -> None:
    if mask.any():
        assert (filled(single_outline(mask), mask.shape) >= mask).all()
