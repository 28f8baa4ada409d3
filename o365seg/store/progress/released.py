"""What a release holds of each question: the answer that counts."""

from collections import defaultdict
from dataclasses import dataclass

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


def read_answers(db: sa.Connection) -> dict[int, ReleasedAnswer]:
    """The answers that count, by question id."""
    counting = counting_answers()
    rows = db.execute(
        sa.select(
            counting.c.question_id,
            counting.c.counts,
            counting.c.area,
            counting.c.skip_reason,
            counting.c.active_ms,
            lease.c.outcome == REPAINTED,
        ).select_from(counting.join(lease, counting.c.lease_token == lease.c.token))
    )
    return {row[0]: ReleasedAnswer(*row[1:]) for row in rows}


def read_replica_masks(db: sa.Connection) -> dict[int, list[str]]:
    """The compressed run lengths of replicas that are masks, by question id, in order of raters.

    Of a rater who corrected a replica, the newest.
    """
    newest = (
        sa.select(sa.func.max(answer.c.id))
        .where(answer.c.purpose == Purpose.REPLICA)
        .group_by(answer.c.question_id, answer.c.rater_id)
    )
    rows = db.execute(
        sa.select(answer.c.question_id, answer.c.counts)
        .where(answer.c.id.in_(newest), answer.c.counts.is_not(None))
        .order_by(answer.c.question_id, answer.c.rater_id)
    )
    found: dict[int, list[str]] = defaultdict(list)
    for question_id, counts in rows:
        found[question_id].append(counts)
    return found


def list_question_ids(db: sa.Connection) -> set[int]:
    """The ids of all questions."""
    return set(db.execute(sa.select(question.c.id)).scalars())
