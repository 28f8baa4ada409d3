"""What a rater reads about an answer that was sent back, and answers to the reviewer."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from o365seg.store.schema import Purpose, Verdict, answer, reply, review

MOST_MARKS = 20
"""Marks that one review may have."""


class ReplyRefused(Exception):
    """A reply that cannot be taken; its text says why."""


@dataclass(frozen=True)
class SentBack:
    """The review that sent a rater's answer back.

    Attributes:
        marks: The places that the reviewer marked, (x, y) in image px.
        reply: The rater's newest reply; None: none yet.
    """

    review_id: int
    marks: list[tuple[int, int]]
    reply: str | None


def find_sent_back(db: sa.Connection, question_id: int, rater_id: int) -> SentBack | None:
    """The newest review of a rater's newest answer to a question, where it is a rejection."""
    row = db.execute(
        sa.select(review.c.id, review.c.verdict, review.c.marks)
        .select_from(answer.outerjoin(review))
        .where(
            answer.c.question_id == question_id,
            answer.c.rater_id == rater_id,
            answer.c.purpose == Purpose.ANSWER,
        )
        .order_by(answer.c.id.desc(), review.c.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None or row.verdict != Verdict.REJECTED:
        return None
    return SentBack(row.id, as_marks(row.marks), newest_replies(db, [row.id]).get(row.id))


def add_reply(db: sa.Connection, rater_id: int, review_id: int, text: str, now: int) -> None:
    """Record a rater's reply; the newest is shown, and a resent one changes nothing.

    Raises:
        ReplyRefused: empty, or not a rejection of an answer of this rater.
    """
    text = text.strip()
    if not text:
        raise ReplyRefused("the reply is empty")
    own = db.execute(
        sa.select(review.c.id)
        .select_from(review.join(answer))
        .where(
            review.c.id == review_id,
            review.c.verdict == Verdict.REJECTED,
            answer.c.rater_id == rater_id,
        )
    ).one_or_none()
    if own is None:
        raise ReplyRefused("no such review of an answer of yours")
    if newest_replies(db, [review_id]).get(review_id) == text:
        return
    db.execute(
        reply.insert().values(review_id=review_id, rater_id=rater_id, text=text, created_at=now)
    )


def newest_replies(db: sa.Connection, review_ids: Collection[int]) -> dict[int, str]:
    """The newest reply to each review that has one, by review id."""
    newest = (
        sa.select(sa.func.max(reply.c.id))
        .where(reply.c.review_id.in_(list(review_ids)))
        .group_by(reply.c.review_id)
    )
    rows = db.execute(sa.select(reply.c.review_id, reply.c.text).where(reply.c.id.in_(newest)))
    return {row.review_id: row.text for row in rows}


def as_marks(stored: list[list[int]] | None) -> list[tuple[int, int]]:
    """A review's marks as they are stored."""
    return [(x, y) for x, y in stored or []]
