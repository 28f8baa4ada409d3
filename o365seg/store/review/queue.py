"""The reviewers' queue: which answers wait, and who has which on the screen.

An answer waits for review while it is its question's newest, nobody reviewed it, and it is no
reviewer's repainting. It is held by one reviewer at a time, for `HOLD_MS` after they last asked.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from o365seg.formats.coco_sizes import SIZE_RANGES
from o365seg.store.quality import agreement
from o365seg.store.review.verdicts import (
    HOLD_MS,
    ReviewItem,
    ReviewRefused,
    judged_row,
    read_item,
)
from o365seg.store.schema import (
    REPAINTED,
    Purpose,
    Verdict,
    answer,
    lease,
    question,
    rater,
    review,
    review_hold,
)
from o365seg.store.settings import read_settings
from o365seg.store.standing import newest_answers, rejections


class Attention(StrEnum):
    """Where a reviewer looks first."""

    LOW_AGREEMENT = "low_agreement"  # another rater's replica differs
    LOW_GOLD = "low_gold"  # the rater does badly on hidden gold


@dataclass(frozen=True)
class Filters:
    """What a reviewer wants to see; None: everything. `size`: COCO's, by mask, else by box."""

    rater: str | None = None
    category_id: int | None = None
    size: str | None = None
    attention: Attention | None = None


@dataclass(frozen=True)
class ReviewCounts:
    """How many answers wait, and how many newest answers have which verdict."""

    waiting: int
    accepted: int
    rejected: int
    repainted: int

    @property
    def reviewed(self) -> int:
        """Questions whose present answer somebody judged, or painted as a reviewer."""
        return self.accepted + self.rejected + self.repainted


def take_reviews(
    db: sa.Connection,
    reviewer_id: int,
    filters: Filters,
    now: int,
    *,
    after: int = 0,
    keep: Collection[int] = (),
    limit: int = 3,
) -> list[ReviewItem]:
    """Answers for a reviewer to judge, oldest first, each held for them.

    Args:
        db: The writing transaction.
        reviewer_id: Who asks; what they hold beyond the outcome is free again.
        filters: What they want to see.
        now: The time, ms.
        after: Only answers of a higher id: what the reviewer went past comes again next time.
        keep: Answers of this reviewer that stay held, such as the one on the screen; left out.
        limit: At most so many.
    """
    db.execute(
        review_hold.delete().where(
            (review_hold.c.expires_at <= now)
            | (
                (review_hold.c.reviewer_id == reviewer_id)
                & review_hold.c.answer_id.not_in(list(keep))
            )
        )
    )
    held = sa.exists().where(review_hold.c.answer_id == answer.c.id)
    found = db.execute(
        sa.select(answer.c.id)
        .select_from(answer.join(question).join(rater, answer.c.rater_id == rater.c.id))
        .where(
            answer.c.id > after,
            *_waiting(),
            answer.c.rater_id != reviewer_id,
            ~held,
            *_conditions(db, filters),
        )
        .order_by(answer.c.id)
        .limit(limit)
    ).scalars()
    ids = list(found)
    db.execute(
        review_hold.update()
        .where(review_hold.c.reviewer_id == reviewer_id)
        .values(expires_at=now + HOLD_MS)
    )
    for answer_id in ids:
        db.execute(
            review_hold.insert().values(
                answer_id=answer_id,
                reviewer_id=reviewer_id,
                token=secrets.token_urlsafe(18),
                expires_at=now + HOLD_MS,
            )
        )
    return [read_item(db, reviewer_id, answer_id) for answer_id in ids]


@dataclass(frozen=True)
class Choices:
    """What a reviewer can choose from: raters' names, and categories (id, name)."""

    raters: list[str]
    categories: list[tuple[int, str]]


def list_choices(db: sa.Connection) -> Choices:
    """Who answered, and what was asked."""
    raters = db.execute(
        sa.select(rater.c.name)
        .where(sa.exists().where(answer.c.rater_id == rater.c.id))
        .order_by(rater.c.name)
    ).scalars()
    categories = db.execute(
        sa.select(question.c.category_id, question.c.category)
        .distinct()
        .order_by(question.c.category)
    )
    return Choices(list(raters), [(row[0], row[1]) for row in categories])


def count_queue(db: sa.Connection, reviewer_id: int, filters: Filters) -> int:
    """How many answers wait that this reviewer may judge, whoever holds them."""
    return db.execute(
        sa.select(sa.func.count())
        .select_from(answer.join(question).join(rater, answer.c.rater_id == rater.c.id))
        .where(*_waiting(), answer.c.rater_id != reviewer_id, *_conditions(db, filters))
    ).scalar_one()


def open_item(db: sa.Connection, reviewer_id: int, answer_id: int, now: int) -> ReviewItem:
    """An answer that a reviewer goes back to, held for them where they may judge it.

    Raises:
        ReviewRefused: no answer of that id, or none that is reviewed (a replica, gold).
    """
    item = read_item(db, reviewer_id, answer_id)
    try:
        judged_row(db, reviewer_id, answer_id, now)
    except ReviewRefused:
        return item
    db.execute(
        review_hold.delete().where(
            review_hold.c.answer_id == answer_id,
            (review_hold.c.expires_at <= now),
        )
    )
    kept = db.execute(
        review_hold.update()
        .where(review_hold.c.answer_id == answer_id)
        .values(expires_at=now + HOLD_MS)
    )
    if kept.rowcount == 0:
        db.execute(
            review_hold.insert().values(
                answer_id=answer_id,
                reviewer_id=reviewer_id,
                token=secrets.token_urlsafe(18),
                expires_at=now + HOLD_MS,
            )
        )
    return read_item(db, reviewer_id, answer_id)


def keep_held(db: sa.Connection, reviewer_id: int, now: int) -> None:
    """The reviewer is at work: hold on to what they have."""
    db.execute(
        review_hold.update()
        .where(review_hold.c.reviewer_id == reviewer_id, review_hold.c.expires_at > now)
        .values(expires_at=now + HOLD_MS)
    )


def count_reviews(db: sa.Connection) -> ReviewCounts:
    """How far the reviewing has come."""
    newest = newest_answers()
    later = review.alias()
    judged = db.execute(
        sa.select(review.c.verdict, sa.func.count())
        .where(
            review.c.answer_id.in_(sa.select(newest.c.id)),
            ~sa.exists().where(later.c.answer_id == review.c.answer_id, later.c.id > review.c.id),
        )
        .group_by(review.c.verdict)
    )
    verdicts = dict(judged.all())
    repainted = db.execute(
        sa.select(sa.func.count())
        .select_from(newest.join(lease, newest.c.lease_token == lease.c.token))
        .where(lease.c.outcome == REPAINTED)
    ).scalar_one()
    waiting = db.execute(
        sa.select(sa.func.count()).select_from(answer).where(*_waiting())
    ).scalar_one()
    sent_back = db.execute(sa.select(sa.func.count()).select_from(rejections())).scalar_one()
    return ReviewCounts(waiting, verdicts.get(Verdict.ACCEPTED, 0), sent_back, repainted)


def _waiting() -> list[sa.ColumnElement[bool]]:
    """Conditions on `answer` that make it wait for a review."""
    later, own = answer.alias(), lease.alias()
    return [
        answer.c.purpose == Purpose.ANSWER,
        ~sa.exists().where(review.c.answer_id == answer.c.id),
        ~sa.exists().where(
            later.c.question_id == answer.c.question_id,
            later.c.purpose == Purpose.ANSWER,
            later.c.id > answer.c.id,
        ),
        ~sa.exists().where(own.c.token == answer.c.lease_token, own.c.outcome == REPAINTED),
    ]


def _conditions(db: sa.Connection, filters: Filters) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if filters.rater is not None:
        conditions.append(rater.c.name == filters.rater)
    if filters.category_id is not None:
        conditions.append(question.c.category_id == filters.category_id)
    if filters.size is not None:
        area = sa.func.coalesce(answer.c.area, question.c.width * question.c.height)
        lowest, highest = SIZE_RANGES[filters.size]
        conditions += [area >= lowest, area < highest]
    if filters.attention is Attention.LOW_AGREEMENT:
        low = agreement.disagreeing_questions(db, read_settings(db).low_agreement)
        conditions.append(answer.c.question_id.in_(low))
    elif filters.attention is Attention.LOW_GOLD:
        low_raters = (
            sa.select(answer.c.rater_id)
            .where(answer.c.purpose == Purpose.GOLD)
            .group_by(answer.c.rater_id)
            .having(sa.func.avg(answer.c.reference_iou) < read_settings(db).low_agreement)
        )
        conditions.append(answer.c.rater_id.in_(list(db.execute(low_raters).scalars())))
    return conditions
