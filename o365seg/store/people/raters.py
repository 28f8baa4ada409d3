"""The people who paint. How a password becomes a hash is the web application's matter."""

from dataclasses import dataclass

import sqlalchemy as sa

from o365seg.errors import InputError
from o365seg.store.database import now_ms
from o365seg.store.round_trips import ask
from o365seg.store.schema import Role, rater


@dataclass(frozen=True)
class Rater:
    """One person who signs in; a session lasts until the next sign-out or new password."""

    id: int
    name: str
    password_hash: str
    sign_outs: int
    role: Role
    active: bool

    def may(self, role: Role) -> bool:
        """Whether this person may do what `role` may."""
        roles = list(Role)
        return roles.index(self.role) >= roles.index(role)


def add_rater(db: sa.Connection, name: str, password_hash: str, role: Role = Role.RATER) -> None:
    """Add a person.

    Raises:
        InputError: a name that is taken (upper and lower case count as equal), empty or over 100
            characters, or has a control character or a blank at either end.
    """
    check_new_name(db, name)
    db.execute(
        rater.insert().values(
            name=name, password_hash=password_hash, created_at=now_ms(), role=role.value
        )
    )


def check_new_name(db: sa.Connection, name: str) -> None:
    """Raise the `InputError` of `add_rater` where a name cannot be given."""
    if not name or len(name) > 100 or name != name.strip() or not name.isprintable():
        raise InputError(
            "must be 1 to 100 printable characters, without a space at either end", field="name"
        )
    for other in rater_names(db):
        if other.casefold() == name.casefold():
            raise InputError(f"the name {other!r} is taken", field="name")


def set_password(db: sa.Connection, name: str, password_hash: str) -> None:
    """Give a rater another password.

    Raises:
        InputError: no rater of that name.
    """
    found = db.execute(
        rater.update().where(rater.c.name == name).values(password_hash=password_hash)
    )
    if found.rowcount == 0:
        raise InputError(f"unknown person {name!r}", field="name")


def end_sessions(db: sa.Connection, rater_id: int) -> None:
    """Sign a rater out everywhere."""
    db.execute(rater.update().where(rater.c.id == rater_id).values(sign_outs=rater.c.sign_outs + 1))


def find_rater(db: sa.Connection, name: str) -> Rater | None:
    """The rater of that name."""
    if "\0" in name:  # PostgreSQL would not even look
        return None
    return _one(db, _BY_NAME, name)


def rater_by_id(db: sa.Connection, rater_id: int) -> Rater | None:
    """The rater of that id."""
    return _one(db, _BY_ID, rater_id)


def rater_names(db: sa.Connection, *, active_only: bool = False) -> list[str]:
    """All people's names, sorted; `active_only`: of those who can sign in."""
    condition = rater.c.active if active_only else sa.true()
    return list(
        db.execute(sa.select(rater.c.name).where(condition).order_by(rater.c.name)).scalars()
    )


# Built once: every request asks who sent it.
_RATER = sa.select(
    rater.c.id,
    rater.c.name,
    rater.c.password_hash,
    rater.c.sign_outs,
    rater.c.role,
    rater.c.active,
)
_BY_ID = _RATER.where(rater.c.id == sa.bindparam("key"))
_BY_NAME = _RATER.where(rater.c.name == sa.bindparam("key"))


def _one(db: sa.Connection, statement: sa.Select, key: int | str) -> Rater | None:
    [rows] = ask(db, (statement, {"key": key}))
    if not rows:
        return None
    [row] = rows
    return Rater(row.id, row.name, row.password_hash, row.sign_outs, Role(row.role), row.active)
