"""The routes of the painter: next question, submit, draft, heartbeat, images.

Plain FastAPI beside Gradio: a submit through Gradio's queue is slower, and its latency varies more.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, model_validator

from annotate_app.access.sessions import CurrentRater
from annotate_app.rater import notices
from annotate_app.web.answer_bodies import (
    ActivityBody,
    MaskBody,
    PolygonBody,
    pack_draft,
    pack_mask,
)
from annotate_app.web.catalogue import Catalogue
from annotate_app.web.image_bytes import image_reference
from annotate_app.web.languages import texts_of
from annotate_app.web.problems import problem
from annotate_app.web.request_bodies import SourceId, Text, id_text, json_body
from o365seg.project.folder import Project
from o365seg.store.database import Connection, now_ms
from o365seg.store.people.qualification import Gate, Qualification
from o365seg.store.people.raters import Rater
from o365seg.store.progress.summary import measure_for_rater
from o365seg.store.quality import gold
from o365seg.store.review import replies
from o365seg.store.round_trips import ask
from o365seg.store.schema import Purpose
from o365seg.store.work import answers, earlier_work, leases
from o365seg.store.work.checks import AnswerRefused, Mask, Skip, SkipReason, checked


class SkipBody(BaseModel):
    """A skip and its reason; the reason `other` requires a note."""

    reason: SkipReason
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

    def work(self) -> Mask | Skip:
        """Convert to the store's type."""
        if self.mask is not None:
            return self.mask.mask()
        assert self.skip is not None  # by the validator
        return Skip(self.skip.reason, self.skip.note)


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
    polygon: PolygonBody | None = None


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
    def next_question(request: Request, rater: CurrentRater) -> dict[str, Any]:
        with store.write() as db:
            work = take_work(db, rater, now_ms(), partial(texts_of, request))
        return work | count_progress(project, rater)

    @router.post("/api/submit")
    def submit(request: Request, body: _Submit, rater: CurrentRater) -> JSONResponse:
        texts = partial(texts_of, request)
        try:
            work = checked(body.answer.work())
            with store.write() as db:
                now = now_ms()
                outcome = answers.submit(
                    db,
                    rater_id=rater.id,
                    token=body.lease,
                    question_id=body.question,
                    work=work,
                    image_sha256=body.image_sha256,
                    activity=body.activity.activity(),
                    client_version=body.client_version,
                    now=now,
                )
                trial = _trial_feedback(db, outcome, texts)
                # After a whole attempt its result comes first, not the next attempt.
                go_to = {"go_to": "/qualification"} if trial and trial.complete else None
                following = _NO_WORK | go_to if go_to else take_work(db, rater, now, texts, outcome)
        except AnswerRefused as refusal:
            return problem(422, "refused", str(refusal))
        # The browser deletes its own copy on this reply, so the commit must be on disk by now.
        following |= count_progress(project, rater)
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
                    polygon=body.polygon and body.polygon.polygon(),
                )
            except AnswerRefused as refusal:
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

    return router


_NO_WORK = {"current": None, "prefetched": None, "waiting": 0, "go_to": None}
_GATES = {Gate.GUIDELINES: "/guidelines", Gate.FAILED: "/qualification"}


# Most replies have no text, so the language is chosen when one is needed.
Texts = Callable[[], Catalogue]


def take_work(
    db: Connection,
    rater: Rater,
    now: int,
    texts: Texts,
    after: answers.Recorded | answers.LeaseLost | None = None,
) -> dict[str, Any]:
    """A rater's questions; only a qualification question shows its purpose.

    Args:
        db: A connection that writes.
        rater: Whose questions.
        now: In ms.
        texts: In the rater's language.
        after: The submit that they follow.
    """
    recorded = after if isinstance(after, answers.Recorded) else None
    out = leases.hand_out(
        db, rater.id, now, recorded and recorded.standing, recorded and recorded.holdings
    )
    if out.gate in _GATES:
        return _NO_WORK | {"go_to": _GATES[out.gate]}
    if not out.given:
        [[[waiting]]] = ask(db, leases.waiting_asked(rater.id, now))
        return _NO_WORK | {"waiting": waiting}
    leased_rows, *drafts = ask(
        db,
        out.asked(),
        *(answers.draft_asked(question_id, rater.id) for _, question_id in out.given),
    )
    work = out.work(leased_rows)
    given = [leased for leased in (work.current, work.prefetched) if leased is not None]
    tasks = [
        _task(db, rater, leased, answers.draft_of(rows), work.standing, texts)
        for leased, rows in zip(given, drafts, strict=True)
    ]
    current, prefetched = [*tasks, None, None][:2]
    return _NO_WORK | {"current": current, "prefetched": prefetched}


def count_progress(project: Project, rater: Rater) -> dict[str, Any]:
    """The project's progress, read outside the writing transaction, which others wait for."""
    with project.store.read_once() as db:
        return {"progress": asdict(measure_for_rater(db, rater.id))}


def _task(
    db: Connection,
    rater: Rater,
    leased: leases.LeasedQuestion,
    draft: answers.Draft | None,
    standing: Qualification | None,
    texts: Texts,
) -> dict[str, Any]:
    earlier = None
    if leased.answered or leased.purpose is not Purpose.ANSWER:
        earlier = earlier_work.own_answer(db, leased.question_id, rater.id, leased.purpose)
    notice = sent_back = None
    initial = None if earlier is not None else leased.initial_counts
    if leased.purpose is Purpose.QUALIFICATION:
        earlier = initial = None  # each attempt starts from an empty mask
        assert standing is not None  # such a question is leased only to qualify
        notice = notices.before(texts(), standing, leased.question_id)
    elif leased.sent_back:
        sent_back = replies.find_sent_back(db, leased.question_id, rater.id)
        notice = sent_back and notices.sent_back(texts(), sent_back.comment)
    return {
        "question": id_text(leased.question_id),
        "lease": leased.token,
        "category": leased.category,
        "category_id": id_text(leased.category_id),
        "bbox": leased.bbox,
        "image": image_reference(leased.image_sha256, leased.width, leased.height),
        "draft": pack_draft(draft),
        "initial": initial and pack_mask(initial, (leased.height, leased.width)),
        # The rater's own answer, when the question is to be corrected.
        "earlier": None if earlier is None else asdict(earlier),
        "notice": notice,
        "sent_back": sent_back
        and {
            "review": sent_back.review_id,
            "marks": sent_back.marks,
            "reply": sent_back.reply,
        },
    }


@dataclass(frozen=True)
class _TrialFeedback:
    body: dict[str, Any]
    complete: bool


def _trial_feedback(
    db: Connection, outcome: answers.Recorded | answers.LeaseLost, texts: Texts
) -> _TrialFeedback | None:
    """The feedback on a qualification question; None for every other question."""
    if isinstance(outcome, answers.LeaseLost) or outcome.standing is None:
        return None
    compared = gold.compare_answer(db, outcome.answer_id)
    if compared is None:  # no longer gold
        return None
    notice = notices.after(texts(), compared.comparison, skipped=compared.skipped)
    reference = pack_mask(compared.reference, compared.size)
    return _TrialFeedback({"notice": notice, "reference": reference}, outcome.standing.complete)
