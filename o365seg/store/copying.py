"""Copies of whole databases, from SQLite or PostgreSQL and back: for backups."""

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from o365seg.errors import InputError
from o365seg.store import schema
from o365seg.store.database import Store, database_errors, sqlite_url
from o365seg.store.integrity import require_undamaged
from o365seg.store.versions import create_store, make_tables, open_store

_ROWS = 500  # copied at a time: a row may hold a mask of megabytes


def copy_to_sqlite(store: Store, path: Path) -> int:
    """Copy a database to a SQLite file; returns the number of answers in it.

    Raises:
        InputError: the database is damaged, which only its copy may show, or cannot be copied.
    """
    copy = Store(sqlite_url(path))
    try:
        if store.is_sqlite:
            _copy_pages(store, path)
        else:
            create_store(copy)
            with database_errors(store), store.read() as source, copy.write() as target:
                _copy_rows(source, target)
        _require_undamaged_copy(copy, store.name)
    finally:
        copy.close()
    with closing(sqlite3.connect(path)) as copied:
        copied.execute("PRAGMA journal_mode = DELETE")  # one file, no log beside it
        return copied.execute("SELECT count(*) FROM answer").fetchone()[0]


def _copy_pages(store: Store, path: Path) -> None:
    path.touch(0o600)
    try:
        with (
            closing(sqlite3.connect(str(store.url.database))) as source,
            closing(sqlite3.connect(path)) as target,
        ):
            source.backup(target)
    except sqlite3.Error as error:
        if "disk is full" in str(error):  # the disk of the copy
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from None
        raise InputError(f"cannot be copied: {error}", file=store.name) from None


def _require_undamaged_copy(copy: Store, name: str) -> None:
    """Check a copy; what is damaged in it is so in the original, which errors name."""
    try:
        require_undamaged(copy)
    except InputError as error:
        raise InputError(error.message, file=name, record=error.record) from None


def fill_from_sqlite(store: Store, path: Path) -> None:
    """Move the rows of a SQLite file into an empty PostgreSQL database; the file is deleted."""
    copied = open_store(Store(sqlite_url(path)))
    try:
        # One transaction, so that a restore that is cut off leaves nothing in the way of the next.
        with database_errors(store), copied.read() as source, store.write() as target:
            make_tables(target, store)
            _copy_rows(source, target)
    finally:
        copied.close()
        store.close()
    for left in path.parent.glob(f"{path.name}*"):
        left.unlink()


def _copy_rows(source: sa.Connection, target: sa.Connection) -> None:
    """Copy every row of every table into tables that are empty."""
    for table in schema.tables.sorted_tables:
        found = source.execution_options(yield_per=_ROWS).execute(sa.select(table))
        for rows in found.mappings().partitions(_ROWS):
            target.execute(table.insert(), [dict(row) for row in rows])
    if target.dialect.name != "postgresql":
        return
    for table in schema.tables.sorted_tables:
        if "id" in table.c and table.c.id.autoincrement is not False:
            # The next row's id follows the greatest one; PostgreSQL does not notice given ids.
            greatest = sa.select(sa.func.max(table.c.id)).scalar_subquery()
            sequence = sa.func.pg_get_serial_sequence(table.name, "id")
            # Of no rows the greatest is NULL, and then setval does nothing.
            target.execute(sa.select(sa.func.setval(sequence, greatest)))
