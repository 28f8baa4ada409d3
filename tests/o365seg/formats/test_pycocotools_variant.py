"""The form that stock COCO tools understand."""

import copy
from typing import Any

import numpy as np
import pytest

from o365seg.errors import InputError
from o365seg.formats.masks import Rle, decode_rle, encode_rle
from o365seg.formats.pycocotools_variant import (
    importable_annotation,
    importable_file,
    stock_annotation,
)

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


def test_importers_get_the_tight_box_and_no_ignore() -> None:
    """detectron2 refuses `ignore` 1, mmdetection drops it, FiftyOne crops masks to `bbox`."""
    pixels = np.zeros(SIZE, np.uint8)
    pixels[2:9, 3] = pixels[4, 3:20] = 1
    mask = {"size": list(SIZE), "counts": encode_rle(pixels).counts}
    found = importable_annotation(record(segmentation=mask, ignore=0), SIZE)
    assert found == record(segmentation=mask, bbox=[3, 2, 17, 7], detection_bbox=BOX)
    skipped = importable_annotation(record(skipped=True, ignore=1, bbox=[4.4, 5.2, 99, 3]), SIZE)
    assert "ignore" not in skipped
    assert (skipped["iscrowd"], skipped["detection_bbox"]) == (1, [4.4, 5.2, 99, 3])
    rle = Rle(tuple(skipped["segmentation"]["size"]), skipped["segmentation"]["counts"])
    y, x = np.nonzero(decode_rle(rle))
    width, height = x.max() - x.min() + 1, y.max() - y.min() + 1
    assert skipped["bbox"] == [x.min(), y.min(), width, height]


def test_a_mask_without_a_pixel_keeps_its_box() -> None:
    empty = {"size": list(SIZE), "counts": encode_rle(np.zeros(SIZE)).counts}
    assert importable_annotation(record(segmentation=empty), SIZE)["bbox"] == BOX


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"bbox": None, "segmentation": None}, "bbox"),
        ({"segmentation": {"size": [3, 3], "counts": "1"}}, r"annotations\[0\] \(id 3\).*segm"),
    ],
)
def test_what_cannot_be_converted_is_named(fault: dict[str, Any], message: str) -> None:
    broken = {key: value for key, value in record(**fault).items() if value is not None}
    image = {"id": 1, "height": SIZE[0], "width": SIZE[1]}
    with pytest.raises(InputError, match=message):
        importable_file({"images": [image], "annotations": [broken]}, "some.json")
