"""The owner's page to download the release."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Annotated, BinaryIO, Literal

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import Response, StreamingResponse

from annotate_app.access.sessions import Owner
from annotate_app.web.pages import render
from o365seg.errors import InputError
from o365seg.project.folder import Project
from o365seg.release.build import FILE_NAME, STOCK_FILE_NAME, note_export, write_release
from o365seg.store.database import now_ms
from o365seg.store.progress.summary import measure_progress

Variant = Literal["benchmark", "pycocotools"]


def make_router(project: Project) -> APIRouter:
    """The route `/export`; the download is a POST, since it adds an entry to the audit log."""
    router = APIRouter()

    @router.get("/export")
    def show(request: Request, owner: Owner) -> Response:
        with project.store.read() as db:
            done = measure_progress(db, now_ms())
        return render(request, "owner/export.html", done=done, corrects=project.about.corrects)

    @router.post("/export")
    def download(
        owner: Owner,
        variant: Annotated[Variant, Form()],
        consensus: Annotated[bool, Form()] = False,
    ) -> Response:
        try:
            return release_response(project, variant, owner.id, consensus=consensus)
        except InputError as error:
            raise HTTPException(500, str(error)) from None

    return router


def release_response(
    project: Project, variant: Variant, actor_id: int | None, *, consensus: bool = False
) -> Response:
    """The release as a download, noted in the audit log; see `write_release`.

    Raises:
        InputError: the project is damaged, or corrects a file and a consensus is wanted.
    """
    stock = variant == "pycocotools"
    with ExitStack() as closing:
        file = closing.enter_context(tempfile.TemporaryFile())
        try:
            written = write_release(project, file, for_stock_tools=stock, consensus=consensus)
        except OSError as error:
            raise InputError(f"the release cannot be written: {error.strerror}") from None
        note_export(project, written.info, variant, actor_id)
        closing.pop_all()  # closed with the response
    name = STOCK_FILE_NAME if stock else FILE_NAME
    return StreamingResponse(
        _parts(file),
        media_type="application/json",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


def _parts(file: BinaryIO) -> Iterator[bytes]:
    """A file from its beginning, in parts; closed after the last."""
    with file:
        file.seek(0)
        while part := file.read(1 << 20):
            yield part
