"""A project's image files, looked up by content hash: no part of a request becomes a path."""

import hashlib
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from annotate_app.web.problems import problem
from annotate_app.web.request_bodies import Text
from o365seg.errors import InputError
from o365seg.project.folder import Project
from o365seg.store.sample import StoredImage, find_image

# For content whose URL changes with it.
NEVER_CHANGES = {"Cache-Control": "private, max-age=31536000, immutable"}


def jpeg_unless_known(request: Request, source: str, make: Callable[[], bytes]) -> Response:
    """A JPEG whose URL does not change with it; status 304 to a browser that has it already.

    Browsers ask each time: another project at the same address, or this one restored, has other
    pictures under the same ids.

    Args:
        request: What the browser asks.
        source: All that the picture is made from.
        make: Makes it.
    """
    tag = f'"{hashlib.sha256(source.encode()).hexdigest()}"'
    headers = {"Cache-Control": "private, no-cache", "ETag": tag}
    known = request.headers.get("If-None-Match", "").split(",")
    if tag in (one.strip().removeprefix("W/") for one in known):  # a proxy may make it weak
        return Response(status_code=304, headers=headers)
    return Response(make(), media_type="image/jpeg", headers=headers)


class ImageUnavailable(Exception):
    """The image is unknown, or its file is missing or changed; `error` is a code for scripts."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error


def read_image(project: Project, sha256: str) -> tuple[bytes, str]:
    """The bytes and media type of an image of the project.

    Raises:
        ImageUnavailable: no such image in the project, or its file is missing or has changed.
    """
    with project.store.read() as db:
        found = find_image(db, sha256)
    if found is None:
        raise ImageUnavailable("no_image", "no such image in this project")
    data = _read(project, found)
    if data is None:
        raise ImageUnavailable("image_missing", f"image {found.id}: file not found: {found.path}")
    if hashlib.sha256(data).hexdigest() != sha256:
        project.images.forget(found.path)
        raise ImageUnavailable("image_changed", f"image {found.id}: file has changed: {found.path}")
    return data, found.media_type


def _read(project: Project, found: StoredImage) -> bytes | None:
    try:
        if found.upright:
            return (project.upright_folder / str(found.id)).read_bytes()
        return project.images.read(found.path)
    except (OSError, InputError):
        return None


def image_reference(sha256: str, width: int, height: int) -> dict[str, Any]:
    """An image in the JSON form that the painter reads."""
    return {"url": f"/image/{sha256}", "sha256": sha256, "width": width, "height": height}


def make_router(project: Project) -> APIRouter:
    """The route `/image/{sha256}`."""
    router = APIRouter()

    @router.get("/image/{sha256}")
    def image_bytes(sha256: Text) -> Response:
        try:
            data, media_type = read_image(project, sha256)
        except ImageUnavailable as error:
            status = 409 if error.error == "image_changed" else 404
            return problem(status, error.error, str(error))
        return Response(data, media_type=media_type, headers=NEVER_CHANGES)

    return router
