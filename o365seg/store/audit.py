"""Who changed what about a project: people, roles, settings, gold, exports. Never the answers."""

from typing import Any

import sqlalchemy as sa

from o365seg.store.database import now_ms
from o365seg.store.schema import audit


def record(
    db: sa.Connection, actor_id: int | None, action: str, subject: str = "", **detail: Any
) -> None:
    """Add an entry, in the transaction of the change itself.

    Args:
        db: The writing transaction.
        actor_id: Who did it; None: the command line.
        action: What was done, such as `rater.deactivate`.
        subject: To whom or what.
        detail: More about it, as JSON can hold.
    """
    db.execute(
        audit.insert().values(
            at=now_ms(), actor_id=actor_id, action=action, subject=subject, detail=detail
        )
    )
