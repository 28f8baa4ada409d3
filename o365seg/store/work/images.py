"""The images of a project's questions."""

from dataclasses import dataclass

import sqlalchemy as sa

from o365seg.store.schema import image


@dataclass(frozen=True)
class StoredImage:
    """One image; `path` is relative to the image root.

    Attributes:
        upright: Whether the project holds a turned copy of the file, which is the one to use.
    """

    id: int
    path: str
    media_type: str
    upright: bool


def find_image(db: sa.Connection, sha256: str) -> StoredImage | None:
    """The image whose content has this hash."""
    columns = (image.c.id, image.c.path, image.c.media_type, image.c.upright)
    row = db.execute(sa.select(*columns).where(image.c.sha256 == sha256).limit(1)).one_or_none()
    return None if row is None else StoredImage(*row)
