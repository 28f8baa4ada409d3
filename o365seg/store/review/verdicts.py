"""Reviewers' verdicts on answers: accepted, rejected with a comment, or repainted by the reviewer.

Only a question's newest answer can be judged, by somebody else than its painter, while no other
reviewer holds it (see `review_queue`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from o365seg.store.review.replies import MOST_MARKS, as_marks, newest_replies
from o365seg.store.round_trips import ask
from o365seg.store.schema import (
    REPAINTED,
    Purpose,
    Verdict,
    answer,
    image,
    lease,
    question,
    rater,
    review,
    review_hold,
)
from o365seg.store.work import answers, leases
from o365seg.store.work.checks import Activity, Mask, bounded_by, check_work

HOLD_MS = 10 * 60 * 1000  # how long a reviewer keeps an answer after they last asked


@dataclass(frozen=True)
class EarlierReview:
    """What was said of this question's earlier answers.

    Attributes:
        marks: The places marked on the image, (x, y) in px.
        reply: What the rater answered; None: nothing.
    """

    reviewer: str
    verdict: Verdict
    comment: str
    marks: list[tuple[int, int]]
    reply: str | None


@dataclass(frozen=True)
class ReviewItem:
    """An answer as a reviewer sees it.

    Attributes:
        token: What a repainting must carry; None where the reviewer does not hold it.
        counts: The mask's compressed run lengths; None: a skip.
        verdict: The newest one on this answer, with its comment and marks; None: not reviewed.
        reply: The rater's, to that verdict.
        reviewable: Whether a verdict of this reviewer would be taken now.
        draft: This reviewer's unfinished repainting of it.
    """

    answer_id: int
    token: str | None
    question_id: int
    category: str
    category_id: int
    bbox: tuple[float, float, float, float]
    image_sha256: str
    width: int
    height: int
    rater: str
    counts: str | None
    crc32: int | None
    skip_reason: str | None
    skip_note: str | None
    active_ms: int
    received_at: int
    verdict: Verdict | None
    comment: str
    marks: list[tuple[int, int]]
    reply: str | None
    earlier: list[EarlierReview]
    reviewable: bool
    draft: answers.Draft | None = None


class ReviewRefused(Exception):
    """A verdict that cannot be taken; its text says why."""


def judge(
    db: sa.Connection,
    reviewer_id: int,
    answer_id: int,
    verdict: Verdict,
    comment: str,
    now: int,
    marks: Sequence[tuple[int, int]] = (),
) -> None:
    """Accept or reject an answer; a later verdict on it counts in place of the earlier.

    A resent verdict changes nothing.

    Args:
        db: The writing transaction.
        reviewer_id: Who judges.
        answer_id: What is judged.
        verdict: Accepted or rejected.
        comment: For the rater; a rejection needs one.
        now: In ms.
        marks: The places that are wrong, (x, y) in image px, of a rejection.

    Raises:
        ReviewRefused: no answer of that id, not the newest, the reviewer's own, in another
            reviewer's hands, rejected without a comment, or with marks off the image, too many, or
            on an accepted answer.
    """
    assert verdict in (Verdict.ACCEPTED, Verdict.REJECTED)
    comment = comment.strip()
    if verdict is Verdict.REJECTED and not comment:
        raise ReviewRefused("say in a few words what is wrong")
    row = judged_row(db, reviewer_id, answer_id, now)
    if marks and verdict is Verdict.ACCEPTED:
        raise ReviewRefused("only a rejection has marks")
    if len(marks) > MOST_MARKS:
        raise ReviewRefused(f"at most {MOST_MARKS} places can be marked")
    if not all(0 <= x < row.width and 0 <= y < row.height for x, y in marks):
        raise ReviewRefused("a mark is outside the image")
    given = (reviewer_id, verdict, comment, list(marks))
    last = _last_review(db, answer_id)
    if last is None or given != (
        last.reviewer_id,
        last.verdict,
        last.comment,
        as_marks(last.marks),
    ):
        _record_review(db, answer_id, reviewer_id, verdict, comment, now, marks)
    if verdict is Verdict.ACCEPTED:
        # It may have been on its way back to its rater: that ends here.
        leases.close_answering(db, row.question_id, "reassigned", now)
    db.execute(review_hold.delete().where(review_hold.c.answer_id == answer_id))


def repaint(
    db: sa.Connection,
    *,
    reviewer_id: int,
    answer_id: int,
    token: str,
    mask: Mask,
    activity: Activity,
    client_version: str,
    now: int,
) -> answers.Recorded:
    """Put the reviewer's own mask in an answer's place; the token makes a resend harmless.

    Raises:
        ReviewRefused: as `judge`, or the reviewer does not hold the answer.
        AnswerRefused: a mask that cannot be what was painted.
    """
    recorded = db.execute(
        sa.select(answer).where(answer.c.lease_token == token, answer.c.rater_id == reviewer_id)
    ).one_or_none()
    if recorded is not None:
        same = check_work(mask, (recorded.height, recorded.width)).work
        if isinstance(same, Mask) and recorded.counts == same.counts:
            return answers.Recorded(recorded.id, repeated=True)
        raise ReviewRefused("you already submitted another mask for this question")
    row = judged_row(db, reviewer_id, answer_id, now)
    hold = _hold(db, reviewer_id, answer_id, token)
    if hold is None:
        raise ReviewRefused("your time to repaint it ran out; open it again")
    checked = check_work(mask, (row.height, row.width))
    leases.close_answering(db, row.question_id, "reassigned", now)
    began = min(now, hold.expires_at - HOLD_MS)
    db.execute(
        lease.insert().values(
            token=token,
            question_id=row.question_id,
            rater_id=reviewer_id,
            purpose=Purpose.ANSWER.value,
            leased_at=began,
            shown_at=began,
            expires_at=now,
            closed_at=now,
            outcome=REPAINTED,
        )
    )
    held = db.execute(
        sa.select(lease, image.c.sha256, image.c.width, image.c.height)
        .select_from(lease.join(question).join(image))
        .where(lease.c.token == token)
    ).one()
    new = answers.answer_asked(
        db,
        held=held,
        checked=checked,
        # Nobody can have begun before the answer was there.
        activity=bounded_by(activity, now - row.received_at),
        client_version=client_version,
        now=now,
    )
    [[[new_id]]] = ask(db, new)
    _record_review(db, answer_id, reviewer_id, Verdict.REPAINTED, "", now)
    answers.delete_draft(db, row.question_id, reviewer_id, repaint=True)
    db.execute(review_hold.delete().where(review_hold.c.answer_id == answer_id))
    return answers.Recorded(new_id, repeated=False)


def save_repaint(
    db: sa.Connection, reviewer_id: int, answer_id: int, token: str, work: answers.Draft | None
) -> None:
    """Keep a reviewer's unfinished repainting in the place of an earlier one; None: discard it.

    Raises:
        ReviewRefused: as `judge`, or the reviewer does not hold the answer.
        AnswerRefused: a mask that cannot be what was painted.
    """
    if _hold(db, reviewer_id, answer_id, token) is None:
        raise ReviewRefused("your time to repaint it ran out; open it again")
    row = db.execute(sa.select(answer).where(answer.c.id == answer_id)).one()
    if work is None:
        answers.delete_draft(db, row.question_id, reviewer_id, repaint=True)
    else:
        size = (row.height, row.width)
        answers.write_draft(db, row.question_id, reviewer_id, work, size, repaint=True)


def read_item(db: sa.Connection, reviewer_id: int, answer_id: int) -> ReviewItem:
    """An answer as a reviewer sees it.

    Raises:
        ReviewRefused: no answer of that id, or none that is reviewed (a replica, gold).
    """
    row = db.execute(
        sa.select(
            answer,
            question.c.category,
            question.c.category_id,
            question.c.x,
            question.c.y,
            question.c.width.label("box_width"),
            question.c.height.label("box_height"),
            rater.c.name,
            lease.c.outcome,
            review_hold.c.token,
        )
        .select_from(
            answer.join(question)
            .join(rater, answer.c.rater_id == rater.c.id)
            .join(lease, answer.c.lease_token == lease.c.token)
            .outerjoin(
                review_hold,
                (review_hold.c.answer_id == answer.c.id)
                & (review_hold.c.reviewer_id == reviewer_id),
            )
        )
        .where(answer.c.id == answer_id, answer.c.purpose == Purpose.ANSWER)
    ).one_or_none()
    if row is None:
        raise ReviewRefused("no such answer to review")
    said = db.execute(
        sa.select(
            review.c.id,
            review.c.answer_id,
            review.c.verdict,
            review.c.comment,
            review.c.marks,
            rater.c.name,
        )
        .select_from(
            review.join(answer, review.c.answer_id == answer.c.id).join(
                rater, review.c.reviewer_id == rater.c.id
            )
        )
        .where(answer.c.question_id == row.question_id, answer.c.id <= answer_id)
        .order_by(review.c.id)
    ).all()
    mine = [entry for entry in said if entry.answer_id == answer_id]
    replies = newest_replies(db, [entry.id for entry in said])
    return ReviewItem(
        answer_id=answer_id,
        token=row.token,
        question_id=row.question_id,
        category=row.category,
        category_id=row.category_id,
        bbox=(row.x, row.y, row.box_width, row.box_height),
        image_sha256=row.image_sha256,
        width=row.width,
        height=row.height,
        rater=row.name,
        counts=row.counts,
        crc32=row.crc32,
        skip_reason=row.skip_reason,
        skip_note=row.skip_note,
        active_ms=row.active_ms,
        received_at=row.received_at,
        verdict=Verdict(mine[-1].verdict) if mine else None,
        comment=mine[-1].comment if mine else "",
        marks=as_marks(mine[-1].marks) if mine else [],
        reply=replies.get(mine[-1].id) if mine else None,
        earlier=[
            EarlierReview(
                entry.name,
                Verdict(entry.verdict),
                entry.comment,
                as_marks(entry.marks),
                replies.get(entry.id),
            )
            for entry in said
            if entry.answer_id != answer_id
        ],
        reviewable=row.token is not None,
        draft=_repaint_of(db, reviewer_id, row),
    )


def judged_row(db: sa.Connection, reviewer_id: int, answer_id: int, now: int) -> sa.Row:
    """The answer that a verdict is about, where this reviewer may give one."""
    row = db.execute(
        sa.select(answer, lease.c.outcome)
        .select_from(answer.join(lease, answer.c.lease_token == lease.c.token))
        .where(answer.c.id == answer_id, answer.c.purpose == Purpose.ANSWER)
    ).one_or_none()
    if row is None:
        raise ReviewRefused("no such answer to review")
    if row.rater_id == reviewer_id:
        raise ReviewRefused("this is your own work; another reviewer must review it")
    newer = sa.exists().where(
        answer.c.question_id == row.question_id,
        answer.c.purpose == Purpose.ANSWER,
        answer.c.id > answer_id,
    )
    if db.execute(sa.select(newer)).scalar_one():
        raise ReviewRefused("the question has a newer answer")
    if row.outcome == REPAINTED:
        raise ReviewRefused("already repainted by a reviewer; this is final")
    elsewhere = sa.exists().where(
        review_hold.c.answer_id == answer_id,
        review_hold.c.reviewer_id != reviewer_id,
        review_hold.c.expires_at > now,
    )
    if db.execute(sa.select(elsewhere)).scalar_one():
        raise ReviewRefused("another reviewer is working on it")
    return row


def _hold(db: sa.Connection, reviewer_id: int, answer_id: int, token: str) -> sa.Row | None:
    return db.execute(
        sa.select(review_hold).where(
            review_hold.c.answer_id == answer_id,
            review_hold.c.reviewer_id == reviewer_id,
            review_hold.c.token == token,
        )
    ).one_or_none()


def _repaint_of(db: sa.Connection, reviewer_id: int, row: sa.Row) -> answers.Draft | None:
    """The unfinished repainting of this answer; not of an earlier answer to its question."""
    found = answers.find_draft(db, row.question_id, reviewer_id, repaint=True)
    return None if found is None or found.saved_at < row.received_at else found


def _last_review(db: sa.Connection, answer_id: int) -> sa.Row | None:
    return db.execute(
        sa.select(review)
        .where(review.c.answer_id == answer_id)
        .order_by(review.c.id.desc())
        .limit(1)
    ).one_or_none()


def _record_review(
    db: sa.Connection,
    answer_id: int,
    reviewer_id: int,
    verdict: Verdict,
    comment: str,
    now: int,
    marks: Sequence[tuple[int, int]] = (),
) -> None:
    db.execute(
        review.insert().values(
            answer_id=answer_id,
            reviewer_id=reviewer_id,
            verdict=verdict.value,
            comment=comment,
            marks=[list(mark) for mark in marks] or None,
            created_at=now,
        )
    )
