"""The database file: durable settings, whole transactions, refusal of what is not ours."""

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from o365seg.errors import InputError
from o365seg.project import Project
from o365seg.store.database import Store, now_ms
from o365seg.store.schema import draft, rater


def test_commits_reach_the_disk(project: Project) -> None:
    with project.store.read() as db:
        assert db.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert db.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert db.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


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


def test_what_is_not_our_database_is_refused(tmp_path: Path, project: Project) -> None:
    with pytest.raises(InputError, match="no such database"):
        Store(tmp_path / "absent.sqlite")
    (tmp_path / "text.sqlite").write_text("not a database at all" * 50)
    with pytest.raises(InputError, match="is not a project database"):
        Store(tmp_path / "text.sqlite")
    path = project.folder / "project.sqlite"
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA user_version = 99")
    with pytest.raises(InputError, match="schema version 99"):
        Store(path)
