"""From matched predictions to precision and AP, as pycocotools accumulates, and under weights.

An image of weight k counts k times, as if the files held it k times. Sorting is done once; a set of
weights costs cumulative sums at the true positives alone, because precision rises at each of them
and falls in between: the best precision from a recall on is always met at a true positive.

Predictions of equal score stand in the order of ascending image id and, within an image, in
pycocotools' order; the copies of a weighted image stand together.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.matches import CategoryMatches

RECALLS = np.linspace(0, 1, 101)
"""The recalls at which COCO reads precision: `np.linspace`'s very bits."""

# Where a recall such as 0.58 is a bit above the quotient it names, an exact 58 of 100 misses it.
_ABOVE_QUOTIENT = np.arange(101) / 100 < RECALLS
_EPSILON = np.spacing(1)


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

    −1 throughout where there is nothing to find.
    """
    thresholds = len(ranking.true)
    positives = int(ranking.positives.sum())
    if positives == 0:
        return np.full((thresholds, len(RECALLS)), -1.0)
    found = np.zeros((thresholds, len(RECALLS)))
    true = ranking.true.cumsum(axis=1).astype(float)
    precision = true / (ranking.counted.cumsum(axis=1) + _EPSILON)
    best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    for t in range(thresholds):
        places = np.searchsorted(true[t] / positives, RECALLS, side="left")
        reached = places < true.shape[1]
        found[t, reached] = best[t, places[reached]]
    return found


def recall(ranking: Ranking) -> np.ndarray:
    """The final recall, float64[thresholds]; −1 where there is nothing to find."""
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


def weighted_sums(ranking: Ranking, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Precision summed over the 101 recalls, under many sets of image weights at once.

    Args:
        ranking: The predictions of a category.
        weights: float64[images, sets], whole numbers ≥ 0: how often each image counts.

    Returns:
        float64[thresholds, sets], 101 times the AP (0 where nothing is to be found); and
        float64[sets], the objects to find.
    """
    positives = ranking.positives.astype(float) @ weights
    sums = np.zeros((len(ranking.true), weights.shape[1]))
    at_predictions = weights[ranking.image]
    all_before = running(np.add, at_predictions)
    safe = np.maximum(positives, 1)
    for t, (true, counted) in enumerate(zip(ranking.true, ranking.counted, strict=True)):
        places = np.flatnonzero(true)
        if places.size == 0:
            continue
        taken = all_before[places]
        ignored = np.flatnonzero(~counted[: places[-1]])
        if ignored.size:  # leave out what is ignored before each true positive
            ignored_before = running(np.add, at_predictions[ignored])
            before = np.searchsorted(ignored, places)
            taken[before > 0] -= ignored_before[before[before > 0] - 1]
        hits = running(np.add, at_predictions[places])
        best = running(np.maximum, (hits / (taken + _EPSILON))[::-1])[::-1]
        reached = _recalls_reached(hits, safe)
        sums[t] = best[0] * reached[0] + np.einsum("ij,ij->j", best[1:], np.diff(reached, axis=0))
    return sums, positives


def _recalls_reached(hits: np.ndarray, positives: np.ndarray) -> np.ndarray:
    """How many of `RECALLS` are at most hits / positives, as float64 division has it.

    Args:
        hits: float64[n, sets], whole numbers.
        positives: float64[sets], whole numbers ≥ 1.
    """
    hundredths = 100 * hits / positives
    whole = np.floor(hundredths)
    exact = whole == hundredths
    reached = whole + 1
    reached[exact] -= _ABOVE_QUOTIENT[whole[exact].astype(int)]
    reached[hits == 0] = 0  # an image of weight 0: not a true positive of this set
    return reached


def running(operation: np.ufunc, rows: np.ndarray) -> np.ndarray:
    """`operation.accumulate` down the rows of float64[n, sets]; many times faster on long rows."""
    out = np.array(rows)
    for before, row in itertools.pairwise(out):
        operation(before, row, out=row)
    return out
