"""Read PNGs whose pixels are ids, not colours, and refuse every other kind by name.

A viewer or an export tool that turned such a file into a palette, an alpha channel or 16 bits has
changed what the numbers mean, mostly without a trace in the picture. So the kind is read from the
PNG's own header before any pixel, and a kind that is not an id map is refused by name.
"""

import io
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from o365seg.errors import InputError
from o365seg.formats.file_bytes import read_bytes

if TYPE_CHECKING:
    from PIL import Image  # slow to import, and not needed where the core reads the file

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _RGB, _PALETTE = 0, 2, 3
_COLOUR_TYPES = {_GREY: "grey", _RGB: "RGB", _PALETTE: "palette", 4: "grey + alpha", 6: "RGBA"}
_MOST_PIXELS = 89_478_485  # from here on PIL suspects a decompression bomb


def read_segment_ids(path: str | Path) -> np.ndarray:
    """The segment ids of a COCO panoptic PNG: red + 256 green + 65536 blue.

    Returns:
        uint32[height, width], each below 2^24; 0 is void.

    Raises:
        InputError: not readable, or no 8-bit RGB PNG.
    """
    return decode_segment_ids(read_bytes(path), path)


def decode_segment_ids(data: bytes, path: str | Path) -> np.ndarray:
    """`read_segment_ids` of a PNG's bytes; `path` is the name that errors give it."""
    depth, colour = _kind(data, path)
    if (depth, colour) != (8, _RGB):
        raise _wrong_kind(depth, colour, "must be an 8-bit RGB PNG", path)
    image = _decode(data, path)
    # PIL keeps RGB pixels in four bytes, so this is one copy; the fourth byte is 255.
    packed = np.frombuffer(image.tobytes("raw", "RGBX"), "<u4")
    return packed.reshape(image.height, image.width) & np.uint32(0xFFFFFF)


def read_labels(path: str | Path) -> np.ndarray:
    """The labels of a label-map PNG: grey of 8 or 16 bits, or the indices of a palette.

    Palettes are read because the label maps of PASCAL VOC have one; its colours do not matter.

    Returns:
        uint8[height, width], or uint16 where it has 16 bits.

    Raises:
        InputError: not readable, or no such PNG.
    """
    return decode_labels(read_bytes(path), path)


def decode_labels(data: bytes, path: str | Path) -> np.ndarray:
    """`read_labels` of a PNG's bytes; `path` is the name that errors give it."""
    depth, colour = _kind(data, path)
    # Grey of 1, 2 or 4 bits is stretched to 0 … 255 by common readers: nobody's labels survive.
    if colour != _PALETTE and (colour != _GREY or depth not in (8, 16)):
        need = "must have one channel: 8- or 16-bit grey, or a palette"
        raise _wrong_kind(depth, colour, need, path)
    return np.asarray(_decode(data, path))


def check_size(size: tuple[int, ...], of_truth: tuple[int, ...], path: Path) -> None:
    """Check that a predicted map has the (height, width) of its ground truth.

    Raises:
        InputError: it has not; names the file `path`.
    """
    if size != of_truth:
        (height, width), (true_height, true_width) = size, of_truth
        message = f"has size {width}×{height}; its ground truth has {true_width}×{true_height}"
        raise InputError(message, file=path)


def _kind(data: bytes, path: str | Path) -> tuple[int, int]:
    """Bit depth and colour type from the header chunk, which is always the first."""
    if data[:8] != _SIGNATURE or data[12:16] != b"IHDR" or len(data) < 26:
        raise InputError("not a PNG file", file=path)
    width, height, depth, colour = struct.unpack(">IIBB", data[16:26])
    if width * height > _MOST_PIXELS:
        raise InputError(f"too large: {width}×{height} pixels", file=path)
    return depth, colour


def _wrong_kind(depth: int, colour: int, need: str, path: str | Path) -> InputError:
    name = _COLOUR_TYPES.get(colour, f"colour type {colour}")
    article = "an" if depth == 8 else "a"
    return InputError(f"{need}; is {article} {depth}-bit {name} PNG", file=path)


def _decode(data: bytes, path: str | Path) -> "Image.Image":
    from PIL import Image

    from o365seg.images.decoding import decoding_problem

    try:
        image = Image.open(io.BytesIO(data), formats=["PNG"])
        image.load()
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise InputError(decoding_problem(error), file=path) from None
    return image
