"""AP of one category where each image counts with a weight: what a bootstrap over images needs."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from benchmark.average_precision.accumulation import RECALLS, Ranking, rank, weighted_sums
from benchmark.average_precision.matches import CategoryMatches

_CELLS = 2**22
"""Numbers that one array of a category may hold: resamples are taken in parts where it would be
more, so that memory does not grow with the set."""


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
