"""Making a database, and opening one: upgraded where an earlier o365seg made it (Alembic).

The steps are in `migrations/versions`; a database says in `alembic_version` at which it is. Those
of the very first schema say it by SQLite's `user_version` 1.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from o365seg.errors import InputError
from o365seg.store import schema
from o365seg.store.database import Store, append_only_rules, database_errors
from o365seg.store.question_state import state_rules

HEAD = "0007"
_MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION = sa.table("alembic_version", sa.column("version_num", sa.String))

_log = logging.getLogger("o365seg")


def create_store(store: Store, fill: Callable[[sa.Connection], None] | None = None) -> None:
    """Make the tables, in a database that has none of ours.

    Args:
        store: The database.
        fill: Adds the first rows, in the same transaction: who is interrupted leaves nothing.

    Raises:
        InputError: it cannot be reached, or has the tables already.
    """
    if store.is_sqlite:
        Path(str(store.url.database)).touch(0o600)  # it holds password hashes
    with database_errors(store), store.write() as db:
        make_tables(db, store)
        if fill is not None:
            fill(db)


def make_tables(db: sa.Connection, store: Store) -> None:
    """Make the tables in a writing transaction of `store`, which may go on to fill them.

    Raises:
        InputError: the database has them already.
    """
    if not store.is_sqlite:
        if db.dialect.has_schema(db, store.namespace):
            raise InputError("already contains a project with this id", file=store.name)
        db.execute(sa.schema.CreateSchema(store.namespace))
    schema.tables.create_all(db)
    if not store.is_sqlite:
        for table in (schema.answer, schema.draft):
            # Run lengths are compressed: doing it again takes most of an insert and saves a tenth.
            db.execute(sa.text(f"ALTER TABLE {table.name} ALTER counts SET STORAGE EXTERNAL"))
    for rule in (*append_only_rules(db.dialect.name), *state_rules(db.dialect.name)):
        db.execute(sa.text(rule))
    db.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    db.execute(_VERSION.insert().values(version_num=HEAD))


def drop_store(store: Store) -> None:
    """Delete a project's tables from PostgreSQL."""
    with store.write() as db:
        db.execute(sa.schema.DropSchema(store.namespace, cascade=True, if_exists=True))


@contextmanager
def dropped_on_error(store: Store) -> Iterator[None]:
    """Undo `create_store` if the block fails; a SQLite file goes with its folder."""
    try:
        yield
    except BaseException:
        if not store.is_sqlite:
            drop_store(store)
        raise
    finally:
        store.close()


def open_store(store: Store) -> Store:
    """Make sure that a database is ours and of this version, and upgrade an earlier one.

    Before a SQLite file is upgraded a copy is put beside it; PostgreSQL upgrades in a transaction.

    Raises:
        InputError: no such database, not ours, or made by a later o365seg.
    """
    found = schema_version(store)
    if found != HEAD:
        with database_errors(store):
            _upgrade(store, found)
    return store


def schema_version(store: Store) -> str:
    """The version of a database's schema, `HEAD` or an earlier one; nothing is changed.

    Raises:
        InputError: no such database, not ours, or made by a later o365seg.
    """
    if store.is_sqlite and not Path(str(store.url.database)).is_file():
        raise InputError("no such database", file=store.name)
    with database_errors(store):
        found = _find_version(store)
    if found is None:
        raise InputError("not a project database: its tables are missing", file=store.name)
    if found > HEAD:
        raise InputError(
            f"has schema {found}, newer than this version's {HEAD}; upgrade o365seg",
            file=store.name,
        )
    return found


def _find_version(store: Store) -> str | None:
    with store.read() as db:
        if sa.inspect(db).has_table("alembic_version"):
            return db.execute(sa.select(_VERSION.c.version_num)).scalar_one_or_none()
        if not store.is_sqlite:
            return None
        number = db.exec_driver_sql("PRAGMA user_version").scalar_one()
        return f"{number:04}" if number else None


def _upgrade(store: Store, found: str) -> None:
    # Only now: Alembic takes longer to import than the rest of the store.
    from alembic import command
    from alembic.config import Config

    kept = ""
    if store.is_sqlite:
        kept = f"; a copy of the old one: {_copy_aside(Path(str(store.url.database)), found)}"
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with store.write() as db:
        # Another server may have been faster.
        if not sa.inspect(db).has_table("alembic_version"):
            db.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
            db.execute(_VERSION.insert().values(version_num=found))
        config.attributes["connection"] = db
        command.upgrade(config, HEAD)
        if store.is_sqlite:  # all that the first o365seg looks at, and must refuse from now on
            db.exec_driver_sql("PRAGMA user_version = 2")
    _log.warning("%s: upgraded from schema %s to %s%s", store.name, found, HEAD, kept)


def _copy_aside(path: Path, found: str) -> Path:
    """A whole copy of a SQLite file; an earlier one is never written over."""
    number = 0
    while True:
        aside = path.with_name(f"{path.name}.schema-{found}{f'-{number}' if number else ''}")
        if not aside.exists():
            break
        number += 1
    aside.touch(0o600)
    with sqlite3.connect(path) as source, sqlite3.connect(aside) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")  # one file, no log beside it
    return aside
