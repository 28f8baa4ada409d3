"""What became of each prediction of a category, as arrays."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmark.average_precision.result import Curves


@dataclass(frozen=True)
class CategoryMatches:
    """The n predictions of a category that take part, at most 100 an image.

    By ascending image id, then in pycocotools' order: best score first, of equals the earlier in
    the file. At threshold t and area range a a prediction is a true positive where
    `matched & ~ignored`, a false one where `~matched & ~ignored`, and else counts for nothing.

    Attributes:
        category_id: The category.
        image: int32[n], the image's index in `Result.image_ids`.
        prediction: int64[n], the prediction's index among those of known categories.
        score: float64[n].
        matched: bool[area ranges, thresholds, n].
        ignored: bool[area ranges, thresholds, n].
        positives: int32[area ranges, images], how many instances there are to find.
    """

    category_id: int
    image: np.ndarray
    prediction: np.ndarray
    score: np.ndarray
    matched: np.ndarray
    ignored: np.ndarray
    positives: np.ndarray


@dataclass(frozen=True)
class StoredMatched:
    """What was matched, as arrays alone: what a pickled result keeps.

    Attributes:
        images: All image ids, ascending.
        found: pycocotools' arrays.
        by_category: The matches by category id.
        absorbed: `absorbed_at_half` by category id.
    """

    images: list[int]
    found: "Curves"
    by_category: dict[int, CategoryMatches]
    absorbed: dict[int, int]

    def image_ids(self) -> list[int]:
        """All image ids, ascending."""
        return self.images

    def curves(self) -> "Curves":
        """pycocotools' arrays."""
        return self.found

    def category_matches(self, category_id: int) -> CategoryMatches:
        """A category's matches."""
        return self.by_category[category_id]

    def absorbed_at_half(self, category_id: int) -> int:
        """False positives at IoU 0.5 that are ignored because of a skipped instance."""
        return self.absorbed[category_id]

    def resampled_precisions(
        self, weights: np.ndarray, means: "Sequence[Sequence[int]]"
    ) -> np.ndarray:
        """See `Result.resampled_precisions`."""
        from benchmark.average_precision.weighted_ap import precisions_by_category

        return precisions_by_category(self.by_category.values(), weights, means)
