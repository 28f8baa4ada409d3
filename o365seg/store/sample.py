"""A project's images and questions: put into the database once, when the project is created."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from o365seg.store.schema import image, question


@dataclass(frozen=True)
class StoredImage:
    """Where an image's bytes are.

    Attributes:
        id: The image's id in the detection file.
        path: The file's place below the image root.
        upright: Whether the project folder holds a rotated or converted copy, which is shown.
        media_type: Of the bytes that are shown.
    """

    id: int
    path: str
    upright: bool
    media_type: str


def add_sample(
    db: sa.Connection, images: list[dict[str, Any]], questions: list[dict[str, Any]]
) -> None:
    """Insert the rows of the tables `image` and `question`."""
    db.execute(image.insert(), images)
    db.execute(question.insert(), questions)


def find_image(db: sa.Connection, sha256: str) -> StoredImage | None:
    """The image whose bytes have this SHA-256; None if there is none."""
    row = db.execute(_IMAGES.where(image.c.sha256 == sha256).limit(1)).one_or_none()
    return None if row is None else StoredImage(*row)


def list_images(db: sa.Connection) -> list[StoredImage]:
    """Every image of the project, by id."""
    return [StoredImage(*row) for row in db.execute(_IMAGES.order_by(image.c.id))]


_IMAGES = sa.select(image.c.id, image.c.path, image.c.upright, image.c.media_type)
