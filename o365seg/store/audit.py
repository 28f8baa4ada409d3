"""Who changed what about a project: people, roles, settings, gold, exports. Never the answers.

And `ODD_TIME`: whose answer claimed more active time than its rater can have had.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from o365seg.store.database import now_ms
from o365seg.store.schema import audit, rater

ODD_TIME = "answer.odd_time"


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


@dataclass(frozen=True)
class Entry:
    """What somebody did; `actor` None: the command line."""

    id: int
    at: int
    actor: str | None
    action: str
    subject: str
    detail: dict[str, Any]


def list_entries(
    db: sa.Connection,
    *,
    actor: str | None = None,
    action: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Entry]:
    """The newest entries first.

    Args:
        db: A connection.
        actor: Only what this person did.
        action: Only this action.
        before: Only entries with a smaller id, for the next page.
        limit: At most so many.
    """
    query = _NEWEST.limit(limit)
    if actor is not None:
        query = query.where(rater.c.name == actor)
    if action is not None:
        query = query.where(audit.c.action == action)
    if before is not None:
        query = query.where(audit.c.id < before)
    return [Entry(*row) for row in db.execute(query)]


def newest_about(db: sa.Connection, subject: str, actions: Collection[str]) -> Entry | None:
    """The newest entry of one of `actions` about a subject."""
    about = (audit.c.subject == subject, audit.c.action.in_(list(actions)))
    rows = db.execute(_NEWEST.where(*about).limit(1))
    return next((Entry(*row) for row in rows), None)


def first_since(db: sa.Connection, at: int, subject: str, action: str) -> Entry | None:
    """The oldest entry of an action on a subject that is not from before a time (ms)."""
    about = (audit.c.subject == subject, audit.c.action == action, audit.c.at >= at)
    rows = db.execute(_ENTRIES.where(*about).order_by(audit.c.id).limit(1))
    return next((Entry(*row) for row in rows), None)


def list_actions(db: sa.Connection) -> list[str]:
    """Every action that occurs."""
    return list(db.execute(sa.select(audit.c.action).distinct().order_by(audit.c.action)).scalars())


_ENTRIES = sa.select(
    audit.c.id, audit.c.at, rater.c.name, audit.c.action, audit.c.subject, audit.c.detail
).select_from(audit.outerjoin(rater, audit.c.actor_id == rater.c.id))
_NEWEST = _ENTRIES.order_by(audit.c.id.desc())
