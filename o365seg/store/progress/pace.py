"""How fast a project goes, and when it will be done at that pace."""

from dataclasses import dataclass

import sqlalchemy as sa

from o365seg.store.schema import Purpose, answer, question
from o365seg.store.standing import counting_answers

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
RECENT_MS = 7 * DAY_MS  # a whole week, since weekends differ


@dataclass(frozen=True)
class Period:
    """What came in one hour or day; `start` in ms."""

    start: int
    masks: int
    skips: int


@dataclass(frozen=True)
class Estimate:
    """What is left at the recent pace.

    Attributes:
        left: Questions without an answer that counts.
        per_day: First answers a day, over the last week or since the first answer, whichever is
            shorter (but at least an hour); calendar days, nights and all.
        hours_left: Rater hours: `left` × the active time an answer of that time took; None where
            there was none.
        done_at: Ms; None where nothing was answered of late.
    """

    left: int
    per_day: float
    hours_left: float | None
    done_at: int | None


def estimate(db: sa.Connection, now: int) -> Estimate:
    """What is left of the project, and until when."""
    first = (
        sa.select(
            sa.func.min(answer.c.received_at).label("at"),
            sa.func.sum(answer.c.active_ms).label("active_ms"),  # of its corrections too
        )
        .where(answer.c.purpose == Purpose.ANSWER)
        .group_by(answer.c.question_id)
        .subquery()
    )
    questions = db.execute(sa.select(sa.func.count()).select_from(question)).scalar_one()
    counting = counting_answers()
    done = db.execute(sa.select(sa.func.count()).select_from(counting)).scalar_one()
    left = questions - done  # what was sent back is left too
    began = db.execute(sa.select(sa.func.min(first.c.at))).scalar_one()
    if began is None:
        return Estimate(left, 0.0, None, None)
    since = max(began, now - RECENT_MS)
    recent, active_ms = db.execute(
        sa.select(sa.func.count(), sa.func.sum(first.c.active_ms)).where(first.c.at >= since)
    ).one()
    if recent == 0:
        return Estimate(left, 0.0, None, None)
    days = max(now - since, HOUR_MS) / DAY_MS
    per_day = recent / days
    hours_left = left * float(active_ms) / recent / HOUR_MS
    return Estimate(left, per_day, hours_left, now + round(left / per_day * DAY_MS))


def answers_over_time(
    db: sa.Connection, now: int, *, rater_id: int | None = None
) -> tuple[int, list[Period]]:
    """What came when: by the hour over the last two days, else by the day over the last 60.

    Args:
        db: A connection.
        now: In ms.
        rater_id: Only this rater's answers.

    Returns:
        The length of a period in ms, and each period up to now, empty ones too.
    """
    mine = sa.true() if rater_id is None else answer.c.rater_id == rater_id
    began = db.execute(sa.select(sa.func.min(answer.c.received_at)).where(mine)).scalar_one()
    if began is None:
        return HOUR_MS, []
    length = HOUR_MS if now - began < 2 * DAY_MS else DAY_MS
    start = max(began - began % length, now - now % length - 59 * length)
    bucket = answer.c.received_at - answer.c.received_at % length
    rows = db.execute(
        sa.select(bucket, sa.func.count(answer.c.counts), sa.func.count(answer.c.skip_reason))
        .where(mine, answer.c.received_at >= start)
        .group_by(bucket)
    )
    counts = {row[0]: (row[1], row[2]) for row in rows}
    return length, [Period(at, *counts.get(at, (0, 0))) for at in range(start, now + 1, length)]
