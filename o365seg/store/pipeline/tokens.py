"""Tokens with which programs use the HTTP API; the database holds only their hashes."""

import hashlib
import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from o365seg.errors import InputError
from o365seg.store import audit
from o365seg.store.pipeline.scopes import Scope
from o365seg.store.schema import api_token

PREFIX = "o365seg_"  # by which secret scanners know it


@dataclass(frozen=True)
class Token:
    """A token that works; `created_at` in ms since 1970 (UTC)."""

    id: int
    name: str
    scope: Scope
    created_at: int


def create(db: sa.Connection, name: str, scope: Scope, now: int) -> str:
    """Make a token and return it; it is stored nowhere: 256 random bits.

    Raises:
        InputError: the name is empty, too long or not printable, or a working token has it.
    """
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise InputError("must be 1 to 100 printable characters", field="name")
    if any(token.name == name for token in list_working(db)):
        raise InputError(f"a token {name!r} exists; revoke it first", field="name")
    token = PREFIX + secrets.token_urlsafe(32)
    db.execute(
        api_token.insert().values(
            name=name, token_hash=_hash(token), scope=scope.value, created_at=now
        )
    )
    audit.record(db, None, "token.create", name, scope=scope.value)
    return token


def find(db: sa.Connection, token: str) -> Token | None:
    """The working token; None for one that is revoked or made up."""
    if not token.startswith(PREFIX):
        return None
    rows = db.execute(_WORKING.where(api_token.c.token_hash == _hash(token)))
    return next((_from_row(row) for row in rows), None)


def list_working(db: sa.Connection) -> list[Token]:
    """Every token that works, oldest first."""
    return [_from_row(row) for row in db.execute(_WORKING.order_by(api_token.c.id))]


def revoke(db: sa.Connection, name: str, now: int) -> bool:
    """Revoke a token; False if none of this name works."""
    found = db.execute(
        api_token.update()
        .where(api_token.c.name == name, api_token.c.closed_at.is_(None))
        .values(closed_at=now)
    )
    if found.rowcount:
        audit.record(db, None, "token.revoke", name)
    return bool(found.rowcount)


_WORKING = sa.select(
    api_token.c.id, api_token.c.name, api_token.c.scope, api_token.c.created_at
).where(api_token.c.closed_at.is_(None))


def _from_row(row: sa.Row) -> Token:
    return Token(row.id, row.name, Scope(row.scope), row.created_at)


def _hash(token: str) -> str:
    """SHA-256 is enough, since the token is random: there is nothing to guess from."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
