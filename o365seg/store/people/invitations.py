"""One-time links by which people join; the database holds only the hash of what the link holds."""

import hashlib
import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from o365seg.store import audit
from o365seg.store.people import raters
from o365seg.store.schema import Role, invitation

DAY_MS = 24 * 3600 * 1000
DEFAULT_DAYS = 7


@dataclass(frozen=True)
class Invitation:
    """An open invitation; `name` None: who follows the link chooses one."""

    id: int
    name: str | None
    role: Role
    created_at: int
    expires_at: int


def invite(
    db: sa.Connection,
    role: Role,
    *,
    name: str | None = None,
    by: int | None,
    now: int,
    days: int = DEFAULT_DAYS,
) -> str:
    """Make an invitation.

    Args:
        db: The writing transaction.
        role: What the person will be.
        name: The name to sign in with; None: theirs to choose.
        by: Who invites; None: the command line.
        now: In ms.
        days: For how long the link works.

    Returns:
        The link's secret part, which is stored nowhere: 256 random bits.

    Raises:
        InputError: a name that nobody can have, or that somebody has.
    """
    if name is not None:
        raters.check_new_name(db, name)
    token = secrets.token_urlsafe(32)
    db.execute(
        invitation.insert().values(
            token_hash=_hash(token),
            name=name,
            role=role.value,
            created_by=by,
            created_at=now,
            expires_at=now + days * DAY_MS,
        )
    )
    audit.record(db, by, "person.invite", name or "", role=role.value, days=days)
    return token


def find_open(db: sa.Connection, token: str, now: int) -> Invitation | None:
    """The invitation of a link, while it can be used."""
    open_now = _open(now)
    return _one(db.execute(_SELECT.where(invitation.c.token_hash == _hash(token), *open_now)).all())


def list_open(db: sa.Connection, now: int) -> list[Invitation]:
    """Every invitation that can be used, oldest first."""
    return [_from_row(row) for row in db.execute(_SELECT.where(*_open(now)))]


def accept(db: sa.Connection, token: str, name: str, password_hash: str, now: int) -> int | None:
    """Add the invited person and use the invitation up.

    Args:
        db: The writing transaction; two who follow one link at once queue for it.
        token: Of the link.
        name: The chosen name; the invitation's own goes before it.
        password_hash: Of the chosen password.
        now: In ms.

    Returns:
        The new person's id; None where the link is used, withdrawn, expired or made up.

    Raises:
        InputError: a name that nobody can have, or that somebody has.
    """
    found = find_open(db, token, now)
    if found is None:
        return None
    name = found.name or name
    raters.add_rater(db, name, password_hash, found.role)
    person = raters.find_rater(db, name)
    assert person is not None
    db.execute(
        invitation.update()
        .where(invitation.c.id == found.id)
        .values(closed_at=now, used_by=person.id)
    )
    audit.record(db, person.id, "person.join", name, role=found.role.value)
    return person.id


def withdraw(db: sa.Connection, invitation_id: int, *, by: int | None, now: int) -> bool:
    """Withdraw an open invitation; False if there is none with this id."""
    found = db.execute(
        invitation.update()
        .where(invitation.c.id == invitation_id, *_open(now))
        .values(closed_at=now)
        .returning(invitation.c.name)
    ).all()
    for row in found:
        audit.record(db, by, "person.withdraw_invitation", row.name or "")
    return bool(found)


_SELECT = sa.select(
    invitation.c.id,
    invitation.c.name,
    invitation.c.role,
    invitation.c.created_at,
    invitation.c.expires_at,
).order_by(invitation.c.id)


def _open(now: int) -> tuple[sa.ColumnElement[bool], ...]:
    return invitation.c.closed_at.is_(None), invitation.c.expires_at > now


def _one(rows) -> Invitation | None:
    return _from_row(rows[0]) if rows else None


def _from_row(row) -> Invitation:
    return Invitation(row.id, row.name, Role(row.role), row.created_at, row.expires_at)


def _hash(token: str) -> str:
    """SHA-256 is enough, since the token is random: there is nothing to guess from."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
