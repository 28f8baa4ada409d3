"""The pages of the guidelines and of a rater's qualification."""

import re
from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from annotate_app.access.sessions import CurrentRater
from annotate_app.web.image_bytes import jpeg_unless_known
from annotate_app.web.pages import render
from annotate_app.web.problems import problem
from annotate_app.web.request_bodies import RowId
from o365seg.project.folder import Project
from o365seg.store.database import now_ms
from o365seg.store.people import guideline_pictures, qualification
from o365seg.store.people.qualification import Gate
from o365seg.store.settings import read_settings

# HTML stays text, and links with dangerous schemes are refused.
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


def _drop_foreign_pictures(tokens: Sequence[Token]) -> None:
    """Keep the description of a picture that is not one of the project's: no other would load."""
    for token in tokens:
        if token.type == "image" and not PICTURE.fullmatch(str(token.attrs.get("src", ""))):
            token.type, token.content = "text", f"[{token.content}]"
        _drop_foreign_pictures(token.children or [])


PICTURE = re.compile(r"/guidelines/pictures/\d+")


def markdown_to_html(text: str) -> Markup:
    """Render an owner's Markdown as safe HTML."""
    tokens = _markdown.parse(text)
    _drop_foreign_pictures(tokens)
    html = _markdown.renderer.render(tokens, _markdown.options, {})
    return Markup(html)  # noqa: S704  (HTML in `text` was escaped)


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

    @router.get("/guidelines/pictures/{picture_id}")
    def show_picture(request: Request, picture_id: RowId, rater: CurrentRater) -> Response:
        with project.store.read() as db:
            found = guideline_pictures.find_content(db, picture_id)
        if found is None:
            return problem(404, "no_picture", "There is no such picture.")
        sha256, content = found
        return jpeg_unless_known(request, sha256, lambda: content)

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
            passed=qualification.passes(standing, settings),
            pass_mark=settings.pass_mark,
            attempts=settings.qualification_attempts,
            failed=entry.gate is Gate.FAILED,
        )

    return router
