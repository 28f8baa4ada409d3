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
from typing import Any, TypeAlias

import sqlalchemy as sa

from o365seg.store.people import qualification
from o365seg.store.people.qualification import Gate
from o365seg.store.round_trips import Asked, ask, tell
from o365seg.store.schema import Purpose, QuestionState, constant, image, lease, question
from o365seg.store.settings import CHANGED_SETTINGS, ProjectSettings, settings_of
from o365seg.store.standing import rejections
from o365seg.store.work import choosing

LEASE_MS = 20 * 60 * 1000


@dataclass(frozen=True)
class LeasedQuestion:
    """A question in a rater's hands: what to show, and the token that an answer must carry.

    Attributes:
        purpose: Never to be shown to the rater, but for qualification.
        sent_back: Whether its newest answer was sent back; perhaps another rater's.
        answered: Whether the question has an answer of somebody already.
        initial_counts: The mask to start with, compressed run lengths; None: an empty one.
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
    sent_back: bool = False
    answered: bool = False
    initial_counts: str | None = None


@dataclass(frozen=True)
class Work:
    """What a rater has: the question on the screen, and the one after it. None: there is none.

    Attributes:
        gate: What the rater has to do before there can be any.
        standing: Their qualification, where these are questions of it.
    """

    current: LeasedQuestion | None
    prefetched: LeasedQuestion | None
    gate: Gate = Gate.OPEN
    standing: qualification.Qualification | None = None


@dataclass(frozen=True)
class Holdings:
    """What decides about a rater's next question: settings, their own row, their open leases."""

    settings: ProjectSettings
    person: Any
    held: list[Any]


def holdings_asked(rater_id: int) -> list[Asked]:
    """What a rater's holdings are read by, to go with other statements; for `holdings_of`."""
    who = {"rater": rater_id}
    return [(CHANGED_SETTINGS, {}), (qualification.PERSON, who), (_OPEN_LEASES, who)]


def holdings_of(rows: list[list[Any]]) -> Holdings:
    """The holdings in the rows of `holdings_asked`."""
    changed, [person], held = rows
    return Holdings(settings_of(changed), person, held)


@dataclass(frozen=True)
class HandedOut:
    """A rater's leases, whose questions are still to be read; otherwise as `Work`.

    Attributes:
        given: (token, question) of the question on the screen, then of the one after it.
    """

    given: list[tuple[str, int]]
    gate: Gate
    standing: qualification.Qualification | None = None

    def asked(self) -> Asked:
        """What reads the questions, to go with other statements; its rows are for `work`."""
        shown, ahead = [*(token for token, _ in self.given), None, None][:2]
        return _LEASED_QUESTIONS, {"shown": shown, "ahead": ahead}

    def work(self, rows: list[Any]) -> Work:
        """The rater's work, by the rows of `asked`."""
        leased = {row.token: _leased_question(row) for row in rows}
        current, prefetched = [*(leased[token] for token, _ in self.given), None, None][:2]
        return Work(current, prefetched, self.gate, self.standing)


def take_work(db: sa.Connection, rater_id: int, now: int) -> Work:
    """Give a rater a question to work on and one to prefetch, see `hand_out`."""
    out = hand_out(db, rater_id, now)
    [rows] = ask(db, out.asked())
    return out.work(rows)


def hand_out(
    db: sa.Connection,
    rater_id: int,
    now: int,
    standing: qualification.Qualification | None = None,
    holdings: Holdings | None = None,
) -> HandedOut:
    """Give a rater a question to work on and one to prefetch; what they hold already stays theirs.

    First comes the question on their screen, then the one prefetched for them, then what
    `choosing.choose_work` finds; where it finds nothing, a question that was only prefetched for
    somebody else, so that nobody waits for idle leases.

    `standing`, `holdings`: the rater's, where the caller has read them already.
    """
    if holdings is None:
        holdings = holdings_of(ask(db, *holdings_asked(rater_id)))
    settings, person, held = holdings.settings, holdings.person, holdings.held
    entry = qualification.entry_of(db, rater_id, settings, person, standing)
    if entry.gate in (Gate.GUIDELINES, Gate.FAILED):
        return HandedOut([], entry.gate)
    on_trial, standing = entry.gate is Gate.QUALIFICATION, entry.standing
    if standing is not None and not on_trial:
        qualification.let_pass(db, rater_id, now)

    def choose() -> choosing.Choice | None:
        if on_trial:
            assert standing is not None  # the gate depends on it
            return choosing.choose_trial(standing, _trials_held(db, rater_id))
        return choosing.choose_work(db, rater_id, now, settings)

    # Whoever need not qualify any more, or not on that question, would never be offered it again.
    trials = {trial.question_id for trial in standing.trials} if standing and on_trial else set()
    stale = [row for row in held if _is_trial(row) and row.question_id not in trials]
    for row in stale:
        close(db, row.token, "expired", now)
    held = [row for row in held if row not in stale]
    shown, ahead = _shown_and_ahead(held, on_trial=on_trial)
    until = now + LEASE_MS
    if shown is None and ahead is not None:
        shown, ahead = ahead, None
        tell(db, _SHOW, {"of": shown[0], "now": now, "until": until})
    else:
        for one in (shown, ahead):
            if one is not None:
                tell(db, _RENEW, {"of": one[0], "rater": rater_id, "until": until})
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
    given = [one for one in (shown, ahead) if one is not None]
    return HandedOut(given, entry.gate, standing)


def renew(db: sa.Connection, token: str, rater_id: int, now: int) -> bool:
    """Extend a lease of that rater to `LEASE_MS` from now; False where the question is lost."""
    given = {"of": token, "rater": rater_id, "until": now + LEASE_MS}
    return db.execute(_RENEW, given).rowcount == 1


def close(db: sa.Connection, token: str, outcome: str, now: int) -> None:
    """End a lease if it is open."""
    tell(db, *closing_asked(token, outcome, now))


def closing_asked(token: str, outcome: str, now: int) -> Asked:
    """What `close` runs, to go with other statements."""
    return _CLOSE, {"of": token, "now": now, "how": outcome}


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


def waiting_asked(rater_id: int, now: int) -> Asked:
    """How many questions without an answer are with other raters, on their screens or sent back.

    To go with other statements; a row of one number.
    """
    return _COUNT_WAITING, {"rater": rater_id, "now": now}


# Built once, since building a statement takes longer than the database does to answer it.
_RATER, _NOW = sa.bindparam("rater", type_=sa.Integer), sa.bindparam("now", type_=sa.BigInteger)
_SENT_BACK = rejections()
_COUNT_WAITING = sa.select(sa.func.count()).select_from(
    sa.select(lease.c.question_id)
    .where(
        lease.c.closed_at.is_(None),
        lease.c.expires_at > _NOW,
        lease.c.rater_id != _RATER,
        lease.c.purpose == constant(Purpose.ANSWER),
    )
    .union(sa.select(_SENT_BACK.c.question_id).where(_SENT_BACK.c.rater_id != _RATER))
    .subquery()
)
_OPEN_LEASES = (
    sa.select(lease.c.token, lease.c.question_id, lease.c.shown_at, lease.c.purpose)
    .where(lease.c.rater_id == _RATER, lease.c.closed_at.is_(None))
    .order_by(lease.c.shown_at.desc(), lease.c.leased_at)
)
_LEASED_QUESTIONS = (
    sa.select(
        question,
        image.c.sha256,
        image.c.width.label("w"),
        image.c.height.label("h"),
        lease.c.token,
        lease.c.purpose,
    )
    .select_from(lease.join(question).join(image))
    .where(lease.c.token.in_((sa.bindparam("shown"), sa.bindparam("ahead"))))
)
_IS_OPEN = lease.c.closed_at.is_(None)
_RENEW = (
    lease.update()
    .where(lease.c.token == sa.bindparam("of"), lease.c.rater_id == _RATER, _IS_OPEN)
    .values(expires_at=sa.bindparam("until", type_=sa.BigInteger))
)
_SHOW = (
    lease.update()
    .where(lease.c.token == sa.bindparam("of"))
    .values(shown_at=_NOW, expires_at=sa.bindparam("until", type_=sa.BigInteger))
)
_CLOSE = (
    lease.update()
    .where(lease.c.token == sa.bindparam("of"), _IS_OPEN)
    .values(closed_at=_NOW, outcome=sa.bindparam("how"))
)
# Whose lease on a question ends by a new one: the rater's own, and for the same purpose those that
# expired (of an answer there is no other, or the question would not be free).
_REPLACE = (
    lease.update()
    .where(
        lease.c.question_id == sa.bindparam("question", type_=sa.BigInteger),
        _IS_OPEN,
        (lease.c.rater_id == _RATER)
        | (
            (lease.c.purpose == sa.bindparam("why"))
            & lease.c.purpose.in_((constant(Purpose.ANSWER), constant(Purpose.REPLICA)))
            & (lease.c.expires_at <= _NOW)
        ),
    )
    .values(closed_at=_NOW, outcome="expired")
)
_ADD = lease.insert().values(
    {
        name: sa.bindparam(name)
        for name in (
            "token", "question_id", "rater_id", "purpose", "leased_at", "shown_at", "expires_at",
        )
    }
)  # fmt: skip


_Given: TypeAlias = tuple[str, int]  # token and question of a lease


def _shown_and_ahead(held: list[Any], *, on_trial: bool) -> tuple[_Given | None, _Given | None]:
    """The lease that was put on the rater's screen last, and the one prefetched first."""
    rows = [row for row in held if _is_trial(row) == on_trial]
    shown = ((row.token, row.question_id) for row in rows if row.shown_at is not None)
    ahead = ((row.token, row.question_id) for row in rows if row.shown_at is None)
    return next(shown, None), next(ahead, None)


def _is_trial(row: Any) -> bool:
    return row.purpose == Purpose.QUALIFICATION


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
    row = db.execute(
        sa.select(lease.c.token, lease.c.question_id)
        .select_from(lease.join(question))
        .where(
            lease.c.closed_at.is_(None),
            lease.c.shown_at.is_(None),
            lease.c.purpose == Purpose.ANSWER,
            question.c.state == QuestionState.OPEN,
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
) -> _Given:
    given = {"question": choice.question_id, "rater": rater_id, "now": now}
    tell(db, _REPLACE, given | {"why": choice.purpose.value})
    token = secrets.token_urlsafe(18)
    row = {
        "token": token,
        "question_id": choice.question_id,
        "rater_id": rater_id,
        "purpose": choice.purpose.value,
        "leased_at": now,
        "shown_at": now if shown else None,
        "expires_at": now + LEASE_MS,
    }
    tell(db, _ADD, row)
    return token, choice.question_id


def _leased_question(row: Any) -> LeasedQuestion:
    purpose = Purpose(row.purpose)
    return LeasedQuestion(
        token=row.token,
        question_id=row.id,
        category_id=row.category_id,
        category=row.category,
        bbox=(row.x, row.y, row.width, row.height),
        image_sha256=row.sha256,
        width=row.w,
        height=row.h,
        purpose=purpose,
        sent_back=row.state == QuestionState.SENT_BACK and purpose is Purpose.ANSWER,
        answered=row.state != QuestionState.OPEN,
        initial_counts=row.initial_counts,
    )
