"""The form that stock COCO tools understand."""

import copy
from typing import Any

import numpy as np
import pytest

from o365seg.formats.masks import Rle, decode_rle, encode_rle
from o365seg.formats.pycocotools_variant import stock_annotation

SIZE = (20, 30)
BOX = [4.0, 5.0, 10.0, 6.0]


def record(**changes: Any) -> dict[str, Any]:
    base = {"id": 3, "image_id": 1, "category_id": 2, "bbox": BOX, "area": 60.0, "iscrowd": 0}
    return base | changes


MASK = {"size": list(SIZE), "counts": encode_rle(np.eye(*SIZE)).counts}


@pytest.mark.parametrize(
    "box_only",
    [
        record(skipped=True, skip_reason="too dark", ignore=1),
        record(),  # the authors' own file: nothing but an absent mask
        record(segmentation=[]),
        record(segmentation=None),
        record(unanswered=True),
        record(iscrowd=1),
        record(skipped=True, segmentation=MASK),
    ],
)
def test_a_skip_and_a_crowd_without_a_mask_become_a_crowd_of_the_box(box_only: dict) -> None:
    before = copy.deepcopy(box_only)
    found = stock_annotation(box_only, SIZE)
    assert box_only == before
    assert found["iscrowd"] == 1
    assert found["area"] == 60
    mask = decode_rle(Rle(tuple(found["segmentation"]["size"]), found["segmentation"]["counts"]))
    expected = np.zeros(SIZE, int)
    expected[5:11, 4:14] = 1
    np.testing.assert_array_equal(mask, expected)
    changed = {"iscrowd", "segmentation", "area"}
    assert {key: value for key, value in found.items() if key not in changed} == {
        key: value for key, value in before.items() if key not in changed
    }


def test_the_area_is_that_of_the_region_inside_the_image() -> None:
    found = stock_annotation(record(bbox=[25.0, 5.0, 10.0, 6.0]), SIZE)
    assert found["area"] == 5 * 6
    assert found["bbox"] == [25.0, 5.0, 10.0, 6.0]


@pytest.mark.parametrize(
    "answered", [record(segmentation=MASK), record(segmentation=MASK, iscrowd=1)]
)
def test_whatever_has_a_mask_stays_as_it_is(answered: dict) -> None:
    found = stock_annotation(answered, SIZE)
    assert found == answered
    assert list(found) == list(answered)
    assert found is not answered


def test_an_absent_iscrowd_becomes_0() -> None:
    lvis = record(segmentation=[[1, 1, 5, 1, 5, 5]])
    del lvis["iscrowd"]
    assert stock_annotation(lvis, SIZE) == lvis | {"iscrowd": 0}
