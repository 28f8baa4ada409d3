"""Connections and transactions: SQLite in the project's folder, or PostgreSQL by URL.

Both have one writer at a time, so a function that picks a question needs no locks of its own: in
SQLite by `BEGIN IMMEDIATE`, in PostgreSQL by an advisory lock that a writing transaction holds to
its end. Reading never waits, and sees one state of the database.
"""

import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    InvalidatePoolError,
    NoSuchModuleError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from o365seg.errors import InputError
from o365seg.store import schema
from o365seg.store.round_trips import ONCE, PENDING, catch_up, tell

Connection = sa.Connection  # for code that passes one on

_DRIVER = "postgresql+psycopg"
_SECRETS = ("password", "sslpassword", "oauth_client_secret")  # libpq's, behind a URL's `?`
_SESSION = {
    "synchronous_commit": "on",
    "lock_timeout": "30s",
    # A process that stands still in a transaction must not keep all others from writing.
    "idle_in_transaction_session_timeout": "10min",
}
_STALLED_WRITER = "60s"

_USED_AT = "o365seg_used_at"
_TRUSTED_S = 1.0  # for so long after its last use, a connection is not tried before the next

WRITE_WAIT_S = 30
"""How long a writer waits for others before it hears so, and may try again, in seconds."""

write_deadline: ContextVar[float | None] = ContextVar("write_deadline", default=None)
"""Until when the writers of this context wait, by `time.monotonic`; None: `WRITE_WAIT_S` each."""


def now_ms() -> int:
    """The time of day, in milliseconds since 1970 (UTC)."""
    return time.time_ns() // 1_000_000


def sqlite_url(path: Path) -> sa.URL:
    """The URL of a SQLite file."""
    return sa.URL.create("sqlite", database=str(path))


def postgresql_url(text: str) -> sa.URL:
    """A PostgreSQL URL as a user gives it (`postgresql://name@host/database`), with our driver.

    Raises:
        InputError: it is not such a URL.
    """
    try:
        url = make_url(text)
    except ArgumentError:
        raise InputError("not a PostgreSQL URL; expected postgresql://NAME@HOST/DATABASE") from None
    if url.get_backend_name() not in ("postgresql", "postgres") or not url.database:
        raise InputError("not a PostgreSQL URL; expected postgresql://NAME@HOST/DATABASE")
    return url.set(drivername=_DRIVER)


def without_password(database: str) -> str:
    """A PostgreSQL URL as it may be written down or printed; empty for none.

    Raises:
        InputError: it is not a PostgreSQL URL.
    """
    if not database:
        return ""
    url = postgresql_url(database)
    query = {key: value for key, value in url.query.items() if key not in _SECRETS}
    bare = sa.URL.create("postgresql", url.username, None, url.host, url.port, url.database, query)
    return bare.render_as_string(hide_password=False)


class Store:
    """A project's database: short transactions, one writer at a time, every commit on the disk."""

    def __init__(self, url: sa.URL, namespace: str = "") -> None:
        """Connect to a database; nothing is looked at yet (see `versions.open_store`).

        Args:
            url: Of a SQLite file or of PostgreSQL, see `sqlite_url` and `postgresql_url`.
            namespace: PostgreSQL's schema that has the tables, so that projects share a database.
        """
        self.url = url
        self.namespace = namespace
        self._engine = _sqlite(url) if self.is_sqlite else _postgresql(url, namespace)
        # What was read once and can never change; see `tally`.
        self._engine.update_execution_options(o365seg_memory={})
        self._writing = threading.Lock()
        self._take_turn = sa.select(
            sa.func.set_config("idle_in_transaction_session_timeout", _STALLED_WRITER, True),
            sa.func.set_config("lock_timeout", sa.bindparam("wait", type_=sa.String), True),
            sa.func.pg_advisory_xact_lock(zlib.crc32(f"o365seg {namespace}".encode())),
        )

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file of ours."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def name(self) -> str:
        """The database for messages: its file, or its URL without the password."""
        if self.is_sqlite:
            return str(self.url.database)
        return unquote(without_password(self.url.render_as_string(hide_password=False)))

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection that sees one consistent state of the database."""
        with self._engine.connect() as connection:
            if not self.is_sqlite:
                connection = connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            with connection.begin():
                yield connection

    @contextmanager
    def read_once(self) -> Iterator[sa.Connection]:
        """A connection for one statement, which sees one state by itself; no transaction."""
        if self.is_sqlite:
            with self.read() as connection:
                yield connection
            return
        with self._engine.connect() as connection:
            yield connection.execution_options(**{ONCE: True})

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that commits at the end of the block, or leaves no trace on an error.

        Writers of this process queue for a lock; writers of others wait in the database, both
        until `write_deadline`.

        Raises:
            WritersBusy: the turn did not come in time, in this process; in the database
                `DBAPIError`. `is_unavailable` is true of both.
        """
        with self._turn(), self._engine.connect() as connection:
            connection = connection.execution_options(o365seg_write=True)
            if not self.is_sqlite:
                connection = connection.execution_options(**{PENDING: []})
            with connection.begin():
                if not self.is_sqlite:
                    tell(connection, self._take_turn, {"wait": f"{_wait_ms()}ms"})
                yield connection
                catch_up(connection)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """The turn among the writers of this process."""
        if not self._writing.acquire(timeout=_wait_ms() / 1000):
            raise WritersBusy
        try:
            yield
        finally:
            self._writing.release()

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()


class WritersBusy(Exception):
    """Other writers held the database for too long; nothing was changed."""

    def __init__(self) -> None:
        super().__init__(f"other writers held it for {WRITE_WAIT_S} seconds")


def _wait_ms() -> int:
    """How long a writer may wait now, in ms; at least 1, as 0 means for ever to PostgreSQL."""
    deadline = write_deadline.get()
    left = WRITE_WAIT_S if deadline is None else deadline - time.monotonic()
    return max(1, round(left * 1000))


DATABASE_ERRORS = (DBAPIError, PoolTimeout, WritersBusy)


def is_unavailable(error: Exception) -> bool:
    """Whether one of `DATABASE_ERRORS` means that the database is unavailable.

    False for a faulty statement.
    """
    if isinstance(error, WritersBusy | PoolTimeout | OperationalError | InterfaceError):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


def answers_now(store: Store) -> bool:
    """Whether the database can be read."""
    try:
        with store.read() as db:
            db.execute(sa.select(1))
    except DATABASE_ERRORS:
        return False
    return True


def error_reason(error: Exception) -> str:
    """The first line of what the database said, without the statement."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


@contextmanager
def database_errors(store: Store) -> Iterator[None]:
    """What the database refuses in the block, as an error that names it.

    Raises:
        InputError: it cannot be reached or read.
    """
    try:
        yield
    except NoSuchModuleError:
        raise InputError(
            "the PostgreSQL driver is not installed: pip install 'o365seg[postgres]'",
            file=store.name,
        ) from None
    except DBAPIError as error:
        raise InputError(_refusal(store, error), file=store.name) from None


def _refusal(store: Store, error: DBAPIError) -> str:
    """What the database refused, in words that help."""
    why = error_reason(error)
    if not store.is_sqlite:
        return why
    if "readonly" in why or "unable to open" in why:
        return (
            "cannot be opened for writing, which SQLite needs even to read; copy the project "
            "to a writable folder"
        )
    if "disk is full" in why or "disk I/O error" in why:
        return f"cannot be written: {why}"
    return f"damaged: {why}" if "malformed" in why else f"not a project database: {why}"


def _sqlite(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(
        url,
        connect_args={"timeout": WRITE_WAIT_S, "check_same_thread": False},
        pool_size=8,
        max_overflow=32,  # as many as uvicorn has threads
        hide_parameters=True,  # an error in a log must not show a password's hash
    )

    @event.listens_for(engine, "connect")
    def _configure(connection, _record: ConnectionPoolEntry) -> None:
        # The driver's own transaction handling begins too late for BEGIN IMMEDIATE.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # a commit survives a power cut
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # A writer takes the lock at the start: upgrading a read lock half-way can deadlock.
        writes = connection.get_execution_options().get("o365seg_write", False)
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {_wait_ms()}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: sa.URL, namespace: str) -> sa.Engine:
    try:
        engine = sa.create_engine(
            url,
            # A server's answers may come slowly, its absence must be told soon.
            connect_args={
                "connect_timeout": 10,
                "keepalives_idle": 30,
                "keepalives_interval": 10,
                "keepalives_count": 3,
                # `ask` prepares statements; a rollback would drop these too, with psycopg's own.
                "prepare_threshold": None,
                "options": " ".join(
                    f"-c{name}={value}"
                    for name, value in {"search_path": namespace, **_SESSION}.items()
                ),
            },
            pool_size=8,
            max_overflow=32,  # as many as uvicorn has threads
            pool_timeout=20,
            pool_use_lifo=True,  # the one used last has its statements prepared
            hide_parameters=True,
        )
    except ModuleNotFoundError:
        raise InputError(
            "the PostgreSQL driver is not installed: pip install 'o365seg[postgres]'",
            field="--database",
        ) from None

    @event.listens_for(engine, "before_cursor_execute")
    def _in_order(connection: sa.Connection, *_: object) -> None:
        catch_up(connection)

    # The database may be restarted under a running server.
    @event.listens_for(engine, "checkin")
    def _note_use(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info[_USED_AT] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _check(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        used_at = record.info.get(_USED_AT)
        if used_at is None or time.monotonic() - used_at < _TRUSTED_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error:
            raise InvalidatePoolError from None

    return engine


def append_only_rules(dialect: str) -> list[str]:
    """SQL that makes a database refuse any change of what is only ever appended to."""
    tables = schema.APPEND_ONLY
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table}: rows are append-only'); END"
            for table in tables
            for verb in ("UPDATE", "DELETE")
        ]
    function = (
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '%: rows are append-only', TG_TABLE_NAME; END $$"
    )
    return [
        function,
        *(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            for table in tables
        ),
    ]
