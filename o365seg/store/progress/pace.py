"""How fast a project goes, and when it will be done at that pace."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

import sqlalchemy as sa

from o365seg.store.schema import Purpose, answer, question
from o365seg.store.standing import counting_answers

QUARTER_MS = 900_000
HOUR_MS = 4 * QUARTER_MS
DAY_MS = 24 * HOUR_MS
RECENT_MS = 7 * DAY_MS  # a whole week, since weekends differ
_MOST_PERIODS = 60


@dataclass(frozen=True)
class Period:
    """What came in a quarter of an hour, an hour or a day; `start` in ms."""

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


def answers_by_quarter(db: sa.Connection, now: int, *, rater_id: int | None = None) -> list[Period]:
    """What came in each quarter of an hour of the last 61 days, empty ones left out, oldest first.

    Every time zone's hours and days begin with one.

    Args:
        db: A connection.
        now: In ms.
        rater_id: Only this rater's answers.
    """
    mine = sa.true() if rater_id is None else answer.c.rater_id == rater_id
    quarter = answer.c.received_at - answer.c.received_at % QUARTER_MS
    rows = db.execute(
        sa.select(quarter, sa.func.count(answer.c.counts), sa.func.count(answer.c.skip_reason))
        .where(mine, answer.c.received_at >= now - (_MOST_PERIODS + 1) * DAY_MS)
        .group_by(quarter)
        .order_by(quarter)
    )
    return [Period(*row) for row in rows]


def over_time(quarters: Sequence[Period], now: int, zone: tzinfo) -> tuple[int, list[Period]]:
    """What came when: by the hour where all came within two days, else by the day, 60 at most.

    Args:
        quarters: As `answers_by_quarter` gives them.
        now: In ms.
        zone: Whose hours and days.

    Returns:
        The usual length of a period in ms, and each period up to now, empty ones too.
    """
    if not quarters:
        return HOUR_MS, []
    length = HOUR_MS if now - quarters[0].start < 2 * DAY_MS else DAY_MS
    starts = _starts(quarters[0].start, now, length, zone)[-_MOST_PERIODS:]
    masks, skips = [0] * len(starts), [0] * len(starts)
    for quarter in quarters:
        index = bisect_right(starts, quarter.start) - 1
        if index >= 0:
            masks[index] += quarter.masks
            skips[index] += quarter.skips
    return length, [Period(*period) for period in zip(starts, masks, skips, strict=True)]


def _starts(first: int, now: int, length: int, zone: tzinfo) -> list[int]:
    """The beginnings of the hours or days of a time zone from `first` to `now`, in ms."""
    began = datetime.fromtimestamp(first / 1000, zone).replace(minute=0, second=0, microsecond=0)
    if length == HOUR_MS:
        return list(range(round(began.timestamp() * 1000), now + 1, HOUR_MS))
    starts = []
    day = began.date()
    while True:
        start = round(datetime.combine(day, time(), zone).timestamp() * 1000)
        if start > now:
            return starts
        starts.append(start)
        day += timedelta(days=1)
