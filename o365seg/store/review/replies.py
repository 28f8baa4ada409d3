"""What a rater reads about an answer that was sent back, and answers to the reviewer."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from o365seg.store.schema import Verdict, answer, reply, review
from o365seg.store.standing import rejections

MOST_MARKS = 20
"""Marks that one review may have."""


class ReplyRefused(Exception):
    """A reply that cannot be taken; its text says why."""


@dataclass(frozen=True)
class SentBack:
    """The review that sent a rater's answer back.

    Attributes:
        comment: The reviewer's.
        marks: The places that the reviewer marked, (x, y) in image px.
        reply: The rater's newest reply; None: none yet.
    """

    review_id: int
    comment: str
    marks: list[tuple[int, int]]
    reply: str | None


def find_sent_back(db: sa.Connection, question_id: int, rater_id: int) -> SentBack | None:
    """The review that sent a question back, if the answer was this rater's.

    Of another's answer it is about a mask that they never see.
    """
    row = db.execute(_SENT_BACK, {"question": question_id, "rater": rater_id}).one_or_none()
    if row is None:
        return None
    replied = newest_replies(db, [row.review_id]).get(row.review_id)
    return SentBack(row.review_id, row.comment, as_marks(row.marks), replied)


_REJECTIONS = rejections()
_SENT_BACK = sa.select(_REJECTIONS.c.review_id, _REJECTIONS.c.comment, _REJECTIONS.c.marks).where(
    _REJECTIONS.c.question_id == sa.bindparam("question", type_=sa.BigInteger),
    _REJECTIONS.c.rater_id == sa.bindparam("rater", type_=sa.Integer),
)


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
