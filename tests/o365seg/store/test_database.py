"""Transactions and what the database itself refuses, in SQLite and PostgreSQL."""

import threading
from pathlib import Path
from traceback import format_exception

import pytest
import sqlalchemy as sa
from rater_steps import add_raters, current, skip, take
from small_project import SmallSource, open_small_project
from sqlalchemy.exc import DBAPIError, IntegrityError

from o365seg.errors import InputError
from o365seg.project.backup import back_up
from o365seg.project.folder import Project, open_project
from o365seg.store.database import now_ms, postgresql_url
from o365seg.store.schema import APPEND_ONLY, answer, draft, rater, tables


def test_commits_reach_the_disk(project: Project) -> None:
    with project.store.read() as db:
        if project.store.is_sqlite:
            assert db.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert db.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
            assert db.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        else:
            assert db.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_a_failed_transaction_leaves_no_trace(project: Project) -> None:
    with pytest.raises(RuntimeError), project.store.write() as db:
        db.execute(rater.insert().values(name="x", password_hash="x", created_at=now_ms()))
        raise RuntimeError
    with project.store.read() as db:
        assert db.execute(sa.select(rater)).all() == []


def test_rows_that_refer_to_nothing_are_refused(project: Project) -> None:
    with pytest.raises(IntegrityError), project.store.write() as db:
        db.execute(
            draft.insert().values(question_id=1, rater_id=99, late=False, activity={}, saved_at=0)
        )


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("verb", ["change", "delete"])
def test_what_is_appended_stays(project: Project, table: str, verb: str) -> None:
    [ada] = add_raters(project.store, 1)
    skip(project.store, ada, current(take(project.store, ada)))
    with project.store.write() as db:
        given = db.execute(sa.select(answer.c.id)).scalar_one()
        if table in ("review", "reply"):
            row = {"answer_id": given, "reviewer_id": ada, "verdict": "accepted", "created_at": 0}
            db.execute(tables.tables["review"].insert().values(row))
        if table == "reply":
            review = db.execute(sa.select(tables.tables["review"].c.id)).scalar_one()
            row = {"review_id": review, "rater_id": ada, "text": "x", "created_at": 0}
            db.execute(tables.tables["reply"].insert().values(row))
        if table == "audit":
            row = {"at": 0, "action": "x", "detail": {}}
            db.execute(tables.tables["audit"].insert().values(row))
    chosen = tables.tables[table]
    statement = chosen.delete() if verb == "delete" else chosen.update().values(id=chosen.c.id + 9)
    with pytest.raises(DBAPIError, match="append-only"), project.store.write() as db:
        db.execute(statement)


def test_a_reader_sees_one_state_while_others_write(project: Project) -> None:
    count = sa.select(sa.func.count()).select_from(rater)
    with project.store.read() as db:
        before = db.execute(count).scalar_one()
        add_raters(project.store, 2)
        assert db.execute(count).scalar_one() == before
    with project.store.read() as db:
        assert db.execute(count).scalar_one() == before + 2


def test_two_servers_write_one_after_the_other(project: Project, postgresql: str) -> None:
    database = "" if project.store.is_sqlite else postgresql
    other = open_project(project.folder, database=database)
    [ada] = add_raters(project.store, 1)

    def count_up(store) -> None:
        for _ in range(20):
            with store.write() as db:  # reads, thinks, writes: lost updates if two overlapped
                seen = db.execute(sa.select(rater.c.sign_outs)).scalar_one()
                db.execute(rater.update().where(rater.c.id == ada).values(sign_outs=seen + 1))

    threads = [
        threading.Thread(target=count_up, args=(one.store,))
        for one in (project, other, project, other)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with project.store.read() as db:
        assert db.execute(sa.select(rater.c.sign_outs)).scalar_one() == 80
    other.store.close()


def test_projects_share_a_postgresql_database(
    postgresql: str, tmp_path: Path, source, project: Project
) -> None:
    add_raters(project.store, 1)
    with (
        open_small_project(tmp_path / "another", source, postgresql) as another,
        another.store.read() as db,
    ):
        assert db.execute(sa.select(rater)).all() == []


@pytest.mark.parametrize("how", ["postgres:hunter2@", "postgres@?password=hunter2"])
def test_the_password_is_not_written_down(
    how: str, postgresql: str, tmp_path: Path, source: SmallSource
) -> None:
    login, _, query = how.partition("?")
    secret = postgresql.replace("postgres@", login) + (f"?{query}" if query else "")
    with open_small_project(tmp_path / "p", source, secret) as opened:
        assert "hunter2" not in opened.store.name
    text = (tmp_path / "p" / "project.json").read_text()
    assert "hunter2" not in text
    assert "postgresql://postgres@127.0.0.1" in text
    back_up(tmp_path / "p", tmp_path / "b.zip", secret)
    assert b"hunter2" not in (tmp_path / "b.zip").read_bytes()
    open_project(tmp_path / "p").store.close()


def test_an_error_does_not_tell_what_was_stored(project: Project) -> None:
    row = {"name": "Ada", "password_hash": "hunter2", "created_at": 1}
    with pytest.raises(IntegrityError) as caught, project.store.write() as db:
        db.execute(rater.insert(), [row])
        db.execute(rater.insert(), [row])
    assert "hunter2" not in "".join(format_exception(caught.value))


def test_a_server_that_is_not_there_is_named(tmp_path: Path, source) -> None:
    pytest.importorskip("psycopg")
    from o365seg.project.creation import create_project

    nowhere = "postgresql://postgres@127.0.0.1:1/none"
    with pytest.raises(InputError, match=r"postgresql://postgres@127.0.0.1:1/none: connection"):
        create_project(tmp_path / "p", source.detections, source.images, database=nowhere)
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize("text", ["mysql://a/b", "a b", "postgresql://host", "http://x/y"])
def test_other_urls_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="not a PostgreSQL URL"):
        postgresql_url(text)
