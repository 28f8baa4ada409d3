"""How many instances there are to find, by category, area range and image."""

from collections.abc import Iterable, Iterator

import numpy as np

from benchmark.pieces.outcomes import RANGES


class Positives:
    """Counts of which most are 0, kept without those: 80,000 images and 365 categories fit.

    Attributes:
        rows: int64[n, 4]: category index, area range, image index, how many; sorted.
        categories: How many categories there are.
        images: How many images there are.
    """

    def __init__(self, rows: np.ndarray, categories: int, images: int) -> None:
        self.rows = rows
        self.categories = categories
        self.images = images
        self._starts = np.searchsorted(rows[:, 0], np.arange(categories + 1))

    @classmethod
    def of(cls, counts: Iterable[np.ndarray], images: int) -> "Positives":
        """Of a category's counts int32[area ranges, images] after the other's."""
        rows, k = [np.zeros((0, 4), np.int64)], -1
        for k, found in enumerate(counts):
            areas, where = np.nonzero(found)
            rows.append(np.stack([np.full(len(areas), k), areas, where, found[areas, where]], 1))
        return cls(np.concatenate(rows), k + 1, images)

    def __getitem__(self, k: int) -> np.ndarray:
        """The counts of a category, int32[area ranges, images]."""
        if not 0 <= k < self.categories:
            raise IndexError(k)
        _, areas, where, counts = self.rows[self._starts[k] : self._starts[k + 1]].T
        found = np.zeros((RANGES, self.images), np.int32)
        found[areas, where] = counts
        return found

    def __iter__(self) -> Iterator[np.ndarray]:
        """The counts of every category."""
        return map(self.__getitem__, range(self.categories))
