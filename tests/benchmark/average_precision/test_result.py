"""A result's arrays are its plain numbers."""

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest
from evaluation_cases import Case, Guess, Thing, rectangle
from pycocotools.cocoeval import Params

from benchmark import evaluate
from benchmark.average_precision.parameters import IOU_THRESHOLDS


def test_the_thresholds_are_pycocotools_to_the_last_bit() -> None:
    assert np.array(IOU_THRESHOLDS).tobytes() == Params("segm").iouThrs.tobytes()


def test_arrays_hold_the_plain_numbers(tmp_path: Path) -> None:
    mask = rectangle(0, 0, 30, 30)
    truth, results = Case([Thing(mask)], [Guess(mask)]).write(tmp_path)
    result = evaluate(results, truth)
    assert result.stats.tolist() == list(result.numbers) == list(result.metrics.values())
    assert result.absorbed.dtype == np.int64
    assert result.absorbed.tolist() == list(result.absorbed_counts)
    assert result.thresholds.shape == (10,)
    assert result.image_ids == [1, 2]


@pytest.mark.parametrize("native", ["1", "0"])
def test_a_result_is_pickled_copied_and_shown(
    tmp_path: Path, native: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("O365SEG_NATIVE", native)
    mask = rectangle(0, 0, 30, 30)
    things = [Thing(mask), Thing(box=(40, 40, 20, 20))]
    truth, results = Case(things, [Guess(mask), Guess(rectangle(40, 40, 20, 20))]).write(tmp_path)
    result = evaluate(results, truth)
    for other in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result), copy.copy(result)):
        assert other.metrics == result.metrics
        assert other.notes == result.notes
        assert other.counts == result.counts
        assert other.curves.precision.tobytes() == result.curves.precision.tobytes()
        assert other.matched.absorbed_at_half(1) == result.matched.absorbed_at_half(1) == 1
        weights = np.array([[1, 1], [2, 0]])
        drawn = [one.resampled_precision(weights) for one in (other, result)]
        assert np.allclose(drawn[0], drawn[1])
    assert repr(result) == "<Result: segm AP 100.00, AP50 100.00, AP75 100.00>"
