"""Whether a database is undamaged: its pages, by its own check, and each mask, by its CRC-32.

A disk can flip a bit or lose a page of a file that still opens. Before such a database is backed up
or released, the damage must be known, or it would take the place of the last good copy.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from o365seg.errors import InputError
from o365seg.store import schema
from o365seg.store.database import Store, database_errors, error_reason
from o365seg.store.schema import answer

MOST_NAMED = 20  # faults; a damaged page holds many answers
_ROWS = 500  # read at a time: a row may hold a mask of megabytes


@dataclass(frozen=True)
class Damage:
    """A fault of the database; `record` is the answer that it is in, None: somewhere else."""

    what: str
    record: str | None = None

    def __str__(self) -> str:
        return self.what if self.record is None else f"{self.record}: {self.what}"


def find_damage(store: Store) -> list[Damage]:
    """The faults of a database, at most `MOST_NAMED`; damaged answers first.

    Raises:
        InputError: it cannot be reached or read at all.
    """
    found: list[Damage] = []
    try:
        with database_errors(store), store.read() as db:
            found.extend(islice(_faults(db), 2 * MOST_NAMED))
    except InputError:
        if not found:  # else it is the end of a transaction that met a damaged page
            raise
    return list(dict.fromkeys(found))[:MOST_NAMED]


def require_undamaged(store: Store) -> None:
    """Check the database.

    Raises:
        InputError: it is damaged; names the first damaged answer.
    """
    found = find_damage(store)
    if found:
        more = f" (and {len(found) - 1} more; see `o365seg status --check`)" if found[1:] else ""
        raise InputError(f"damaged: {found[0].what}{more}", file=store.name, record=found[0].record)


def _faults(db: sa.Connection) -> Iterator[Damage]:
    try:
        yield from _damaged_masks(db, sa.true())
    except DBAPIError as error:
        if db.dialect.name != "sqlite":
            raise
        yield from _unreadable_answers(db)
        yield Damage(error_reason(error))
    if db.dialect.name == "sqlite":
        yield from _damaged_pages(db)
    else:
        _read_all(db)


def _damaged_masks(db: sa.Connection, which: sa.ColumnElement[bool]) -> Iterator[Damage]:
    """The answers whose run lengths are not those that were stored."""
    # As bytes: a flipped bit may leave no valid UTF-8.
    raw = (
        sa.cast(answer.c.counts, sa.LargeBinary)
        if db.dialect.name == "sqlite"
        else sa.func.convert_to(answer.c.counts, "UTF8", type_=sa.LargeBinary)
    )
    masks = sa.select(answer.c.id, answer.c.question_id, answer.c.crc32, raw).where(
        answer.c.counts.is_not(None), which
    )
    for row in db.execution_options(yield_per=_ROWS).execute(masks):
        if zlib.crc32(row[3]) != row.crc32:
            yield Damage("the mask does not match its checksum", _name(row.id, row.question_id))


def _unreadable_answers(db: sa.Connection) -> Iterator[Damage]:
    """The answers on damaged pages, looked up one by one along an index, which may be whole."""
    try:
        known = db.execute(sa.select(answer.c.id).order_by(answer.c.rater_id)).scalars().all()
    except DBAPIError:
        return
    for id_ in sorted(known):
        try:
            yield from _damaged_masks(db, answer.c.id == id_)
        except DBAPIError:
            yield Damage("cannot be read", _name(id_))


def _damaged_pages(db: sa.Connection) -> Iterator[Damage]:
    """What SQLite finds in its pages and indexes, and references to rows that are missing."""
    try:
        found = db.exec_driver_sql(f"PRAGMA integrity_check({MOST_NAMED})").scalars().all()
        missing = db.exec_driver_sql("PRAGMA foreign_key_check").all()
    except DBAPIError as error:
        yield Damage(error_reason(error))
        return
    for line in found:
        if line != "ok":
            yield Damage(" ".join(line.split()))
    for table, row_id, parent, _ in missing:
        yield Damage(f"row {row_id} of table {table} refers to a missing row of {parent}")


def _read_all(db: sa.Connection) -> None:
    """Read every row, so that PostgreSQL checks the checksum of every page that holds one."""
    for table in schema.tables.sorted_tables:
        for _ in db.execution_options(yield_per=_ROWS).execute(sa.select(table)):
            pass


def _name(answer_id: int, question_id: int | None = None) -> str:
    question = "" if question_id is None else f" (question {question_id})"
    return f"answer {answer_id}{question}"
