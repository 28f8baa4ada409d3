"""The pages of the guidelines and of a rater's qualification."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from markdown_it import MarkdownIt
from markupsafe import Markup

from annotate_app.access.sessions import CurrentRater
from annotate_app.web.pages import render
from o365seg.project.folder import Project
from o365seg.store.database import now_ms
from o365seg.store.people import qualification
from o365seg.store.people.qualification import Gate
from o365seg.store.settings import read_settings

# HTML stays text, links with dangerous schemes are refused, and images are off: the pages' content
# security policy would not load them.
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def markdown_to_html(text: str) -> Markup:
    """Render an owner's Markdown as safe HTML."""
    return Markup(_markdown.render(text))  # noqa: S704  (HTML in `text` was escaped)


def make_router(project: Project) -> APIRouter:
    """The routes `/guidelines` and `/qualification`."""
    router = APIRouter()

    @router.get("/guidelines")
    def show_guidelines(request: Request, rater: CurrentRater) -> Response:
        with project.store.read() as db:
            settings = read_settings(db)
            entry = qualification.find_entry(db, rater.id, settings)
        return render(
            request,
            "rater/guidelines.html",
            guidelines=markdown_to_html(settings.guidelines),
            must_confirm=entry.gate is Gate.GUIDELINES,
        )

    @router.post("/guidelines/confirm")
    def confirm(rater: CurrentRater) -> Response:
        with project.store.write() as db:
            qualification.confirm_guidelines(db, rater.id, now_ms())
        return RedirectResponse("/", status_code=303)

    @router.get("/qualification")
    def show_qualification(request: Request, rater: CurrentRater) -> Response:
        with project.store.read() as db:
            settings = read_settings(db)
            standing = qualification.read_qualification(db, rater.id)
            entry = qualification.find_entry(db, rater.id, settings, standing)
        return render(
            request,
            "rater/qualification.html",
            standing=standing,
            pass_mark=settings.pass_mark,
            attempts=settings.qualification_attempts,
            failed=entry.gate is Gate.FAILED,
        )

    return router
