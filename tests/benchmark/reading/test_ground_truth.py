"""Ground truth: what is tolerated, what is named as a fault, and where it is looked for."""

import json
from pathlib import Path
from typing import Any

import pytest
from evaluation_cases import Case, Guess, Thing, coded, rectangle

from benchmark import evaluate
from benchmark.reading.release_location import find_release
from o365seg.errors import InputError

MASK = rectangle(10, 20, 30, 40)


def rewrite(path: Path, **changes: Any) -> None:
    """Change the first annotation of a file; a value of `...` takes the field away."""
    data = json.loads(path.read_text())
    annotation = data["annotations"][0]
    annotation |= changes
    for field in [key for key, value in changes.items() if value is ...]:
        del annotation[field]
    path.write_text(json.dumps(data, default=str))


@pytest.mark.parametrize(
    ("changes", "iou", "parts"),
    [
        ({"segmentation": {"size": [9, 9], "counts": "i2"}}, "segm", ["'segmentation'", "differs"]),
        ({"segmentation": {"size": [110, 100], "counts": "Y"}}, "segm", ["'segmentation'"]),
        ({"segmentation": [[1, 2, 3, 4]]}, "segm", ["'segmentation'", "4 coordinates"]),
        ({"segmentation": "x"}, "segm", ["'segmentation'", "not text"]),
        ({"segmentation": None, "bbox": ...}, "segm", ["'bbox'", "missing"]),
        ({"segmentation": ..., "bbox": ..., "iscrowd": 1}, "segm", ["'bbox'", "missing"]),
        ({"bbox": ...}, "bbox", ["'bbox'", "missing"]),
        ({"bbox": [1, 2, 3]}, "bbox", ["'bbox'", "must have 4 values"]),
        ({"category_id": 99}, "segm", ["'category_id'", "unknown category 99"]),
    ],
)
def test_a_faulty_annotation_is_named(
    tmp_path: Path, changes: dict[str, Any], iou: str, parts: list[str]
) -> None:
    truth, results = Case([Thing(MASK)], [Guess(MASK)], first_id=5).write(tmp_path)
    rewrite(truth, **changes)
    with pytest.raises(InputError) as caught:
        evaluate(results, truth, iou=iou)
    for part in [str(truth), "annotations[0] (id 5)", *parts]:
        assert part in str(caught.value)


@pytest.mark.parametrize(("iou", "changes"), [("segm", {"bbox": ...}), ("bbox", {"area": ...})])
def test_what_is_not_needed_may_be_absent(
    tmp_path: Path, iou: str, changes: dict[str, Any]
) -> None:
    truth, results = Case([Thing(MASK)], [Guess(MASK)]).write(tmp_path)
    rewrite(truth, **changes, iscrowd=0, licence="any")
    assert evaluate(results, truth, iou=iou).metrics["AR100"] == 1


def test_an_absent_area_is_the_mask_s(tmp_path: Path) -> None:
    truth, results = Case([Thing(MASK)], [Guess(MASK)]).write(tmp_path)
    rewrite(truth, area=..., segmentation=coded(rectangle(0, 0, 5, 5)))
    metrics = evaluate(results, truth).metrics
    assert (metrics["ARs"], metrics["ARm"]) == (0, -1)


def test_the_release_is_found_in_the_folder_then_by_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("O365SEG_RELEASE", raising=False)
    with pytest.raises(InputError, match=r"no ground truth: .*--gt.*O365SEG_RELEASE"):
        find_release(None)
    monkeypatch.setenv("O365SEG_RELEASE", "elsewhere.json")
    assert find_release(None) == ("elsewhere.json", "from O365SEG_RELEASE")
    Path("o365_instance_seg_val.json").write_text("{}")
    assert find_release(None) == ("o365_instance_seg_val.json", "found in the current folder")
    assert find_release(Path("given.json"))[0] == Path("given.json")
