"""Several statements in one round trip to the database.

PostgreSQL runs a small statement faster than the driver and the wire carry it there and back, and
whoever writes keeps all other writers waiting meanwhile. So statements that do not need each
other's results go together, by libpq's pipeline mode. SQLite has no wire and runs them at once.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from typing import Any, TypeAlias, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import Compiled

Asked: TypeAlias = tuple[sa.Executable, Mapping[str, Any]]
"""A statement built once for the module, and its parameters: numbers and texts."""

PENDING = "o365seg_pending"
"""Execution option of a PostgreSQL transaction: what `tell` has put aside."""


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


_DIALECT = PGDialect_psycopg()


@lru_cache(512)
def _compiled(statement: sa.Executable) -> Compiled:
    assert isinstance(statement, sa.ClauseElement)
    return statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})


@contextmanager
def _pipeline(connection: Any) -> Iterator[None]:
    """psycopg's pipeline, which ends with its last result and sends nothing after that.

    psycopg itself may ask for a flush behind the last sync. PostgreSQL takes that for the next
    command: it stops the clock of `idle_in_transaction_session_timeout` and never starts it again.
    """
    with connection.pipeline() as pipeline:
        fetch = pipeline._fetch_gen
        pipeline._fetch_gen = lambda *, flush: fetch(flush=False)
        yield


def _send(db: sa.Connection, asked: list[Asked]) -> list[list[Any]]:
    import psycopg  # an extra of the package
    from psycopg.rows import namedtuple_row

    connection: Any = db.connection.driver_connection
    begun = connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE
    alone = len(asked) == 1 and (begun or connection.autocommit)
    together = nullcontext() if alone else _pipeline(connection)
    cursors = []
    try:
        with together:
            for statement, given in asked:
                compiled = _compiled(statement)
                cursor = connection.cursor(row_factory=namedtuple_row)
                cursors.append(cursor)
                cursor.execute(str(compiled), compiled.construct_params(dict(given)))
        # Not by `description`, which makes an object of each column.
        return [cursor.fetchall() if cursor.pgresult.nfields else [] for cursor in cursors]
    except psycopg.Error as error:
        lost = db.dialect.is_disconnect(cast("Any", error), connection, None)
        if lost:
            db.invalidate(error)
        # As SQLAlchemy tells it, without the values.
        raise DBAPIError.instance(
            "statements of one round trip", (), error, psycopg.Error,
            hide_parameters=True, connection_invalidated=lost, dialect=db.dialect,
        ) from error  # fmt: skip
    finally:
        for cursor in cursors:
            cursor.close()
