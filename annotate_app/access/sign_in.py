"""Sign-in and sign-out: a plain page without scripts."""

import math

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from annotate_app.access import security_log
from annotate_app.access.passwords import password_matches
from annotate_app.access.sessions import (
    LOGIN_PATH,
    LOGOUT_PATH,
    Sessions,
    current_rater,
    home_of,
    is_secure,
)
from annotate_app.access.throttle import Throttle, client_address, sign_in_limits
from annotate_app.web.languages import texts_of
from annotate_app.web.pages import PRACTICE, render
from o365seg.project.folder import Project
from o365seg.store.people.raters import Rater, end_sessions, find_rater
from o365seg.store.schema import Role
from o365seg.store.work.earlier_work import list_own


def make_router(project: Project, sessions: Sessions, throttle: Throttle) -> APIRouter:
    """The routes `/login` and `/logout`."""
    router = APIRouter()

    @router.get(LOGIN_PATH)
    def show(request: Request) -> Response:
        rater = sessions.rater_of(request.scope)
        if rater is not None:
            return RedirectResponse(home_of(rater), status_code=303)
        return _page(request)

    @router.post(LOGIN_PATH)
    def sign_in(
        request: Request, name: str = Form(default=""), password: str = Form(default="")
    ) -> Response:
        device = sessions.device_of(request.scope, name)
        limits = sign_in_limits(name, client_address(request), device)
        wait = throttle.begin(limits)
        if wait:
            security_log.throttled(request, "sign-in", name)
            too_many = texts_of(request).text("sign_in.too_many")
            response = _page(request, too_many, name, status=429)
            response.headers["Retry-After"] = str(math.ceil(wait))
            return response
        with project.store.read() as db:
            rater = find_rater(db, name)
        known = password_matches(password, rater and rater.password_hash)
        if not known or rater is None or not rater.active:
            security_log.refused(request, name)
            wrong = texts_of(request).text("sign_in.wrong")
            return _page(request, wrong, name, status=401)
        throttle.forgive(limits)
        security_log.signed_in(request, rater.name)
        home = PRACTICE if device is None and is_new(project, rater) else home_of(rater)
        response = RedirectResponse(home, status_code=303)
        sessions.sign_in(response, rater, secure=is_secure(request))
        return response

    @router.post(LOGOUT_PATH)
    def sign_out(request: Request) -> Response:
        with project.store.write() as db:
            end_sessions(db, current_rater(request).id)
        response = RedirectResponse(LOGIN_PATH, status_code=303)
        response.delete_cookie(sessions.cookie)
        return response

    return router


def is_new(project: Project, rater: Rater) -> bool:
    """Whether a rater has answered nothing so far, and so begins with the practice."""
    if rater.role is not Role.RATER:
        return False
    with project.store.read() as db:
        return not list_own(db, rater.id, None, 1)


def _page(request: Request, message: str = "", name: str = "", status: int = 200) -> Response:
    return render(request, "access/sign_in.html", status=status, message=message, name=name)
