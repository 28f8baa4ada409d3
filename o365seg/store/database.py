"""Connections, transactions and the making of a database; the tables are in `schema`."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DatabaseError

from o365seg.errors import InputError
from o365seg.store import schema

SCHEMA_VERSION = 2

_APPEND_ONLY = tuple(
    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, '{table}: rows are append-only'); END"
    for table in schema.APPEND_ONLY
    for verb in ("UPDATE", "DELETE")
)


def now_ms() -> int:
    """The time of day, in milliseconds since 1970 (UTC)."""
    return time.time_ns() // 1_000_000


class Store:
    """A project's database: short transactions, one writer at a time, every commit on the disk."""

    def __init__(self, path: Path) -> None:
        """Open the SQLite file at `path` (which must exist, see `create_store`).

        Raises:
            InputError: no such file, not our database, or made by another version.
        """
        if not path.is_file():
            raise InputError("no such database", file=path)
        self._engine = _engine(path)
        self._writing = threading.Lock()
        try:
            with self.read() as db:
                version = db.exec_driver_sql("PRAGMA user_version").scalar_one()
        except DatabaseError as error:
            why = str(error.orig)
            if "readonly" in why or "unable to open" in why:
                raise InputError(
                    "cannot be opened for writing, which even reading needs; copy the project to "
                    "a place that can be written",
                    file=path,
                ) from None
            raise InputError(f"is not a project database: {why}", file=path) from None
        if version != SCHEMA_VERSION:
            raise InputError(
                f"has schema version {version}; this o365seg reads version {SCHEMA_VERSION}",
                file=path,
            )

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection that sees one consistent state of the database."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that commits at the end of the block, or leaves no trace on an error.

        Writers of this process queue for a lock; writers of others wait in SQLite.
        """
        with self._writing, self._engine.connect() as connection:
            connection = connection.execution_options(o365seg_write=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()


def create_store(path: Path) -> Store:
    """Make an empty database at `path` and open it."""
    path.touch(0o600)  # it holds password hashes
    engine = _engine(path)
    with engine.connect() as connection, connection.begin():
        schema.tables.create_all(connection)
        for trigger in _APPEND_ONLY:
            connection.exec_driver_sql(trigger)
        connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")
    engine.dispose()
    return Store(path)


def _engine(path: Path) -> sa.Engine:
    engine = sa.create_engine(
        f"sqlite:///{path}", connect_args={"timeout": 30, "check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def _configure(connection, _record) -> None:
        # The driver's own transaction handling begins too late for BEGIN IMMEDIATE.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # a commit survives a power cut
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # A writer takes the lock at the start: upgrading a read lock half-way can deadlock.
        writes = connection.get_execution_options().get("o365seg_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
