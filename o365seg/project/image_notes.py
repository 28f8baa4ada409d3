"""What a project noticed of its image files: kept from `create` for the release.

Readers that ignore EXIF would lay masks on a turned or mirrored photograph.
"""

from pathlib import Path
from typing import Any

import msgspec

from o365seg.formats.json_files import read_json, write_json_atomic
from o365seg.images.image_files import ImageNote

NOTES_FILE = "image_notes.json"


IMAGE_FIELDS = frozenset({"exif_orientation", "exif_ignored", "pixel_mapping"})
"""What a release says of such an image; a source that is itself a release may have it already."""


class _Noted(msgspec.Struct):
    image_id: int
    note: ImageNote


def write_image_notes(folder: Path, notes: dict[int, ImageNote]) -> None:
    """Write the notes of a project's images, by image id; images without one are left out."""
    noted = [_Noted(image_id, note) for image_id, note in notes.items() if str(note)]
    write_json_atomic(folder / NOTES_FILE, noted)


def read_image_notes(folder: Path) -> dict[int, ImageNote]:
    """The notes by image id; empty for a project of a version that kept none.

    Raises:
        InputError: the file is damaged.
    """
    path = folder / NOTES_FILE
    if not path.is_file():
        return {}
    return {noted.image_id: noted.note for noted in read_json(path, list[_Noted])}


def released_fields(note: ImageNote | None) -> dict[str, Any]:
    """What an image record of a release says: `exif_orientation` and its two companions.

    `exif_orientation` is 2 to 8 where the file has one; masks are on the turned pixels, except
    where `exif_ignored`. `pixel_mapping` says how raters saw pixels that are not 8-bit RGB.
    """
    if note is None:
        return {}
    fields: dict[str, Any] = {}
    if note.orientation != 1:
        fields["exif_orientation"] = note.orientation
    if note.is_ignored:
        fields["exif_ignored"] = True
    if note.mapping is not None:
        fields["pixel_mapping"] = note.mapping
    return fields
