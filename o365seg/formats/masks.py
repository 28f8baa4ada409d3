"""Binary masks as COCO run lengths: safe reading of what others wrote, and the exact pixels.

A mask of an image of height h and width w is `uint8[h, w]` of 0 and 1. Its COCO run-length form
counts runs in column-major order, background first; "compressed" packs the counts into ASCII text,
six bits a character (pycocotools, `rleToString`). pycocotools trusts that text and writes past its
buffer when it lies, so whatever came over the network or from a file passes `check_rle` first.
"""

from typing import Any, cast

import msgspec
import numpy as np
from pycocotools import mask as coco_mask

from o365seg.formats.convert import field_name, read_fault

# The rasteriser allocates five points a pixel of outline, unchecked; and counts them in 32 bits.
_LONGEST_OUTLINE = 2**22
_FARTHEST_CORNER = 2**28
_MOST_PIXELS = 3 << 24  # with fewer, no four runs of a mask take six characters each


class Rle(msgspec.Struct, frozen=True):
    """A run-length mask: `size` is (height, width); `counts` compressed text or plain counts."""

    size: tuple[int, int]
    counts: str | list[int]


class MaskError(ValueError):
    """A segmentation that does not describe a mask; its text says why.

    Attributes:
        field: The invalid field of the record: `segmentation`, or a place inside it.
    """

    def __init__(self, message: str, field: str = "segmentation") -> None:
        super().__init__(message)
        self.field = field


def parse_counts(counts: str) -> np.ndarray:
    """The run lengths in compressed COCO text.

    Returns:
        int64[runs], not yet checked against any size (they may be negative where the text lies).

    Raises:
        MaskError: a character outside the alphabet, a number cut short or too long.
    """
    try:
        text = np.frombuffer(counts.encode("ascii"), np.uint8) - np.uint8(48)  # may wrap around
    except UnicodeEncodeError:
        raise MaskError("invalid character in the run lengths") from None
    if text.size == 0:
        return np.zeros(0, np.int64)
    if text.max() > 63:
        raise MaskError("invalid character in the run lengths")
    ends = np.flatnonzero((text & 0x20) == 0)  # the last character of each number
    if ends.size == 0 or ends[-1] != text.size - 1:
        raise MaskError("run lengths are truncated")
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if lengths.max() > 7:  # 7 × 5 bits hold any run of any image up to 2^34 pixels
        raise MaskError("a run length is too long")
    digits = (text & 0x1F).astype(np.int64)
    values = digits[starts]
    for place in range(1, lengths.max()):  # few numbers are long
        longer = np.flatnonzero(lengths > place)
        values[longer] |= digits[starts[longer] + place] << (5 * place)
    negative = (text[ends] & 0x10) != 0
    if (negative & (lengths > 6)).any():
        # pycocotools sign-extends in 32 bits and would read another number than we do.
        raise MaskError("a run length is out of range")
    values -= negative.astype(np.int64) << (5 * lengths)
    # From the fourth number on each is the difference to the one two before it.
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    return values


def check_rle(rle: Rle, size: tuple[int, int] | None = None) -> np.ndarray:
    """The run lengths of `rle`, known to be sound: each ≥ 0, their sum height × width.

    Args:
        rle: The mask to check; nothing of the size it claims is allocated.
        size: The (height, width) it must have; None for any.

    Returns:
        int64[runs].

    Raises:
        MaskError: not a mask, or not of that size.
    """
    height, width = rle.size
    if height < 0 or width < 0 or height * width >= 2**31:
        raise MaskError(f"mask size {height}×{width} is out of range")
    if size is not None:
        check_size(rle.size, size)
    if isinstance(rle.counts, str):
        runs = parse_counts(rle.counts)
    elif any(abs(count) >= 2**31 for count in rle.counts):
        raise MaskError("a run length is out of range")
    else:
        runs = np.asarray(rle.counts, np.int64)
    if runs.size and runs.min() < 0:
        raise MaskError("a run length is negative")
    if runs.size and runs.max() > height * width:  # first, or the sum could wrap around
        raise MaskError("a run length exceeds the mask")
    if runs.sum() != height * width:
        raise MaskError(f"run lengths sum to {runs.sum()}, not {height}×{width}")
    return runs


def check_size(size: tuple[int, int], wanted: tuple[int, int]) -> None:
    """Check the (height, width) of a mask.

    Raises:
        MaskError: it is not the one wanted.
    """
    if tuple(size) != tuple(wanted):
        (height, width), (high, wide) = size, wanted
        raise MaskError(f"mask size {height}×{width} differs from {high}×{wide}")


def decode_rle(rle: Rle) -> np.ndarray:
    """The pixels of a mask: uint8[height, width] of 0 and 1.

    Raises:
        MaskError: `rle` does not describe a mask.
    """
    runs = check_rle(rle)
    values = np.arange(runs.size, dtype=np.uint8) & 1
    return np.repeat(values, runs).reshape(rle.size[::-1]).T


def encode_rle(mask: np.ndarray) -> Rle:
    """The compressed run lengths of a mask `bool or integer[height, width]`; any non-zero is 1."""
    pixels = np.asfortranarray(mask != 0, dtype=np.uint8)
    return _from_pycocotools(coco_mask.encode(pixels))


def rle_area(rle: Rle) -> int:
    """The number of pixels set.

    Raises:
        MaskError: `rle` does not describe a mask.
    """
    return int(check_rle(rle)[1::2].sum())


def mask_box(rle: Rle) -> tuple[int, int, int, int] | None:
    """The smallest box (x, y, width, height in pixels) with all pixels; None for an empty mask.

    Raises:
        MaskError: `rle` does not describe a mask.
    """
    runs = check_rle(rle)
    ends = np.cumsum(runs)[1::2]
    starts = ends - runs[1::2]
    painted = starts < ends
    if not painted.any():
        return None
    starts, last = starts[painted], ends[painted] - 1
    height = rle.size[0]
    left, right = int(starts[0] // height), int(last[-1] // height)
    if (starts // height != last // height).any():  # a run that goes on in the next column
        top, bottom = 0, height - 1
    else:
        top, bottom = int((starts % height).min()), int((last % height).max())
    return left, top, right - left + 1, bottom - top + 1


def box_to_rle(bbox: tuple[float, float, float, float], size: tuple[int, int]) -> Rle:
    """A box (x, y, width, height in pixels) as a mask of an image of `size` (height, width).

    The box as a polygon, by pycocotools' own rule (`rleFrBbox`), cut off at the image's border.
    """
    x, y, width, height = bbox
    # A pixel beyond the border is as good as any distance, and bounds the rasteriser's work.
    left, right = np.clip([x, x + width], -1, size[1] + 1).tolist()
    top, bottom = np.clip([y, y + height], -1, size[0] + 1).tolist()
    return _rasterise([[left, top, left, bottom, right, bottom, right, top]], size)


def polygons_to_rle(polygons: list[list[float]], size: tuple[int, int]) -> Rle:
    """The union of polygons [x1, y1, x2, y2, …] by pycocotools' rasteriser; of none, no pixel.

    Raises:
        MaskError: a polygon of fewer than three points or an odd number of coordinates, or one
            that reaches absurdly far, or across more than 50 million pixels: the runs may take more
            than the six characters that pycocotools has room for.
    """
    height, width = size
    if height * width <= _MOST_PIXELS or not polygons:
        return _rasterise(polygons, size)
    # On a canvas that ends behind them; what is drawn does not depend on what lies beyond.
    right = max((x for polygon in polygons for x in polygon[::2]), default=0)
    bottom = max((y for polygon in polygons for y in polygon[1::2]), default=0)
    canvas = _cropped(height, bottom), _cropped(width, right)
    if canvas[0] * canvas[1] > _MOST_PIXELS:
        raise MaskError(f"polygons on {height}×{width} pixels are not supported; use run lengths")
    return _on_larger(check_rle(_rasterise(polygons, canvas)), canvas, size)


def _cropped(side: int, farthest: float) -> int:
    """As much of a side as holds the farthest corner and an empty pixel behind it."""
    return min(side, int(np.ceil(min(max(farthest, 0), side))) + 2)


def _on_larger(runs: np.ndarray, canvas: tuple[int, int], size: tuple[int, int]) -> Rle:
    """A mask at the top left of an image of `size`; its last row is empty where that is higher."""
    ends = np.cumsum(runs)[1::2]
    starts = ends - runs[1::2]
    shift = size[0] - canvas[0]
    starts, ends = (places + places // canvas[0] * shift for places in (starts, ends))
    edges = np.concatenate([[0], np.stack([starts, ends], axis=1).ravel(), [size[0] * size[1]]])
    return compress_runs(np.diff(edges), size)


def _rasterise(polygons: list[list[float]], size: tuple[int, int]) -> Rle:
    height, width = size
    if not polygons:
        return encode_rle(np.zeros((height, width), np.uint8))
    for polygon in polygons:
        if len(polygon) < 6 or len(polygon) % 2:
            raise MaskError(
                f"a polygon has {len(polygon)} coordinates; it needs an even number, at least 6"
            )
        corners = np.asarray(polygon, float).reshape(-1, 2)
        if np.abs(corners).max() > _FARTHEST_CORNER or _outline(corners) > _LONGEST_OUTLINE:
            raise MaskError("a polygon extends too far beyond the image")
    parts = coco_mask.frPyObjects(cast("list", polygons), height, width)
    return _from_pycocotools(coco_mask.merge(parts))


def _outline(corners: np.ndarray) -> float:
    """The length of a closed polygon `float64[corners, 2]` as the rasteriser walks it."""
    return np.abs(corners - np.roll(corners, -1, axis=0)).max(axis=1).sum()


def segmentation_to_rle(segmentation: msgspec.Raw, size: tuple[int, int]) -> Rle:
    """Any COCO segmentation (polygons, plain or compressed run lengths) as compressed run lengths.

    Args:
        segmentation: JSON text, as `records.Annotation` holds it.
        size: The image's (height, width).

    Raises:
        MaskError: not a segmentation, or a mask of another size.
    """
    try:
        value = msgspec.json.decode(segmentation, type=list[list[float]] | Rle)
    except msgspec.MsgspecError as error:
        what, steps = read_fault(str(error))
        raise MaskError(what, field_name(["segmentation", *steps])) from None
    if isinstance(value, list):
        return polygons_to_rle(value, size)
    runs = check_rle(value, size)
    if isinstance(value.counts, str):
        return value
    return compress_runs(runs, size)


def canonical_runs(runs: np.ndarray) -> np.ndarray:
    """Sound run lengths int64[runs] (see `check_rle`) as pycocotools would count them.

    No run is empty but the first, of a mask whose first pixel is set. The same pixels can be
    written in any number of other ways, by empty runs.
    """
    if (runs[1:] > 0).all():
        return runs
    value = np.arange(runs.size) & 1
    kept = runs > 0
    runs, value = runs[kept], value[kept]
    starts = np.flatnonzero(np.diff(value, prepend=-1))
    merged = np.add.reduceat(runs, starts) if starts.size else runs
    return np.concatenate([[0], merged]) if value[:1].any() else merged


def compress_runs(runs: np.ndarray, size: tuple[int, int]) -> Rle:
    """Sound run lengths int64[runs] (see `check_rle`) of a mask of `size` as compressed text.

    The text is pycocotools', which itself reserves six characters a run and writes beyond them
    where the runs of a very large image need more.
    """
    values = _differences(runs)
    lengths = _characters(values)
    place = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    digits = np.repeat(values, lengths) >> (5 * place) & 0x1F
    digits |= np.where(place < np.repeat(lengths, lengths) - 1, 0x20, 0)
    return Rle((size[0], size[1]), (digits + 48).astype(np.uint8).tobytes().decode("ascii"))


def is_compressed(counts: str, runs: np.ndarray) -> bool:
    """Whether the text that these sound runs were read from is the one of `compress_runs`."""
    # Each number has one shortest form, and longer ones.
    return len(counts) == _characters(_differences(runs)).sum()


def _differences(runs: np.ndarray) -> np.ndarray:
    """The numbers that compressed text holds: from the fourth on relative to the one two before."""
    values = runs.astype(np.int64)
    values[3:] -= runs[1:-2]
    return values


def _characters(values: np.ndarray) -> np.ndarray:
    """How many characters each number takes: 5 bits in each, one of all is the sign."""
    lengths = np.ones(values.size, np.int64)
    sizes = np.where(values < 0, ~values, values)
    for bits in range(4, 34, 5):
        longer = sizes >> bits > 0
        if not longer.any():
            break
        lengths += longer
    return lengths


def overlap(first: str, second: str, size: tuple[int, int]) -> tuple[int, int, int]:
    """Pixels in both of two valid masks, in the first, and in the second.

    Args:
        first: Compressed run lengths.
        second: Likewise, of a mask of the same size.
        size: The (height, width) of both, in pixels.
    """
    pair = [{"size": list(size), "counts": counts.encode()} for counts in (first, second)]
    common = coco_mask.merge(cast("list", pair), intersect=True)
    areas = [int(coco_mask.area(cast("Any", mask))) for mask in (common, *pair)]
    return areas[0], areas[1], areas[2]


def _from_pycocotools(packed: Any) -> Rle:
    """Its run lengths are bytes, though its type stubs say text."""
    height, width = packed["size"]
    return Rle((height, width), packed["counts"].decode("ascii"))
