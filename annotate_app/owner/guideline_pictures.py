"""Owners add pictures to the guidelines."""

from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile
from fastapi.responses import RedirectResponse, Response

from annotate_app.access.sessions import Owner
from annotate_app.web.request_bodies import RowId
from o365seg.errors import InputError
from o365seg.project.folder import Project
from o365seg.store.people import guideline_pictures


def make_router(project: Project) -> APIRouter:
    """The routes `/settings/pictures` and `/settings/pictures/delete`."""
    router = APIRouter()

    @router.post("/settings/pictures")
    def add(owner: Owner, picture: Annotated[UploadFile, File()]) -> Response:
        name = "".join(filter(str.isprintable, picture.filename or "picture"))[:100]
        try:
            content = guideline_pictures.encode_picture(picture.file.read())
            with project.store.write() as db:
                guideline_pictures.add_picture(db, name, content, owner.id)
        except InputError as error:
            return RedirectResponse(f"/settings?picture={error.message}", status_code=303)
        return RedirectResponse("/settings#pictures", status_code=303)

    @router.post("/settings/pictures/delete")
    def delete(owner: Owner, picture: Annotated[RowId, Form()]) -> Response:
        with project.store.write() as db:
            guideline_pictures.delete_picture(db, picture, owner.id)
        return RedirectResponse("/settings#pictures", status_code=303)

    return router
