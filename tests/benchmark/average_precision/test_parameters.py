"""Other IoU thresholds, area ranges and limits of detections: pycocotools' arrays with them."""

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluation_cases import Case, Guess, Thing, rectangle, stock_files
from random_sets import random_set

from benchmark import Parameters, evaluate
from benchmark.analysis.calibration import calibration
from benchmark.average_precision.parameters import DEFAULT, LVIS_NAMES, STAT_NAMES
from benchmark.average_precision.result import Result
from benchmark.reading.choices import Iou, SkipRule
from benchmark.report.result_text import result_json, result_table
from o365seg.errors import InputError

FEW = Parameters(
    iou_thresholds=(0.3, 0.5, 0.75), areas={"tiny": (0, 150), "rest": (150, 1e10)}, max_dets=(1, 2)
)
MANY = Parameters(
    iou_thresholds=np.linspace(0.05, 1, 20).tolist(),
    areas={str(side): (0, side**2) for side in (10, 12, 14, 16, 18)},
    max_dets=(1, 2, 3, 300),
)
"""More than the core has room for."""


def without_skips(seed: int) -> Case:
    case = random_set(seed, images=6)
    case.things = [thing for thing in case.things if not thing.skipped]
    return case


def stock(truth: Path, results: Path, iou: str, parameters: Parameters) -> Any:
    evaluation = stock_files(truth, results, iou)
    evaluation.params.iouThrs = np.array(parameters.iou_thresholds)
    evaluation.params.areaRng = [list(one) for one in parameters.area_ranges]
    evaluation.params.maxDets = list(parameters.limits())
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation.eval


@pytest.mark.parametrize("parameters", [FEW, MANY], ids=["few", "many"])
@pytest.mark.parametrize("iou", ["segm", "bbox"])
@pytest.mark.parametrize("native", ["1", "0"])
def test_arrays_are_pycocotools_with_the_same_parameters(
    tmp_path: Path, parameters: Parameters, iou: str, native: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("O365SEG_NATIVE", native)
    for seed in range(3):
        truth, results = without_skips(seed).write(tmp_path)
        found = evaluate(results, truth, iou=iou, parameters=parameters)
        expected = stock(truth, results, iou, parameters)
        for name in ("precision", "recall", "scores"):
            assert getattr(found.curves, name).tobytes() == expected[name].tobytes()
        known = expected["precision"][..., 0, -1]
        assert found.metrics["AP"] == np.mean(known[known > -1])
        half = [round(t, 9) for t in parameters.iou_thresholds].index(0.5)
        known = expected["precision"][half, ..., 0, -1]
        assert found.metrics["AP50"] == np.mean(known[known > -1])


@pytest.mark.parametrize("iou", list(Iou))
@pytest.mark.parametrize("rule", list(SkipRule))
def test_both_paths_agree_with_skips(
    tmp_path: Path, iou: Iou, rule: SkipRule, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth, results = random_set(5).write(tmp_path)
    both: list[Result] = []
    for native in ("1", "0"):
        monkeypatch.setenv("O365SEG_NATIVE", native)
        both.append(evaluate(results, truth, iou=iou, skip_rule=rule, parameters=FEW))
    assert both[0].metrics == both[1].metrics
    assert both[0].ap_by_rule == both[1].ap_by_rule
    assert both[0].absorbed_counts == both[1].absorbed_counts
    assert both[0].notes == both[1].notes
    for one, other in zip(both[0].matches, both[1].matches, strict=True):
        assert one.matched.tobytes() == other.matched.tobytes()
        assert one.ignored.tobytes() == other.ignored.tobytes()
        assert one.positives.tobytes() == other.positives.tobytes()


def test_names_and_words_follow_the_parameters(tmp_path: Path) -> None:
    truth, results = random_set(5).write(tmp_path)
    found = evaluate(results, truth, parameters=FEW)
    assert found.names == (
        "AP", "AP50", "AP75", "AP-tiny", "AP-rest", "AR1", "AR2", "AR-tiny", "AR-rest"
    )  # fmt: skip
    text = "\n".join(result_table(found))
    assert "│ AP-tiny │ 0.30, 0.50, 0.75 │ tiny, 0 to 150 │          2 │" in text
    numbers = result_json(found)
    assert numbers["max_dets"] == (1, 2)
    assert found.to_dataframe().columns[3:8].tolist() == [
        "ap", "ap50", "ap75", "ap_tiny", "ap_rest"
    ]  # fmt: skip
    assert "max_dets" not in result_json(evaluate(results, truth))
    assert STAT_NAMES == ("AP", "AP50", "AP75", "APs", "APm", "APl",
                          "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")  # fmt: skip
    assert (*STAT_NAMES[:6], "APr", "APc", "APf", "AR300", *STAT_NAMES[9:]) == LVIS_NAMES


def test_ap_is_at_the_largest_limit_also_without_100(tmp_path: Path) -> None:
    mask = rectangle(0, 0, 20, 20)
    guesses = [Guess(rectangle(50, 50, 9, 9), 0.9), Guess(mask, 0.8)]
    truth, results = Case([Thing(mask)], guesses).write(tmp_path)
    of_one = evaluate(results, truth, parameters=Parameters(max_dets=[1]))
    of_two = evaluate(results, truth, parameters=Parameters(max_dets=[1, 2]))
    assert of_one.metrics["AP"] == 0
    assert of_two.metrics["AP"] == pytest.approx(0.5)


def test_what_needs_cocos_own_parameters_says_so(tmp_path: Path) -> None:
    truth, results = random_set(5).write(tmp_path)
    found = evaluate(results, truth, parameters=FEW)
    for analysis in (calibration, lambda one: one.resampled_precision(np.ones((1, 12), int))):
        with pytest.raises(InputError, match="needs COCO's own"):
            analysis(found)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"iou_thresholds": ()}, "ascending"),
        ({"iou_thresholds": (0.5, 0.4)}, "ascending"),
        ({"iou_thresholds": (0.0, 0.5)}, "above 0"),
        ({"iou_thresholds": (0.5, 1.5)}, "at most 1"),
        ({"areas": {"all": (0, 5)}}, "'all'"),
        ({"areas": {"a": (5, 2)}}, "'a'"),
        ({"max_dets": ()}, "limits"),
        ({"max_dets": (0, 5)}, "limits"),
        ({"max_dets": (10, 5)}, "limits"),
    ],
)
def test_parameters_are_checked(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Parameters(**given)
    assert Parameters() == DEFAULT
    assert Parameters(max_dets=(1, 10, 100)) != FEW
