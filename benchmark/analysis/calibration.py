"""Calibration: is a prediction of score 0.8 right in 80% of cases?

A prediction is right where it is a true positive at an IoU threshold; ignored ones do not count.
The expected calibration error (Guo et al. 2017) is the mean over predictions of the distance
between their bin's mean score and its share of right ones.
"""

from dataclasses import dataclass

import numpy as np

from benchmark.average_precision.parameters import IOU_THRESHOLDS
from benchmark.average_precision.result import Result

BINS = 10


@dataclass(frozen=True)
class ScoreBin:
    """Predictions of similar score.

    Attributes:
        low: Least score; included.
        high: Greatest score; included in the last bin alone.
        predictions: Number of predictions that count.
        score: Their mean score; NaN for none.
        precision: The share of true positives, 0 to 1; NaN for none.
    """

    low: float
    high: float
    predictions: int
    score: float
    precision: float


@dataclass(frozen=True)
class Calibration:
    """Scores beside the share of true positives.

    Attributes:
        iou: The IoU threshold.
        bins: By ascending score.
        error: Expected calibration error, 0 to 1; NaN without predictions.
        outside: Predictions whose score is not from 0 to 1; in no bin.
    """

    iou: float
    bins: list[ScoreBin]
    error: float
    outside: int


def calibration(result: Result, iou: float = 0.5, bins: int = BINS) -> Calibration:
    """The calibration of all predictions.

    Args:
        result: What `evaluate` found.
        iou: One of its thresholds.
        bins: Number of bins of equal width, ≥ 1.

    Raises:
        ValueError: no such threshold, or fewer than 1 bin.
    """
    result.require_default_parameters()
    if bins < 1:
        raise ValueError(f"at least 1 bin is needed, not {bins}")
    distance = np.abs(np.array(IOU_THRESHOLDS) - iou)
    if distance.min() > 1e-6:
        raise ValueError(f"{iou} is not one of the IoU thresholds")
    at = int(distance.argmin())
    counted = [~one.ignored[0, at] for one in result.matches]
    pairs = list(zip(result.matches, counted, strict=True))
    score = np.concatenate([np.zeros(0), *(one.score[kept] for one, kept in pairs)])
    true = np.concatenate([np.zeros(0, bool), *(one.matched[0, at][kept] for one, kept in pairs)])
    inside = (score >= 0) & (score <= 1)
    outside = int(np.count_nonzero(~inside))
    score, true = score[inside], true[inside]
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.searchsorted(edges, score, side="right") - 1, 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    divisor = np.where(count > 0, count, np.nan)
    mean = np.bincount(place, weights=score, minlength=bins) / divisor
    right = np.bincount(place, weights=true, minlength=bins) / divisor
    error = float(np.nansum(count * np.abs(mean - right)) / len(score)) if len(score) else np.nan
    found = [
        ScoreBin(float(edges[b]), float(edges[b + 1]), int(count[b]), float(mean[b]),
                 float(right[b]))
        for b in range(bins)
    ]  # fmt: skip
    return Calibration(iou, found, error, outside)
