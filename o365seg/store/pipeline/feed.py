"""The list of answers in the order in which they were recorded, for programs that follow it."""

from typing import Any

import sqlalchemy as sa

from o365seg.store.schema import ACTIVITY_COLUMNS, answer, rater

MOST = 1000  # answers a page


def answers_since(db: sa.Connection, since: int, limit: int = MOST) -> list[dict[str, Any]]:
    """Answers after the answer `since` (0: from the first), in the order of their ids.

    Answers are never changed, and there is one writer at a time: whoever asks again with the last
    id that they got misses none and gets none twice. Replicas, gold and superseded answers are
    among them; `purpose` tells. The newest of purpose `answer` is the question's.
    """
    rows = db.execute(
        sa.select(*_COLUMNS)
        .select_from(answer.join(rater))
        .where(answer.c.id > since)
        .order_by(answer.c.id)
        .limit(min(limit, MOST))
    ).mappings()
    return [dict(row) for row in rows]


def newest_answer(db: sa.Connection) -> int:
    """The id of the newest answer; 0 if there is none."""
    return db.execute(_NEWEST).scalar_one()


_NEWEST = sa.select(sa.func.coalesce(sa.func.max(answer.c.id), 0))
_COLUMNS = (
    answer.c.id,
    answer.c.question_id.label("question"),
    rater.c.name.label("rater"),
    answer.c.purpose,
    answer.c.skip_reason,
    answer.c.skip_note,
    answer.c.counts,
    answer.c.crc32,
    answer.c.area,
    answer.c.height,
    answer.c.width,
    answer.c.received_at,
    *(answer.c[name] for name in ACTIVITY_COLUMNS),
)
