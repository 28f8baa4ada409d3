"""Reviewers' queue and verdicts.

An answer waits for review while it is its question's newest, nobody reviewed it, and it is no
reviewer's repainting. It is held by one reviewer at a time, for `HOLD_MS` after they last asked.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from o365seg.coco_sizes import SIZE_RANGES
from o365seg.store import agreement, answers, leases
from o365seg.store.schema import (
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
from o365seg.store.settings import read_settings
from o365seg.store.standing import newest_answers, rejections

HOLD_MS = 10 * 60 * 1000
REPAINTED = "repainted"  # the outcome of the lease of a reviewer's own answer


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
class EarlierReview:
    """What was said of this question's earlier answers."""

    reviewer: str
    verdict: Verdict
    comment: str


@dataclass(frozen=True)
class ReviewItem:
    """An answer as a reviewer sees it.

    Attributes:
        token: What a repainting must carry; None where the reviewer does not hold it.
        counts: The mask's compressed run lengths; None: a skip.
        verdict: The newest one on this answer, with its comment; None: not reviewed.
        reviewable: Whether a verdict of this reviewer would be taken now.
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
    earlier: list[EarlierReview]
    reviewable: bool


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


class ReviewRefused(Exception):
    """A verdict that cannot be taken; its text says why."""


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


def judge(
    db: sa.Connection,
    reviewer_id: int,
    answer_id: int,
    verdict: Verdict,
    comment: str,
    now: int,
) -> None:
    """Accept or reject an answer; a later verdict on it counts in place of the earlier.

    A resent verdict changes nothing.

    Raises:
        ReviewRefused: no answer of that id, not the newest, the reviewer's own, in another
            reviewer's hands, or rejected without a comment.
    """
    assert verdict in (Verdict.ACCEPTED, Verdict.REJECTED)
    comment = comment.strip()
    if verdict is Verdict.REJECTED and not comment:
        raise ReviewRefused("say in a few words what is wrong with it")
    row = _judged_row(db, reviewer_id, answer_id, now)
    last = _last_review(db, answer_id)
    if last is None or (last.reviewer_id, last.verdict, last.comment) != (
        reviewer_id,
        verdict,
        comment,
    ):
        _record_review(db, answer_id, reviewer_id, verdict, comment, now)
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
    mask: answers.Mask,
    activity: answers.Activity,
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
        if recorded.counts == mask.counts:
            return answers.Recorded(recorded.id, repeated=True)
        raise ReviewRefused("another mask of yours had been recorded already")
    row = _judged_row(db, reviewer_id, answer_id, now)
    hold = db.execute(
        sa.select(review_hold).where(
            review_hold.c.answer_id == answer_id,
            review_hold.c.reviewer_id == reviewer_id,
            review_hold.c.token == token,
        )
    ).one_or_none()
    if hold is None:
        raise ReviewRefused("it is no longer yours to repaint; go back to it and try again")
    area = answers.check_work(mask, (row.height, row.width))
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
    new_id = answers.record_answer(
        db,
        held=held,
        work=mask,
        area=area,
        activity=activity,
        client_version=client_version,
        now=now,
    )
    _record_review(db, answer_id, reviewer_id, Verdict.REPAINTED, "", now)
    db.execute(review_hold.delete().where(review_hold.c.answer_id == answer_id))
    return answers.Recorded(new_id, repeated=False)


def open_item(db: sa.Connection, reviewer_id: int, answer_id: int, now: int) -> ReviewItem:
    """An answer that a reviewer goes back to, held for them where they may judge it.

    Raises:
        ReviewRefused: no answer of that id, or none that is reviewed (a replica, gold).
    """
    item = read_item(db, reviewer_id, answer_id)
    try:
        _judged_row(db, reviewer_id, answer_id, now)
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
        raise ReviewRefused("there is no such answer to review")
    said = db.execute(
        sa.select(review.c.answer_id, review.c.verdict, review.c.comment, rater.c.name)
        .select_from(
            review.join(answer, review.c.answer_id == answer.c.id).join(
                rater, review.c.reviewer_id == rater.c.id
            )
        )
        .where(answer.c.question_id == row.question_id, answer.c.id <= answer_id)
        .order_by(review.c.id)
    ).all()
    mine = [entry for entry in said if entry.answer_id == answer_id]
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
        earlier=[
            EarlierReview(entry.name, Verdict(entry.verdict), entry.comment)
            for entry in said
            if entry.answer_id != answer_id
        ],
        reviewable=row.token is not None,
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


def _judged_row(db: sa.Connection, reviewer_id: int, answer_id: int, now: int) -> sa.Row:
    """The answer that a verdict is about, where this reviewer may give one."""
    row = db.execute(
        sa.select(answer, lease.c.outcome)
        .select_from(answer.join(lease, answer.c.lease_token == lease.c.token))
        .where(answer.c.id == answer_id, answer.c.purpose == Purpose.ANSWER)
    ).one_or_none()
    if row is None:
        raise ReviewRefused("there is no such answer to review")
    if row.rater_id == reviewer_id:
        raise ReviewRefused("this is your own work; somebody else has to review it")
    newer = sa.exists().where(
        answer.c.question_id == row.question_id,
        answer.c.purpose == Purpose.ANSWER,
        answer.c.id > answer_id,
    )
    if db.execute(sa.select(newer)).scalar_one():
        raise ReviewRefused("the question has a newer answer by now")
    if row.outcome == REPAINTED:
        raise ReviewRefused("a reviewer painted it; it is final")
    elsewhere = sa.exists().where(
        review_hold.c.answer_id == answer_id,
        review_hold.c.reviewer_id != reviewer_id,
        review_hold.c.expires_at > now,
    )
    if db.execute(sa.select(elsewhere)).scalar_one():
        raise ReviewRefused("another reviewer has it")
    return row


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
) -> None:
    db.execute(
        review.insert().values(
            answer_id=answer_id,
            reviewer_id=reviewer_id,
            verdict=verdict.value,
            comment=comment,
            created_at=now,
        )
    )
