"""The owner's page to download the release."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import Response, StreamingResponse

from annotate_app.access.sessions import Owner
from annotate_app.web.pages import render
from o365seg.errors import InputError
from o365seg.project.folder import Project
from o365seg.release.build import FILE_NAME, STOCK_FILE_NAME, build_release, note_export
from o365seg.store.database import now_ms
from o365seg.store.progress.summary import measure_progress

_CHUNK = 1000  # records

Variant = Literal["benchmark", "pycocotools"]


def make_router(project: Project) -> APIRouter:
    """The route `/export`; the download is a POST, since it adds an entry to the audit log."""
    router = APIRouter()

    @router.get("/export")
    def show(request: Request, owner: Owner) -> Response:
        with project.store.read() as db:
            done = measure_progress(db, now_ms())
        return render(request, "owner/export.html", done=done)

    @router.post("/export")
    def download(owner: Owner, variant: Annotated[Variant, Form()]) -> Response:
        try:
            return release_response(project, variant, owner.id)
        except InputError as error:
            raise HTTPException(500, str(error)) from None

    return router


def release_response(project: Project, variant: Variant, actor_id: int | None) -> Response:
    """The release as a download, noted in the audit log.

    Raises:
        InputError: the project is damaged.
    """
    stock = variant == "pycocotools"
    release = build_release(project, for_stock_tools=stock)
    note_export(project, release, variant, actor_id)
    name = STOCK_FILE_NAME if stock else FILE_NAME
    return StreamingResponse(
        _json_parts(release),
        media_type="application/json",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


def _json_parts(release: dict[str, Any]) -> Iterator[bytes]:
    """One JSON object in chunks of its lists, so that the whole text is never in memory."""
    encode = msgspec.json.encode
    opening = b"{"
    for key, value in release.items():
        yield opening + encode(key) + b":"
        opening = b","
        if not isinstance(value, list):
            yield encode(value)
            continue
        yield b"["
        for start in range(0, len(value), _CHUNK):
            part = encode(value[start : start + _CHUNK])[1:-1]
            yield (b"," if start else b"") + part
        yield b"]"
    yield b"}"
