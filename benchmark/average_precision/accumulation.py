"""From matched predictions to precision, recall and AP, as pycocotools accumulates them.

Predictions of equal score stand in the order of ascending image id and, within an image, in
pycocotools' order.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.average_precision.matches import CategoryMatches

RECALLS = np.linspace(0, 1, 101)
"""The recalls at which COCO reads precision: `np.linspace`'s very bits."""

EPSILON = np.spacing(1)
"""What pycocotools adds to the divisor of a precision, against division by 0."""


@dataclass(frozen=True)
class Ranking:
    """The predictions of one category in one area range, best score first over all images.

    Attributes:
        image: int32[n], index of the image.
        score: float64[n], falling.
        true: bool[thresholds, n], true positives.
        counted: bool[thresholds, n], true or false positives: whatever is not ignored.
        positives: int32[images], the objects to find.
    """

    image: np.ndarray
    score: np.ndarray
    true: np.ndarray
    counted: np.ndarray
    positives: np.ndarray


def rank(matches: CategoryMatches, area: int = 0) -> Ranking:
    """Sort the predictions of a category by falling score, ties as the module says."""
    order = np.argsort(-matches.score, kind="mergesort")
    counted = ~matches.ignored[area][:, order]
    return Ranking(
        image=matches.image[order],
        score=matches.score[order],
        true=matches.matched[area][:, order] & counted,
        counted=counted,
        positives=matches.positives[area],
    )


def precision_at_recalls(ranking: Ranking) -> np.ndarray:
    """Interpolated precision, float64[thresholds, 101], pycocotools' to the last bit.

    −1 throughout if there are no objects.
    """
    thresholds = len(ranking.true)
    positives = int(ranking.positives.sum())
    if positives == 0:
        return np.full((thresholds, len(RECALLS)), -1.0)
    found = np.zeros((thresholds, len(RECALLS)))
    for t in range(thresholds):  # one after the other: a category may have millions
        true = ranking.true[t].cumsum().astype(float)
        precision = true / (ranking.counted[t].cumsum() + EPSILON)
        best = np.maximum.accumulate(precision[::-1])[::-1]
        places = np.searchsorted(true / positives, RECALLS, side="left")
        reached = places < len(true)
        found[t, reached] = best[places[reached]]
    return found


def scores_at_recalls(ranking: Ranking) -> np.ndarray:
    """The score at which each recall is reached, float64[thresholds, 101]; 0 where it is not.

    −1 throughout if there are no objects.
    """
    positives = int(ranking.positives.sum())
    if positives == 0:
        return np.full((len(ranking.true), len(RECALLS)), -1.0)
    found = np.zeros((len(ranking.true), len(RECALLS)))
    for t, true in enumerate(ranking.true):
        places = np.searchsorted(true.cumsum() / positives, RECALLS)
        reached = places < len(true)
        found[t, reached] = ranking.score[places[reached]]
    return found


def recall(ranking: Ranking) -> np.ndarray:
    """The final recall, float64[thresholds]; −1 if there are no objects."""
    positives = int(ranking.positives.sum())
    if positives == 0:
        return np.full(len(ranking.true), -1.0)
    return ranking.true.sum(axis=1) / positives


def precisions(matches: Sequence[CategoryMatches], area: int = 0) -> np.ndarray:
    """Interpolated precision of every category, float64[thresholds, 101, categories]."""
    return np.stack([precision_at_recalls(rank(found, area)) for found in matches], axis=-1)


def mean_known(values: np.ndarray) -> float:
    """The mean of what is not −1, in pycocotools' order of summation; −1 where nothing is known."""
    known = values[values > -1]
    return float(np.mean(known)) if known.size else -1.0
