"""Every oddity that `benchmark check` knows, one at a time, in an otherwise clean file."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from evaluation_cases import Case, Guess, Thing, coded, rectangle

from benchmark.analysis.file_check import EXAMPLES, Checked, check_file
from o365seg.errors import InputError

MASK = rectangle(10, 10, 30, 30)
CASE = Case(
    [Thing(MASK), Thing(MASK, image=2, category=2), Thing(box=(3, 3, 9, 9))],
    [Guess(MASK, 0.5), Guess(MASK, 0.6, image=2, category=2)],
)
Change = Callable[[Any], object]


def checked(folder: Path, content: Any, truth: Any = None) -> Checked:
    file, gt = folder / "file.json", folder / "gt.json"
    file.write_text(json.dumps(content))
    gt.write_text(json.dumps(CASE.truth() if truth is None else truth))
    return check_file(file, gt)


def of_truth(change: Change, folder: Path) -> Checked:
    content = copy.deepcopy(CASE.truth())
    content["categories"] = content["categories"][:2]
    change(content)
    return checked(folder, content)


def of_predictions(change: Change, folder: Path) -> Checked:
    content = copy.deepcopy(CASE.results())
    change(content)
    return checked(folder, content)


def test_clean_files_have_no_findings_but_the_skip(tmp_path: Path) -> None:
    # A skipped instance carries `ignore`, which the stock tools overwrite: a note.
    assert [one.is_fault for one in of_truth(lambda _: None, tmp_path).findings] == [False]
    found = of_predictions(lambda _: None, tmp_path)
    assert (found.kind, found.findings, found.faults) == ("predictions", [], 0)
    assert found.counts == {"predictions": 2, "images": 2, "categories": 2}


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda t: t["images"].append(t["images"][0]), "images: id used more than once"),
        (lambda t: t["images"][0].update(id="1"), "images: id is not a whole number"),
        (lambda t: t["images"][0].pop("id"), "images: record without id"),
        (lambda t: t["images"][0].pop("width"), "images: width or height is missing"),
        (lambda t: t["annotations"][1].update(id=1), "annotations: id used more than once"),
        (lambda t: t["annotations"][1].update(id=0), "annotation id 0"),
        (lambda t: t["annotations"][1].update(image_id=7), "unknown image_id"),
        (lambda t: t["annotations"][1].pop("category_id"), "category_id is missing"),
        (lambda t: t["annotations"][1].update(area=5), "area is not the mask's"),
        (lambda t: t["annotations"][1].update(bbox=[1, 2, 3]), "bbox is not 4 finite numbers"),
        (lambda t: t["annotations"][1].update(bbox=[1, 2, 0, 3]), "bbox without extent"),
        (lambda t: t["annotations"][1].update(bbox=[100, 2, 9, 3]), "bbox wholly outside"),
        (lambda t: t["annotations"][1].update(bbox=[95, 2, 9, 3]), "bbox reaches beyond"),
        (
            lambda t: t["annotations"][1].update(segmentation=coded(MASK & False), area=0),
            "mask without a pixel",
        ),
        (lambda t: t["images"][0].update(width=7), "mask of another size"),
        (lambda t: t["annotations"][1].update(segmentation=[[1, 2, 3]]), "not a valid mask"),
        (lambda t: t["annotations"].append({**t["annotations"][0], "id": 9}), "object listed more"),
        (lambda t: t["categories"][1].update(name="category 1"), "category name used more"),
    ],
)
def test_a_fault_of_the_ground_truth_is_found(change: Change, what: str, tmp_path: Path) -> None:
    found = of_truth(change, tmp_path)
    assert any(what in one.what and one.is_fault and one.count >= 1 for one in found.findings)


@pytest.mark.parametrize(
    ("change", "what", "fault"),
    [
        (lambda p: p[0].update(score=None), "score is missing", True),
        (lambda p: p[0].update(score=7), "score outside 0 to 1", False),
        (lambda p: p[1].update(score=0.5), "all scores are equal", True),
        (lambda p: p[0].update(category_id=9), "unknown category_id", True),
        (lambda p: p.append(p[0]), "prediction listed more than once", True),
        (lambda p: p[0].pop("segmentation"), "neither segmentation nor bbox", True),
        (lambda p: p[0].update(segmentation=[]), "mask without a pixel", True),
        (lambda p: p[0].update(segmentation=coded(MASK.T)), "mask of another size", True),
        (lambda p: p[0].update(bbox=[95, 2, 9, 3]), "bbox reaches beyond", False),
        (
            lambda p: p.extend({**p[0], "score": i / 999} for i in range(101)),
            "more than 100",
            False,
        ),
        (lambda p: p.pop(), "image without predictions", False),
    ],
)
def test_an_oddity_of_predictions_is_found(
    change: Change, what: str, fault: bool, tmp_path: Path
) -> None:
    found = of_predictions(change, tmp_path)
    assert any(what in one.what and one.is_fault is fault for one in found.findings)


def test_one_fault_hides_no_other_and_faults_come_first(tmp_path: Path) -> None:
    def change(truth: Any) -> None:
        truth["annotations"][0].update(area=1)
        truth["annotations"][1].update(category_id=77)
        truth["images"].append({"id": 3, "width": 5, "height": 5})

    found = of_truth(change, tmp_path)
    assert found.faults == 2
    assert [one.is_fault for one in found.findings] == sorted(
        (one.is_fault for one in found.findings), reverse=True
    )
    assert {one.what for one in found.findings if not one.is_fault} >= {"image without objects"}


def test_only_some_records_are_named(tmp_path: Path) -> None:
    def change(truth: Any) -> None:
        for i in range(20):
            truth["annotations"].append({"id": 50 + i, "image_id": 99, "category_id": 1})

    (found,) = (one for one in of_truth(change, tmp_path).findings if "unknown" in one.what)
    assert (found.count, len(found.examples)) == (20, EXAMPLES)


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="neither ground truth"):
        checked(tmp_path, {"images": []})
    with pytest.raises(InputError, match="no ground truth"):
        checked(tmp_path, [], {"images": []})


def test_records_that_are_no_objects_and_numbers_beyond_floats_are_faults(tmp_path: Path) -> None:
    found = checked(tmp_path, [1, 2, 3])
    assert (found.faults, found.findings[0].what) == (1, "record is not an object")
    assert found.findings[0].count == 3

    def enlarge(content: Any) -> None:
        content[0]["bbox"] = [10**400, 0, 5, 5]
        content[1]["score"] = 10**400

    whats = {one.what for one in of_predictions(enlarge, tmp_path).findings}
    assert {"bbox is not 4 finite numbers", "score is missing or not a finite number"} <= whats
    area = of_truth(lambda t: t["annotations"][0].update(area=10**400), tmp_path)
    assert area.faults == 1
