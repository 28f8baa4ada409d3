"""The route by which a rater replies to the reviewer who sent an answer back."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from annotate_app.access.sessions import CurrentRater
from annotate_app.web.problems import problem
from annotate_app.web.request_bodies import RowId, Text, json_body
from o365seg.project.folder import Project
from o365seg.store.database import now_ms
from o365seg.store.review import replies
from o365seg.store.review.replies import ReplyRefused


class ReplyBody(BaseModel):
    """A reply to the review that sent an answer back."""

    review: RowId
    text: Text = Field(max_length=2000)


def make_router(project: Project) -> APIRouter:
    """The route `/api/reply`."""
    router = APIRouter()

    @router.post("/api/reply")
    def reply(
        body: Annotated[ReplyBody, Depends(json_body(ReplyBody))], rater: CurrentRater
    ) -> JSONResponse:
        try:
            with project.store.write() as db:
                replies.add_reply(db, rater.id, body.review, body.text, now_ms())
        except ReplyRefused as refusal:
            return problem(422, "refused", str(refusal))
        return JSONResponse({"status": "recorded"})

    return router
