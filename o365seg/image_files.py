"""Image files as they really are: under another folder, missing, damaged, or turned (EXIF)."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from PIL import Image, ImageOps, UnidentifiedImageError

from o365seg import records

_ORIENTATION = 0x0112  # EXIF tag
_WEB_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}


class ImageProblem(Exception):
    """An image that cannot be asked about; its text says why."""


@dataclass(frozen=True)
class CheckedImage:
    """An image whose pixels are known to decode and to have the size its record gives.

    Attributes:
        path: The file's place below the image root.
        sha256: Hash of the bytes that raters will be sent.
        media_type: Of those bytes.
        upright: Those bytes, where they are not the file's own; None where they are.
        remark: What was noticed and put right, for the owner to read; None for nothing.
    """

    path: str
    sha256: str
    media_type: str
    upright: bytes | None
    remark: str | None


def find_image(root: Path, file_name: str) -> str | None:
    """Where below `root` the file lies, as a POSIX path; None where it does not.

    Records say `images/v1/patch4/x.jpg` while disks have `patch4/x.jpg`, so leading folders are
    taken off one by one until a file is there.
    """
    parts = PurePosixPath(file_name).parts
    if not parts or parts[0] == "/" or ".." in parts:
        return None
    for start in range(len(parts)):
        path = PurePosixPath(*parts[start:])
        try:
            if (root / path).is_file():
                return str(path)
        except (OSError, ValueError):  # too long a name, or a zero byte in it: not on any disk
            continue
    return None


def check_image(root: Path, record: records.Image) -> CheckedImage:
    """Find an image, decode it, and settle which way up it is.

    The record's size decides: boxes were drawn on an image of that size. Where the file's EXIF
    orientation leads to that size, the pixels are turned (as browsers do); where the pixels as
    stored have that size, they stay as stored.

    Raises:
        ImageProblem: missing, damaged, or of another size either way.
    """
    path = find_image(root, record.file_name)
    if path is None:
        raise ImageProblem("no such file below the image root")
    try:
        data = (root / path).read_bytes()
    except OSError as error:
        raise ImageProblem(f"the file cannot be read: {error.strerror}") from None
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            kind = image.format or ""
            turn = image.getexif().get(_ORIENTATION, 1)
            stored = image.size
            expected = (record.width, record.height)
            turned = stored[::-1] if turn in (5, 6, 7, 8) else stored
            if expected not in (stored, turned):
                raise ImageProblem(
                    f"the file is {stored[0]}×{stored[1]} pixels, "
                    f"its record says {expected[0]}×{expected[1]}"
                )
            if turn == 1 and kind in _WEB_TYPES:
                return CheckedImage(path, _sha256(data), _WEB_TYPES[kind], None, None)
            if expected == turned:
                pixels, remark = ImageOps.exif_transpose(image), f"turned upright (EXIF {turn})"
            else:
                pixels, remark = image, f"EXIF {turn} ignored, as the record's size asks"
            upright = _as_png(pixels)
            if turn == 1:
                remark = f"{kind} converted to PNG for the browser"
            return CheckedImage(path, _sha256(upright), "image/png", upright, remark)
    except ImageProblem:
        raise
    except Image.DecompressionBombError:
        raise ImageProblem("the file claims more pixels than can be an image") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise ImageProblem(f"the file does not decode: {error}") from None


def _as_png(image: Image.Image) -> bytes:
    """The pixels alone, without the EXIF block that would make a browser turn them again."""
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "PNG", exif=b"")
    return buffer.getvalue()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
