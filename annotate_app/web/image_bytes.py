"""A project's image files, looked up by content hash: no part of a request becomes a path."""

import hashlib

import sqlalchemy as sa

from o365seg.errors import InputError
from o365seg.project.folder import Project
from o365seg.store.schema import image


class PhotoGone(Exception):
    """The image is unknown, or its file is missing or changed; `error` is a code for scripts."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error


def read_photo(project: Project, sha256: str) -> tuple[bytes, str]:
    """The bytes and media type of an image of the project.

    Raises:
        PhotoGone: no such image in the project, or its file is missing or has changed.
    """
    with project.store.read() as db:
        row = db.execute(sa.select(image).where(image.c.sha256 == sha256).limit(1)).one_or_none()
    if row is None:
        raise PhotoGone("no_image", "no such image in this project")
    data = _read(project, row)
    if data is None:
        raise PhotoGone("image_missing", f"the file of image {row.id} is missing: {row.path}")
    if hashlib.sha256(data).hexdigest() != sha256:
        project.images.forget(row.path)
        raise PhotoGone("image_changed", f"the file of image {row.id} has changed: {row.path}")
    return data, row.media_type


def _read(project: Project, row: sa.Row) -> bytes | None:
    try:
        if row.upright:
            return (project.upright_folder / str(row.id)).read_bytes()
        return project.images.read(row.path)
    except (OSError, InputError):
        return None
