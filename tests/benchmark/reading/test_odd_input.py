"""Odd input: scored as pycocotools scores it, with a note; the rest is refused in a line."""

import contextlib
import copy
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from typer.testing import CliRunner

from benchmark.analysis.by_size import match_in_sizes
from benchmark.analysis.confusion import confusion
from benchmark.analysis.error_kinds import Kind, errors
from benchmark.average_precision.evaluation import evaluate
from benchmark.commands.main import app
from benchmark.reading.choices import Iou
from benchmark.reading.inputs import read_plain_truth
from o365seg.errors import InputError
from o365seg.formats.masks import encode_rle

SIZE = (20, 30)


def mask(left: int, top: int, width: int, height: int) -> dict[str, Any]:
    pixels = np.zeros(SIZE, bool)
    pixels[top : top + height, left : left + width] = True
    return {"size": list(SIZE), "counts": encode_rle(pixels).counts}


def inputs() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Two images with two objects each; predictions that find them, at IoUs between 0.6 and 1."""
    boxes = [(1, 1, 8, 8), (12, 10, 9, 6)]
    annotations, predictions = [], []
    for image in (1, 2):
        for category, (x, y, w, h) in enumerate(boxes, 1):
            ids = {"image_id": image, "category_id": category}
            number = len(annotations) + 1
            true = {"id": number, "iscrowd": 0, "area": float(w * h), "bbox": [x, y, w, h]}
            annotations.append(ids | true | {"segmentation": mask(x, y, w, h)})
            less = w - number // 2
            guess = {"score": 1 / (number + 1), "bbox": [x, y, less, h]}
            predictions.append(ids | guess | {"segmentation": mask(x, y, less, h)})
    images = [{"id": one, "height": 20, "width": 30, "file_name": f"{one}.jpg"} for one in (1, 2)]
    categories = [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]
    truth = {"images": images, "categories": categories, "annotations": annotations}
    return truth, predictions


def stock(truth: Any, predictions: Any, iou: str) -> np.ndarray:
    truth, predictions = copy.deepcopy(truth), copy.deepcopy(predictions)
    with contextlib.redirect_stdout(io.StringIO()):
        index = COCO()
        index.dataset = truth
        index.createIndex()
        stock: Any = COCOeval(index, index.loadRes(predictions), iou)  # pyright: ignore[reportArgumentType]
        stock.evaluate()
        stock.accumulate()
        stock.summarize()
    return np.array(stock.stats)


def float_ids(truth: Any, predictions: Any) -> None:
    for record in truth["images"]:
        record["id"] = float(record["id"])
    for record in (*truth["annotations"], *predictions):
        for key in ("image_id", "category_id"):
            record[key] = float(record[key])


def float_flags_and_sizes(truth: Any, predictions: Any) -> None:
    for record in truth["annotations"]:
        record["iscrowd"] = 0.0
    truth["annotations"][1]["iscrowd"] = 1.0
    for record in truth["images"]:
        record["width"], record["height"] = 30.0, 20.0


def text_ids(truth: Any, predictions: Any) -> None:
    for record in truth["images"]:
        record["id"] = f"image {10 - record['id']}"
    for record in (*truth["annotations"], *predictions):
        record["image_id"] = f"image {10 - record['image_id']}"


def nameless(truth: Any, predictions: Any) -> None:
    truth["categories"] = [{"id": 2}, {"id": 1, "name": 7}]


def repeated_categories(truth: Any, predictions: Any) -> None:
    truth["categories"].append({"id": 1, "name": "again"})


def unknown_categories(truth: Any, predictions: Any) -> None:
    predictions[0]["category_id"] = 77
    predictions.append(predictions[1] | {"category_id": 88, "score": 0.9})


ODD = [float_ids, float_flags_and_sizes, text_ids, nameless, repeated_categories,
       unknown_categories]  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("iou", ["segm", "bbox"])
@pytest.mark.parametrize("native", ["1", "0"])
def test_odd_input_is_scored_as_pycocotools_scores_it_with_a_note(
    odd: Callable[[Any, Any], None], iou: str, native: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("O365SEG_NATIVE", native)
    truth, predictions = inputs()
    odd(truth, predictions)
    found = evaluate(predictions, truth, iou=iou)
    assert found.stats.tobytes() == stock(truth, predictions, iou).tobytes()
    assert "Odd input" in "".join(found.notes)
    assert errors(predictions, truth, iou=iou)


@pytest.mark.parametrize(
    ("group", "key", "value", "note"),
    [
        ("images", "file_name", None, "images with a file_name that is not text, left out (2)"),
        ("images", "file_name", 5, "images with a file_name that is not text, left out (2)"),
        ("images", "coco_url", 5, "images with a coco_url that is not text, left out (2)"),
        ("categories", "name", None, "categories without a name, called by their id (2)"),
        ("categories", "name", 5, "categories with a name such as 5 (2)"),
        ("categories", "supercategory", 5, "categories with a supercategory that is not text (2)"),
        (
            "categories",
            "frequency",
            5,
            "categories with a frequency that is not text, left out (2)",
        ),
    ],
)
def test_what_is_no_text_is_scored_with_a_note(
    group: str, key: str, value: object, note: str
) -> None:
    truth, predictions = inputs()
    plain = evaluate(predictions, truth).stats
    for one in truth[group]:
        one[key] = value
    assert evaluate(predictions, truth).stats.tobytes() == plain.tobytes()
    file, _, notes = read_plain_truth(truth)[:3]
    assert note in notes[0]
    names = [one.name for one in file.categories]
    expected = ["a", "b"] if key != "name" else ["1", "2"] if value is None else ["5", "5"]
    assert names == expected


def test_boxes_need_no_image_size() -> None:
    truth, predictions = inputs()
    expected = stock(truth, predictions, "bbox")
    for image in truth["images"]:
        del image["width"]
    assert evaluate(predictions, truth, iou="bbox").stats.tobytes() == expected.tobytes()
    with pytest.raises(InputError, match=r"images\[0\].*'width': missing"):
        evaluate(predictions, truth)


def test_a_negative_box_gives_an_area_where_masks_count() -> None:
    truth, predictions = inputs()
    predictions[0]["bbox"] = [1, 1, -8, -7]
    found = evaluate(predictions, truth)
    assert found.stats.tobytes() == stock(truth, predictions, "segm").tobytes()
    assert "negative width or height: 1" in "".join(found.notes)
    with pytest.raises(InputError, match="must not be negative"):
        evaluate(predictions, truth, iou="bbox")


@pytest.mark.parametrize(
    "polygons", [[[1, 1, 9, 1, 9, 9, 1, 9, 4]], [[1, 1, 9, 1, 9, 9], [2, 2, 5, 5]]]
)
def test_polygons_are_drawn_as_pycocotools_draws_them(polygons: list[list[int]]) -> None:
    truth, predictions = inputs()
    for annotation in truth["annotations"]:
        annotation["segmentation"] = polygons
    found = evaluate(predictions, truth)
    assert found.stats.tobytes() == stock(truth, predictions, "segm").tobytes()


@pytest.mark.parametrize("polygons", [[[1, 1, 5, 5]], [[1, 1, 9, 1, 9, 9], [2]]])
def test_polygons_that_pycocotools_takes_for_something_else_are_refused(polygons: Any) -> None:
    truth, predictions = inputs()
    truth["annotations"][2]["segmentation"] = polygons
    with pytest.raises(InputError, match=r"annotations\[2\].*coordinates"):
        evaluate(predictions, truth)


@pytest.mark.parametrize("native", ["1", "0"])
def test_no_predictions_are_a_result(native: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("O365SEG_NATIVE", native)
    truth, _ = inputs()
    found = evaluate([], truth)
    assert found.metrics["AP"] == found.metrics["AR100"] == 0
    assert found.metrics["APl"] == -1
    assert [note[:24] for note in found.notes] == ["There are no predictions"]


@pytest.mark.parametrize("iou", list(Iou))
def test_no_predictions_are_input_of_all_analyses(iou: Iou, tmp_path: Path) -> None:
    truth, _ = inputs()
    found = errors([], truth, iou=iou)
    assert (found.ap, found.counts[Kind.MISSED]) == (0, 4)
    assert confusion([], truth, 0.5, iou=iou).counts.sum() == 4
    assert sum(one.instances for one in match_in_sizes([], truth, iou=iou).bins()) == 4
    for name, content in (("gt.json", truth), ("p.json", [])):
        (tmp_path / name).write_text(json.dumps(content))
    done = CliRunner().invoke(
        app, ["confusion", str(tmp_path / "p.json"), "--gt", str(tmp_path / "gt.json")]
    )
    assert "No prediction is a true positive" in done.stdout


@pytest.mark.parametrize("native", ["1", "0"])
def test_what_changes_nothing_is_told(native: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("O365SEG_NATIVE", native)
    truth, predictions = inputs()
    truth["annotations"][0]["ignore"] = 1
    truth["annotations"][1] |= {"ignore": True, "iscrowd": 1}
    predictions[1]["segmentation"] = mask(0, 0, 0, 0)
    notes = evaluate(predictions, truth).notes
    assert "`ignore` on 1 annotations" in notes[0]
    assert "Masks without a pixel: 1 of the predictions, 0 of the ground truth" in notes[1]
    assert len(notes) == 2


@pytest.mark.parametrize("native", ["1", "0"])
def test_boxes_alone_are_told(native: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("O365SEG_NATIVE", native)
    truth, predictions = inputs()
    for annotation in truth["annotations"]:
        del annotation["segmentation"]
    assert "use --iou bbox" in "".join(evaluate(predictions, truth).notes)


def test_files_that_are_something_else_are_recognized(tmp_path: Path) -> None:
    truth, predictions = inputs()
    with pytest.raises(InputError, match="predictions, not ground truth; are the"):
        evaluate(truth, predictions)
    with pytest.raises(InputError, match="predictions: this is ground truth, not predictions"):
        evaluate(truth, truth)
    panoptic = truth | {"annotations": [{"image_id": 1, "segments_info": []}]}
    (tmp_path / "panoptic.json").write_text(json.dumps(panoptic))
    with pytest.raises(InputError, match=r"panoptic\.json: is a panoptic file; use"):
        evaluate(predictions, tmp_path / "panoptic.json")
    people = [{"image_id": 1, "category_id": 1, "score": 1, "keypoints": [1, 2, 2]}]
    with pytest.raises(InputError, match="keypoints alone"):
        evaluate(people, truth)


def test_ids_of_two_kinds_are_refused() -> None:
    truth, predictions = inputs()
    predictions[1]["image_id"] = "1"
    with pytest.raises(InputError, match=r"record \[1\].*'image_id': '1' is text"):
        evaluate(predictions, truth)
    text_ids(truth, [])
    predictions[1]["image_id"] = 1
    with pytest.raises(InputError, match=r"record \[0\].*1 is a number, but .* are text"):
        evaluate(predictions, truth)


def test_errors_name_the_place_in_the_whole_file() -> None:
    truth, predictions = inputs()
    predictions[0]["category_id"] = 77
    predictions[2]["segmentation"]["counts"] = "??"
    with pytest.raises(InputError, match=r"record \[2\]"):
        evaluate(predictions, truth)
