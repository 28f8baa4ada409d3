"""The owner's page of people: invitations, roles, and who can sign in."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from annotate_app.access.sessions import Owner, join_link
from annotate_app.web.languages import texts_of
from annotate_app.web.pages import render
from annotate_app.web.request_bodies import RowId, Text
from o365seg.errors import InputError
from o365seg.project.folder import Project
from o365seg.store.database import Connection, now_ms
from o365seg.store.people import accounts, invitations
from o365seg.store.schema import Role

_Name = Annotated[Text, Form(max_length=100)]


def make_router(project: Project) -> APIRouter:
    """The routes under `/people`."""
    router = APIRouter(prefix="/people")

    @router.get("")
    def show(request: Request, owner: Owner) -> Response:
        return _page(request)

    @router.post("/invite")
    def invite(
        request: Request,
        owner: Owner,
        role: Annotated[Role, Form()],
        name: _Name = "",
        days: Annotated[int, Form(ge=1, le=90)] = invitations.DEFAULT_DAYS,
    ) -> Response:
        try:
            with project.store.write() as db:
                token = invitations.invite(
                    db, role, name=name.strip() or None, by=owner.id, now=now_ms(), days=days
                )
        except InputError as error:
            return _page(
                request,
                problem=texts_of(request).text("people.name_problem", problem=error.message),
            )
        link = join_link(str(request.base_url), token)
        return _page(request, link=link, link_days=days)

    @router.post("/withdraw")
    def withdraw(request: Request, owner: Owner, invitation: Annotated[RowId, Form()]) -> Response:
        return _change(
            request,
            lambda db: invitations.withdraw(db, invitation, by=owner.id, now=now_ms()),
        )

    @router.post("/deactivate")
    def deactivate(request: Request, owner: Owner, name: _Name) -> Response:
        return _change(request, lambda db: accounts.deactivate(db, name, by=owner.id, now=now_ms()))

    @router.post("/reactivate")
    def reactivate(request: Request, owner: Owner, name: _Name) -> Response:
        return _change(request, lambda db: accounts.reactivate(db, name, by=owner.id))

    @router.post("/role")
    def set_role(
        request: Request, owner: Owner, name: _Name, role: Annotated[Role, Form()]
    ) -> Response:
        return _change(request, lambda db: accounts.set_role(db, name, role, by=owner.id))

    def _change(request: Request, change: Callable[[Connection], object]) -> Response:
        try:
            with project.store.write() as db:
                change(db)
        except InputError as error:
            return _page(request, problem=f"{error.message}.")
        return RedirectResponse("/people", status_code=303)

    def _page(
        request: Request, problem: str = "", link: str | None = None, link_days: int = 0
    ) -> Response:
        with project.store.read() as db:
            everybody = accounts.list_people(db)
            invited = invitations.list_open(db, now_ms())
        return render(
            request,
            "owner/people.html",
            status=422 if problem else 200,
            people=everybody,
            invitations=invited,
            roles=list(Role),
            default_days=invitations.DEFAULT_DAYS,
            problem=problem,
            link=link,
            link_days=link_days,
        )

    return router
