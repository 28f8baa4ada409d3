"""The owner's page of settings."""

from dataclasses import asdict, dataclass, fields
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from annotate_app.access.sessions import Owner
from annotate_app.web.pages import render
from o365seg.errors import InputError
from o365seg.project.folder import Project
from o365seg.store.people import guideline_pictures
from o365seg.store.settings import ProjectSettings, change_setting, read_settings


@dataclass(frozen=True)
class Field:
    """Label and hint of a setting; the kind of its input follows from the setting's type."""

    name: str
    label: str
    hint: str


FIELDS = (
    Field("guidelines", "Guidelines", "Text that raters read before they start, in Markdown."),
    Field(
        "guidelines_required",
        "Raters must confirm the guidelines",
        "Required before their first question.",
    ),
    Field("pass_mark", "Pass mark", "Mean IoU required over the qualification questions, 0 to 1."),
    Field("qualification_attempts", "Attempts to qualify", "0 for no limit."),
    Field("gold_share", "Hidden gold", "Fraction of each rater's questions, 0 to 0.5."),
    Field(
        "replica_share",
        "Replicated questions",
        "Fraction of questions that other raters paint too, 0 to 1.",
    ),
    Field("replicas", "Replicas", "Number of other raters who paint each replicated question."),
    Field(
        "correction_hours",
        "Correction time (hours)",
        "Time a rejected question is reserved for its own rater.",
    ),
    Field("low_agreement", "Low agreement", "IoU below which two masks disagree, 0 to 1."),
    Field(
        "allow_specks",
        "Raters may remove specks",
        "By a command, pieces below 1 % of the mask. The paper's protocol does not allow it.",
    ),
    Field(
        "allow_holes",
        "Raters may fill small holes",
        "By a command, holes below 1 % of the mask. The paper's protocol does not allow it.",
    ),
    Field(
        "allow_smoothing",
        "Raters may smooth edges",
        "By a command. The paper's protocol does not allow it.",
    ),
    Field("seed", "Seed", "Selects the replicated questions and when gold is asked."),
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
            label = next(field.label for field in FIELDS if field.name == error.field)
            values |= {
                field.name: values[field.name] == "yes"
                for field in fields(ProjectSettings)
                if field.type is bool
            }
            return _page(request, values, problem=f"{label}: {error.message}.")
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
            field.name: "text"
            if field.name == "guidelines"
            else "yes or no"
            if isinstance(field.default, bool)
            else "number"
            for field in fields(ProjectSettings)
        }
        return render(
            request,
            "owner/settings.html",
            status=422 if problem else 200,
            fields=FIELDS,
            kinds=kinds,
            values=values,
            problem=problem,
            saved=saved,
            pictures=pictures,
            picture_problem=picture_problem,
        )

    return router
