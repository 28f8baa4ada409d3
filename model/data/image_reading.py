"""Read an image in the orientation of its annotations, which their recorded size decides."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from o365seg.errors import InputError
from o365seg.formats.json_files import read_bytes
from o365seg.images.decoding import decoding_problem
from o365seg.images.image_files import find_image
from o365seg.images.rgb import to_rgb

Size = tuple[int, int]
"""Height and width in pixels."""


def locate(root: Path, file_name: str, listed_in: Path, record: str) -> Path:
    """Find the file of a record, without its leading folders if necessary.

    Raises:
        InputError: there is none; names the annotation file, the record and the image.
    """
    found = find_image(root, file_name)
    if found is None:
        message = f"no file {file_name!r} below {root}"
        raise InputError(message, file=listed_in, record=record, field="file_name")
    return root / found


def read_pixels(path: Path, size: Size | None = None) -> np.ndarray:
    """Read the pixels of an image without transparency.

    Boxes and masks were drawn on an image of the recorded size: where the file's EXIF orientation
    leads to that size the image is turned, where the pixels as stored have it they stay. (See
    `o365seg.images.image_files.check_image`, which does the same for the painting tool.)

    Args:
        path: The file.
        size: The recorded (height, width); None to accept any size.

    Returns:
        uint8 (H, W, 3), RGB (`o365seg.images.rgb.to_rgb` for other kinds of pixels).

    Raises:
        InputError: the file is missing, damaged, not an image, or of another size.
    """
    return decode_pixels(read_bytes(path), path, size)


def decode_pixels(data: bytes, path: Path, size: Size | None = None) -> np.ndarray:
    """`read_pixels` of a file's bytes; `path` is the name that errors give it."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            upright = ImageOps.exif_transpose(image)
            if size is not None and upright.size[::-1] != size and image.size[::-1] == size:
                upright = image
            pixels = np.asarray(to_rgb(upright)[0])
    except Exception as error:  # decoders meet damaged files with errors of every kind
        raise InputError(decoding_problem(error), file=path) from None
    check_size(path, (pixels.shape[0], pixels.shape[1]), size)
    return pixels


def check_size(path: Path, found: Size, expected: Size | None) -> None:
    """Check the size of an image.

    Raises:
        InputError: the sizes differ; names the file and both sizes.
    """
    if expected is not None and found != expected:
        raise InputError(
            f"has {found[1]}×{found[0]} pixels, but {expected[1]}×{expected[0]} in its record",
            file=path,
        )


def stored_size(path: Path) -> tuple[Size, Size]:
    """Read the (height, width) from the file's header, as stored and after EXIF rotation.

    Raises:
        InputError: the file is missing or not an image.
    """
    try:
        with Image.open(path) as image:
            width, height = image.size
            turned = image.getexif().get(0x0112, 1) >= 5  # EXIF's quarter turns
            return (height, width), (width, height) if turned else (height, width)
    except FileNotFoundError:
        raise InputError("no such file", file=path) from None
    except Exception as error:  # see read_pixels
        raise InputError(decoding_problem(error), file=path) from None
