"""The page on which people change their own password."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from annotate_app.access import security_log
from annotate_app.access.passwords import (
    MAX_PASSWORD,
    MIN_PASSWORD,
    choice_fault,
    hash_password,
    password_matches,
)
from annotate_app.access.sessions import CurrentRater, Sessions, is_secure
from annotate_app.access.throttle import Throttle, own_password_limits
from annotate_app.web.languages import texts_of
from annotate_app.web.pages import render
from o365seg.project.folder import Project
from o365seg.store import audit
from o365seg.store.people.raters import rater_by_id, set_password

_Text = Annotated[str, Form(max_length=MAX_PASSWORD)]


def make_router(project: Project, sessions: Sessions, throttle: Throttle) -> APIRouter:
    """The route `/password`."""
    router = APIRouter()

    @router.get("/password")
    def show(request: Request, rater: CurrentRater, saved: bool = False) -> Response:
        return _page(request, saved=saved)

    @router.post("/password")
    def change(
        request: Request,
        rater: CurrentRater,
        present: _Text = "",
        password: _Text = "",
        again: _Text = "",
    ) -> Response:
        texts = texts_of(request)
        limits = own_password_limits(rater.id)
        if throttle.begin(limits):
            security_log.throttled(request, "password", rater.name)
            return _page(request, texts.text("sign_in.too_many"), status=429)
        if not password_matches(present, rater.password_hash):
            security_log.refused(request, rater.name)
            return _page(request, texts.text("password.wrong"))
        throttle.forgive(limits)
        fault = choice_fault(texts, password, again, rater.name)
        if fault is not None:
            return _page(request, fault)
        hashed = hash_password(password)
        with project.store.write() as db:
            set_password(db, rater.name, hashed)
            audit.record(db, rater.id, "person.password", rater.name)
            changed = rater_by_id(db, rater.id)
        assert changed is not None  # people are never deleted
        response = RedirectResponse("/password?saved=true", status_code=303)
        # Every session ended; this one begins again.
        sessions.sign_in(response, changed, secure=is_secure(request))
        return response

    return router


def _page(
    request: Request, message: str = "", *, status: int = 422, saved: bool = False
) -> Response:
    return render(
        request,
        "access/password.html",
        status=status if message else 200,
        message=message,
        saved=saved,
        shortest=MIN_PASSWORD,
    )
