"""The HTTP API for programs: progress, answers, the release, invitations.

A client sends `Authorization: Bearer TOKEN`; errors are JSON with `error` and `message`.
"""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from annotate_app.access.sessions import API_ROOT, join_link
from annotate_app.owner.export import Variant, release_response
from annotate_app.pipeline.access import Inviter, Reader, Releaser
from annotate_app.web.problems import problem
from annotate_app.web.request_bodies import Text, json_body
from o365seg.errors import InputError
from o365seg.project.folder import Project
from o365seg.store.database import now_ms
from o365seg.store.people import invitations
from o365seg.store.pipeline import feed
from o365seg.store.pipeline.scopes import Scope
from o365seg.store.progress.summary import measure_progress
from o365seg.store.roles import Role


class InviteBody(BaseModel):
    """Whom to invite.

    Owners are invited by owners and by the command line, and by the program that made the project.
    """

    role: Role = Role.RATER
    name: Text | None = Field(default=None, max_length=100)
    days: int = Field(default=invitations.DEFAULT_DAYS, ge=1, le=90)


_Invite = Annotated[InviteBody, Depends(json_body(InviteBody))]


def make_router(project: Project, *, invites_owners: bool = False) -> APIRouter:
    """The routes under `/api/v1`; `invites_owners`: for whoever made the project by the API."""
    router = APIRouter(prefix=API_ROOT)

    @router.get("/status")
    def status(reader: Reader) -> dict[str, Any]:
        with project.store.read() as db:
            done = measure_progress(db, now_ms())
            newest = feed.newest_answer(db)
        numbers = {**asdict(done), "skipped": done.skipped, "unanswered": done.unanswered}
        return {"project": project.about.id, "newest_answer": newest, **numbers}

    @router.get("/answers")
    def answers(
        reader: Reader,
        since: Annotated[int, Query(ge=0, lt=2**31)] = 0,
        limit: Annotated[int, Query(ge=1, le=feed.MOST)] = feed.MOST,
    ) -> dict[str, Any]:
        with project.store.read() as db:
            found = feed.answers_since(db, since, limit)
        return {"answers": found, "next": found[-1]["id"] if found else since}

    @router.get("/release")
    def release(
        releaser: Releaser, variant: Variant = "benchmark", consensus: bool = False
    ) -> Response:
        if consensus and project.about.corrects:
            return problem(422, "refused", "consensus: not available, this project corrects a file")
        try:
            return release_response(project, variant, None, consensus=consensus)
        except InputError as error:
            return problem(500, "damaged", str(error))

    @router.post("/invitations")
    def invite(request: Request, inviter: Inviter, body: _Invite) -> JSONResponse:
        by_maker = inviter is not None and inviter.scope is Scope.CREATE and invites_owners
        if body.role is Role.OWNER and not by_maker:
            return problem(403, "refused", "The API invites raters and reviewers only.")
        try:
            with project.store.write() as db:
                token = invitations.invite(
                    db, body.role, name=body.name, by=None, now=now_ms(), days=body.days
                )
        except InputError as error:
            return problem(422, "refused", f"name: {error.message}")
        link = join_link(str(request.base_url), token)
        return JSONResponse({"link": link, "days": body.days}, status_code=201)

    return router
