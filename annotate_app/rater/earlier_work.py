"""A rater's earlier work: reopen the last answer to correct it, and work that arrived too late.

Each route that puts a question on the screen replies as `/api/next` does.
"""

from dataclasses import asdict
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from annotate_app.access.sessions import CurrentRater
from annotate_app.rater.questions import count_progress, take_work
from annotate_app.web.image_bytes import image_reference
from annotate_app.web.languages import texts_of
from annotate_app.web.problems import problem
from annotate_app.web.request_bodies import RowId, SourceId, Text, id_text
from o365seg.project.folder import Project
from o365seg.store.database import now_ms
from o365seg.store.work import earlier_work
from o365seg.store.work.earlier_work import KeptWork, Standing

# Codes and messages; the painter has a text of its own for each code.
_REFUSED = {
    None: ("no_kept_work", "You have no such kept work."),
    Standing.TAKEN: ("kept_taken", "Another rater has this question now. Your work is kept."),
    Standing.ANSWERED: (
        "kept_answered",
        "Another rater has answered this question. Your work is kept.",
    ),
}


_NOTHING = {
    True: ("no_answer", "You have no answer to correct."),
    False: (
        "answer_held",
        "You cannot correct this answer now: somebody else has the question.",
    ),
}
_ANSWERS_LISTED = 50


class StandBody(BaseModel):
    """The lease of a reopened question whose earlier answer stands."""

    lease: Text


class ReopenBody(BaseModel):
    """A question that the rater answered; None: the one answered last."""

    question: SourceId | None = None


def make_router(project: Project) -> APIRouter:
    """The routes of one project."""
    router = APIRouter()
    store = project.store

    @router.post("/api/reopen")
    def reopen(request: Request, rater: CurrentRater, body: ReopenBody) -> JSONResponse:
        with store.write() as db:
            now = now_ms()
            if not earlier_work.reopen(db, rater.id, body.question, now):
                return problem(404, *_NOTHING[body.question is None])
            work = take_work(db, rater, now, partial(texts_of, request))
        return JSONResponse(work | count_progress(project, rater))

    @router.post("/api/stand")
    def let_stand(request: Request, body: StandBody, rater: CurrentRater) -> JSONResponse:
        with store.write() as db:
            now = now_ms()
            earlier_work.let_stand(db, body.lease, rater.id, now)
            work = take_work(db, rater, now, partial(texts_of, request))
        return JSONResponse(work | count_progress(project, rater))

    @router.get("/api/answers")
    def own_answers(rater: CurrentRater, before: RowId | None = None) -> dict[str, Any]:
        with store.read() as db:
            found = earlier_work.list_own(db, rater.id, before, _ANSWERS_LISTED + 1)
        listed = [asdict(row) | {"question": id_text(row.question)} for row in found]
        return {"answers": listed[:_ANSWERS_LISTED], "more": len(listed) > _ANSWERS_LISTED}

    @router.get("/api/others")
    def own_masks(rater: CurrentRater, question: SourceId) -> dict[str, Any]:
        with store.read() as db:
            found = earlier_work.own_masks(db, rater.id, question)
        return {"masks": [asdict(mask) for mask in found]}

    @router.get("/api/kept")
    def kept(rater: CurrentRater) -> dict[str, Any]:
        with store.read() as db:
            found = earlier_work.list_kept(db, rater.id, now_ms())
        return {"kept": [_shown(work) for work in found]}

    @router.post("/api/kept/{kept_id}")
    def take_up(request: Request, kept_id: RowId, rater: CurrentRater) -> JSONResponse:
        with store.write() as db:
            now = now_ms()
            standing = earlier_work.take_up(db, kept_id, rater.id, now)
            if standing is not Standing.FREE:
                return problem(404, *_REFUSED[standing])
            work = take_work(db, rater, now, partial(texts_of, request))
        return JSONResponse(work | count_progress(project, rater))

    return router


def _shown(work: KeptWork) -> dict[str, Any]:
    """Kept work in the JSON form that the painter reads; the image as in a question."""
    fields = asdict(work)
    sha256, width, height = (fields.pop(name) for name in ("image_sha256", "width", "height"))
    image = image_reference(sha256, width, height)
    return fields | {"question": id_text(work.question), "image": image}
