"""Joint counts of the values of two maps of one image, the basis of PQ and mIoU."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class PixelPairs(NamedTuple):
    """The pairs of values that two maps have at the same pixel; int64[pairs] each.

    Sorted by `first`, then `second`; every pair once, with a count of at least 1.
    """

    first: np.ndarray
    second: np.ndarray
    counts: np.ndarray


def count_pairs(first: np.ndarray, second: np.ndarray) -> PixelPairs:
    """Count the pairs of values of two maps.

    Segments are connected areas, so neighbours in memory mostly hold the same pair: the pixels are
    cut into runs of one pair first, and only the runs are sorted. That takes a fraction of the time
    that decoding the PNGs does; maps of pure noise still give the right counts, in the time of a
    full sort.

    Args:
        first: integer[height, width], values from 0 to 2^31 − 1.
        second: Likewise, of the same shape.
    """
    first, second = first.ravel(), second.ravel()
    if first.size == 0:
        nothing = np.zeros(0, np.int64)
        return PixelPairs(nothing, nothing, nothing)
    # Compared in the maps' own small types; only what starts a run is widened and packed.
    changes = first[1:] != first[:-1]
    changes |= second[1:] != second[:-1]
    starts = np.concatenate([[0], np.flatnonzero(changes) + 1])
    lengths = np.diff(starts, append=first.size)
    # Values below 2^31 leave the sign alone, so the order of the codes is that of the pairs.
    codes = first[starts].astype(np.int64) << 32 | second[starts].astype(np.int64)
    values, which = np.unique(codes, return_inverse=True)
    # Sums of whole numbers below 2^53 are exact in the float64 that bincount adds up in.
    counts = np.bincount(which, weights=lengths).astype(np.int64)
    return PixelPairs(values >> 32, values & 0xFFFFFFFF, counts)


def merge(pairs: Sequence[PixelPairs]) -> PixelPairs:
    """The pairs of several images, at least one, counted together."""
    codes = np.concatenate([some.first << 32 | some.second for some in pairs])
    values, which = np.unique(codes, return_inverse=True)
    counts = np.zeros(len(values), np.int64)
    np.add.at(counts, which, np.concatenate([some.counts for some in pairs]))
    return PixelPairs(values >> 32, values & 0xFFFFFFFF, counts)
