"""The reviewers' page and the routes that it calls."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from annotate_app.access.sessions import require
from annotate_app.web.answer_bodies import (
    ActivityBody,
    MaskBody,
    Pixel,
    PolygonBody,
    pack_draft,
    pack_mask,
)
from annotate_app.web.image_bytes import image_reference
from annotate_app.web.pages import render
from annotate_app.web.problems import problem
from annotate_app.web.request_bodies import RowId, SourceId, Text, id_text, json_body
from o365seg.project.folder import Project
from o365seg.store.database import now_ms
from o365seg.store.people.raters import Rater
from o365seg.store.review import queue, verdicts
from o365seg.store.review.queue import Attention, Filters
from o365seg.store.review.replies import MOST_MARKS
from o365seg.store.review.verdicts import ReviewItem, ReviewRefused
from o365seg.store.schema import Role, Verdict
from o365seg.store.work.answers import Draft
from o365seg.store.work.checks import AnswerRefused

_require_reviewer = require(Role.REVIEWER)
_Reviewer = Annotated[Rater, Depends(_require_reviewer)]
_Ids = Annotated[list[RowId], Field(max_length=50)]


class NextBody(BaseModel):
    """Filters of the queue; `keep`: ids of answers that the page already has."""

    rater: Text | None = None
    category_id: SourceId | None = None
    size: Literal["small", "medium", "large"] | None = None
    attention: Attention | None = None
    after: RowId = 0
    keep: _Ids = []
    limit: Annotated[int, Field(ge=1, le=10)] = 3

    def filters(self) -> Filters:
        """Convert to the store's type."""
        return Filters(self.rater, self.category_id, self.size, self.attention)


class AnswerIdBody(BaseModel):
    """An answer to reopen."""

    answer: RowId


class VerdictBody(BaseModel):
    """A verdict on an answer; a rejection requires a comment."""

    answer: RowId
    verdict: Literal["accepted", "rejected"]
    comment: Text = Field(default="", max_length=2000)
    marks: Annotated[list[tuple[Pixel, Pixel]], Field(max_length=MOST_MARKS)] = []


class RepaintDraftBody(BaseModel):
    """A reviewer's unfinished mask; None: it is discarded."""

    answer: RowId
    token: Text
    mask: MaskBody | None
    activity: ActivityBody
    polygon: PolygonBody | None = None

    def draft(self, now: int) -> Draft | None:
        """Convert to the store's type."""
        if self.mask is None:
            return None
        polygon = self.polygon and self.polygon.polygon()
        return Draft(self.mask.mask(), self.activity.activity(), now, polygon)


class RepaintBody(BaseModel):
    """A reviewer's own mask that replaces an answer."""

    answer: RowId
    token: Text
    mask: MaskBody
    activity: ActivityBody
    client_version: Text = Field(max_length=100)


def make_router(project: Project) -> APIRouter:
    """The routes `/review` and `/api/review/…`."""
    # On the router too, so that the role is checked before the body is read.
    router = APIRouter(dependencies=[Depends(_require_reviewer)])
    store = project.store

    @router.get("/review")
    def page(request: Request, reviewer: _Reviewer) -> Response:
        with store.read() as db:
            choices = queue.list_choices(db)
        return render(request, "reviewer/review.html", choices=choices, project_id=project.about.id)

    @router.post("/api/review/next")
    def next_items(
        reviewer: _Reviewer, body: Annotated[NextBody, Depends(json_body(NextBody))]
    ) -> dict[str, Any]:
        with store.write() as db:
            found = queue.take_reviews(
                db,
                reviewer.id,
                body.filters(),
                now_ms(),
                after=body.after,
                keep=body.keep,
                limit=body.limit,
            )
        with store.read() as db:
            waiting = queue.count_queue(db, reviewer.id, body.filters())
        return {"items": [_shown(item) for item in found], "waiting": waiting}

    @router.post("/api/review/open")
    def open_item(
        reviewer: _Reviewer, body: Annotated[AnswerIdBody, Depends(json_body(AnswerIdBody))]
    ) -> JSONResponse:
        try:
            with store.write() as db:
                item = queue.open_item(db, reviewer.id, body.answer, now_ms())
        except ReviewRefused as refusal:
            return problem(422, "refused", str(refusal))
        return JSONResponse(_shown(item))

    @router.post("/api/review/keep")
    def keep(reviewer: _Reviewer) -> dict[str, Any]:
        with store.write() as db:
            queue.keep_held(db, reviewer.id, now_ms())
        return {"expires_in_s": verdicts.HOLD_MS // 1000}

    @router.post("/api/review/judge")
    def judge(
        reviewer: _Reviewer, body: Annotated[VerdictBody, Depends(json_body(VerdictBody))]
    ) -> JSONResponse:
        try:
            with store.write() as db:
                verdicts.judge(
                    db,
                    reviewer.id,
                    body.answer,
                    Verdict(body.verdict),
                    body.comment,
                    now_ms(),
                    body.marks,
                )
        except ReviewRefused as refusal:
            return problem(422, "refused", str(refusal))
        return JSONResponse({"status": "recorded"})

    @router.post("/api/review/draft")
    def save_draft(
        reviewer: _Reviewer, body: Annotated[RepaintDraftBody, Depends(json_body(RepaintDraftBody))]
    ) -> JSONResponse:
        now = now_ms()
        try:
            with store.write() as db:
                work = body.draft(now)
                verdicts.save_repaint(db, reviewer.id, body.answer, body.token, work)
        except (ReviewRefused, AnswerRefused) as refusal:
            return problem(422, "refused", str(refusal))
        return JSONResponse({"saved_at": now})

    @router.post("/api/review/repaint")
    def repaint(
        reviewer: _Reviewer, body: Annotated[RepaintBody, Depends(json_body(RepaintBody))]
    ) -> JSONResponse:
        try:
            with store.write() as db:
                recorded = verdicts.repaint(
                    db,
                    reviewer_id=reviewer.id,
                    answer_id=body.answer,
                    token=body.token,
                    mask=body.mask.mask(),
                    activity=body.activity.activity(),
                    client_version=body.client_version,
                    now=now_ms(),
                )
        except (ReviewRefused, AnswerRefused) as refusal:
            return problem(422, "refused", str(refusal))
        status = "already_recorded" if recorded.repeated else "recorded"
        return JSONResponse({"status": status, "answer": recorded.answer_id})

    return router


def _shown(item: ReviewItem) -> dict[str, Any]:
    """An answer in the JSON form that the page reads; the image as in a question."""
    size = (item.height, item.width)
    return {
        "answer": item.answer_id,
        "token": item.token,
        "question": id_text(item.question_id),
        "category": item.category,
        "bbox": item.bbox,
        "image": image_reference(item.image_sha256, item.width, item.height),
        "rater": item.rater,
        "mask": None if item.counts is None else pack_mask(item.counts, size),
        "skip_reason": item.skip_reason,
        "skip_note": item.skip_note,
        "active_ms": item.active_ms,
        "received_at": item.received_at,
        "verdict": item.verdict,
        "comment": item.comment,
        "marks": item.marks,
        "reply": item.reply,
        "earlier": [asdict(review) for review in item.earlier],
        "reviewable": item.reviewable,
        "draft": pack_draft(item.draft),
    }
