"""A rater's way back: to their last answer, and to work that did not become an answer.

Work is kept, not counted, where its question was with somebody else by the time it came. Its rater
can look at it, and take it up again while the question has nobody else's answer and is on nobody
else's screen.
"""

from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from o365seg.store.schema import Purpose, answer, draft, image, lease, question
from o365seg.store.work import leases
from o365seg.store.work.answers import delete_draft
from o365seg.store.work.checks import Mask
from o365seg.store.work.choosing import Choice


class Standing(StrEnum):
    """What became of the question of kept work."""

    FREE = "free"  # its rater may take it up again
    TAKEN = "taken"  # on somebody else's screen now
    ANSWERED = "answered"  # somebody else's answer counts


@dataclass(frozen=True)
class EarlierAnswer:
    """The rater's own answer that counts now: a mask, or why it was skipped."""

    mask: Mask | None
    skip_reason: str | None


@dataclass(frozen=True)
class KeptWork:
    """Work that was kept but not submitted as an answer. `mask` None: a skip, with its reason."""

    id: int
    question: int
    category: str
    bbox: tuple[float, float, float, float]
    image_sha256: str
    width: int
    height: int
    saved_at: int
    mask: Mask | None
    skip_reason: str | None
    standing: Standing


@dataclass(frozen=True)
class OwnAnswer:
    """A line of a rater's list of answers; `skip_reason` None: a mask."""

    id: int
    question: int
    category: str
    received_at: int
    skip_reason: str | None


def own_answer(
    db: sa.Connection, question_id: int, rater_id: int, purpose: Purpose
) -> EarlierAnswer | None:
    """This rater's newest answer of a question for a purpose, where no one else's counts."""
    if purpose is Purpose.ANSWER:
        row = _standing_answer(db, question_id)
    else:
        row = _newest(
            db,
            answer.c.question_id == question_id,
            answer.c.purpose == purpose.value,
            answer.c.rater_id == rater_id,
        )
    if row is None or row.rater_id != rater_id:
        return None
    mask = None if row.counts is None else Mask((row.height, row.width), row.counts, row.crc32)
    return EarlierAnswer(mask, row.skip_reason)


def list_own(db: sa.Connection, rater_id: int, before: int | None, limit: int) -> list[OwnAnswer]:
    """A rater's newest answer of each question, the newest first; `before`: an answer's id.

    Hidden gold and replicas are in it like any other; a qualification is not.
    """
    later = answer.alias()
    rows = db.execute(
        sa.select(answer, question.c.category)
        .select_from(answer.join(question))
        .where(
            answer.c.rater_id == rater_id,
            answer.c.purpose != Purpose.QUALIFICATION.value,
            sa.true() if before is None else answer.c.id < before,
            ~sa.exists().where(
                later.c.question_id == answer.c.question_id,
                later.c.rater_id == rater_id,
                later.c.id > answer.c.id,
            ),
        )
        .order_by(answer.c.id.desc())
        .limit(limit)
    )
    return [
        OwnAnswer(row.id, row.question_id, row.category, row.received_at, row.skip_reason)
        for row in rows
    ]


_asked = question.alias()
# Asked for with every question, so built once, and without the columns that are not shown.
_OWN_MASKS = (
    sa.select(
        answer.c.question_id,
        answer.c.height,
        answer.c.width,
        answer.c.counts,
        answer.c.crc32,
    )
    .select_from(answer.join(question).join(_asked, _asked.c.image_id == question.c.image_id))
    .where(
        _asked.c.id == sa.bindparam("asked"),
        question.c.id != sa.bindparam("asked"),
        answer.c.rater_id == sa.bindparam("rater"),
    )
    .order_by(answer.c.id)
)


def own_masks(db: sa.Connection, rater_id: int, question_id: int) -> list[Mask]:
    """A rater's own masks of the other objects of a question's image."""
    rows = db.execute(_OWN_MASKS, {"asked": question_id, "rater": rater_id})
    newest = {row.question_id: row for row in rows}
    return [
        Mask((row.height, row.width), row.counts, row.crc32)
        for row in newest.values()
        if row.counts is not None
    ]


def reopen(db: sa.Connection, rater_id: int, question_id: int | None, now: int) -> bool:
    """Put a question that the rater answered on their screen again, to be corrected.

    `question_id` None: the one that they answered last.

    What they were at comes after it. A new answer takes the old one's place; without one the old
    one stands. Hidden gold and replicas come back like any other, or the way back would tell them
    apart; of a qualification the first answer is the one.

    Returns:
        False if there is none, or they can no longer correct it.
    """
    last = _newest(
        db,
        answer.c.rater_id == rater_id,
        answer.c.purpose != Purpose.QUALIFICATION.value,
        sa.true() if question_id is None else answer.c.question_id == question_id,
    )
    if last is None:
        return False
    choice = Choice(last.question_id, Purpose(last.purpose))
    if own_answer(db, choice.question_id, rater_id, choice.purpose) is None:
        return False
    if choice.purpose is Purpose.ANSWER and _is_open(db, choice.question_id, now):
        return False
    leases.show_again(db, choice, rater_id, now)
    return True


def let_stand(db: sa.Connection, token: str, rater_id: int, now: int) -> None:
    """Give a reopened question back as it was: its earlier answer stands."""
    held = db.execute(
        sa.select(lease).where(lease.c.token == token, lease.c.rater_id == rater_id)
    ).one_or_none()
    if held is None:
        return
    if own_answer(db, held.question_id, rater_id, Purpose(held.purpose)) is not None:
        leases.close(db, token, "let stand", now)


def list_kept(db: sa.Connection, rater_id: int, now: int) -> list[KeptWork]:
    """A rater's kept work, the newest first; without what they answered later all the same."""
    answered_since = sa.exists().where(
        answer.c.question_id == draft.c.question_id,
        answer.c.rater_id == rater_id,
        answer.c.received_at >= draft.c.saved_at,
    )
    in_hand = sa.exists().where(
        lease.c.question_id == draft.c.question_id,
        lease.c.rater_id == rater_id,
        lease.c.closed_at.is_(None),
    )
    rows = db.execute(
        sa.select(
            draft,
            question.c.category,
            question.c.x,
            question.c.y,
            question.c.width.label("box_width"),
            question.c.height.label("box_height"),
            image.c.sha256,
            image.c.width,
            image.c.height,
        )
        .select_from(draft.join(question).join(image))
        .where(draft.c.rater_id == rater_id, ~draft.c.repaint, ~answered_since, ~in_hand)
        .order_by(draft.c.saved_at.desc(), draft.c.id.desc())
    ).all()
    return [
        KeptWork(
            id=row.id,
            question=row.question_id,
            category=row.category,
            bbox=(row.x, row.y, row.box_width, row.box_height),
            image_sha256=row.sha256,
            width=row.width,
            height=row.height,
            saved_at=row.saved_at,
            mask=None
            if row.counts is None
            else Mask((row.height, row.width), row.counts, row.crc32),
            skip_reason=row.skip_reason,
            standing=_standing(db, row.question_id, rater_id, now),
        )
        for row in rows
    ]


def take_up(db: sa.Connection, kept_id: int, rater_id: int, now: int) -> Standing | None:
    """Put the question of kept work on its rater's screen, with that work as their draft.

    Returns:
        What the question's standing was: only a free one is given. None: no such work of theirs.
    """
    kept = db.execute(
        sa.select(draft).where(
            draft.c.id == kept_id, draft.c.rater_id == rater_id, ~draft.c.repaint
        )
    ).one_or_none()
    if kept is None:
        return None
    standing = _standing(db, kept.question_id, rater_id, now)
    if standing is Standing.FREE:
        leases.show_again(db, Choice(kept.question_id, Purpose.ANSWER), rater_id, now)
        if kept.late and kept.counts is not None:
            delete_draft(db, kept.question_id, rater_id)
            content = dict(kept._mapping) | {"late": False, "saved_at": now}
            del content["id"]
            db.execute(draft.insert().values(content))
    return standing


def _standing(db: sa.Connection, question_id: int, rater_id: int, now: int) -> Standing:
    counting = _standing_answer(db, question_id)
    if counting is not None and counting.rater_id != rater_id:
        return Standing.ANSWERED
    return Standing.TAKEN if _is_open(db, question_id, now) else Standing.FREE


def _standing_answer(db: sa.Connection, question_id: int) -> sa.Row | None:
    return _newest(
        db, answer.c.question_id == question_id, answer.c.purpose == Purpose.ANSWER.value
    )


def _newest(db: sa.Connection, *conditions: sa.ColumnElement[bool]) -> sa.Row | None:
    return db.execute(
        sa.select(answer).where(*conditions).order_by(answer.c.id.desc()).limit(1)
    ).one_or_none()


def _is_open(db: sa.Connection, question_id: int, now: int) -> bool:
    """Whether the question is on somebody's screen, or about to be."""
    return bool(
        db.execute(
            sa.select(
                sa.exists().where(
                    lease.c.question_id == question_id,
                    lease.c.purpose == Purpose.ANSWER,
                    lease.c.closed_at.is_(None),
                    lease.c.expires_at > now,
                )
            )
        ).scalar_one()
    )
