"""Several statements in one round trip to the database.

PostgreSQL runs a small statement faster than the driver and the wire carry it there and back, and
whoever writes keeps all other writers waiting meanwhile. So statements that do not need each
other's results go together, by libpq's pipeline mode. SQLite has no wire and runs them at once.
"""

from collections import namedtuple
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from functools import lru_cache
from itertools import count
from typing import Any, TypeAlias, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

Asked: TypeAlias = tuple[sa.Executable, Mapping[str, Any]]
"""A statement built once for the module, and its parameters: numbers and texts."""

PENDING = "o365seg_pending"
"""Execution option of a PostgreSQL transaction: what `tell` has put aside."""

ONCE = "o365seg_once"
"""Execution option of a PostgreSQL connection: what is asked needs no transaction."""


def ask(db: sa.Connection, *asked: Asked) -> list[list[Any]]:
    """Run statements in this order; the rows of each, none where it returns none.

    Raises:
        DBAPIError: the database refused one of them.
    """
    if db.dialect.name == "sqlite":
        return [_rows(db.execute(statement, given)) for statement, given in asked]
    pending: list[Asked] = db.get_execution_options().get(PENDING, [])
    told = len(pending)
    together = [*pending, *asked]
    pending.clear()
    return _send(db, together)[told:]


def tell(db: sa.Connection, statement: sa.Executable, given: Mapping[str, Any]) -> None:
    """Run a statement whose result nobody needs, at the latest with the next one of this `db`.

    What the database has against it comes with that one, or with the commit.
    """
    pending = db.get_execution_options().get(PENDING)
    if pending is None:
        db.execute(statement, given)
    else:
        pending.append((statement, given))


def catch_up(db: sa.Connection) -> None:
    """Run what `tell` has put aside."""
    if db.get_execution_options().get(PENDING):
        ask(db)


def side_by_side(*counts: sa.Select) -> sa.Select:
    """One row with the columns of statements that each return one; they see one state."""
    first, *others = (count.subquery() for count in counts)
    joined: sa.FromClause = first
    for other in others:
        joined = joined.join(other, sa.true())
    return sa.select(*joined.columns).select_from(joined)


def _rows(result: sa.CursorResult[Any]) -> list[Any]:
    return list(result.all()) if result.returns_rows else []


_DIALECT = PGDialect_psycopg(paramstyle="numeric_dollar")
_NUMBERS = count()
_PREPARED = "o365seg_prepared"  # in the `info` of a connection: names it knows, reader of rows


class _Prepared:
    """A statement as PostgreSQL knows it under a name; each connection prepares it once."""

    def __init__(self, statement: sa.Executable) -> None:
        assert isinstance(statement, sa.ClauseElement)
        compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
        assert isinstance(compiled, SQLCompiler)
        self.name = f"o365seg_{next(_NUMBERS)}".encode()
        self.text = str(compiled)
        self._defaults = compiled.construct_params(_check=False)
        self._order = compiled.positiontup or []
        self.make_row: Callable[..., Any] | None = None

    def values(self, given: Mapping[str, Any], encoding: str) -> list[bytes | None]:
        """The parameters in order, in PostgreSQL's text form."""
        values = {**self._defaults, **given}
        return [_text(values[name], encoding) for name in self._order]


_prepared = lru_cache(512)(_Prepared)


def _text(value: Any, encoding: str) -> bytes | None:
    if value is None:
        return None
    if isinstance(value, str):
        if "\0" in value:  # libpq would end the text there
            from psycopg import DataError

            raise DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
        return value.encode(encoding)
    if isinstance(value, bool):
        return b"t" if value else b"f"
    assert isinstance(value, int | float)
    return repr(value).encode()


def _send(db: sa.Connection, asked: list[Asked]) -> list[list[Any]]:
    import psycopg  # an extra of the package
    from psycopg.adapt import Transformer

    connection: Any = db.connection.driver_connection
    info = db.connection.info
    if _PREPARED not in info:
        info[_PREPARED] = set(), Transformer.from_context(connection)
    known, reader = info[_PREPARED]
    encoding = connection.info.encoding
    statements = [_prepared(statement) for statement, _ in asked]
    unknown = {one.name: one for one in statements if one.name not in known}
    needs_begin = (
        connection.pgconn.transaction_status == psycopg.pq.TransactionStatus.IDLE
        and not connection.autocommit
        and not db.get_execution_options().get(ONCE, False)
    )
    try:
        values = [
            one.values(given, encoding) for one, (_, given) in zip(statements, asked, strict=True)
        ]

        def send() -> None:
            link = connection.pgconn
            if needs_begin:
                link.send_query_params(_begin(connection), None)
            for one in unknown.values():
                link.send_prepare(one.name, one.text.encode(encoding))
            for one, parameters in zip(statements, values, strict=True):
                link.send_query_prepared(one.name, parameters)

        results = _exchange(connection, send)
        # After a refusal, those before it are prepared all the same.
        prepared = zip(unknown, results[needs_begin:], strict=False)
        done = psycopg.pq.ExecStatus.COMMAND_OK
        known.update(name for name, result in prepared if result.status == done)
        for result in results:
            if result.status == psycopg.pq.ExecStatus.FATAL_ERROR:
                raise psycopg.errors.error_from_result(result, encoding=encoding)
    except psycopg.Error as error:
        lost = db.dialect.is_disconnect(cast("Any", error), connection, None)
        if lost:
            db.invalidate(error)
        # As SQLAlchemy tells it, without the values.
        raise DBAPIError.instance(
            "statements of one round trip", (), error, psycopg.Error,
            hide_parameters=True, connection_invalidated=lost, dialect=db.dialect,
        ) from error  # fmt: skip
    return [
        _read(reader, one, result)
        for one, result in zip(statements, results[-len(statements) :], strict=True)
    ]


def _begin(connection: Any) -> bytes:
    """The command that begins a transaction as the connection's attributes say."""
    words = ["BEGIN"]
    if connection.isolation_level is not None:
        words += ["ISOLATION LEVEL", connection.isolation_level.name.replace("_", " ")]
    if connection.read_only is not None:
        words.append("READ ONLY" if connection.read_only else "READ WRITE")
    return " ".join(words).encode()


def _exchange(connection: Any, send: Callable[[], None]) -> list[Any]:
    """Send what `send` writes, in one go, and wait for the result of each command, or a refusal.

    psycopg's own pipeline waits for the socket before every command, gives Python's lock away each
    time, and may ask for a flush behind the last sync. PostgreSQL takes that for the next command:
    it stops the clock of `idle_in_transaction_session_timeout` and never starts it again.

    Raises:
        psycopg.Error: the connection is lost.
    """
    from psycopg import Error
    from psycopg.pq import ConnStatus

    link = connection.pgconn
    link.enter_pipeline_mode()
    try:
        send()
        link.pipeline_sync()
        results = connection.wait(_communicate(link))
    except BaseException:
        with suppress(Error):  # of a connection that is lost
            link.exit_pipeline_mode()
        raise
    if link.status == ConnStatus.OK:
        link.exit_pipeline_mode()
    return results


def _communicate(link: Any) -> Generator[Any, Any, list[Any]]:
    """Write what is buffered, and collect the results up to the sync."""
    from psycopg import OperationalError
    from psycopg.pq import ConnStatus, ExecStatus
    from psycopg.waiting import Ready, Wait

    while link.flush():
        if (yield Wait.RW) & Ready.R:
            link.consume_input()  # or both sides may wait for each other to read
    results: list[Any] = []
    while True:
        while link.is_busy():
            if (yield Wait.R):
                link.consume_input()
        result = link.get_result()
        if result is not None and result.status == ExecStatus.PIPELINE_SYNC:
            return results
        if result is not None:
            results.append(result)
        elif link.status == ConnStatus.BAD:  # not only the end of one command's results
            if results and results[-1].status == ExecStatus.FATAL_ERROR:
                return results
            raise OperationalError(link.get_error_message())


def _read(reader: Any, statement: _Prepared, result: Any) -> list[Any]:
    """The rows of a result, as named tuples."""
    if not result.nfields:
        return []
    if statement.make_row is None:
        names = [result.fname(index).decode() for index in range(result.nfields)]
        statement.make_row = namedtuple("Row", names, rename=True)._make
    reader.set_pgresult(result)
    return reader.load_rows(0, result.ntuples, statement.make_row)
