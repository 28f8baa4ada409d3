"""Letting people in, changing what they may do, and shutting them out again; all of it audited."""

from dataclasses import dataclass

import sqlalchemy as sa

from o365seg.errors import InputError
from o365seg.store import audit
from o365seg.store.people import raters
from o365seg.store.schema import Role, answer, lease, rater


@dataclass(frozen=True)
class Person:
    """One row of the list of people; `last_answer_at` None: no answer yet."""

    id: int
    name: str
    role: Role
    active: bool
    created_at: int
    answers: int
    last_answer_at: int | None


def list_people(db: sa.Connection) -> list[Person]:
    """Everybody, those who may sign in first, then by name."""
    rows = db.execute(
        sa.select(
            rater.c.id,
            rater.c.name,
            rater.c.role,
            rater.c.active,
            rater.c.created_at,
            sa.func.count(answer.c.id),
            sa.func.max(answer.c.received_at),
        )
        .select_from(rater.outerjoin(answer, answer.c.rater_id == rater.c.id))
        .group_by(rater.c.id)
        .order_by(rater.c.active.desc(), rater.c.name)
    )
    return [Person(row[0], row[1], Role(row[2]), *row[3:]) for row in rows]


def set_role(db: sa.Connection, name: str, role: Role, *, by: int | None) -> None:
    """Change what a person may do.

    Args:
        db: The writing transaction.
        name: Whose role.
        role: The new one.
        by: Who changes it; None: the command line.

    Raises:
        InputError: no such person, or nobody would be left who may change it back.
    """
    person = _find(db, name)
    if person.role is role:
        return
    if role is not Role.OWNER:
        _refuse_to_lose_the_last_owner(db, person)
    db.execute(rater.update().where(rater.c.id == person.id).values(role=role.value))
    audit.record(db, by, "person.role", name, before=person.role.value, after=role.value)


def role_at(db: sa.Connection, rater_id: int, at: int) -> Role:
    """The role that a person had at a time (ms), by the audit log of its changes."""
    person = raters.rater_by_id(db, rater_id)
    assert person is not None  # nobody is ever deleted
    changed = audit.first_since(db, at, person.name, "person.role")
    return person.role if changed is None else Role(changed.detail["before"])


def deactivate(db: sa.Connection, name: str, *, by: int | None, now: int) -> None:
    """Shut a person out: no sign-in, no session, and their questions are free for others.

    Their answers and drafts stay.

    Raises:
        InputError: no such person, or the last active owner.
    """
    person = _find(db, name)
    if not person.active:
        return
    _refuse_to_lose_the_last_owner(db, person)
    db.execute(rater.update().where(rater.c.id == person.id).values(active=False))
    raters.end_sessions(db, person.id)
    freed = db.execute(
        lease.update()
        .where(lease.c.rater_id == person.id, lease.c.closed_at.is_(None))
        .values(closed_at=now, outcome="deactivated")
    ).rowcount
    audit.record(db, by, "person.deactivate", name, freed_questions=freed)


def reactivate(db: sa.Connection, name: str, *, by: int | None) -> None:
    """Let a person in again, with the password and role they had.

    Raises:
        InputError: no such person.
    """
    person = _find(db, name)
    if person.active:
        return
    db.execute(rater.update().where(rater.c.id == person.id).values(active=True))
    audit.record(db, by, "person.reactivate", name)


def _find(db: sa.Connection, name: str) -> raters.Rater:
    person = raters.find_rater(db, name)
    if person is None:
        raise InputError(f"unknown person {name!r}", field="name")
    return person


def _refuse_to_lose_the_last_owner(db: sa.Connection, person: raters.Rater) -> None:
    if person.role is not Role.OWNER or not person.active:
        return
    owners = db.execute(
        sa.select(sa.func.count())
        .select_from(rater)
        .where(rater.c.role == Role.OWNER.value, rater.c.active)
    ).scalar_one()
    if owners == 1:
        raise InputError(
            f"{person.name!r} is the only owner; make someone else an owner first", field="name"
        )
