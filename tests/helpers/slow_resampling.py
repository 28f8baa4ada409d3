"""AP of resampled images the slow and plain way, to test the others against."""

from collections.abc import Sequence

import numpy as np

from benchmark.average_precision.accumulation import rank
from benchmark.average_precision.matches import CategoryMatches
from benchmark.average_precision.weighted_ap import ranking_precision, without_ignored

RECALLS = np.linspace(0.0, 1.0, 101)


def resampled_precision(
    matches: CategoryMatches, weights: np.ndarray, thresholds: Sequence[int] = range(10)
) -> np.ndarray:
    """AP of one category for resamples of the images: pycocotools' rule on repeated predictions.

    Args:
        matches: The category's.
        weights: int32[resamples, images], how often each image counts.
        thresholds: The places of the thresholds that the mean is taken over.

    Returns:
        float64[resamples], over all areas, 100 detections and those thresholds; −1 where there
        is nothing to find.
    """
    at = list(thresholds)
    ranked = np.argsort(-matches.score, kind="stable")
    right = (matches.matched[0] & ~matches.ignored[0])[at][:, ranked]
    wrong = (~matches.matched[0] & ~matches.ignored[0])[at][:, ranked]
    found = np.full(len(weights), -1.0)
    for place, weight in enumerate(weights):
        positives = int(weight @ matches.positives[0])
        if positives:
            times = weight[matches.image[ranked]]
            values = [
                _average_precision(np.repeat(true, times), np.repeat(false, times), positives)
                for true, false in zip(right, wrong, strict=True)
            ]
            found[place] = np.mean(values)
    return found


def _average_precision(right: np.ndarray, wrong: np.ndarray, positives: int) -> float:
    """Of ranked predictions, bool[n] each: `COCOeval.accumulate`."""
    true, false = np.cumsum(right), np.cumsum(wrong)
    precision = true / (false + true + np.spacing(1))
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(true / positives, RECALLS, side="left")
    places = places[places < len(envelope)]
    return float(envelope[places].sum() / len(RECALLS))


def resampled(
    matches: Sequence[CategoryMatches],
    weights: np.ndarray,
    thresholds: np.ndarray,
    area: int = 0,
) -> np.ndarray:
    """AP, AP50 and AP75 under every set of image weights.

    Args:
        matches: Every category.
        weights: uint16[images, sets].
        thresholds: float64[thresholds], the IoU thresholds of `matches`.
        area: Which of the areas of `matches`.

    Returns:
        float64[3, sets]; −1 if there are no objects.
    """
    rankings = [without_ignored(rank(one, area)) for one in matches if one.positives[area].any()]
    sums, categories = np.zeros((3, weights.shape[1])), np.zeros(weights.shape[1])
    at = [int(np.argmin(np.abs(thresholds - wanted))) for wanted in (0.5, 0.75)]

    for ranking in rankings:
        of_one, known = ranking_precision(ranking, weights, at)
        sums += of_one
        categories += known
    return np.where(categories > 0, sums / np.maximum(categories, 1), -1.0)
