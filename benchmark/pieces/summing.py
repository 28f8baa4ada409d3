"""From the outcomes of all pieces to the numbers of one evaluation, to the last bit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmark.average_precision.accumulation import (
    RECALLS,
    mean_known,
    precision_at_recalls,
    rank,
    recall,
    scores_at_recalls,
)
from benchmark.average_precision.matches import CategoryMatches
from benchmark.average_precision.parameters import MAX_DETS as LIMITS
from benchmark.average_precision.result import Curves
from benchmark.average_precision.weighted_ap import precisions_by_category
from benchmark.pieces.outcomes import RANGES, THRESHOLDS, Outcomes, unpack
from benchmark.pieces.positives import Positives


@dataclass(frozen=True)
class SummedMatched:
    """All pieces under one rule; see `benchmark.average_precision.result.Matched`.

    Attributes:
        images: All image ids, ascending.
        categories: All category ids, ascending.
        positives: How many instances there are to find.
        outcomes: Of all pieces.
        rule: The index of the rule among those of the outcomes.
        plain: The index of the rule that ignores nothing.
    """

    images: list[int]
    categories: list[int]
    positives: Positives
    outcomes: Outcomes
    rule: int
    plain: int

    def image_ids(self) -> list[int]:
        """All image ids, ascending."""
        return self.images

    def category_matches(self, category_id: int) -> CategoryMatches:
        """A category's matches."""
        k = self.categories.index(category_id)
        return unpack(self.outcomes.of_category(k), self.rule, category_id, self.positives[k])

    def absorbed(self) -> np.ndarray:
        """int64[thresholds]: predictions that are ignored because of a skipped instance."""
        found = np.zeros(THRESHOLDS, np.int64)
        for category_id in self.categories if self.rule != self.plain else ():
            found += self._absorbed(category_id)
        return found

    def absorbed_at_half(self, category_id: int) -> int:
        """False positives at IoU 0.5 that are ignored because of a skipped instance."""
        return int(self._absorbed(category_id)[0]) if self.rule != self.plain else 0

    def _absorbed(self, category_id: int) -> np.ndarray:
        before = replace(self, rule=self.plain).category_matches(category_id)
        after = self.category_matches(category_id)
        return (after.ignored[0] & ~before.ignored[0]).sum(axis=1)

    def average_precision(self) -> float:
        """AP alone."""
        found = np.full((THRESHOLDS, len(RECALLS), len(self.categories)), -1.0)
        for k, category_id in enumerate(self.categories):
            if self.positives[k][0].any():
                found[:, :, k] = precision_at_recalls(rank(self.category_matches(category_id)))
        return mean_known(found)

    def numbers(self) -> tuple[float, ...]:
        """pycocotools' 12 numbers."""
        count = len(self.categories)
        precision = np.full((RANGES, THRESHOLDS, len(RECALLS), count), -1.0)
        reached = np.full((RANGES, THRESHOLDS, count), -1.0)
        limited = np.full((2, THRESHOLDS, count), -1.0)
        for k, category_id in enumerate(self.categories):
            if not self.positives[k].any():
                continue
            matches = self.category_matches(category_id)
            for area in range(RANGES):
                ranking = rank(matches, area)
                precision[area, :, :, k] = precision_at_recalls(ranking)
                reached[area, :, k] = recall(ranking)
            for i, limit in enumerate(LIMITS[:2]):
                limited[i, :, k] = recall(rank(_best(matches, limit)))
        return (
            mean_known(precision[0]),
            mean_known(precision[0, 0]),
            mean_known(precision[0, 5]),
            *(mean_known(precision[area]) for area in (1, 2, 3)),
            *(mean_known(found) for found in limited),
            *(mean_known(found) for found in reached),
        )

    def curves(self) -> Curves:
        """pycocotools' arrays."""
        tail = (len(self.categories), RANGES, len(LIMITS))
        precision = np.full((THRESHOLDS, len(RECALLS), *tail), -1.0)
        scores, reached = np.full_like(precision, -1.0), np.full((THRESHOLDS, *tail), -1.0)
        for k, category_id in enumerate(self.categories):
            matches = self.category_matches(category_id)
            for m, limit in enumerate(LIMITS):
                best = _best(matches, limit)
                for area in range(RANGES):
                    if self.positives[k][area].any():
                        ranking = rank(best, area)
                        precision[:, :, k, area, m] = precision_at_recalls(ranking)
                        scores[:, :, k, area, m] = scores_at_recalls(ranking)
                        reached[:, k, area, m] = recall(ranking)
        return Curves(precision, reached, scores)

    def resampled_precisions(
        self, weights: np.ndarray, means: Sequence[Sequence[int]]
    ) -> np.ndarray:
        """See `Result.resampled_precisions`."""
        matches = map(self.category_matches, self.categories)
        return precisions_by_category(matches, weights, means)


def _best(matches: CategoryMatches, limit: int) -> CategoryMatches:
    """The best predictions of each image."""
    first = np.searchsorted(matches.image, matches.image)
    kept = np.arange(len(matches.image)) - first < limit
    return replace(
        matches,
        image=matches.image[kept],
        prediction=matches.prediction[kept],
        score=matches.score[kept],
        matched=matches.matched[..., kept],
        ignored=matches.ignored[..., kept],
    )
