"""Boundary AP against the published rule on top of pycocotools, and what must hold of it."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boundary_oracle import boundary_evaluation
from evaluation_cases import Case, Guess, Thing, rectangle
from evaluation_real import coco_content, jittered
from evaluation_strategies import cases
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from typer.testing import CliRunner

from benchmark import COCOeval, Result, SkipRule, evaluate
from benchmark.commands.main import app
from o365seg.formats.pycocotools_variant import stock_annotation

RULES = list(SkipRule)
NAMES = ("precision", "recall", "scores")


def assert_equals(result: Result, stock: Any) -> None:
    for name in NAMES:
        assert getattr(result.curves, name).tobytes() == stock.eval[name].tobytes(), name
    assert result.stats.tobytes() == np.asarray(stock.stats).tobytes()


def as_stock(truth: dict[str, Any]) -> dict[str, Any]:
    """The truth as stock tools read it: skipped instances and boxes of crowds as crowds."""
    sizes = {image["id"]: (image["height"], image["width"]) for image in truth["images"]}
    annotations = [stock_annotation(a, sizes[a["image_id"]]) for a in truth["annotations"]]
    return truth | {"annotations": annotations}


@settings(max_examples=40)
@given(case=cases(skips=False), rule=st.sampled_from(RULES))
def test_equals_the_published_rule_to_the_last_bit_where_nothing_is_skipped(
    tmp_path_factory: pytest.TempPathFactory, case: Case, rule: SkipRule
) -> None:
    truth, results = case.write(tmp_path_factory.mktemp("case"))
    result = evaluate(results, truth, iou="boundary", skip_rule=rule)
    truth.write_text(json.dumps(as_stock(case.truth())))
    assert_equals(result, boundary_evaluation(truth, results))
    assert result.iou == "boundary"
    assert set(result.ap_by_rule.values()) == {result.stats[0]}


@settings(max_examples=25)
@given(case=st.booleans().flatmap(lambda boxes: cases(with_boxes=boxes)))
def test_ioa_equals_the_published_rule_on_the_converted_file(
    tmp_path_factory: pytest.TempPathFactory, case: Case
) -> None:
    truth, results = case.write(tmp_path_factory.mktemp("case"))
    result = evaluate(results, truth, iou="boundary", skip_rule="ioa")
    truth.write_text(json.dumps(as_stock(case.truth())))
    assert_equals(result, boundary_evaluation(truth, results))


@settings(max_examples=25)
@given(case=cases(), rule=st.sampled_from(["box", "box50"]))
def test_a_skipped_object_changes_no_recall_and_costs_no_precision(
    tmp_path_factory: pytest.TempPathFactory, case: Case, rule: str
) -> None:
    truth, results = case.write(tmp_path_factory.mktemp("case"))
    with_rule = evaluate(results, truth, iou="boundary", skip_rule=rule)
    without = evaluate(results, truth, iou="boundary", skip_rule="none")
    assert with_rule.curves.recall.tobytes() == without.curves.recall.tobytes()
    assert (with_rule.curves.precision >= without.curves.precision).all()


@settings(max_examples=40)
@given(data=st.data())
def test_boundary_ap_is_at_most_mask_ap(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """For one object and one prediction a category and image, where nothing can be swapped."""
    things, guesses = [], []
    for image in (1, 2):
        for category in (1, 2):
            side = data.draw(st.sampled_from([20, 60]))
            shift = data.draw(st.integers(0, 10))
            things.append(Thing(rectangle(0, 0, side, side), image=image, category=category))
            mask = rectangle(shift, 0, side, side)
            score = data.draw(st.sampled_from([0.2, 0.5, 0.9]))
            guesses.append(Guess(mask, score, image=image, category=category))
    truth, results = Case(things, guesses).write(tmp_path_factory.mktemp("case"))
    of_masks = evaluate(results, truth)
    of_boundaries = evaluate(results, truth, iou="boundary")
    assert (of_boundaries.curves.precision <= of_masks.curves.precision).all()
    assert (of_boundaries.stats <= of_masks.stats).all()


def test_a_coarse_contour_that_mask_ap_forgives_costs_boundary_ap(tmp_path: Path) -> None:
    mask, moved = rectangle(5, 5, 80, 90), rectangle(6, 5, 80, 90)
    truth, results = Case([Thing(mask)], [Guess(moved)]).write(tmp_path)
    assert evaluate(results, truth).metrics["AP"] == pytest.approx(1)  # IoU 79 / 81
    # Bands of 984 pixels, 3 wide; the two share 79 × 6 in rows and 84 × 4 in columns: IoU 0.699.
    assert evaluate(results, truth, iou="boundary").metrics["AP"] == pytest.approx(0.4)


@settings(max_examples=25)
@given(case=cases(), rule=st.sampled_from(RULES))
def test_the_drop_in_class_gives_the_same(
    tmp_path_factory: pytest.TempPathFactory, case: Case, rule: SkipRule
) -> None:
    truth, results = case.write(tmp_path_factory.mktemp("case"))
    result = evaluate(results, truth, iou="boundary", skip_rule=rule)
    with contextlib.redirect_stdout(io.StringIO()):
        ground_truth = COCO(str(truth))
        loaded: Any = ground_truth.loadRes(str(results))
        evaluation: Any = COCOeval(ground_truth, loaded, "boundary", rule)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    assert_equals(result, evaluation)


@pytest.mark.parametrize(
    "command",
    [
        ["evaluate", "--by", "size", "--by", "category", "--interval", "--resamples", "9"],
        ["errors"],
        ["curves"],
        ["compare"],
    ],
)
def test_every_command_that_takes_iou_takes_boundaries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    mask, moved = rectangle(5, 5, 80, 90), rectangle(9, 5, 80, 90)
    case = Case(
        [Thing(mask), Thing(mask, image=2), Thing(box=(50, 60, 30, 30))],
        [Guess(mask, 0.9), Guess(moved, 0.8, image=2), Guess(rectangle(50, 60, 30, 30), 0.7)],
    )
    truth, results = case.write(tmp_path)
    name, *options = command
    files = [str(results)] * (2 if name == "compare" else 1)
    found = CliRunner().invoke(
        app, [name, *files, "--gt", str(truth), "--iou", "boundary", *options]
    )
    assert found.exit_code == 0, found.output
    if name == "evaluate":
        assert "Boundary AP and AR (%)" in found.output
        assert "Boundary AP by skip rule" in found.output


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["coco128_panoptic/annotations/instances_train2017.json", "lvis100/lvis_val_100.json"]
)
def test_equals_the_published_rule_on_real_annotations(
    tmp_path: Path, real_data: Path, name: str
) -> None:
    path = real_data / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    truth = coco_content(path)
    path = tmp_path / "truth.json"
    path.write_text(json.dumps(truth))
    results, gt = tmp_path / "results.json", tmp_path / "gt.json"
    results.write_text(json.dumps(jittered(truth, seed=3)))
    gt.write_text(json.dumps(as_stock(truth)))
    result = evaluate(results, path, iou="boundary")
    assert_equals(result, boundary_evaluation(gt, results))
    assert 0.02 < result.metrics["AP"] < evaluate(results, path).metrics["AP"]
