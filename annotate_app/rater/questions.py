"""The routes of the painter: next question, submit, draft, heartbeat, images.

Plain FastAPI beside Gradio: a submit through Gradio's queue is slower, and its latency varies more.
"""

import zlib
from dataclasses import asdict, dataclass, fields
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, model_validator

from annotate_app.access.sessions import current_rater
from annotate_app.rater import notices as trial_notices
from annotate_app.web.image_bytes import PhotoGone, read_photo
from annotate_app.web.request_bodies import SourceId, Text, json_body
from o365seg.project.folder import Project
from o365seg.store.database import now_ms
from o365seg.store.people import qualification
from o365seg.store.people.qualification import Gate
from o365seg.store.people.raters import Rater
from o365seg.store.progress import summary as progress
from o365seg.store.quality import gold
from o365seg.store.schema import Purpose, answer
from o365seg.store.work import answers, earlier_work, leases

_Millis = Annotated[int, Field(ge=0, le=7 * 24 * 3600 * 1000)]  # a week
_Count = Annotated[int, Field(ge=0, le=2**31)]
CurrentRater = Annotated[Rater, Depends(current_rater)]


class MaskBody(BaseModel):
    """A mask; `size` is [height, width], `crc32` the checksum of `counts` as ASCII text."""

    size: tuple[int, int]
    counts: Text
    crc32: Annotated[int, Field(ge=0, lt=2**32)]

    def mask(self) -> answers.Mask:
        """Convert to the store's type."""
        return answers.Mask(self.size, self.counts, self.crc32)


class SkipBody(BaseModel):
    """A skip and its reason; the reason `other` requires a note."""

    reason: answers.SkipReason
    note: Text = Field(default="", max_length=2000)


class AnswerBody(BaseModel):
    """An answer: a mask or a skip."""

    mask: MaskBody | None = None
    skip: SkipBody | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "AnswerBody":
        if (self.mask is None) == (self.skip is None):
            raise ValueError("must have either a mask or a skip")
        return self

    def work(self) -> answers.Mask | answers.Skip:
        """Convert to the store's type."""
        if self.mask is not None:
            return self.mask.mask()
        assert self.skip is not None  # by the validator
        return answers.Skip(self.skip.reason, self.skip.note)


class ActivityBody(BaseModel):
    """What the painter measured; see `answers.Activity`. Times in ms."""

    wall_ms: _Millis = 0
    active_ms: _Millis = 0
    idle_ms: _Millis = 0
    hidden_ms: _Millis = 0
    strokes: _Count = 0
    lines: _Count = 0
    fills: _Count = 0
    erases: _Count = 0
    undos: _Count = 0
    zooms: _Count = 0

    def activity(self) -> answers.Activity:
        """Convert to the store's type; the active time is at most the wall time."""
        values = {field.name: getattr(self, field.name) for field in fields(answers.Activity)}
        return answers.Activity(**values | {"active_ms": min(self.active_ms, self.wall_ms)})


class SubmitBody(BaseModel):
    """An answer, given under a lease."""

    lease: Text
    question: SourceId
    answer: AnswerBody
    image_sha256: Text
    activity: ActivityBody
    client_version: Text = Field(max_length=100)


class DraftBody(BaseModel):
    """Work in progress under a lease."""

    lease: Text
    question: SourceId
    mask: MaskBody
    activity: ActivityBody


class HeartbeatBody(BaseModel):
    """Leases to renew while the rater is active."""

    lease: Text
    prefetched: Text | None = None


_Submit = Annotated[SubmitBody, Depends(json_body(SubmitBody))]
_Draft = Annotated[DraftBody, Depends(json_body(DraftBody))]
_Heartbeat = Annotated[HeartbeatBody, Depends(json_body(HeartbeatBody))]


def make_router(project: Project) -> APIRouter:
    """The routes of one project."""
    router = APIRouter()
    store = project.store

    @router.post("/api/next")
    def next_question(rater: CurrentRater) -> dict[str, Any]:
        with store.write() as db:
            work = take_work(db, rater, now_ms())
        return work | count_progress(project, rater)

    @router.post("/api/submit")
    def submit(body: _Submit, rater: CurrentRater) -> JSONResponse:
        with store.write() as db:
            now = now_ms()
            try:
                outcome = answers.submit(
                    db,
                    rater_id=rater.id,
                    token=body.lease,
                    question_id=body.question,
                    work=body.answer.work(),
                    image_sha256=body.image_sha256,
                    activity=body.activity.activity(),
                    client_version=body.client_version,
                    now=now,
                )
            except answers.AnswerRefused as refusal:
                return problem(422, "refused", str(refusal))
            trial = _trial_feedback(db, rater, outcome)
            # After a whole attempt its result comes first, not the next attempt.
            work = _NO_WORK | {"go_to": "/qualification"} if trial and trial.complete else None
            work = work or take_work(db, rater, now)
        # The browser deletes its own copy on this reply, so the commit must be on disk by now.
        following = work | count_progress(project, rater)
        if isinstance(outcome, answers.LeaseLost):
            return problem(409, "lease_lost", outcome.why, next=following)
        status = "already_recorded" if outcome.repeated else "recorded"
        said = {"status": status, "answer": outcome.answer_id, "next": following}
        return JSONResponse(said | {"feedback": trial and trial.body})

    @router.post("/api/draft")
    def save_draft(body: _Draft, rater: CurrentRater) -> JSONResponse:
        with store.write() as db:
            now = now_ms()
            try:
                held = answers.save_draft(
                    db,
                    rater_id=rater.id,
                    token=body.lease,
                    question_id=body.question,
                    mask=body.mask.mask(),
                    activity=body.activity.activity(),
                    now=now,
                )
            except answers.AnswerRefused as refusal:
                return problem(422, "refused", str(refusal))
        if not held:
            return problem(409, "lease_lost", "This question has gone to another rater.")
        return JSONResponse({"saved_at": now})

    @router.post("/api/heartbeat")
    def heartbeat(body: _Heartbeat, rater: CurrentRater) -> JSONResponse:
        with store.write() as db:
            now = now_ms()
            held = leases.renew(db, body.lease, rater.id, now)
            if body.prefetched is not None:
                leases.renew(db, body.prefetched, rater.id, now)
        if not held:
            return problem(409, "lease_lost", "This question has gone to another rater.")
        return JSONResponse({"expires_in_s": leases.LEASE_MS // 1000})

    @router.get("/image/{sha256}")
    def image_bytes(sha256: Text) -> Response:
        try:
            data, media_type = read_photo(project, sha256)
        except PhotoGone as gone:
            status = 409 if gone.error == "image_changed" else 404
            return problem(status, gone.error, str(gone))
        return Response(
            data,
            media_type=media_type,
            headers={"Cache-Control": "private, max-age=31536000, immutable"},
        )

    return router


_NO_WORK = {"current": None, "prefetched": None, "waiting": 0, "go_to": None}
_GATES = {Gate.GUIDELINES: "/guidelines", Gate.FAILED: "/qualification"}


def take_work(db: sa.Connection, rater: Rater, now: int) -> dict[str, Any]:
    """A rater's questions; only a qualification question shows its purpose."""
    work = leases.take_work(db, rater.id, now)
    if work.gate in _GATES:
        return _NO_WORK | {"go_to": _GATES[work.gate]}
    return {
        "current": work.current and _task(db, rater, work.current),
        "prefetched": work.prefetched and _task(db, rater, work.prefetched),
        "waiting": leases.count_waiting(db, rater.id, now),
        "go_to": None,
    }


def count_progress(project: Project, rater: Rater) -> dict[str, Any]:
    """The project's progress, read outside the writing transaction, which others wait for."""
    with project.store.read() as db:
        return {"progress": asdict(progress.measure_for_rater(db, rater.id))}


def _task(db: sa.Connection, rater: Rater, leased: leases.LeasedQuestion) -> dict[str, Any]:
    draft = answers.find_draft(db, leased.question_id, rater.id)
    earlier = None
    if leased.answered or leased.purpose is not Purpose.ANSWER:
        earlier = earlier_work.own_answer(db, leased.question_id, rater.id, leased.purpose)
    notice = None
    if leased.purpose is Purpose.QUALIFICATION:
        earlier = None  # each attempt starts from an empty mask
        standing = qualification.read_qualification(db, rater.id)
        notice = trial_notices.before(standing, leased.question_id)
    elif leased.comment is not None:
        notice = trial_notices.sent_back(leased.comment)
    return {
        "question": leased.question_id,
        "lease": leased.token,
        "category": leased.category,
        "category_id": leased.category_id,
        "bbox": leased.bbox,
        "image": {
            "url": f"/image/{leased.image_sha256}",
            "sha256": leased.image_sha256,
            "width": leased.width,
            "height": leased.height,
        },
        "draft": None if draft is None else asdict(draft),
        # The rater's own answer, when the question is to be corrected.
        "earlier": None if earlier is None else asdict(earlier),
        "notice": notice,
    }


def packed(counts: str, size: tuple[int, int]) -> dict[str, Any]:
    """A mask of `size` (height, width) as JSON: size, counts, crc32."""
    return {"size": size, "counts": counts, "crc32": zlib.crc32(counts.encode())}


@dataclass(frozen=True)
class _TrialFeedback:
    body: dict[str, Any]
    complete: bool


def _trial_feedback(
    db: sa.Connection, rater: Rater, outcome: answers.Recorded | answers.LeaseLost
) -> _TrialFeedback | None:
    """The feedback on a qualification question; None for every other question."""
    if isinstance(outcome, answers.LeaseLost) or outcome.purpose is not Purpose.QUALIFICATION:
        return None
    given = db.execute(sa.select(answer).where(answer.c.id == outcome.answer_id)).one()
    complete = qualification.read_qualification(db, rater.id).complete
    reference = gold.reference_of(db, given.question_id)
    if reference is None:  # no longer gold
        return None
    size = (given.height, given.width)
    comparison = gold.compare(given.counts, reference, size)
    notice = trial_notices.after(comparison, skipped=given.counts is None)
    return _TrialFeedback({"notice": notice, "reference": packed(reference, size)}, complete)


def problem(status: int, error: str, message: str, **more: Any) -> JSONResponse:
    """An error in the JSON form that the painter reads."""
    return JSONResponse({"error": error, "message": message, **more}, status_code=status)
