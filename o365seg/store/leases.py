"""Who works on which question.

A lease gives one question to one rater for `LEASE_MS`, renewed while the rater is active. The
current question's lease is *shown*; the next question is leased ahead of time (*prefetched*) so
that its image can be loaded, and counts as nobody's work until it is shown. The database allows
one open lease a question, so no question is ever with two raters.

An expired lease is not closed but free to be taken: until somebody takes the question, it is still
with the rater who had it, who may come back tomorrow and go on.
"""

import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from o365seg.store.schema import answer, draft, image, lease, question

LEASE_MS = 20 * 60 * 1000


@dataclass(frozen=True)
class LeasedQuestion:
    """A question in a rater's hands: what to show, and the token that an answer must carry."""

    token: str
    question_id: int
    category_id: int
    category: str
    bbox: tuple[float, float, float, float]
    image_sha256: str
    width: int
    height: int


@dataclass(frozen=True)
class Work:
    """What a rater has: the question on the screen, and the one after it. None: there is none."""

    current: LeasedQuestion | None
    prefetched: LeasedQuestion | None


def take_work(db: sa.Connection, rater_id: int, now: int) -> Work:
    """Give a rater a question to work on and one to prefetch; what they hold already stays theirs.

    In order: the question on their screen; the one prefetched for them; a free question of
    which they have a draft; one of the image they saw last; the first free one. When none is free,
    a question that was only prefetched for somebody else, so that nobody waits for idle leases.
    """
    shown = _open_lease(db, rater_id, shown=True)
    ahead = _open_lease(db, rater_id, shown=False)
    if shown is None and ahead is not None:
        shown, ahead = ahead, None
        db.execute(lease.update().where(lease.c.token == shown).values(shown_at=now))
    if shown is None:
        question_id = _free_question(db, rater_id, now)
        if question_id is None:
            question_id = _reassigned_question(db, now)
        if question_id is not None:
            shown = _new_lease(db, question_id, rater_id, now, shown=True)
    if shown is not None and ahead is None:
        question_id = _free_question(db, rater_id, now)
        if question_id is not None:
            ahead = _new_lease(db, question_id, rater_id, now, shown=False)
    for token in (shown, ahead):
        if token is not None:
            renew(db, token, rater_id, now)
    return Work(
        current=None if shown is None else _leased_question(db, shown),
        prefetched=None if ahead is None else _leased_question(db, ahead),
    )


def renew(db: sa.Connection, token: str, rater_id: int, now: int) -> bool:
    """Extend a lease of that rater to `LEASE_MS` from now; False where the question is lost."""
    renewed = db.execute(
        lease.update()
        .where(
            lease.c.token == token,
            lease.c.rater_id == rater_id,
            lease.c.closed_at.is_(None),
        )
        .values(expires_at=now + LEASE_MS)
    )
    return renewed.rowcount == 1


def close(db: sa.Connection, token: str, outcome: str, now: int) -> None:
    """End a lease if it is open."""
    db.execute(
        lease.update()
        .where(lease.c.token == token, lease.c.closed_at.is_(None))
        .values(closed_at=now, outcome=outcome)
    )


def show_again(db: sa.Connection, question_id: int, rater_id: int, now: int) -> None:
    """Put a question on the rater's screen, before what they hold, which they keep."""
    _new_lease(db, question_id, rater_id, now, shown=True)


def count_waiting(db: sa.Connection, rater_id: int, now: int) -> int:
    """Unanswered questions that are with other raters now."""
    return db.execute(
        sa.select(sa.func.count())
        .select_from(lease)
        .where(
            lease.c.closed_at.is_(None),
            lease.c.expires_at > now,
            lease.c.rater_id != rater_id,
        )
    ).scalar_one()


def _open_lease(db: sa.Connection, rater_id: int, *, shown: bool) -> str | None:
    is_shown = lease.c.shown_at.is_not(None) if shown else lease.c.shown_at.is_(None)
    return db.execute(
        sa.select(lease.c.token)
        .where(lease.c.rater_id == rater_id, lease.c.closed_at.is_(None), is_shown)
        .order_by(lease.c.shown_at.desc(), lease.c.leased_at)
        .limit(1)
    ).scalar_one_or_none()


def _free_question(db: sa.Connection, rater_id: int, now: int) -> int | None:
    answered = sa.exists().where(answer.c.question_id == question.c.id)
    taken = sa.exists().where(
        lease.c.question_id == question.c.id,
        lease.c.closed_at.is_(None),
        (lease.c.expires_at > now) | (lease.c.rater_id == rater_id),
    )
    begun = sa.exists().where(
        draft.c.question_id == question.c.id, draft.c.rater_id == rater_id, ~draft.c.late
    )
    last_image = (
        sa.select(question.c.image_id)
        .join(lease, lease.c.question_id == question.c.id)
        .where(lease.c.rater_id == rater_id)
        .order_by(lease.c.leased_at.desc(), question.c.position.desc())
        .limit(1)
        .scalar_subquery()
    )
    return db.execute(
        sa.select(question.c.id)
        .where(~answered, ~taken)
        .order_by(begun.desc(), (question.c.image_id == last_image).desc(), question.c.position)
        .limit(1)
    ).scalar_one_or_none()


def _reassigned_question(db: sa.Connection, now: int) -> int | None:
    """Take a question back from a lease that was only prefetched."""
    row = db.execute(
        sa.select(lease.c.token, lease.c.question_id)
        .where(lease.c.closed_at.is_(None), lease.c.shown_at.is_(None))
        .order_by(lease.c.leased_at)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    close(db, row.token, "reassigned", now)
    return row.question_id


def _new_lease(db: sa.Connection, question_id: int, rater_id: int, now: int, *, shown: bool) -> str:
    db.execute(
        lease.update()
        .where(lease.c.question_id == question_id, lease.c.closed_at.is_(None))
        .values(closed_at=now, outcome="expired")
    )
    token = secrets.token_urlsafe(18)
    db.execute(
        lease.insert().values(
            token=token,
            question_id=question_id,
            rater_id=rater_id,
            leased_at=now,
            shown_at=now if shown else None,
            expires_at=now + LEASE_MS,
        )
    )
    return token


def _leased_question(db: sa.Connection, token: str) -> LeasedQuestion:
    row = db.execute(
        sa.select(question, image.c.sha256, image.c.width.label("w"), image.c.height.label("h"))
        .select_from(lease.join(question).join(image))
        .where(lease.c.token == token)
    ).one()
    return LeasedQuestion(
        token=token,
        question_id=row.id,
        category_id=row.category_id,
        category=row.category,
        bbox=(row.x, row.y, row.width, row.height),
        image_sha256=row.sha256,
        width=row.w,
        height=row.h,
    )
