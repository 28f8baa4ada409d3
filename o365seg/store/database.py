"""Tables and connections.

All times are integer milliseconds since 1970 (UTC). An answer is never changed or deleted: the
database itself refuses (triggers). What a question's answer is now is the newest row.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DatabaseError

from o365seg.errors import InputError

SCHEMA_VERSION = 1

tables = sa.MetaData()

rater = sa.Table(
    "rater",
    tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String, nullable=False, unique=True),
    sa.Column("password_hash", sa.String, nullable=False),
    sa.Column("sign_outs", sa.Integer, nullable=False, server_default="0"),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

image = sa.Table(
    "image",
    tables,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),  # the source's id
    sa.Column("path", sa.String, nullable=False),
    sa.Column("upright", sa.Boolean, nullable=False),  # True: the project holds the turned copy
    sa.Column("sha256", sa.String, nullable=False, index=True),
    sa.Column("media_type", sa.String, nullable=False),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
)

question = sa.Table(
    "question",
    tables,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),  # annotation id
    sa.Column("image_id", sa.ForeignKey("image.id"), nullable=False),
    sa.Column("category_id", sa.BigInteger, nullable=False),
    sa.Column("category", sa.String, nullable=False),  # as shown to raters
    sa.Column("x", sa.Float, nullable=False),
    sa.Column("y", sa.Float, nullable=False),
    sa.Column("width", sa.Float, nullable=False),
    sa.Column("height", sa.Float, nullable=False),
    sa.Column("position", sa.Integer, nullable=False, unique=True),  # order of asking
)

lease = sa.Table(
    "lease",
    tables,
    sa.Column("token", sa.String, primary_key=True),
    sa.Column("question_id", sa.ForeignKey("question.id"), nullable=False, index=True),
    sa.Column("rater_id", sa.ForeignKey("rater.id"), nullable=False),
    sa.Column("leased_at", sa.BigInteger, nullable=False),
    sa.Column("shown_at", sa.BigInteger),  # None: only prefetched, nobody works on it yet
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("closed_at", sa.BigInteger),  # None: open
    sa.Column("outcome", sa.String),  # answered, expired, reassigned, late
    sa.Index(
        "lease_one_open_per_question",
        "question_id",
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    ),
    sa.Index(
        "lease_open_by_rater",
        "rater_id",
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    ),
)

# What the painter measures, columns of every answer (see `answers.Activity`).
ACTIVITY_COLUMNS = (
    "wall_ms",
    "active_ms",
    "idle_ms",
    "hidden_ms",
    "strokes",
    "lines",
    "fills",
    "erases",
    "undos",
    "zooms",
)

answer = sa.Table(
    "answer",
    tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("question_id", sa.ForeignKey("question.id"), nullable=False, index=True),
    sa.Column("rater_id", sa.ForeignKey("rater.id"), nullable=False, index=True),
    sa.Column("lease_token", sa.ForeignKey("lease.token"), nullable=False, unique=True),
    sa.Column("skip_reason", sa.String),  # None: a mask
    sa.Column("skip_note", sa.String),
    sa.Column("counts", sa.String),  # compressed run lengths; None: a skip
    sa.Column("area", sa.BigInteger),
    sa.Column("crc32", sa.BigInteger),
    sa.Column("image_sha256", sa.String, nullable=False),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("leased_at", sa.BigInteger, nullable=False),
    sa.Column("shown_at", sa.BigInteger, nullable=False),
    sa.Column("received_at", sa.BigInteger, nullable=False),
    *(sa.Column(name, sa.BigInteger, nullable=False) for name in ACTIVITY_COLUMNS),
    sa.Column("client_version", sa.String, nullable=False),
    sa.CheckConstraint("(counts IS NULL) <> (skip_reason IS NULL)", name="mask_or_skip"),
    sqlite_autoincrement=True,
)

draft = sa.Table(
    "draft",
    tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("question_id", sa.ForeignKey("question.id"), nullable=False),
    sa.Column("rater_id", sa.ForeignKey("rater.id"), nullable=False),
    sa.Column("late", sa.Boolean, nullable=False),  # a submit that came after its lease was lost
    sa.Column("counts", sa.String),  # None: a skip that came late
    sa.Column("crc32", sa.BigInteger),
    sa.Column("skip_reason", sa.String),
    sa.Column("skip_note", sa.String),
    sa.Column("activity", sa.JSON, nullable=False),
    sa.Column("saved_at", sa.BigInteger, nullable=False),
    sa.Index("draft_by_question_and_rater", "question_id", "rater_id"),
)

_APPEND_ONLY = tuple(
    f"CREATE TRIGGER answer_no_{verb.lower()} BEFORE {verb} ON answer "
    "BEGIN SELECT RAISE(ABORT, 'answers are append-only'); END"
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
        tables.create_all(connection)
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
