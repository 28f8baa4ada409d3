"""Databases of an earlier o365seg are upgraded, those of a later one and of others refused."""

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from quality_steps import SIZE, judge, paint, reject
from rater_steps import add_raters, current, skip, take
from small_project import box_mask
from sqlalchemy.exc import DBAPIError

import o365seg.store.migrations as migrations
from o365seg.errors import InputError
from o365seg.project.backup import back_up, restore
from o365seg.project.folder import Project, open_project
from o365seg.store.database import Store, sqlite_url
from o365seg.store.migrations.versions import first_0001
from o365seg.store.progress.summary import measure_progress
from o365seg.store.review import replies
from o365seg.store.schema import QuestionState, Verdict, question, tables
from o365seg.store.versions import HEAD, create_store, open_store, schema_version
from o365seg.store.work import answers, leases
from o365seg.store.work.checks import Activity

FOLDER = Path(str(migrations.__file__)).parent


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A database as the first o365seg left it: a mask, a skip, an open lease, a draft."""
    path = tmp_path / "project.sqlite"
    with sqlite3.connect(path) as db:
        for statement in first_0001.STATEMENTS:
            db.execute(statement)
        db.execute("PRAGMA user_version = 1")
        db.execute("INSERT INTO rater VALUES (1, 'Ada', 'hash', 0, 5)")
        db.execute("INSERT INTO image VALUES (7, 'a.jpg', 0, 'abc', 'image/jpeg', 4, 4)")
        for question in (1, 2, 3):
            db.execute(
                "INSERT INTO question VALUES (?, 7, 1, 'Person', 0, 0, 2, 2, ?)",
                (question, question),
            )
            closed = (9, "answered") if question < 3 else (None, None)
            db.execute(
                "INSERT INTO lease VALUES (?, ?, 1, 5, 5, 99, ?, ?)",
                (f"t{question}", question, *closed),
            )
        row = "INSERT INTO answer VALUES ({}, {}, 1, '{}', {}, 'abc', 4, 4, 5, 5, 9, {}, 'v')"
        times = ", ".join("1" * 10)
        db.execute(row.format(1, 1, "t1", "NULL, NULL, '04L', 4, 77", times))
        db.execute(row.format(2, 2, "t2", "'too_dark', '', NULL, NULL, NULL", times))
        db.execute("INSERT INTO draft VALUES (1, 3, 1, 0, '04L', 77, NULL, NULL, '{}', 8)")
    return path


def test_the_first_schema_is_upgraded_and_nothing_is_lost(
    first: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with sqlite3.connect(first) as db:
        before = {
            name: db.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall()
            for name in ("rater", "image", "question", "lease", "answer", "draft")
        }
    store = open_store(Store(sqlite_url(first)))
    assert f"upgraded from schema 0001 to {HEAD}" in caplog.text
    with sqlite3.connect(first) as db:
        for name, rows in before.items():
            after = db.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall()
            # Columns were added behind those that were there.
            assert [row[: len(rows[0])] for row in after] == rows
    with store.read() as db:
        done = measure_progress(db, 50)
        assert (done.masks, done.skipped, done.unanswered) == (1, 1, 1)
    [grace] = add_raters(store, 1)
    skip(store, grace, current(take(store, grace, now=100)), now=101)
    with pytest.raises(DBAPIError, match="append-only"), store.write() as db:
        db.execute(sa.text("DELETE FROM answer"))
    store.close()


def test_a_copy_of_the_earlier_database_is_kept(first: Path) -> None:
    open_store(Store(sqlite_url(first))).close()
    [copy] = first.parent.glob("project.sqlite.schema-0001*")
    with sqlite3.connect(copy) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        assert db.execute("SELECT count(*) FROM answer").fetchone() == (2,)
    open_store(Store(sqlite_url(first))).close()  # once is enough
    assert len(list(first.parent.glob("project.sqlite.schema-*"))) == 1


def _difference(store: Store) -> list:
    with store.read() as db:
        # SQLite spells defaults in other words; `shape` compares the rest.
        opts = {"compare_server_default": not store.is_sqlite}
        context = MigrationContext.configure(db, opts=opts)
        return [
            one for one in compare_metadata(context, tables) if "alembic_version" not in repr(one)
        ]


def _undo_0007(db: sa.Connection) -> None:
    db.exec_driver_sql("DROP TABLE reply")
    db.exec_driver_sql("ALTER TABLE review DROP COLUMN marks")


def _undo_0006(db: sa.Connection) -> None:
    db.exec_driver_sql("DROP TABLE api_token")
    db.exec_driver_sql("DROP TABLE webhook")


def _undo_0005(db: sa.Connection) -> None:
    db.exec_driver_sql("DROP TABLE guideline_picture")
    db.exec_driver_sql("ALTER TABLE question DROP COLUMN initial_counts")


def _undo_0004(db: sa.Connection) -> None:
    for column in ("polygon", "repaint"):
        db.exec_driver_sql(f"ALTER TABLE draft DROP COLUMN {column}")


def _undo_0003(db: sa.Connection) -> None:
    """No column, no trigger, the old indexes."""
    on_sqlite = db.dialect.name == "sqlite"
    for table in ("answer", "review"):
        where = "" if on_sqlite else f" ON {table}"
        db.exec_driver_sql(f"DROP TRIGGER {table}_sets_state{where}")
        if not on_sqlite:
            db.exec_driver_sql(f"DROP FUNCTION {table}_sets_state")
    for name in (
        "question_by_state",
        "question_by_image",
        "question_replicated",
        "lease_open_by_rater",
        "lease_by_rater",
        "answer_by_question",
        "answer_by_rater",
        "draft_by_rater",
    ):
        db.exec_driver_sql(f"DROP INDEX {name}")
    for index in (
        "lease_open_by_rater ON lease (rater_id) WHERE closed_at IS NULL",
        "ix_answer_question_id ON answer (question_id)",
        "ix_answer_rater_id ON answer (rater_id)",
        "draft_by_question_and_rater ON draft (question_id, rater_id)",
    ):
        db.exec_driver_sql(f"CREATE INDEX {index}")
    db.exec_driver_sql("ALTER TABLE question DROP COLUMN state")


_UNDO = {
    "0006": _undo_0007,
    "0005": _undo_0006,
    "0004": _undo_0005,
    "0003": _undo_0004,
    "0002": _undo_0003,
}


def _go_back(db: sa.Connection, version: str) -> None:
    """Make a database of the newest schema what an earlier o365seg left."""
    for earlier, undo in _UNDO.items():
        if earlier >= version:
            undo(db)
    db.execute(sa.text("UPDATE alembic_version SET version_num = :to"), {"to": version})


def _rows(store: Store, columns: dict[str, list[str]]) -> dict[str, list]:
    """Every row of some tables, some columns of each."""
    with store.read() as db:
        return {
            name: sorted(
                db.execute(sa.select(*map(sa.column, of_one)).select_from(sa.table(name))).all(),
                key=str,
            )
            for name, of_one in columns.items()
        }


def _columns(store: Store) -> dict[str, list[str]]:
    with store.read() as db:
        looked = sa.inspect(db)
        return {
            name: [column["name"] for column in looked.get_columns(name)]
            for name in looked.get_table_names()
            if name != "alembic_version"
        }


def test_each_schema_is_upgraded_in_both_databases(project: Project) -> None:
    """With a mask, a skip, a rejection and a draft in it; no row changes."""
    ada, rui = add_raters(project.store, 2)
    _, bad = paint(project.store, ada)
    skip(project.store, ada, current(take(project.store, ada)))
    reject(project.store, rui, bad)
    with project.store.write() as db:
        held = leases.take_work(db, ada, 0).current
        assert held is not None
        answers.save_draft(
            db,
            rater_id=ada,
            token=held.token,
            question_id=held.question_id,
            mask=box_mask(*SIZE, 5, 8),
            activity=Activity(active_ms=7, wall_ms=9),
            now=1,
        )
    for version in _UNDO:
        with project.store.write() as db:
            _go_back(db, version)
        columns = _columns(project.store)
        before = _rows(project.store, columns)
        assert all(before[name] for name in ("answer", "review", "draft", "lease"))
        assert schema_version(project.store) == version
        open_store(project.store)
        assert schema_version(project.store) == HEAD
        assert _rows(project.store, columns) == before
        assert _difference(project.store) == []
    other, again = paint(project.store, rui)
    reject(project.store, ada, again)
    with project.store.write() as db:
        sent_back = replies.find_sent_back(db, other, rui)
        assert sent_back is not None
        replies.add_reply(db, rui, sent_back.review_id, "It is a mirror.", 1)
    for table in ("answer", "review", "reply"):
        with pytest.raises(DBAPIError, match="append-only"), project.store.write() as db:
            db.execute(sa.text(f"DELETE FROM {table}"))


def test_the_second_schema_is_upgraded_in_both_databases(project: Project) -> None:
    ada, rui = add_raters(project.store, 2)
    _, bad = paint(project.store, ada)
    skip(project.store, ada, current(take(project.store, ada)))
    reject(project.store, rui, bad)
    _, other = paint(project.store, rui)
    reject(project.store, ada, other)
    judge(project.store, ada, other, Verdict.ACCEPTED, now=1)
    with project.store.write() as db:
        states = sa.select(question.c.id, question.c.state).order_by(question.c.id)
        before = db.execute(states).all()
        _go_back(db, "0002")
    assert {row.state for row in before} == set(QuestionState)
    open_store(project.store)
    assert _difference(project.store) == []
    with project.store.read() as db:
        assert db.execute(states).all() == before
    skip(project.store, ada, current(take(project.store, ada)))
    with project.store.read() as db:
        after = db.execute(states).all()
    assert len([row for row in after if row.state == QuestionState.OPEN]) == 5  # of 9


def test_a_backup_leaves_an_earlier_schema_as_it_is(project: Project, tmp_path: Path) -> None:
    [ada] = add_raters(project.store, 1)
    skip(project.store, ada, current(take(project.store, ada)))
    with project.store.write() as db:
        _go_back(db, "0002")
    database = "" if project.store.is_sqlite else project.store.name
    if database:
        with pytest.raises(InputError, match=r"made by an earlier o365seg \(schema 0002\)"):
            back_up(project.folder, tmp_path / "b.zip", database)
        assert not (tmp_path / "b.zip").exists()
    else:
        back_up(project.folder, tmp_path / "b.zip")
        assert not list(project.folder.glob("*.schema-*"))
        restore(tmp_path / "b.zip", tmp_path / "again")
        again = open_project(tmp_path / "again").store
        assert _difference(again) == []
        again.close()
    assert schema_version(project.store) == "0002"


def test_upgrading_ends_where_creating_begins(first: Path, tmp_path: Path) -> None:
    upgraded = open_store(Store(sqlite_url(first)))
    assert _difference(upgraded) == []
    fresh = Store(sqlite_url(tmp_path / "fresh.sqlite"))
    create_store(fresh)

    def shape(store: Store) -> dict:
        with store.read() as db:
            looked = sa.inspect(db)
            names = sorted(looked.get_table_names())
            triggers = db.exec_driver_sql(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
            ).all()
            return {
                "columns": {
                    name: sorted(
                        (c["name"], str(c["type"]), c["nullable"]) for c in looked.get_columns(name)
                    )
                    for name in names
                },
                "indexes": {
                    name: sorted(
                        (i["name"], tuple(i["column_names"]), i["unique"])
                        for i in looked.get_indexes(name)
                    )
                    for name in names
                },
                "triggers": [row.name for row in triggers],
                "states": [row.sql for row in triggers if row.name.endswith("sets_state")],
            }

    assert shape(upgraded) == shape(fresh)
    upgraded.close()
    fresh.close()


def test_a_new_database_is_what_the_tables_say(project: Project) -> None:
    assert _difference(project.store) == []


def test_the_newest_step_is_the_version_that_is_asked_for() -> None:
    assert ScriptDirectory(str(FOLDER)).get_current_head() == HEAD


def test_what_is_later_is_refused(project: Project, postgresql: str) -> None:
    with project.store.write() as db:
        db.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    database = "" if project.store.is_sqlite else postgresql
    with pytest.raises(InputError, match="newer than this version"):
        open_project(project.folder, database=database)


def test_what_is_not_our_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such database"):
        open_store(Store(sqlite_url(tmp_path / "absent.sqlite")))
    (tmp_path / "text.sqlite").write_text("not a database at all" * 50)
    with pytest.raises(InputError, match="not a project database"):
        open_store(Store(sqlite_url(tmp_path / "text.sqlite")))
    with sqlite3.connect(tmp_path / "other.sqlite") as other:
        other.execute("CREATE TABLE x (y)")
    with pytest.raises(InputError, match="its tables are missing"):
        open_store(Store(sqlite_url(tmp_path / "other.sqlite")))
