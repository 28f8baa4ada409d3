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

from benchmark.average_precision.matches import CategoryMatches

RECALLS = np.linspace(0, 1, 101)
"""The recalls at which COCO reads precision: `np.linspace`'s very bits."""


def _recalls_at_hundredths() -> np.ndarray:
    """How many of `RECALLS` a recall of h / 100 reaches, by ⌊h⌋ + ⌈h⌉: int64[201].

    A recall of exactly 58 / 100 is a bit below `RECALLS[58]` and does not reach it, as float64 has
    it; hence whole h (even places) apart from those between (odd ones). 0 reaches none.
    """
    exact = np.array([np.count_nonzero(k / 100 >= RECALLS) for k in range(101)])
    reached = np.empty(201, np.int64)
    reached[::2], reached[1::2] = exact, np.arange(1, 101)
    reached[0] = 0
    return reached


_REACHED = _recalls_at_hundredths()
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
    found = np.flatnonzero(ranking.true.any(axis=0))
    last = found[-1] + 1 if found.size else 0  # what follows the last true positive plays no part
    at_predictions = weights[ranking.image[:last]]
    before = running(np.add, at_predictions)
    safe = np.maximum(positives, 1)
    done: dict[bytes, int] = {}
    for t, (true, counted) in enumerate(zip(ranking.true, ranking.counted, strict=True)):
        outcome = np.stack([true, counted]).tobytes()
        if outcome in done:  # thresholds close to each other often find the same
            sums[t] = sums[done[outcome]]
            continue
        done[outcome] = t
        places = np.flatnonzero(true)
        if places.size == 0:
            continue
        taken = before[places]
        ignored = np.flatnonzero(~counted[: places[-1]])
        if ignored.size:  # leave out what is ignored before each true positive
            ignored_before = running(np.add, at_predictions[ignored])
            ahead = np.searchsorted(ignored, places)
            taken[ahead > 0] -= ignored_before[ahead[ahead > 0] - 1]
        hits = running(np.add, at_predictions[places])
        reached = _recalls_reached(hits, safe)
        taken += _EPSILON
        best = running(np.maximum, np.divide(hits, taken, out=hits)[::-1])[::-1]
        sums[t] = best[0] * reached[0] + np.einsum("ij,ij->j", best[1:], np.diff(reached, axis=0))
    return sums, positives


def _recalls_reached(hits: np.ndarray, positives: np.ndarray) -> np.ndarray:
    """How many of `RECALLS` are at most hits / positives, as float64 division has it.

    Args:
        hits: float64[n, sets], whole numbers.
        positives: float64[sets], whole numbers ≥ 1.
    """
    hundredths = 100 * hits / positives
    return _REACHED[(np.floor(hundredths) + np.ceil(hundredths)).astype(np.intp)]


def running(operation: np.ufunc, rows: np.ndarray) -> np.ndarray:
    """`operation.accumulate` down the rows of float64[n, sets]; many times faster on long rows."""
    out = np.array(rows)
    for before, row in itertools.pairwise(out):
        operation(before, row, out=row)
    return out
