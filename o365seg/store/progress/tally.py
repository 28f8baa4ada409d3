"""How many newest answers are masks and how many skips, without counting them all each time.

Answers are never changed, and their ids follow the order in which they are committed, since there
is one writer at a time. So what was counted up to an id stays true for good, in every server of the
project, and the next count goes on from there.
"""

import threading
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from o365seg.store.memory import recall, remember
from o365seg.store.round_trips import ask, side_by_side
from o365seg.store.schema import Purpose, answer, constant, question


@dataclass(frozen=True)
class Tally:
    """Questions whose newest answer of purpose `answer` up to an id is a mask, or a skip."""

    up_to: int = 0
    masks: int = 0
    skips: int = 0


def known_tally(db: sa.Connection) -> Tally:
    """What was counted before; the first count of a process, where nothing was yet."""
    known = recall(db, "tally")
    if known is not None:
        return known
    with _FIRST_COUNT:  # of a million answers; others wait for it rather than count too
        known = recall(db, "tally")
        if known is None:
            [[row]] = ask(db, (side_by_side(_ALL, _REPLACED), {}))
            masks, skips = row.masks - row.masks_replaced, row.skips - row.skips_replaced
            known = Tally(row.up_to or 0, masks, skips)
            remember(db, "tally", known)
    return known


_FIRST_COUNT = threading.Lock()


def since_parameters(known: Tally) -> dict[str, int]:
    """The parameters of `SINCE`, which counts what came since; its row is for `extend`."""
    return {"since": known.up_to + 1, "last": _LAST}


def extend(db: sa.Connection, known: Tally, new: Any) -> Tally:
    """The tally of all answers that `db` sees, rejected ones too; `new`: what came since."""
    if new.up_to is None:
        return known
    newest = Tally(
        new.up_to,
        known.masks + new.masks - new.masks_replaced,
        known.skips + new.skips - new.skips_replaced,
    )
    # Another reader may have come farther; what it found is as true as this.
    if newest.up_to > recall(db, "tally", known).up_to:
        remember(db, "tally", newest)
    return newest


def count_questions(db: sa.Connection) -> int:
    """The questions of a project, which are all there when it is made."""
    known = recall(db, "questions")
    if known is None:
        known = db.execute(sa.select(sa.func.count()).select_from(question)).scalar_one()
        remember(db, "questions", known)
    return known


# Not Python's values, which would be parameters of the statement.
_MASK, _SKIP = sa.literal_column("'mask'"), sa.literal_column("'skip'")


def _since() -> sa.Select:
    earlier = answer.alias()
    replaced = (
        sa.select(
            sa.case(
                (earlier.c.skip_reason.is_(None), _MASK),
                else_=_SKIP,
            )
        )
        .where(
            earlier.c.question_id == answer.c.question_id,
            earlier.c.purpose == constant(Purpose.ANSWER),
            earlier.c.id < answer.c.id,
        )
        .order_by(earlier.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    since = (
        sa.select(answer.c.id, answer.c.purpose, answer.c.skip_reason, replaced.label("replaced"))
        # An upper bound too, or PostgreSQL would plan for a third of all answers.
        .where(answer.c.id.between(sa.bindparam("since"), sa.bindparam("last")))
        .subquery()
    )
    count, counted = sa.func.count, since.c.purpose == constant(Purpose.ANSWER)
    return sa.select(
        sa.func.max(since.c.id).label("up_to"),
        count().filter(counted, since.c.skip_reason.is_(None)).label("masks"),
        count().filter(counted, since.c.skip_reason.is_not(None)).label("skips"),
        count().filter(counted, since.c.replaced == _MASK).label("masks_replaced"),
        count().filter(counted, since.c.replaced == _SKIP).label("skips_replaced"),
    )


# Of all answers, along indexes that hold no mask.
_IS_ANSWER = answer.c.purpose == constant(Purpose.ANSWER)
_ALL = sa.select(
    sa.func.max(answer.c.id).label("up_to"),
    sa.func.count().filter(_IS_ANSWER, answer.c.skip_reason.is_(None)).label("masks"),
    sa.func.count().filter(_IS_ANSWER, answer.c.skip_reason.is_not(None)).label("skips"),
)
_LATER = answer.alias()
_OF_QUESTION = answer.alias()
_SEVERAL = (
    sa.select(_OF_QUESTION.c.question_id)
    .group_by(_OF_QUESTION.c.question_id)
    .having(sa.func.count() > sa.literal_column("1"))
)
# Those that a later one replaced: few.
_REPLACED = sa.select(
    sa.func.count().filter(answer.c.skip_reason.is_(None)).label("masks_replaced"),
    sa.func.count().filter(answer.c.skip_reason.is_not(None)).label("skips_replaced"),
).where(
    answer.c.question_id.in_(_SEVERAL),
    _IS_ANSWER,
    sa.exists().where(
        _LATER.c.question_id == answer.c.question_id,
        _LATER.c.purpose == constant(Purpose.ANSWER),
        _LATER.c.id > answer.c.id,
    ),
)
SINCE = _since()
_LAST = 2**31 - 1  # of an answer's ids
