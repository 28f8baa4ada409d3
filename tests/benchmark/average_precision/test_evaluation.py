"""The evaluation against plain pycocotools and against an oracle written from the rules."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluation_cases import (
    HEIGHT,
    WIDTH,
    Case,
    Guess,
    Thing,
    rectangle,
    stock_evaluation,
)
from evaluation_oracle import evaluate_plainly
from evaluation_real import coco_content, jittered
from evaluation_strategies import cases
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark import Result, SkipRule, evaluate
from o365seg.formats.pycocotools_variant import stock_annotation

RULES = list(SkipRule)


def assert_equals_stock(result: Result, stock: Any) -> None:
    for name in ("precision", "recall", "scores"):
        ours, theirs = getattr(result.curves, name), stock.eval[name]
        assert ours.tobytes() == theirs.tobytes(), name
    assert result.stats.tobytes() == np.asarray(stock.stats).tobytes()


@settings(max_examples=40)
@given(case=cases(skips=False), rule=st.sampled_from(RULES))
def test_equals_pycocotools_to_the_last_bit_where_nothing_is_skipped(
    tmp_path_factory: pytest.TempPathFactory, case: Case, rule: SkipRule
) -> None:
    truth, results = case.write(tmp_path_factory.mktemp("case"))
    data = json.loads(truth.read_text())
    data["annotations"] = [stock_annotation(a, (HEIGHT, WIDTH)) for a in data["annotations"]]
    result = evaluate(results, truth, skip_rule=rule)
    truth.write_text(json.dumps(data))  # crowds known by their box alone now have a region
    assert_equals_stock(result, stock_evaluation(truth, results))
    assert set(result.ap_by_rule.values()) == {result.stats[0]}
    assert not result.absorbed.any()


@settings(max_examples=25)
@given(case=cases(with_boxes=True), skips=st.booleans())
def test_box_ap_equals_pycocotools_with_skipped_boxes_as_ground_truth(
    tmp_path_factory: pytest.TempPathFactory, case: Case, skips: bool
) -> None:
    if not skips:
        for guess in case.guesses:
            guess.box = None
    truth, results = case.write(tmp_path_factory.mktemp("case"))
    result = evaluate(results, truth, iou="bbox")
    assert_equals_stock(result, stock_evaluation(truth, results, "bbox"))
    assert result.skip_rule is None
    assert result.ap_by_rule == {}


@settings(max_examples=25)
@given(case=cases())
def test_ioa_equals_pycocotools_on_the_converted_file(
    tmp_path_factory: pytest.TempPathFactory, case: Case
) -> None:
    truth, results = case.write(tmp_path_factory.mktemp("case"))
    result = evaluate(results, truth, skip_rule="ioa")
    data = case.truth()
    data["annotations"] = [stock_annotation(a, (HEIGHT, WIDTH)) for a in data["annotations"]]
    truth.write_text(json.dumps(data))
    assert_equals_stock(result, stock_evaluation(truth, results))


@settings(max_examples=25)
@given(case=cases())
def test_none_equals_pycocotools_without_the_skipped_objects(
    tmp_path_factory: pytest.TempPathFactory, case: Case
) -> None:
    truth, results = case.write(tmp_path_factory.mktemp("case"))
    result = evaluate(results, truth, skip_rule="none")
    data = case.truth()
    data["annotations"] = [
        stock_annotation(a, (HEIGHT, WIDTH)) for a in data["annotations"] if "skipped" not in a
    ]
    truth.write_text(json.dumps(data))
    assert_equals_stock(result, stock_evaluation(truth, results))


@pytest.mark.slow
@settings(max_examples=100)
@given(case=st.booleans().flatmap(lambda boxes: cases(with_boxes=boxes)), data=st.data())
def test_equals_an_oracle_written_from_the_rules(
    tmp_path_factory: pytest.TempPathFactory, case: Case, data: st.DataObject
) -> None:
    rule, iou = data.draw(st.sampled_from([(rule, "segm") for rule in RULES] + [(None, "bbox")]))
    truth, results = case.write(tmp_path_factory.mktemp("case"))
    result = evaluate(results, truth, iou=iou, skip_rule=rule or "box")
    expected = evaluate_plainly(case, rule or "none", iou)
    np.testing.assert_array_equal(result.curves.precision, expected.precision)
    np.testing.assert_array_equal(result.curves.recall, expected.recall)
    np.testing.assert_array_equal(result.curves.scores, expected.scores)
    np.testing.assert_allclose(result.stats, expected.stats, rtol=0, atol=1e-12)
    for other, ap in result.ap_by_rule.items():
        expected_ap = evaluate_plainly(case, other).stats[0]
        assert ap == pytest.approx(expected_ap, abs=1e-12)


@settings(max_examples=25)
@given(case=cases(), rule=st.sampled_from(["box", "box50"]))
def test_a_skipped_object_changes_neither_recall_nor_lowers_precision(
    tmp_path_factory: pytest.TempPathFactory, case: Case, rule: str
) -> None:
    truth, results = case.write(tmp_path_factory.mktemp("case"))
    with_rule = evaluate(results, truth, skip_rule=rule)
    without = evaluate(results, truth, skip_rule="none")
    assert with_rule.curves.recall.tobytes() == without.curves.recall.tobytes()
    assert (with_rule.curves.precision >= without.curves.precision).all()
    assert with_rule.ap_by_rule == without.ap_by_rule


def test_the_limit_of_detections_counts_per_image_and_category(tmp_path: Path) -> None:
    """105 better predictions elsewhere push nothing out; 105 in the same place do."""
    right = Guess(rectangle(0, 0, 30, 30), score=0.1)
    wrong = [Guess(rectangle(60, 60, 10, 10), score=0.9) for _ in range(105)]
    thing = Thing(rectangle(0, 0, 30, 30))
    for guess in wrong:
        guess.category = 2
    truth, results = Case([thing], [*wrong, right]).write(tmp_path)
    assert evaluate(results, truth).metrics["AR100"] == 1
    for guess in wrong:
        guess.category = 1
    truth, results = Case([thing], [*wrong, right]).write(tmp_path)
    result = evaluate(results, truth)
    assert result.metrics["AR100"] == 0
    assert_equals_stock(result, stock_evaluation(truth, results))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["coco128_panoptic/annotations/instances_train2017.json", "lvis100/lvis_val_100.json"]
)
class TestRealData:
    @pytest.fixture
    def truth(self, real_data: Path, name: str) -> dict[str, Any]:
        path = real_data / name
        if not path.exists():
            pytest.skip(f"{path} is not there")
        return coco_content(path)

    def test_equals_pycocotools(self, tmp_path: Path, truth: dict[str, Any]) -> None:
        gt, results = tmp_path / "gt.json", tmp_path / "results.json"
        gt.write_text(json.dumps(truth))
        results.write_text(json.dumps(jittered(truth, seed=1)))
        sizes = {image["id"]: (image["height"], image["width"]) for image in truth["images"]}
        truth["annotations"] = [
            stock_annotation(a, sizes[a["image_id"]]) for a in truth["annotations"]
        ]
        stock = tmp_path / "stock.json"
        stock.write_text(json.dumps(truth))  # with the `iscrowd` that LVIS lacks
        for iou in ("segm", "bbox"):
            result = evaluate(results, gt, iou=iou)
            assert_equals_stock(result, stock_evaluation(stock, results, iou))
            assert 0.05 < result.metrics["AP"] < 0.95

    def test_ioa_equals_pycocotools_on_the_converted_file(
        self, tmp_path: Path, truth: dict[str, Any]
    ) -> None:
        results = tmp_path / "results.json"
        results.write_text(json.dumps(jittered(truth, seed=2)))
        for annotation in truth["annotations"][::7]:
            if not annotation.get("iscrowd"):
                del annotation["segmentation"]
                annotation |= {"skipped": True, "skip_reason": "too dark", "ignore": 1}
        released, stock = tmp_path / "released.json", tmp_path / "stock.json"
        released.write_text(json.dumps(truth))
        sizes = {image["id"]: (image["height"], image["width"]) for image in truth["images"]}
        truth["annotations"] = [
            stock_annotation(a, sizes[a["image_id"]]) for a in truth["annotations"]
        ]
        stock.write_text(json.dumps(truth))
        result = evaluate(results, released, skip_rule="ioa")
        assert_equals_stock(result, stock_evaluation(stock, results))
        aps = result.ap_by_rule
        assert aps[SkipRule.NONE] < aps[SkipRule.BOX] <= aps[SkipRule.BOX50]
        assert evaluate(results, released).metrics["AP"] == aps[SkipRule.BOX]
