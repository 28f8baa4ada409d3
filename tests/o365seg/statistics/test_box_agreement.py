"""Masks against their boxes: numpy on pixels, and geometry, as oracles."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from o365seg.errors import InputError
from o365seg.formats.masks import encode_rle
from o365seg.formats.records import Annotation, AnnotationFile, Category, Image
from o365seg.statistics.box_agreement import box_agreement

SIDE = st.integers(1, 20)


def file_of(*annotations: Annotation) -> AnnotationFile:
    return AnnotationFile([Image(1, 40, 40)], list(annotations), [Category(1, "a")])


def painted(mask: np.ndarray, bbox: tuple[float, float, float, float]) -> Annotation:
    return Annotation(
        7, 1, 1, bbox, segmentation=msgspec.Raw(msgspec.json.encode(encode_rle(mask)))
    )


@given(SIDE, SIDE, SIDE, SIDE, SIDE, SIDE, SIDE, SIDE)
def test_of_a_full_rectangle_it_is_the_pixels_iou(
    x: int, y: int, w: int, h: int, bx: int, by: int, bw: int, bh: int
) -> None:
    mask, box = np.zeros((40, 40), bool), np.zeros((40, 40), bool)
    mask[y : y + h, x : x + w] = True
    box[by : by + bh, bx : bx + bw] = True
    found = box_agreement(file_of(painted(mask, (bx, by, bw, bh))), "file")
    assert found.ids.tolist() == [7]
    assert found.ious[0] == pytest.approx((mask & box).sum() / (mask | box).sum())
    beyond = max(0, bx - x, by - y, x + w - bx - bw, y + h - by - bh)
    assert found.beyond[0] == beyond


def test_an_empty_mask_agrees_with_nothing_and_reaches_nowhere() -> None:
    found = box_agreement(file_of(painted(np.zeros((40, 40)), (5, 5, 9, 9))), "file")
    assert (found.ious.tolist(), found.beyond.tolist()) == ([0.0], [0.0])


def test_what_has_no_mask_of_its_own_is_left_out() -> None:
    crowd = painted(np.ones((40, 40)), (0, 0, 40, 40))
    crowd.iscrowd = 1
    found = box_agreement(file_of(crowd, Annotation(8, 1, 1, (0, 0, 9, 9))), "file")
    assert not found.ids.size


def test_an_unsound_mask_is_named() -> None:
    wrong = Annotation(
        9, 1, 1, (0, 0, 9, 9), segmentation=msgspec.Raw(b'{"size":[40,40],"counts":"0"}')
    )
    with pytest.raises(InputError, match=r"file: annotations\[0\] \(id 9\)"):
        box_agreement(file_of(wrong), "file")
