"""AP of a category under many sets of image weights at once: what a bootstrap needs.

An image of weight k counts k times, as if the files held it k times; the copies of its predictions
stand together. Sorting is done once; a set of weights costs cumulative sums at the true positives
alone, because precision rises at each of them and falls in between: the best precision from a
recall on is always reached at a true positive.
"""

import dataclasses
import itertools
from collections.abc import Iterable, Sequence

import numpy as np

from benchmark.average_precision.accumulation import EPSILON, RECALLS, Ranking, rank
from benchmark.average_precision.matches import CategoryMatches

_CELLS = 2**22
"""Most numbers in one array: more resamples are taken in blocks, so that memory stays bounded."""


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


def category_precision(
    matches: CategoryMatches, weights: np.ndarray, thresholds: Sequence[int]
) -> np.ndarray:
    """AP of one category over some thresholds, by their places, under weights [images, sets].

    float64[sets]; −1 without objects.
    """
    if not matches.positives[0].any():
        return np.full(weights.shape[1], -1.0)
    ranking, places = rank(matches), list(thresholds)
    wanted = dataclasses.replace(
        ranking, true=ranking.true[places], counted=ranking.counted[places]
    )
    found, known = ranking_precision(without_ignored(wanted), weights, ())
    return np.where(known, found[0], -1.0)


def precisions_by_category(
    matches: Iterable[CategoryMatches], weights: np.ndarray, means: Sequence[Sequence[int]]
) -> np.ndarray:
    """AP over the thresholds of each of `means`, float64[means, sets, categories].

    Under weights [sets, images].
    """
    found = [[category_precision(one, weights.T, mean) for mean in means] for one in matches]
    return np.moveaxis(np.array(found), 0, 2)


def without_ignored(ranking: Ranking) -> Ranking:
    """Without the predictions that every threshold ignores: by size that is most of them."""
    kept = ranking.counted.any(axis=0)
    return Ranking(
        image=ranking.image[kept],
        score=ranking.score[kept],
        true=ranking.true[:, kept],
        counted=ranking.counted[:, kept],
        positives=ranking.positives,
    )


def ranking_precision(
    ranking: Ranking, weights: np.ndarray, at: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """AP of a category, float64[1 + len(at), sets], and where it has objects, bool[sets].

    The first row is over all thresholds, the others at the places `at` among them.
    """
    total = weights.shape[1]
    step = max(1, min(total, _CELLS // max(1, len(ranking.image))))
    found, known = np.empty((1 + len(at), total)), np.empty(total, bool)
    for first in range(0, total, step):
        part = slice(first, min(total, first + step))
        sums, positives = weighted_sums(ranking, weights[:, part].astype(float))
        aps = sums / len(RECALLS)
        found[:, part] = [aps.mean(axis=0), *(aps[t] for t in at)]
        known[part] = positives > 0
    return found, known


def weighted_sums(ranking: Ranking, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Precision summed over the 101 recalls, under many sets of image weights at once.

    Args:
        ranking: The predictions of a category.
        weights: float64[images, sets], whole numbers ≥ 0: how often each image counts.

    Returns:
        float64[thresholds, sets], 101 times the AP (0 if there are no objects); and
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
        taken += EPSILON
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
