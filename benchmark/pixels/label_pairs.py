"""How often which true label was predicted as which, in plain numbers: numpy takes time to import.

The core reads the PNGs that most writers write, and counts their pixels on several threads without
making an array.
"""

import os
from array import array

from benchmark.reading.processors import processors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmark.pixels.pixel_pairs import PixelPairs

LabelPairs = dict[tuple[int, int], int]
"""Pixels by true and predicted label."""


def count_in_pngs(paths: "Sequence[tuple[str, str]]") -> tuple[LabelPairs, list[int]]:
    """Count the labels of PNGs by the core.

    Args:
        paths: Of each image: ground truth and prediction.

    Returns:
        The pairs of all images together, except for those whose indices are given: these are
        unreadable, or of a kind or sizes that the core leaves to others.
    """
    from benchmark import _native

    names = tuple(os.fsencode(path) for pair in paths for path in pair)
    triples, left = _native.count_label_pairs(names, processors())
    numbers = array("q", triples)
    labels = zip(numbers[::3], numbers[1::3], strict=True)
    return dict(zip(labels, numbers[2::3], strict=True)), left


def plain(pairs: "PixelPairs") -> LabelPairs:
    """The pairs of one image as plain numbers."""
    keys = zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)
    return dict(zip(keys, pairs.counts.tolist(), strict=True))


def add(more: LabelPairs, pairs: LabelPairs) -> None:
    """Add the counts of `more` to `pairs`."""
    for labels, pixels in more.items():
        pairs[labels] = pairs.get(labels, 0) + pixels
