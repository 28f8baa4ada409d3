"""Answers as they arrive: recorded once, never changed; late ones kept as drafts."""

from dataclasses import asdict, dataclass, field
from typing import Any

import sqlalchemy as sa

from o365seg.store.people import qualification
from o365seg.store.quality import gold
from o365seg.store.round_trips import Asked, ask, tell
from o365seg.store.schema import Purpose, answer, draft, image, lease, question
from o365seg.store.settings import read_settings
from o365seg.store.work import leases
from o365seg.store.work.checks import (
    Activity,
    AnswerRefused,
    Checked,
    Mask,
    Skip,
    bounded,
    check_mask,
    check_work,
)


@dataclass(frozen=True)
class Polygon:
    """An open polygon: its corners (x, y) in image px, and what closing it writes, 0 or 1."""

    corners: list[tuple[int, int]]
    value: int


@dataclass(frozen=True)
class Draft:
    """Work in progress on a question."""

    mask: Mask
    activity: Activity
    saved_at: int
    polygon: Polygon | None = None


MOST_LATE = 50
"""How many late answers of one person are kept; a further one replaces the oldest."""


@dataclass(frozen=True)
class LeaseLost:
    """The question went to somebody else, or has another answer; what came was kept as a draft."""

    why: str


@dataclass(frozen=True)
class Recorded:
    """An answer that is recorded.

    Attributes:
        repeated: This very answer was recorded before; nothing was changed.
        standing: After an answer to a qualification question, the rater's qualification.
        holdings: After any other, what `leases.hand_out` asks first.
    """

    answer_id: int
    repeated: bool
    purpose: Purpose = Purpose.ANSWER
    standing: qualification.Qualification | None = None
    holdings: leases.Holdings | None = field(default=None, compare=False, repr=False)


# A lease with its image, and the answer that was given under it.
_HELD = (
    sa.select(
        lease,
        image.c.sha256,
        image.c.width,
        image.c.height,
        answer.c.id.label("answer_id"),
        answer.c.counts,
        answer.c.skip_reason,
    )
    .select_from(
        lease.join(question).join(image).outerjoin(answer, answer.c.lease_token == lease.c.token)
    )
    .where(lease.c.token == sa.bindparam("token"), lease.c.rater_id == sa.bindparam("rater"))
)


def submit(
    db: sa.Connection,
    *,
    rater_id: int,
    token: str,
    question_id: int,
    work: Mask | Skip | Checked,
    image_sha256: str,
    activity: Activity,
    client_version: str,
    now: int,
) -> Recorded | LeaseLost:
    """Record an answer under its lease; the lease's token makes a resent submit harmless.

    A lease that merely expired still holds while nobody else has taken the question. `work` that
    was `checked` before keeps other writers waiting for less.

    Returns:
        `Recorded`, or `LeaseLost`: then what came was kept as a late draft.

    Raises:
        AnswerRefused: unknown lease, another image, a mask that is empty, of the wrong size or
            damaged on its way.
    """
    found = ask(db, (_HELD, {"token": token, "rater": rater_id}))[0]
    held = found[0] if found else None
    if held is None or held.question_id != question_id:
        raise AnswerRefused("this question was not assigned to you")
    if image_sha256 != held.sha256:
        raise AnswerRefused("the answer is for a different image")
    checked = check_work(work, (held.height, held.width))

    if held.answer_id is not None:
        if _content(checked.work) == (held.counts, held.skip_reason):
            purpose, standing = Purpose(held.purpose), None
            if purpose is Purpose.QUALIFICATION:
                standing = qualification.read_qualification(db, rater_id)
            return Recorded(held.answer_id, repeated=True, purpose=purpose, standing=standing)
        _keep_late(db, held.question_id, rater_id, checked.work, activity, now)
        return LeaseLost("You had already submitted another answer to the last question.")
    if held.closed_at is not None:
        _keep_late(db, held.question_id, rater_id, checked.work, activity, now)
        return LeaseLost("The last question went to another rater while you were away.")
    purpose = Purpose(held.purpose)
    recorded = answer_asked(
        db,
        held=held,
        checked=checked,
        activity=bounded(db, activity, held, now),
        client_version=client_version,
        now=now,
    )
    [[answer_id]], _, _, *held_now = ask(
        db,
        recorded,
        leases.closing_asked(token, "answered", now),
        (_DELETE_DRAFT, _this_draft(held.question_id, rater_id)),
        *leases.holdings_asked(rater_id),
    )
    if purpose is Purpose.QUALIFICATION:
        standing = qualification.conclude(db, rater_id, read_settings(db), now)
        return Recorded(answer_id, repeated=False, purpose=purpose, standing=standing)
    holdings = leases.holdings_of(held_now)
    return Recorded(answer_id, repeated=False, purpose=purpose, holdings=holdings)


def answer_asked(
    db: sa.Connection,
    *,
    held: Any,
    checked: Checked,
    activity: Activity,
    client_version: str,
    now: int,
) -> Asked:
    """What adds an answer's row and returns its id; `held`: its lease, with the image's columns."""
    work = checked.work
    mask = work if isinstance(work, Mask) else None
    skip = work if isinstance(work, Skip) else None
    measured = None
    if held.purpose in gold.PURPOSES:
        reference = gold.reference_of(db, held.question_id)
        if reference is not None:
            size = (held.height, held.width)
            measured = gold.compare(mask and mask.counts, reference, size).iou
    row = {
        "question_id": held.question_id,
        "rater_id": held.rater_id,
        "lease_token": held.token,
        "purpose": held.purpose,
        "skip_reason": skip and skip.reason.value,
        "skip_note": skip and skip.note,
        "counts": mask and mask.counts,
        "crc32": mask and mask.crc32,
        "area": checked.area,
        "image_sha256": held.sha256,
        "width": held.width,
        "height": held.height,
        "leased_at": held.leased_at,
        "shown_at": held.shown_at or held.leased_at,
        "received_at": now,
        "client_version": client_version,
        "reference_iou": measured,
        **asdict(activity),
    }
    return _ADD_ANSWER, row


_ADD_ANSWER = (
    answer.insert()
    .values({column.name: sa.bindparam(column.name) for column in answer.c if column.name != "id"})
    .returning(answer.c.id)
)


def save_draft(
    db: sa.Connection,
    *,
    rater_id: int,
    token: str,
    question_id: int,
    mask: Mask,
    activity: Activity,
    now: int,
    polygon: Polygon | None = None,
) -> bool:
    """Keep a rater's work in progress; only the newest is kept.

    Returns:
        Whether the lease still holds. A draft under a lost lease is kept all the same.

    Raises:
        AnswerRefused: unknown lease, a mask of the wrong size or damaged on its way.
    """
    held = db.execute(
        sa.select(lease.c.question_id, image.c.width, image.c.height)
        .select_from(lease.join(question).join(image))
        .where(lease.c.token == token, lease.c.rater_id == rater_id)
    ).one_or_none()
    if held is None or held.question_id != question_id:
        raise AnswerRefused("this question was not assigned to you")
    answered = db.execute(sa.select(answer.c.id).where(answer.c.lease_token == token)).one_or_none()
    if answered is not None:
        return False  # a draft that was overtaken by its own submit
    work = Draft(mask, activity, now, polygon)
    write_draft(db, held.question_id, rater_id, work, (held.height, held.width))
    return leases.renew(db, token, rater_id, now)


def write_draft(
    db: sa.Connection,
    question_id: int,
    rater_id: int,
    work: Draft,
    size: tuple[int, int],
    *,
    repaint: bool = False,
) -> None:
    """Keep work in progress in the place of earlier work on the same question.

    Args:
        db: The writing transaction.
        question_id: The question.
        rater_id: Whose work it is.
        work: What to keep.
        size: (height, width) of the image.
        repaint: Whether a reviewer repaints an answer.

    Raises:
        AnswerRefused: a mask of the wrong size or damaged on its way.
    """
    mask, _ = check_mask(work.mask, size)
    delete_draft(db, question_id, rater_id, repaint=repaint)
    db.execute(
        draft.insert().values(
            question_id=question_id,
            rater_id=rater_id,
            late=False,
            counts=mask.counts,
            crc32=mask.crc32,
            activity=asdict(work.activity),
            saved_at=work.saved_at,
            polygon=work.polygon and asdict(work.polygon),
            repaint=repaint,
        )
    )


_THIS_DRAFT = (
    draft.c.question_id == sa.bindparam("question"),
    draft.c.rater_id == sa.bindparam("rater"),
    draft.c.repaint == sa.bindparam("repaint"),
    ~draft.c.late,
)
_DRAFT = (
    sa.select(draft, image.c.width, image.c.height)
    .select_from(draft.join(question).join(image))
    .where(*_THIS_DRAFT)
)
_DELETE_DRAFT = draft.delete().where(*_THIS_DRAFT)


def find_draft(
    db: sa.Connection, question_id: int, rater_id: int, *, repaint: bool = False
) -> Draft | None:
    """A person's work in progress on a question; `repaint`: on repainting its answer."""
    [rows] = ask(db, draft_asked(question_id, rater_id, repaint=repaint))
    return draft_of(rows)


def draft_asked(question_id: int, rater_id: int, *, repaint: bool = False) -> Asked:
    """What `find_draft` asks, to go with other statements; its rows are for `draft_of`."""
    return _DRAFT, _this_draft(question_id, rater_id, repaint=repaint)


def _this_draft(question_id: int, rater_id: int, *, repaint: bool = False) -> dict[str, Any]:
    return {"question": question_id, "rater": rater_id, "repaint": repaint}


def draft_of(rows: list[Any]) -> Draft | None:
    """The draft in the rows of `draft_asked`."""
    if not rows:
        return None
    [row] = rows
    mask = Mask((row.height, row.width), row.counts, row.crc32)
    polygon = None if row.polygon is None else Polygon(**row.polygon)
    return Draft(mask, Activity(**row.activity), row.saved_at, polygon)


def delete_draft(
    db: sa.Connection, question_id: int, rater_id: int, *, repaint: bool = False
) -> None:
    """Delete a person's work in progress on a question, if there is any."""
    tell(db, _DELETE_DRAFT, _this_draft(question_id, rater_id, repaint=repaint))


def _keep_late(
    db: sa.Connection,
    question_id: int,
    rater_id: int,
    work: Mask | Skip,
    activity: Activity,
    now: int,
) -> None:
    """Append what came too late; a resend of the same work is kept once."""
    counts, reason = _content(work)
    kept = db.execute(
        sa.select(draft.c.id).where(
            draft.c.question_id == question_id,
            draft.c.rater_id == rater_id,
            draft.c.late,
            draft.c.counts.is_not_distinct_from(counts),
            draft.c.skip_reason.is_not_distinct_from(reason),
        )
    ).first()
    if kept is None:
        db.execute(
            draft.insert().values(
                question_id=question_id,
                rater_id=rater_id,
                late=True,
                counts=counts,
                crc32=work.crc32 if isinstance(work, Mask) else None,
                skip_reason=reason,
                skip_note=work.note if isinstance(work, Skip) else None,
                activity=asdict(activity),
                saved_at=now,
            )
        )
        db.execute(_OLDEST_LATE, {"rater": rater_id})


_LATE = (draft.c.rater_id == sa.bindparam("rater"), draft.c.late)
_OLDEST_LATE = draft.delete().where(
    *_LATE,
    draft.c.id.not_in(
        sa.select(draft.c.id).where(*_LATE).order_by(draft.c.id.desc()).limit(MOST_LATE)
    ),
)


def _content(work: Mask | Skip) -> tuple[str | None, str | None]:
    """What tells two answers apart: (counts, skip reason)."""
    return (work.counts, None) if isinstance(work, Mask) else (None, work.reason.value)
