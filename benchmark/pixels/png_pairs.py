"""Joint counts of the values of two PNGs of one image, for many images.

The core reads the PNGs that most writers write, and counts their pixels without making an array. It
leaves the others (interlaced, damaged, of another kind or size) to Pillow, which gives the same
counts, or the error.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmark.average_precision.native_core import is_built, is_wanted
from benchmark.pixels.pixel_pairs import PixelPairs, count_pairs
from o365seg.errors import InputError
from o365seg.formats.file_bytes import read_bytes

try:
    from benchmark._native import count_png_pairs
except ImportError:  # not built

    def count_png_pairs(files: tuple[bytes, ...], ids: bool, /) -> list[bytes | None]:
        """Leave every image to the general path."""
        return [None] * (len(files) // 2)


def count_in_pngs(
    paths: Sequence[tuple[Path, Path]], *, ids: bool
) -> tuple[list[PixelPairs], InputError | None]:
    """Count the pairs of values of each image's two PNGs.

    Args:
        paths: Of each image: ground truth and prediction.
        ids: Whether pixels are ids of segments (`read_segment_ids`); otherwise labels.

    Returns:
        The pairs of the images in their order, up to the first that has a fault, and that fault: a
        PNG is not readable, of another kind, or of another size than its ground truth.
    """
    files: list[bytes] = []
    fault = None
    for truth, predicted in paths:
        try:
            files += (read_bytes(truth), read_bytes(predicted))
        except InputError as error:
            fault = error
            break
    found: list[PixelPairs] = []
    counted = (
        count_png_pairs(tuple(files), ids)
        if is_wanted() and is_built()
        else [None] * (len(files) // 2)
    )
    for number, triples in enumerate(counted):
        if triples is not None:
            found.append(PixelPairs(*np.frombuffer(triples, np.int64).reshape(-1, 3).T))
            continue
        try:
            images = (files[2 * number], files[2 * number + 1])
            found.append(_count_generally(images, paths[number], ids))
        except InputError as error:
            return found, error
    return found, fault


def _count_generally(
    images: tuple[bytes, bytes], paths: tuple[Path, Path], ids: bool
) -> PixelPairs:
    from benchmark.pixels.png_maps import decode_labels, decode_segment_ids

    decode = decode_segment_ids if ids else decode_labels
    first, second = (decode(image, path) for image, path in zip(images, paths, strict=True))
    check_size(second.shape, first.shape, paths[1])
    return count_pairs(first, second)


def check_size(size: tuple[int, ...], of_truth: tuple[int, ...], path: Path) -> None:
    """Check that a predicted map has the (height, width) of its ground truth.

    Raises:
        InputError: it has not; names the file `path`.
    """
    if size != of_truth:
        (height, width), (true_height, true_width) = size, of_truth
        message = f"has size {width}×{height}; its ground truth has {true_width}×{true_height}"
        raise InputError(message, file=path)
