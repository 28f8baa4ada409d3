"""A result's arrays are its plain numbers."""

from pathlib import Path

import numpy as np
from evaluation_cases import Case, Guess, Thing, rectangle
from pycocotools.cocoeval import Params

from benchmark import evaluate
from benchmark.average_precision.result import IOU_THRESHOLDS


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
