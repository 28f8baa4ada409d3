"""The owner's page of settings."""

from dataclasses import asdict, fields
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from annotate_app.access.sessions import Owner
from annotate_app.web.languages import texts_of
from annotate_app.web.pages import render
from o365seg.errors import InputError
from o365seg.project.folder import Project
from o365seg.store.people import guideline_pictures
from o365seg.store.settings import ProjectSettings, change_setting, read_settings

# In the order shown; the texts of each are `setting.NAME` of the catalogue.
ORDER = (
    "guidelines",
    "guidelines_required",
    "pass_mark",
    "qualification_attempts",
    "gold_share",
    "replica_share",
    "replicas",
    "correction_hours",
    "low_agreement",
    "allow_specks",
    "allow_holes",
    "allow_smoothing",
    "language",
    "seed",
)


def make_router(project: Project) -> APIRouter:
    """The route `/settings`."""
    router = APIRouter()

    @router.get("/settings")
    def show(request: Request, owner: Owner, saved: bool = False, picture: str = "") -> Response:
        with project.store.read() as db:
            values = asdict(read_settings(db))
        return _page(request, values, saved=saved, picture_problem=picture)

    async def form(request: Request) -> FormData:
        return await request.form(max_files=0, max_fields=50)

    @router.post("/settings")
    def save(request: Request, owner: Owner, sent: Annotated[FormData, Depends(form)]) -> Response:
        values: dict[str, object] = {
            field.name: str(sent.get(field.name, "no" if field.type is bool else ""))
            for field in fields(ProjectSettings)
        }
        try:
            with project.store.write() as db:
                for name, value in values.items():
                    change_setting(db, name, value, owner.id)
        except InputError as error:
            texts = texts_of(request)
            label = texts.text(f"setting.{error.field}.label")
            values |= {
                field.name: values[field.name] == "yes"
                for field in fields(ProjectSettings)
                if field.type is bool
            }
            return _page(
                request,
                values,
                problem=texts.text("settings.problem", label=label, problem=error.message),
            )
        return RedirectResponse("/settings?saved=true", status_code=303)

    def _page(
        request: Request,
        values: dict[str, object],
        problem: str = "",
        *,
        saved: bool = False,
        picture_problem: str = "",
    ) -> Response:
        with project.store.read() as db:
            pictures = guideline_pictures.list_pictures(db)
        kinds = {
            field.name: "yes or no" if isinstance(field.default, bool) else "number"
            for field in fields(ProjectSettings)
        }
        kinds |= {"guidelines": "text", "language": "language"}
        return render(
            request,
            "owner/settings.html",
            status=422 if problem else 200,
            names=ORDER,
            kinds=kinds,
            values=values,
            problem=problem,
            saved=saved,
            pictures=pictures,
            picture_problem=picture_problem,
        )

    return router
