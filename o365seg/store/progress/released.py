"""What a release holds of each question: the answer that counts."""

from dataclasses import dataclass

import sqlalchemy as sa

from o365seg.store.schema import question
from o365seg.store.standing import counting_answers


@dataclass(frozen=True)
class ReleasedAnswer:
    """A mask or a skip.

    Attributes:
        counts: The mask's compressed run lengths; None for a skip.
        area: The mask's area in pixels; None for a skip.
        skip_reason: Why it was skipped; None for a mask.
        active_ms: How long the rater worked on it, in milliseconds.
    """

    counts: str | None
    area: int | None
    skip_reason: str | None
    active_ms: int


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
        )
    )
    return {row[0]: ReleasedAnswer(*row[1:]) for row in rows}


def list_question_ids(db: sa.Connection) -> set[int]:
    """The ids of all questions."""
    return set(db.execute(sa.select(question.c.id)).scalars())
