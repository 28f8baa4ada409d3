"""What is wrong with an image file that Pillow cannot decode, in words for its owner."""

import re

from PIL import Image

# Pillow names the object that it reads from, by its address in memory.
_OBJECT = re.compile(r" ?<[^<>]* at 0x[0-9a-fA-F]+>")


def decoding_problem(error: BaseException) -> str:
    """The problem that an exception of a decoder stands for; the same for equal files."""
    if isinstance(error, Image.UnidentifiedImageError):
        return "not an image that Pillow can read"
    if isinstance(error, Image.DecompressionBombError):
        return "has too many pixels"
    said = _OBJECT.sub("", str(error)).strip()
    return f"cannot be decoded: {said}" if said else "cannot be decoded"
