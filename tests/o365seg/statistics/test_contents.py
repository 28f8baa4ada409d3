"""The numbers and curves, against a plain recount of the same file."""

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from o365seg.errors import InputError
from o365seg.formats.records import AnnotationFile, read_annotations
from o365seg.statistics.contents import BIN_EDGES, set_curves, set_numbers
from o365seg.statistics.relative_size import RelativeSize

MASK = {"size": [10, 20], "counts": [150, 50]}


def annotation(number: int, **changes: Any) -> dict[str, Any]:
    base = {"id": number, "image_id": 1, "category_id": 1, "bbox": [0, 0, 5, 10], "area": 50}
    return base | {"iscrowd": 0, "segmentation": MASK} | changes


SKIP = {"segmentation": None, "skipped": True, "ignore": 1}


def load(folder: Path, annotations: list[dict[str, Any]], **others: Any) -> AnnotationFile:
    content = {
        "images": [{"id": i, "height": 10, "width": 20, "file_name": ""} for i in (1, 2, 3)],
        "categories": [{"id": c, "name": f"category {c}"} for c in (1, 2, 3, 4)],
        "annotations": annotations,
    }
    path = folder / "set.json"
    path.write_text(json.dumps(content | others))
    return read_annotations(path)


def test_the_numbers_of_a_release(tmp_path: Path) -> None:
    file = load(
        tmp_path,
        [
            annotation(1),
            annotation(2, category_id=2),
            annotation(3, category_id=3, **SKIP, skip_reason="too blurry"),
            annotation(4, image_id=2, **SKIP, skip_reason="too dark"),
            annotation(5, image_id=2, **SKIP, skip_reason="too blurry"),
            annotation(6, image_id=2, **SKIP),
            annotation(7, image_id=3, segmentation=None, iscrowd=1),
            annotation(8, image_id=3, segmentation=None, unanswered=True, ignore=1),
        ],
        info={"rater_hours": 1.5, "minutes_per_valid_mask": 3.74},
    )
    numbers = set_numbers(file, "ours")
    assert (numbers.questions, numbers.masks, numbers.skipped) == (7, 2, 4)
    assert numbers.skipped_by_reason == {"not given": 1, "too blurry": 2, "too dark": 1}
    assert (numbers.unanswered, numbers.crowds) == (1, 1)
    assert (numbers.images, numbers.images_without_mask) == (3, 2)
    assert (numbers.categories, numbers.categories_with_masks) == (4, 2)
    assert (numbers.rater_hours, numbers.minutes_per_valid_mask) == (1.5, 3.74)


@pytest.mark.parametrize(
    "info", [None, {}, [], "text", {"rater_hours": "many"}, {"rater_hours": True}]
)
def test_hours_that_a_file_does_not_have_are_none(tmp_path: Path, info: Any) -> None:
    numbers = set_numbers(load(tmp_path, [annotation(1)], info=info), "theirs")
    assert numbers.rater_hours is None
    assert numbers.minutes_per_valid_mask is None


def test_minutes_follow_from_the_hours(tmp_path: Path) -> None:
    file = load(tmp_path, [annotation(1), annotation(2)], info={"rater_hours": 0.1})
    assert set_numbers(file, "ours").minutes_per_valid_mask == pytest.approx(3)
    assert (
        set_numbers(load(tmp_path, [], info={"rater_hours": 1}), "").minutes_per_valid_mask is None
    )


def test_an_lvis_file_has_neither_iscrowd_nor_skips(tmp_path: Path) -> None:
    lvis = annotation(1, segmentation=[[0, 0, 5, 0, 5, 10, 0, 10]])
    del lvis["iscrowd"]
    file = load(tmp_path, [lvis])
    assert set_numbers(file, "LVIS").masks == 1
    assert set_curves(file, "LVIS", "lvis.json").relative_sizes[10] == 1  # the root of 50 / 200


def test_the_two_measures_of_relative_size(tmp_path: Path) -> None:
    file = load(tmp_path, [annotation(1)])
    root = set_curves(file, "", "")
    ratio = set_curves(file, "", "", RelativeSize.RATIO)
    assert np.flatnonzero(root.relative_sizes).tolist() == [10]  # 0.5 opens the bin from 0.5
    assert np.flatnonzero(ratio.relative_sizes).tolist() == [5]  # 0.25
    assert root.shares[10] == 1


def test_the_file_s_area_counts_else_the_mask_s(tmp_path: Path) -> None:
    stated = annotation(1, area=200)
    absent = annotation(2)
    del absent["area"]
    beyond = annotation(3, area=900)  # a polygon that overruns its image
    sizes = set_curves(load(tmp_path, [stated, absent, beyond]), "", "").relative_sizes
    assert (sizes[19], sizes[10]) == (2, 1)
    absent["segmentation"] = [[1, 2]]
    with pytest.raises(InputError, match=r"set: annotations\[0\] \(id 2\), field 'segmentation'"):
        set_curves(load(tmp_path, [absent]), "", "set")


def test_masks_by_area_in_coco_s_sizes(tmp_path: Path) -> None:
    areas = [0, 32**2 - 1, 32**2, 96**2 - 0.5, 96**2, 1e9]
    file = load(tmp_path, [annotation(n, area=area) for n, area in enumerate(areas, start=1)])
    assert set_curves(file, "", "").masks_by_area.tolist() == [2, 2, 2]


def test_a_set_without_masks_has_empty_curves(tmp_path: Path) -> None:
    curves = set_curves(load(tmp_path, [annotation(1, **SKIP)]), "", "")
    assert curves.masks_per_category.tolist() == curves.masks_per_image.tolist() == []
    assert curves.shares.tolist() == [0] * 20
    assert curves.masks_by_area.tolist() == [0, 0, 0]


@given(st.data())
def test_curves_equal_a_plain_recount(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    kinds = st.sampled_from([{}, {}, SKIP, {"iscrowd": 1}, {"segmentation": []}])
    annotations = [
        annotation(
            number,
            image_id=data.draw(st.integers(1, 3)),
            category_id=data.draw(st.integers(1, 4)),
            area=data.draw(st.floats(0, 200)),
            **data.draw(kinds),
        )
        for number in range(data.draw(st.integers(0, 12)))
    ]
    curves = set_curves(load(tmp_path_factory.mktemp("set"), annotations), "", "")
    masks = [a for a in annotations if a["segmentation"] and not a["iscrowd"]]
    for found, field in (
        (curves.masks_per_category, "category_id"),
        (curves.masks_per_image, "image_id"),
    ):
        counted = sorted(Counter(a[field] for a in masks).values(), reverse=True)
        assert found.tolist() == counted
    sizes = [np.sqrt(a["area"] / 200) for a in masks]
    for place, (low, high) in enumerate(pairwise(BIN_EDGES)):
        inside = sum(low <= size < high or size == high == 1 for size in sizes)
        assert curves.relative_sizes[place] == inside
        assert curves.shares[place] == (inside / len(masks) if masks else 0)


def test_a_real_lvis_file_by_a_plain_recount(real_data: Path) -> None:
    path = real_data / "lvis100" / "lvis_val_100.json"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    content = json.loads(path.read_text())
    areas = {image["id"]: image["height"] * image["width"] for image in content["images"]}
    sizes = [(a["area"] / areas[a["image_id"]]) ** 0.5 for a in content["annotations"]]
    file = read_annotations(path)
    curves = set_curves(file, "LVIS", path)
    assert curves.relative_sizes[0] == sum(size < BIN_EDGES[1] for size in sizes)
    assert curves.relative_sizes.sum() == len(sizes) == set_numbers(file, "LVIS").masks == 977
    most = Counter(a["image_id"] for a in content["annotations"]).most_common(1)[0][1]
    assert curves.masks_per_image[0] == most
