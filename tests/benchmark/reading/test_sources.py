"""Predictions and ground truth in every form that people have them in."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from evaluation_cases import Case, Guess, Thing, rectangle
from pycocotools.coco import COCO

from benchmark import errors
from benchmark.average_precision.evaluation import evaluate
from benchmark.reading.choices import Iou
from o365seg.errors import InputError
from o365seg.formats.records import read_annotations

MASK = rectangle(10, 20, 30, 40)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    truth, results = Case([Thing(MASK), Thing(MASK, image=2)], [Guess(MASK)], first_id=5).write(
        tmp_path
    )
    return results, truth


def index(truth: Path) -> COCO:
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(truth))


@pytest.mark.parametrize("iou", list(Iou))
@pytest.mark.parametrize("native", ["1", "0"])
def test_every_form_gives_the_same_numbers(
    files: tuple[Path, Path], iou: Iou, native: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("O365SEG_NATIVE", native)
    results, truth = files
    records, content = json.loads(results.read_text()), json.loads(truth.read_text())
    coco = index(truth)
    with contextlib.redirect_stdout(io.StringIO()):
        found: Any = coco.loadRes(json.loads(results.read_text()))
    tables = {key: pd.DataFrame(content[key]) for key in ("images", "annotations", "categories")}
    expected = evaluate(results, truth, iou=iou)
    wrong = errors(results, truth, iou=iou)
    for predictions in (records, pd.DataFrame(records), found):
        for ground_truth in (content, tables, coco, read_annotations(truth), str(truth)):
            assert evaluate(predictions, ground_truth, iou=iou).numbers == expected.numbers
            assert errors(predictions, ground_truth, iou=iou) == wrong


def test_an_array_of_boxes_is_what_load_res_takes(files: tuple[Path, Path]) -> None:
    _, truth = files
    box = json.loads(truth.read_text())["annotations"][0]
    row = [box["image_id"], *box["bbox"], 0.5, box["category_id"]]
    assert evaluate(np.array([row]), truth, iou="bbox").metrics["AR1"] > 0
    with pytest.raises(InputError, match=r"shape \(n, 7\), not \(7,\)"):
        evaluate(np.array(row), truth, iou="bbox")


def test_areas_of_masks_stay_those_of_masks(files: tuple[Path, Path]) -> None:
    """`loadRes` adds boxes to masks; they must not be taken for boxes of the file."""
    results, truth = files
    with contextlib.redirect_stdout(io.StringIO()):
        found: Any = index(truth).loadRes(json.loads(results.read_text()))
    assert "bbox" in found.dataset["annotations"][0]
    assert evaluate(found, truth).numbers == evaluate(results, truth).numbers
    assert evaluate(found, truth).notes == []
