"""An image as its annotations mean it: the size that they give decides which way up it is."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from o365seg.errors import InputError
from o365seg.formats.json_files import read_bytes
from o365seg.images.image_files import find_image

Size = tuple[int, int]
"""Height and width in pixels."""


def locate(root: Path, file_name: str, listed_in: Path, record: str) -> Path:
    """The file that a record names, leading folders taken off until one is there.

    Raises:
        InputError: there is none; names the list, the record and the file.
    """
    found = find_image(root, file_name)
    if found is None:
        message = f"no file {file_name!r} below {root}"
        raise InputError(message, file=listed_in, record=record, field="file_name")
    return root / found


def read_pixels(path: Path, size: Size | None = None) -> np.ndarray:
    """The pixels of an image, transparency left out.

    Boxes and masks were drawn on an image of the recorded size: where the file's EXIF orientation
    leads to that size the image is turned, where the pixels as stored have it they stay. (See
    `o365seg.images.image_files.check_image`, which does the same for the painting tool.)

    Args:
        path: The file.
        size: The recorded (height, width); None for the size that it turns out to have.

    Returns:
        uint8 (H, W, 3), RGB.

    Raises:
        InputError: not there, no image, damaged, more than 8 bits a channel, or of another size.
    """
    data = read_bytes(path)
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.mode.startswith("I") or image.mode == "F":
                raise InputError("more than 8 bits a channel; convert it first", file=path)
            image.load()
            upright = ImageOps.exif_transpose(image)
            if size is not None and upright.size[::-1] != size and image.size[::-1] == size:
                upright = image
            pixels = np.asarray(upright if upright.mode == "RGB" else upright.convert("RGB"))
    except InputError:
        raise
    except Image.DecompressionBombError:
        raise InputError("claims more pixels than can be an image", file=path) from None
    except Image.UnidentifiedImageError:
        raise InputError("is no image that Pillow reads", file=path) from None
    except Exception as error:  # decoders meet damaged files with errors of every kind
        raise InputError(f"does not decode: {error}", file=path) from None
    check_size(path, (pixels.shape[0], pixels.shape[1]), size)
    return pixels


def check_size(path: Path, found: Size, expected: Size | None) -> None:
    """Nothing where the sizes are equal.

    Raises:
        InputError: they differ; names the file and both.
    """
    if expected is not None and found != expected:
        raise InputError(
            f"is {found[1]}×{found[0]} pixels, its record says {expected[1]}×{expected[0]}",
            file=path,
        )


def stored_size(path: Path) -> tuple[Size, Size]:
    """The (height, width) as stored and turned upright, from the file's head alone.

    Raises:
        InputError: not there or no image.
    """
    try:
        with Image.open(path) as image:
            width, height = image.size
            turned = image.getexif().get(0x0112, 1) >= 5  # EXIF's quarter turns
            return (height, width), (width, height) if turned else (height, width)
    except FileNotFoundError:
        raise InputError("no such file", file=path) from None
    except Exception as error:  # see read_pixels
        raise InputError(f"is no image that Pillow reads: {error}", file=path) from None
