"""Image files as they really are: under another folder, missing, damaged, or rotated (EXIF)."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import msgspec
from PIL import Image

from o365seg.formats import records
from o365seg.images.decoding import decoding_problem
from o365seg.images.file_names import candidate_paths
from o365seg.images.image_root import ImageRoot
from o365seg.images.rgb import to_rgb

_ORIENTATION = 0x0112  # EXIF tag
# How to rotate an image upright, by the tag's value; 1 and unknown values mean unchanged.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_QUARTER_TURNS = frozenset(_TURNS[turn] for turn in (5, 6, 7, 8))
_WEB_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}


class ImageProblem(Exception):
    """An image that cannot be used; its text says why."""


class ImageNote(msgspec.Struct, frozen=True, omit_defaults=True):
    """What other readers of an image file may do otherwise.

    Attributes:
        orientation: The file's EXIF orientation, 1 to 8; 1 for none.
        is_ignored: Whether boxes and masks are on the pixels as stored, in spite of it.
        mapping: How values became 8-bit RGB; None where they are the file's.
        converted_from: The format, where browsers do not know it.
    """

    orientation: int = 1
    is_ignored: bool = False
    mapping: str | None = None
    converted_from: str | None = None

    def __str__(self) -> str:
        """What was corrected, for the owner to read; empty for nothing."""
        turned = f"rotated (EXIF {self.orientation})"
        if self.is_ignored:
            turned = (
                f"EXIF {self.orientation} ignored: the record's size is that of the stored pixels"
            )
        converted = f"{self.converted_from} converted to PNG for the browser"
        said = [
            turned if self.orientation != 1 else None,
            self.mapping,
            converted if self.converted_from else None,
        ]
        return "; ".join(filter(None, said))


@dataclass(frozen=True)
class CheckedImage:
    """An image whose pixels are known to decode and to have the size its record gives.

    Attributes:
        path: The file's place below the image root.
        sha256: Hash of the bytes that raters will be sent.
        media_type: Of those bytes.
        is_upright_copy: Whether those bytes are a copy that was turned or converted.
        note: How they differ from what other readers may make of the file.
    """

    path: str
    sha256: str
    media_type: str
    is_upright_copy: bool
    note: ImageNote


def find_image(root: Path | ImageRoot, file_name: str) -> str | None:
    """Where below `root` the file lies, as a POSIX path; None where it does not.

    Records and disks differ in leading folders, separators and prefixes
    (`file_names.candidate_paths`); the first of these paths where a file is counts.
    """
    place = root if isinstance(root, ImageRoot) else ImageRoot(root)
    for path in map(str, candidate_paths(file_name)):
        try:
            if place.is_file(path):
                return path
        except (OSError, ValueError):  # too long a name, or a zero byte in it: not on any disk
            continue
    return None


def check_image(root: Path | ImageRoot, record: records.Image) -> tuple[CheckedImage, bytes | None]:
    """Find an image, decode it, and determine its orientation.

    The record's size decides: boxes were drawn on an image of that size. Where the file's EXIF
    orientation leads to that size, the pixels are turned (as browsers do); where the pixels as
    stored have that size, they stay as stored.

    Returns:
        What was found, and the turned or converted copy as a PNG file; None where the file itself
        will do.

    Raises:
        ImageProblem: missing, damaged, or of another size either way.
    """
    place = root if isinstance(root, ImageRoot) else ImageRoot(root)
    path = find_image(place, record.name)
    if path is None:
        raise ImageProblem("no such file in the image root")
    try:
        data = place.read(path)
    except OSError as error:
        raise ImageProblem(f"cannot be read: {error.strerror or error}") from None
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            kind = image.format or ""
            turned, note = _upright(image, (record.width, record.height))
            pixels, mapping = to_rgb(turned)
            if note.orientation == 1 and mapping is None and kind in _WEB_TYPES:
                return CheckedImage(path, _sha256(data), _WEB_TYPES[kind], False, note), None
            copy = _as_png(pixels)
    except ImageProblem:
        raise
    except Exception as error:  # decoders meet damaged files with errors of every kind
        raise ImageProblem(decoding_problem(error)) from None
    converted_from = None if kind in _WEB_TYPES else kind
    note = msgspec.structs.replace(note, mapping=mapping, converted_from=converted_from)
    return CheckedImage(path, _sha256(copy), "image/png", True, note), copy


def open_upright(root: Path, record: records.Image) -> Image.Image:
    """An image's pixels, RGB, the way up that its record's size asks for (see `check_image`).

    Raises:
        ImageProblem: as `check_image`.
    """
    checked, upright = check_image(root, record)
    with Image.open(io.BytesIO(upright) if upright else root / checked.path) as image:
        return to_rgb(image)[0].copy()  # it outlives the file


def _upright(image: Image.Image, expected: tuple[int, int]) -> tuple[Image.Image, ImageNote]:
    """The image with its record's (width, height), and its orientation."""
    turn = image.getexif().get(_ORIENTATION, 1)
    method = _TURNS.get(turn)
    stored = image.size
    turned = stored[::-1] if method in _QUARTER_TURNS else stored
    if expected not in (stored, turned):
        raise ImageProblem(
            f"has {stored[0]}×{stored[1]} pixels, its record says {expected[0]}×{expected[1]}"
        )
    if method is None:
        return image, ImageNote()
    if expected == turned:
        return image.transpose(method), ImageNote(turn)
    return image, ImageNote(turn, is_ignored=True)


def _as_png(image: Image.Image) -> bytes:
    """The pixels alone, without the EXIF block that would make a browser turn them again."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", exif=b"")
    return buffer.getvalue()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
