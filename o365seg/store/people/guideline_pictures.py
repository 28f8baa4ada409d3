"""Pictures that an owner adds to the guidelines, in the database beside their text."""

import hashlib
import io
from dataclasses import dataclass

import sqlalchemy as sa
from PIL import Image, ImageOps, UnidentifiedImageError

from o365seg.errors import InputError
from o365seg.store import audit
from o365seg.store.schema import guideline_picture

LARGEST_FILE = 8 * 1024 * 1024  # bytes
MOST_PICTURES = 40
_MOST_PIXELS = 50_000_000
_SIDE = 1600  # px, of what is kept


@dataclass(frozen=True)
class Picture:
    """A picture without its content."""

    id: int
    name: str
    width: int
    height: int


def list_pictures(db: sa.Connection) -> list[Picture]:
    """Every picture, in the order in which they were added."""
    columns = (guideline_picture.c[name] for name in ("id", "name", "width", "height"))
    rows = db.execute(sa.select(*columns).order_by(guideline_picture.c.id))
    return [Picture(*row) for row in rows]


def find_content(db: sa.Connection, picture_id: int) -> tuple[str, bytes] | None:
    """A picture's SHA-256 and JPEG file; None: there is none of that id."""
    columns = (guideline_picture.c.sha256, guideline_picture.c.content)
    row = db.execute(sa.select(*columns).where(guideline_picture.c.id == picture_id)).one_or_none()
    return None if row is None else tuple(row)


def add_picture(db: sa.Connection, name: str, content: bytes, actor_id: int | None) -> int:
    """Add a picture as `encode_picture` made it, and return its id; the same one is kept once.

    Raises:
        InputError: there are `MOST_PICTURES` already.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    found = db.execute(
        sa.select(guideline_picture.c.id).where(guideline_picture.c.sha256 == sha256)
    ).scalar_one_or_none()
    if found is not None:
        return found
    if len(list_pictures(db)) >= MOST_PICTURES:
        raise InputError(f"there are {MOST_PICTURES} already; delete one first", field="picture")
    width, height = Image.open(io.BytesIO(content)).size
    inserted = db.execute(
        guideline_picture.insert().values(
            name=name, sha256=sha256, width=width, height=height, content=content
        )
    )
    audit.record(db, actor_id, "guidelines.picture", name)
    assert inserted.inserted_primary_key is not None
    return inserted.inserted_primary_key[0]


def delete_picture(db: sa.Connection, picture_id: int, actor_id: int | None) -> None:
    """Delete a picture, if there is one of that id."""
    picture = guideline_picture.c.id == picture_id
    name = db.execute(sa.select(guideline_picture.c.name).where(picture)).scalar_one_or_none()
    if name is not None:
        db.execute(guideline_picture.delete().where(picture))
        audit.record(db, actor_id, "guidelines.delete_picture", name)


def encode_picture(data: bytes) -> bytes:
    """Encode an uploaded image anew, as a JPEG of at most 1600 px a side without metadata.

    Raises:
        InputError: no image that can be read, or one with too many pixels.
    """
    try:
        with Image.open(io.BytesIO(data)) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                raise InputError("must have at most 50 million pixels", field="picture")
            upright = ImageOps.exif_transpose(opened)
            flat = Image.new("RGB", upright.size, "white")
            clear = upright.convert("RGBA")
            flat.paste(clear, mask=clear.getchannel("A"))
    except InputError:
        raise
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise InputError("is not an image that can be read", field="picture") from None
    flat.thumbnail((_SIDE, _SIDE))
    kept = io.BytesIO()
    flat.save(kept, "JPEG", quality=88)
    return kept.getvalue()
