"""The page of an invitation: its link lets one person choose a password and join."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from annotate_app.access import security_log
from annotate_app.access.passwords import (
    MAX_PASSWORD,
    MIN_PASSWORD,
    choice_fault,
    hash_password,
)
from annotate_app.access.sessions import JOIN_ROOT, Sessions, home_of, is_secure
from annotate_app.access.throttle import Throttle, client_address, join_limits
from annotate_app.web.languages import texts_of
from annotate_app.web.pages import PRACTICE, render
from o365seg.errors import InputError
from o365seg.project.folder import Project
from o365seg.store.database import now_ms
from o365seg.store.people import invitations
from o365seg.store.people.raters import rater_by_id
from o365seg.store.schema import Role

_Text = Annotated[str, Form(max_length=MAX_PASSWORD)]


def make_router(project: Project, sessions: Sessions, throttle: Throttle) -> APIRouter:
    """The route `/join/TOKEN`."""
    router = APIRouter()

    @router.get(JOIN_ROOT + "/{token}")
    def show(request: Request, token: str) -> Response:
        return _page(request, token)

    @router.post(JOIN_ROOT + "/{token}")
    def join(
        request: Request, token: str, name: _Text = "", password: _Text = "", again: _Text = ""
    ) -> Response:
        with project.store.read() as db:
            found = invitations.find_open(db, token, now_ms())
        if found is None:
            return _page(request, token)
        texts = texts_of(request)
        fault = choice_fault(texts, password, again, found.name or name)
        if fault is not None:
            return _page(request, token, fault, name)
        limits = join_limits(token, client_address(request))
        if throttle.begin(limits):
            security_log.throttled(request, "join", name)
            return _page(request, token, texts.text("sign_in.too_many"), name)
        hashed = hash_password(password)
        try:
            with project.store.write() as db:
                person_id = invitations.accept(db, token, name.strip(), hashed, now_ms())
                person = None if person_id is None else rater_by_id(db, person_id)
        except InputError as error:
            return _page(
                request, token, texts.text("join.name_problem", problem=error.message), name
            )
        if person is None:  # used in the meantime
            return _page(request, token)
        throttle.forgive(limits)
        security_log.joined(request, person.name)
        response = RedirectResponse(
            PRACTICE if person.role is Role.RATER else home_of(person), status_code=303
        )
        sessions.sign_in(response, person, secure=is_secure(request))
        return response

    def _page(request: Request, token: str, message: str = "", name: str = "") -> Response:
        with project.store.read() as db:
            found = invitations.find_open(db, token, now_ms())
        return render(
            request,
            "access/join.html",
            status=404 if found is None else 422 if message else 200,
            invitation=found,
            message=message,
            name=name,
            shortest=MIN_PASSWORD,
        )

    return router
