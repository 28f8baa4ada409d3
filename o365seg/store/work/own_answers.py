"""How many answers a rater gave, by purpose, without counting them all each time.

A rater of a large project has tens of thousands. Answers are never changed, and their ids follow
the order in which they are committed (see `progress.tally`), so each count goes on from the last.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from o365seg.store.memory import recall, remember
from o365seg.store.schema import Purpose, answer, constant

_MOST_SINCE = 5000  # answers of everybody; after more, the rater's are counted along their index
_LAST = 2**31 - 1  # of an answer's ids
_NEWEST = "newest answer"


@dataclass(frozen=True)
class OwnAnswers:
    """A rater's answers up to the answer `up_to` of anybody, but for qualification.

    `extra_skips`: the skips among those to hidden gold and replicas.
    """

    up_to: int = 0
    answers: int = 0
    gold: int = 0
    replicas: int = 0
    extra_skips: int = 0


def known(db: sa.Connection, rater_id: int) -> OwnAnswers:
    """What was counted before, if counting on from there is worth it; else nothing."""
    nothing = OwnAnswers()
    found: OwnAnswers = recall(db, f"own {rater_id}", nothing)
    return nothing if recall(db, _NEWEST, 0) - found.up_to > _MOST_SINCE else found


def rest_asked(known: OwnAnswers, rater_id: int) -> tuple[sa.Select, dict[str, int]]:
    """The statement that counts the rest, `ALL` or `SINCE`; its row is for `extend`."""
    if known.up_to == 0:
        return ALL, {"rater": rater_id}
    return SINCE, {"rater": rater_id, "next": known.up_to + 1, "last": _LAST}


def extend(db: sa.Connection, rater_id: int, known: OwnAnswers, rest: Any) -> OwnAnswers:
    """All that `db` sees; `rest`: the row of `rest_asked`."""
    found = OwnAnswers(
        max(rest.own_up_to or 0, known.up_to),
        known.answers + rest.answers,
        known.gold + rest.gold,
        known.replicas + rest.replicas,
        known.extra_skips + rest.extra_skips,
    )
    remember(db, f"own {rater_id}", found)
    remember(db, _NEWEST, found.up_to)
    return found


def _count(purpose: Purpose) -> sa.ColumnElement[int]:
    return sa.func.count().filter(answer.c.purpose == constant(purpose))


_ANYBODYS = answer.alias()
_COUNTED = sa.select(
    sa.select(sa.func.max(_ANYBODYS.c.id)).scalar_subquery().label("own_up_to"),
    _count(Purpose.ANSWER).label("answers"),
    _count(Purpose.GOLD).label("gold"),
    _count(Purpose.REPLICA).label("replicas"),
    sa.func.count(answer.c.skip_reason)
    .filter(answer.c.purpose.in_((constant(Purpose.GOLD), constant(Purpose.REPLICA))))
    .label("extra_skips"),
)
_RATER = sa.bindparam("rater", type_=sa.Integer)
ALL = _COUNTED.where(answer.c.rater_id == _RATER)
SINCE = _COUNTED.where(
    # No bare column, or all answers of the rater would be looked through.
    answer.c.rater_id + sa.literal_column("0") == _RATER,
    # An upper bound too, or PostgreSQL would plan for a third of all answers.
    answer.c.id.between(sa.bindparam("next"), sa.bindparam("last")),
)
