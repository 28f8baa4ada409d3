"""What can have been painted: masks as they travel, their check, and the time that they took."""

import zlib
from dataclasses import dataclass, replace
from enum import StrEnum

import sqlalchemy as sa

from o365seg.formats.masks import (
    MaskError,
    Rle,
    canonical_runs,
    check_rle,
    check_size,
    compress_runs,
    is_compressed,
)
from o365seg.store import audit
from o365seg.store.schema import lease

_CLOCKS_DIFFER_MS = 2000  # between a computer and its server, in the course of one answer


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


class AnswerRefused(Exception):
    """An answer that cannot be what the rater painted; nothing was stored."""


@dataclass(frozen=True)
class Checked:
    """Work that is sound for an image of the size that it claims; see `checked`."""

    work: Mask | Skip
    area: int | None  # px; None: a skip


def checked(work: Mask | Skip) -> Checked:
    """Check what needs no database, which a writer would keep others waiting for.

    Raises:
        AnswerRefused: a mask that is damaged; a skip without its note.
    """
    if isinstance(work, Mask):
        return Checked(*check_mask(work))
    if work.reason is SkipReason.OTHER and not work.note.strip():
        raise AnswerRefused("give the reason for the skip in a few words")
    return Checked(work, None)


def check_work(work: Mask | Skip | Checked, size: tuple[int, int]) -> Checked:
    """Check that work can be what was painted on an image of `size`.

    Returns:
        The work as it is stored, a mask with canonical run lengths.

    Raises:
        AnswerRefused: a mask that is empty, of another size or damaged; a skip without its note.
    """
    if not isinstance(work, Checked):
        work = checked(work)
    if isinstance(work.work, Mask):
        try:
            check_size(work.work.size, size)
        except MaskError as error:
            raise AnswerRefused(f"the mask is invalid: {error}") from None
    if work.area == 0:
        raise AnswerRefused("the mask is empty; paint the object or skip the question")
    return work


def check_mask(mask: Mask, size: tuple[int, int] | None = None) -> tuple[Mask, int]:
    """A mask with canonical run lengths, and its area.

    Args:
        mask: As it came.
        size: The (height, width) it must have; None: the one that it claims.

    Raises:
        AnswerRefused: of another size, or damaged.
    """
    if zlib.crc32(mask.counts.encode("utf-8")) != mask.crc32:
        raise AnswerRefused("the mask was damaged in transit: its checksum does not match")
    try:
        runs = check_rle(Rle(mask.size, mask.counts), size)
    except MaskError as error:
        raise AnswerRefused(f"the mask is invalid: {error}") from None
    canonical = canonical_runs(runs)
    if canonical is not runs or not is_compressed(mask.counts, runs):
        counts = compress_runs(canonical, mask.size).counts
        assert isinstance(counts, str)  # compressed
        mask = Mask(mask.size, counts, zlib.crc32(counts.encode()))
    return mask, int(runs[1::2].sum())


_FIRST_SHOWN = sa.select(sa.func.min(sa.func.coalesce(lease.c.shown_at, lease.c.leased_at))).where(
    lease.c.question_id == sa.bindparam("question"),
    lease.c.rater_id == sa.bindparam("rater"),
    lease.c.outcome.is_distinct_from("answered"),
)


def bounded(db: sa.Connection, activity: Activity, held: sa.Row, now: int) -> Activity:
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
    """The activity with each time cut to `most_ms`; a clock that was set back gives 0, not less."""
    most_ms = max(0, most_ms)
    times = ("wall_ms", "active_ms", "idle_ms", "hidden_ms")
    return replace(activity, **{name: min(getattr(activity, name), most_ms) for name in times})
