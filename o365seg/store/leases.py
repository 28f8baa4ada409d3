"""Who works on which question.

A lease gives one question to one rater for `LEASE_MS`, renewed while the rater is active. The
current question's lease is *shown*; the next question is leased ahead of time (*prefetched*) so
that its image can be loaded, and counts as nobody's work until it is shown. The database allows
one open lease a question for the purpose of its answer, so no question is ever with two raters; a
replica, hidden gold and a qualification question leave that lease alone (see `schema.Purpose`).

An expired lease is not closed but free to be taken: until somebody takes the question, it is still
with the rater who had it, who may come back tomorrow and go on.
"""

import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from o365seg.store import choosing, qualification
from o365seg.store.qualification import Gate
from o365seg.store.schema import Purpose, answer, image, lease, question
from o365seg.store.settings import read_settings
from o365seg.store.standing import rejections

LEASE_MS = 20 * 60 * 1000


@dataclass(frozen=True)
class LeasedQuestion:
    """A question in a rater's hands: what to show, and the token that an answer must carry.

    Attributes:
        purpose: Never to be shown to the rater, but for qualification.
        comment: A reviewer's, where the rater's own answer was sent back.
    """

    token: str
    question_id: int
    category_id: int
    category: str
    bbox: tuple[float, float, float, float]
    image_sha256: str
    width: int
    height: int
    purpose: Purpose = Purpose.ANSWER
    comment: str | None = None


@dataclass(frozen=True)
class Work:
    """What a rater has: the question on the screen, and the one after it. None: there is none.

    `gate`: what the rater has to do before there can be any.
    """

    current: LeasedQuestion | None
    prefetched: LeasedQuestion | None
    gate: Gate = Gate.OPEN


def take_work(db: sa.Connection, rater_id: int, now: int) -> Work:
    """Give a rater a question to work on and one to prefetch; what they hold already stays theirs.

    First comes the question on their screen, then the one prefetched for them, then what
    `choosing.choose_work` finds; where it finds nothing, a question that was only prefetched for
    somebody else, so that nobody waits for idle leases.
    """
    settings = read_settings(db)
    gate = qualification.find_gate(db, rater_id, settings)
    if gate in (Gate.GUIDELINES, Gate.FAILED):
        return Work(None, None, gate)
    on_trial = gate is Gate.QUALIFICATION

    def choose() -> choosing.Choice | None:
        if on_trial:
            return choosing.choose_trial(db, rater_id, _trials_held(db, rater_id))
        return choosing.choose_work(db, rater_id, now, settings)

    shown = _open_lease(db, rater_id, on_trial=on_trial, shown=True)
    ahead = _open_lease(db, rater_id, on_trial=on_trial, shown=False)
    if shown is None and ahead is not None:
        shown, ahead = ahead, None
        db.execute(lease.update().where(lease.c.token == shown).values(shown_at=now))
    if shown is None:
        choice = choose()
        if choice is None and not on_trial:
            choice = _reassigned_question(db, now)
        if choice is not None:
            shown = _new_lease(db, choice, rater_id, now, shown=True)
    if shown is not None and ahead is None:
        choice = choose()
        if choice is not None:
            ahead = _new_lease(db, choice, rater_id, now, shown=False)
    for token in (shown, ahead):
        if token is not None:
            renew(db, token, rater_id, now)
    return Work(
        current=None if shown is None else _leased_question(db, shown),
        prefetched=None if ahead is None else _leased_question(db, ahead),
        gate=gate,
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


def show_again(db: sa.Connection, choice: choosing.Choice, rater_id: int, now: int) -> None:
    """Put a free question on the rater's screen, before what they hold, which they keep."""
    _new_lease(db, choice, rater_id, now, shown=True)


def close_answering(db: sa.Connection, question_id: int, outcome: str, now: int) -> None:
    """End the lease under which a question's answer is being made, if there is one."""
    db.execute(
        lease.update()
        .where(
            lease.c.question_id == question_id,
            lease.c.purpose == Purpose.ANSWER,
            lease.c.closed_at.is_(None),
        )
        .values(closed_at=now, outcome=outcome)
    )


def count_waiting(db: sa.Connection, rater_id: int, now: int) -> int:
    """Questions without an answer that are with other raters: on their screens, or sent back."""
    sent_back = rejections()
    held = (
        sa.select(lease.c.question_id)
        .where(
            lease.c.closed_at.is_(None),
            lease.c.expires_at > now,
            lease.c.rater_id != rater_id,
            lease.c.purpose == Purpose.ANSWER,
        )
        .union(sa.select(sent_back.c.question_id).where(sent_back.c.rater_id != rater_id))
    )
    return db.execute(sa.select(sa.func.count()).select_from(held.subquery())).scalar_one()


def _open_lease(db: sa.Connection, rater_id: int, *, on_trial: bool, shown: bool) -> str | None:
    is_shown = lease.c.shown_at.is_not(None) if shown else lease.c.shown_at.is_(None)
    is_trial = lease.c.purpose == Purpose.QUALIFICATION
    return db.execute(
        sa.select(lease.c.token)
        .where(
            lease.c.rater_id == rater_id,
            lease.c.closed_at.is_(None),
            is_shown,
            is_trial if on_trial else ~is_trial,
        )
        .order_by(lease.c.shown_at.desc(), lease.c.leased_at)
        .limit(1)
    ).scalar_one_or_none()


def _trials_held(db: sa.Connection, rater_id: int) -> list[int]:
    return list(
        db.execute(
            sa.select(lease.c.question_id).where(
                lease.c.rater_id == rater_id,
                lease.c.closed_at.is_(None),
                lease.c.purpose == Purpose.QUALIFICATION,
            )
        ).scalars()
    )


def _reassigned_question(db: sa.Connection, now: int) -> choosing.Choice | None:
    """Take a question back from a lease that was only prefetched; never somebody's correction."""
    answered = sa.exists().where(
        answer.c.question_id == lease.c.question_id, answer.c.purpose == Purpose.ANSWER
    )
    row = db.execute(
        sa.select(lease.c.token, lease.c.question_id)
        .where(
            lease.c.closed_at.is_(None),
            lease.c.shown_at.is_(None),
            lease.c.purpose == Purpose.ANSWER,
            ~answered,
        )
        .order_by(lease.c.leased_at)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    close(db, row.token, "reassigned", now)
    return choosing.Choice(row.question_id, Purpose.ANSWER)


def _new_lease(
    db: sa.Connection, choice: choosing.Choice, rater_id: int, now: int, *, shown: bool
) -> str:
    # Whose lease on this question ends by it: the rater's own, and for the same purpose those
    # that expired (of an answer there is no other, or the question would not be free).
    replaced = lease.c.rater_id == rater_id
    if choice.purpose in (Purpose.ANSWER, Purpose.REPLICA):
        replaced |= (lease.c.purpose == choice.purpose) & (lease.c.expires_at <= now)
    db.execute(
        lease.update()
        .where(lease.c.question_id == choice.question_id, lease.c.closed_at.is_(None), replaced)
        .values(closed_at=now, outcome="expired")
    )
    token = secrets.token_urlsafe(18)
    db.execute(
        lease.insert().values(
            token=token,
            question_id=choice.question_id,
            rater_id=rater_id,
            purpose=choice.purpose.value,
            leased_at=now,
            shown_at=now if shown else None,
            expires_at=now + LEASE_MS,
        )
    )
    return token


def _leased_question(db: sa.Connection, token: str) -> LeasedQuestion:
    row = db.execute(
        sa.select(
            question,
            image.c.sha256,
            image.c.width.label("w"),
            image.c.height.label("h"),
            lease.c.rater_id,
            lease.c.purpose,
        )
        .select_from(lease.join(question).join(image))
        .where(lease.c.token == token)
    ).one()
    purpose = Purpose(row.purpose)
    return LeasedQuestion(
        token=token,
        question_id=row.id,
        category_id=row.category_id,
        category=row.category,
        bbox=(row.x, row.y, row.width, row.height),
        image_sha256=row.sha256,
        width=row.w,
        height=row.h,
        purpose=purpose,
        comment=_comment(db, row.id, row.rater_id) if purpose is Purpose.ANSWER else None,
    )


def _comment(db: sa.Connection, question_id: int, rater_id: int) -> str | None:
    """Said of this rater's own answer; of another's it is about a mask that they never see."""
    sent_back = rejections()
    return db.execute(
        sa.select(sent_back.c.comment).where(
            sent_back.c.question_id == question_id, sent_back.c.rater_id == rater_id
        )
    ).scalar_one_or_none()
