"""Answers as they arrive: recorded once, never changed; late ones kept as drafts."""

import zlib
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import cast

import sqlalchemy as sa

from o365seg.formats.masks import MaskError, Rle, canonical_runs, check_rle, compress_runs
from o365seg.store import audit
from o365seg.store.people import qualification
from o365seg.store.quality import gold
from o365seg.store.schema import Purpose, answer, draft, image, lease, question
from o365seg.store.settings import read_settings
from o365seg.store.work import leases


class SkipReason(StrEnum):
    """Why a rater did not paint. The paper names the first two (appendix C)."""

    TOO_BLURRY = "too_blurry"
    TOO_DARK = "too_dark"
    BOX_WRONG = "box_wrong"
    CATEGORY_WRONG = "category_wrong"
    FULLY_OCCLUDED = "fully_occluded"
    OTHER = "other"


@dataclass(frozen=True)
class Mask:
    """A painted mask as it travels: run lengths, and the CRC-32 of their ASCII text."""

    size: tuple[int, int]  # (height, width)
    counts: str
    crc32: int


@dataclass(frozen=True)
class Skip:
    """A question that was not painted; `note` is required where the reason is `other`."""

    reason: SkipReason
    note: str = ""


@dataclass(frozen=True)
class Activity:
    """What the painter measured. Active: gaps under 30 s between inputs while the tab is seen."""

    wall_ms: int = 0
    active_ms: int = 0
    idle_ms: int = 0
    hidden_ms: int = 0
    strokes: int = 0
    lines: int = 0
    fills: int = 0
    erases: int = 0
    undos: int = 0
    zooms: int = 0


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

_CLOCKS_DIFFER_MS = 2000  # between a computer and its server, in the course of one answer


class AnswerRefused(Exception):
    """An answer that cannot be what the rater painted; nothing was stored."""


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
    """

    answer_id: int
    repeated: bool
    purpose: Purpose = Purpose.ANSWER
    standing: qualification.Qualification | None = None


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
    work: Mask | Skip,
    image_sha256: str,
    activity: Activity,
    client_version: str,
    now: int,
) -> Recorded | LeaseLost:
    """Record an answer under its lease; the lease's token makes a resent submit harmless.

    A lease that merely expired still holds while nobody else has taken the question.

    Returns:
        `Recorded`, or `LeaseLost`: then what came was kept as a late draft.

    Raises:
        AnswerRefused: unknown lease, another image, a mask that is empty, of the wrong size or
            damaged on its way.
    """
    held = db.execute(_HELD, {"token": token, "rater": rater_id}).one_or_none()
    if held is None or held.question_id != question_id:
        raise AnswerRefused("this question was not assigned to you")
    if image_sha256 != held.sha256:
        raise AnswerRefused("the answer is for a different image")
    work, area = check_work(work, (held.height, held.width))

    if held.answer_id is not None:
        if _content(work) == (held.counts, held.skip_reason):
            purpose, standing = Purpose(held.purpose), None
            if purpose is Purpose.QUALIFICATION:
                standing = qualification.read_qualification(db, rater_id)
            return Recorded(held.answer_id, repeated=True, purpose=purpose, standing=standing)
        _keep_late(db, held.question_id, rater_id, work, activity, now)
        return LeaseLost("You had already submitted another answer to the last question.")
    if held.closed_at is not None:
        _keep_late(db, held.question_id, rater_id, work, activity, now)
        return LeaseLost("The last question went to another rater while you were away.")
    purpose = Purpose(held.purpose)
    answer_id = record_answer(
        db,
        held=held,
        work=work,
        area=area,
        activity=_bounded(db, activity, held, now),
        client_version=client_version,
        now=now,
    )
    leases.close(db, token, "answered", now)
    delete_draft(db, held.question_id, rater_id)
    standing = None
    if purpose is Purpose.QUALIFICATION:
        standing = qualification.conclude(db, rater_id, read_settings(db), now)
    return Recorded(answer_id, repeated=False, purpose=purpose, standing=standing)


def record_answer(
    db: sa.Connection,
    *,
    held: sa.Row,
    work: Mask | Skip,
    area: int | None,
    activity: Activity,
    client_version: str,
    now: int,
) -> int:
    """Add an answer's row and return its id; `held`: its lease, with the image's columns."""
    mask = work if isinstance(work, Mask) else None
    skip = work if isinstance(work, Skip) else None
    measured = None
    if held.purpose in gold.PURPOSES:
        reference = gold.reference_of(db, held.question_id)
        if reference is not None:
            size = (held.height, held.width)
            measured = gold.compare(mask and mask.counts, reference, size).iou
    inserted = db.execute(
        answer.insert().values(
            question_id=held.question_id,
            rater_id=held.rater_id,
            lease_token=held.token,
            purpose=held.purpose,
            skip_reason=skip and skip.reason.value,
            skip_note=skip and skip.note,
            counts=mask and mask.counts,
            crc32=mask and mask.crc32,
            area=area,
            image_sha256=held.sha256,
            width=held.width,
            height=held.height,
            leased_at=held.leased_at,
            shown_at=held.shown_at or held.leased_at,
            received_at=now,
            client_version=client_version,
            reference_iou=measured,
            **asdict(activity),
        )
    )
    return cast("tuple[int]", inserted.inserted_primary_key)[0]


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
    mask, _ = _check_mask(work.mask, size)
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


_DRAFT = (
    sa.select(draft, image.c.width, image.c.height)
    .select_from(draft.join(question).join(image))
    .where(
        draft.c.question_id == sa.bindparam("question"),
        draft.c.rater_id == sa.bindparam("rater"),
        draft.c.repaint == sa.bindparam("repaint"),
        ~draft.c.late,
    )
)


def find_draft(
    db: sa.Connection, question_id: int, rater_id: int, *, repaint: bool = False
) -> Draft | None:
    """A person's work in progress on a question; `repaint`: on repainting its answer."""
    given = {"question": question_id, "rater": rater_id, "repaint": repaint}
    row = db.execute(_DRAFT, given).one_or_none()
    if row is None:
        return None
    mask = Mask((row.height, row.width), row.counts, row.crc32)
    polygon = None if row.polygon is None else Polygon(**row.polygon)
    return Draft(mask, Activity(**row.activity), row.saved_at, polygon)


def delete_draft(
    db: sa.Connection, question_id: int, rater_id: int, *, repaint: bool = False
) -> None:
    """Delete a person's work in progress on a question, if there is any."""
    db.execute(
        draft.delete().where(
            draft.c.question_id == question_id,
            draft.c.rater_id == rater_id,
            draft.c.repaint == repaint,
            ~draft.c.late,
        )
    )


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


def check_work(work: Mask | Skip, size: tuple[int, int]) -> tuple[Mask, int] | tuple[Skip, None]:
    """Check that work can be what was painted on an image of `size`.

    Returns:
        The work as it is stored, a mask with canonical run lengths, and the mask's area.

    Raises:
        AnswerRefused: a mask that is empty, of another size or damaged; a skip without its note.
    """
    if isinstance(work, Skip):
        if work.reason is SkipReason.OTHER and not work.note.strip():
            raise AnswerRefused("give the reason for the skip in a few words")
        return work, None
    mask, area = _check_mask(work, size)
    if area == 0:
        raise AnswerRefused("the mask is empty; paint the object or skip the question")
    return mask, area


def _check_mask(mask: Mask, size: tuple[int, int]) -> tuple[Mask, int]:
    """The mask with canonical run lengths, and its area."""
    if zlib.crc32(mask.counts.encode("utf-8")) != mask.crc32:
        raise AnswerRefused("the mask was damaged in transit: its checksum does not match")
    try:
        runs = check_rle(Rle(mask.size, mask.counts), size)
    except MaskError as error:
        raise AnswerRefused(f"the mask is invalid: {error}") from None
    counts = compress_runs(canonical_runs(runs), size).counts
    assert isinstance(counts, str)  # compressed
    if counts != mask.counts:
        mask = Mask(mask.size, counts, zlib.crc32(counts.encode()))
    return mask, int(runs[1::2].sum())


_FIRST_SHOWN = sa.select(sa.func.min(sa.func.coalesce(lease.c.shown_at, lease.c.leased_at))).where(
    lease.c.question_id == sa.bindparam("question"),
    lease.c.rater_id == sa.bindparam("rater"),
    lease.c.outcome.is_distinct_from("answered"),
)


def _bounded(db: sa.Connection, activity: Activity, held: sa.Row, now: int) -> Activity:
    """The activity, with no time longer than the rater can have had the question.

    That begins when it was first shown to them, under whatever lease, since the painter goes on
    counting after a lost one. A longer claim is noted in the audit log.
    """
    seen = 0 if held.shown_at is None else now - held.shown_at
    if bounded_by(activity, seen) == activity:
        return activity
    given = {"question": held.question_id, "rater": held.rater_id}
    first = db.execute(_FIRST_SHOWN, given).scalar_one()
    seen = max(seen, now - first)
    if activity.active_ms > seen + _CLOCKS_DIFFER_MS:
        audit.record(
            db,
            held.rater_id,
            audit.ODD_TIME,
            f"question {held.question_id}",
            claimed_s=round(activity.active_ms / 1000),
            possible_s=round(seen / 1000),
        )
    return bounded_by(activity, seen)


def bounded_by(activity: Activity, most_ms: int) -> Activity:
    """The activity with each time cut to `most_ms`."""
    times = ("wall_ms", "active_ms", "idle_ms", "hidden_ms")
    return replace(activity, **{name: min(getattr(activity, name), most_ms) for name in times})
