"""Joint counts of the segment ids of two PNGs of one image, for many images.

The core reads the PNGs that most writers write, and counts their pixels without making an array. It
leaves the others (unreadable, interlaced, damaged, of another kind or size) to Pillow, which gives
the same counts, or the error.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmark.average_precision.native_core import is_built, is_wanted
from benchmark.pixels.pixel_pairs import PixelPairs, count_pairs
from o365seg.errors import InputError


def count_in_pngs(
    paths: Sequence[tuple[Path, Path]],
) -> tuple[list[PixelPairs], InputError | None]:
    """Count the pairs of segment ids of each image's two PNGs.

    Args:
        paths: Of each image: ground truth and prediction.

    Returns:
        The pairs of the images in their order, up to the first that has a fault, and that fault: a
        PNG is not readable, of another kind, or of another size than its ground truth.
    """
    counted = _count_by_core(paths) if is_wanted() and is_built() else [None] * len(paths)
    found: list[PixelPairs] = []
    for triples, pair in zip(counted, paths, strict=True):
        if triples is not None:
            found.append(PixelPairs(*np.frombuffer(triples, np.int64).reshape(-1, 3).T))
            continue
        try:
            found.append(_count_generally(*pair))
        except InputError as error:
            return found, error
    return found, None


def _count_by_core(paths: Sequence[tuple[Path, Path]]) -> list[bytes | None]:
    from benchmark import _native

    return _native.count_segment_pairs(tuple(os.fsencode(path) for pair in paths for path in pair))


def _count_generally(truth: Path, predicted: Path) -> PixelPairs:
    from benchmark.pixels.png_maps import check_size, read_segment_ids

    first, second = read_segment_ids(truth), read_segment_ids(predicted)
    check_size(second.shape, first.shape, predicted)
    return count_pairs(first, second)
