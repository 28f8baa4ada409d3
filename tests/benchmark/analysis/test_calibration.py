"""Calibration by hand, and of models that are right as often as they say."""

import math
from pathlib import Path

import numpy as np
import pytest
from evaluation_cases import Case, Guess, Thing, rectangle

from benchmark import Result, evaluate
from benchmark.analysis.calibration import calibration

ON, OFF = rectangle(0, 0, 40, 40), rectangle(60, 60, 9, 9)


def result_of(folder: Path, outcomes: list[tuple[float, bool]]) -> Result:
    images = list(range(1, len(outcomes) + 1))
    guesses = [
        Guess(ON if hit else OFF, score, image=i)
        for i, (score, hit) in zip(images, outcomes, strict=True)
    ]
    truth, results = Case([Thing(ON, image=i) for i in images], guesses, images).write(folder)
    return evaluate(results, truth)


def test_bins_hold_their_own_precision(tmp_path: Path) -> None:
    outcomes = [(0.05, False), (0.15, True), (0.12, False), (1.0, True), (0.5, True), (7.0, True)]
    found = calibration(result_of(tmp_path, outcomes))
    assert [one.predictions for one in found.bins] == [1, 2, 0, 0, 0, 1, 0, 0, 0, 1]
    assert found.bins[1].precision == 0.5
    assert found.bins[1].score == pytest.approx(0.135)
    assert math.isnan(found.bins[2].precision)
    assert found.outside == 1
    assert found.error == pytest.approx((0.05 + 2 * 0.365 + 0.5 + 0) / 5)


def test_the_error_is_small_where_scores_are_honest(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    scores = random.random(600)
    honest = [(float(s), bool(random.random() < s)) for s in scores]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert calibration(result_of(tmp_path / "a", honest)).error < 0.06
    boastful = [(float(s), bool(random.random() < s / 2)) for s in scores]
    assert calibration(result_of(tmp_path / "b", boastful)).error > 0.2


def test_other_thresholds_and_bins(tmp_path: Path) -> None:
    result = result_of(tmp_path, [(0.5, True)])
    assert calibration(result, iou=0.95).bins[5].precision == 1
    assert len(calibration(result, bins=3).bins) == 3
    with pytest.raises(ValueError, match="thresholds"):
        calibration(result, iou=0.52)
    with pytest.raises(ValueError, match="at least 1 bin"):
        calibration(result, bins=0)
