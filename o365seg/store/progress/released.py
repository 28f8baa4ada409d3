"""What a release holds of each question: the answer that counts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import sqlalchemy as sa

from o365seg.store.schema import REPAINTED, Purpose, answer, lease, question
from o365seg.store.standing import counting_answers


@dataclass(frozen=True)
class ReleasedAnswer:
    """A mask or a skip.

    Attributes:
        counts: The mask's compressed run lengths; None for a skip.
        area: The mask's area in pixels; None for a skip.
        skip_reason: Why it was skipped; None for a mask.
        active_ms: How long the rater worked on it, in milliseconds.
        repainted: Whether a reviewer painted it.
    """

    counts: str | None
    area: int | None
    skip_reason: str | None
    active_ms: int
    repainted: bool = False

    @property
    def active_seconds(self) -> float:
        """`active_ms` as a release has it: an earlier version stored times below 0."""
        return max(0, self.active_ms) / 1000


_RELEASED = sa.select(
    answer.c.question_id,
    answer.c.counts,
    answer.c.area,
    answer.c.skip_reason,
    answer.c.active_ms,
    lease.c.outcome == REPAINTED,
).select_from(answer.join(lease, answer.c.lease_token == lease.c.token))


def read_answers(db: sa.Connection) -> dict[int, ReleasedAnswer]:
    """The answers that count, by question id."""
    counting = counting_answers()
    rows = db.execute(_RELEASED.where(answer.c.id.in_(sa.select(counting.c.id))))
    return {row[0]: ReleasedAnswer(*row[1:]) for row in rows}


def read_replica_masks(db: sa.Connection, question_ids: Sequence[int]) -> dict[int, list[str]]:
    """The compressed run lengths of replicas that are masks, by question id, in order of raters.

    Of a rater who corrected a replica, the newest. Without replicas of the rater whose answer is
    the question's newest: who painted one may be given the question after its answer was rejected.
    """
    newest = (
        sa.select(sa.func.max(answer.c.id))
        .where(answer.c.purpose == Purpose.REPLICA, answer.c.question_id.in_(question_ids))
        .group_by(answer.c.question_id, answer.c.rater_id)
    )
    newest_own = (
        sa.select(sa.func.max(answer.c.id))
        .where(answer.c.purpose == Purpose.ANSWER, answer.c.question_id.in_(question_ids))
        .group_by(answer.c.question_id)
    )
    own = answer.alias()
    rows = db.execute(
        sa.select(answer.c.question_id, answer.c.counts)
        .join(own, own.c.question_id == answer.c.question_id)
        .where(
            answer.c.id.in_(newest),
            answer.c.counts.is_not(None),
            own.c.id.in_(newest_own),
            own.c.rater_id != answer.c.rater_id,
        )
        .order_by(answer.c.question_id, answer.c.rater_id)
    )
    found: dict[int, list[str]] = defaultdict(list)
    for question_id, counts in rows:
        found[question_id].append(counts)
    return found


class AnswersInParts:
    """The answers that count, looked up for some questions at a time; one state of the database.

    Held in memory are three numbers of each question, and no mask.
    """

    def __init__(self, db: sa.Connection) -> None:
        """Find which answers count."""
        self._db = db
        counting = counting_answers()
        pairs = _numbers(db, sa.select(counting.c.question_id, counting.c.id))
        order = np.argsort(pairs[:, 0])
        self._answered, self._answers = pairs[order].T
        self._asked = np.sort(_numbers(db, sa.select(question.c.id))[:, 0])

    def asked(self, question_ids: Sequence[int]) -> list[bool]:
        """Whether each of the ids is a question."""
        return np.isin(question_ids, self._asked).tolist()

    def of(self, question_ids: Sequence[int]) -> dict[int, ReleasedAnswer]:
        """The answers that count of these questions, by question id."""
        wanted = np.asarray(question_ids, np.int64)
        places = np.searchsorted(self._answered, wanted)
        places = places[places < len(self._answered)]
        chosen = places[np.isin(self._answered[places], wanted)]
        rows = self._db.execute(_THESE, {"ids": self._answers[chosen].tolist()})
        return {row[0]: ReleasedAnswer(*row[1:]) for row in rows}


_THESE = _RELEASED.where(answer.c.id.in_(sa.bindparam("ids", expanding=True)))


def _numbers(db: sa.Connection, statement: sa.Select) -> np.ndarray:
    """The rows of a statement, (N, columns) int64, without an object for each."""
    columns = len(statement.selected_columns)
    rows = db.execute(statement, execution_options={"yield_per": 10_000})
    flat = np.fromiter(chain.from_iterable(rows), np.int64)
    return flat.reshape(-1, columns)


def list_question_ids(db: sa.Connection) -> set[int]:
    """The ids of all questions."""
    return set(db.execute(sa.select(question.c.id)).scalars())
