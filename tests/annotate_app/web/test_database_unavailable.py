"""The database goes away under a running server, and comes back."""

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from painter_requests import next_task, submit_body
from postgresql_server import postgresql_cluster, why_not
from small_project import SmallSource, open_small_project
from sqlalchemy.exc import DBAPIError, OperationalError

from annotate_app.server import make_app
from o365seg.project.folder import Project
from o365seg.store.people import raters
from o365seg.store.schema import answer


def signed_in(project: Project, password: str, password_hash: str) -> TestClient:
    with project.store.write() as db:
        raters.add_rater(db, "Ada", password_hash)
    client = TestClient(make_app(project), follow_redirects=False)
    assert client.post("/login", data={"name": "Ada", "password": password}).status_code == 303
    client.headers["X-O365seg"] = "1"
    return client


@pytest.mark.slow
def test_an_answer_waits_until_the_database_is_back(
    tmp_path: Path, source: SmallSource, password: str, password_hash: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    if reason := why_not():
        pytest.skip(reason)
    with (
        postgresql_cluster() as cluster,
        open_small_project(tmp_path / "p", source, cluster.url) as project,
    ):
        ada = signed_in(project, password, password_hash)
        task = next_task(ada)
        cluster.stop()
        refused = ada.post("/api/submit", json=submit_body(task))
        assert refused.status_code == 503
        assert refused.json()["error"] == "database_away"
        assert refused.headers["retry-after"] == "5"
        assert "content-security-policy" in refused.headers
        page = TestClient(ada.app, cookies=ada.cookies).get("/guidelines")
        assert page.status_code == 503
        assert "Nothing is lost; try again" in page.text
        assert "Traceback" not in capsys.readouterr().err
        cluster.start()
        taken = ada.post("/api/submit", json=submit_body(task))
        assert taken.status_code == 200
        assert ada.post("/api/submit", json=submit_body(task)).status_code == 200
        with project.store.read() as db:
            assert db.execute(sa.select(sa.func.count()).select_from(answer)).scalar_one() == 1


def test_who_waits_too_long_for_the_writers_is_told_to_try_again(
    ada: TestClient, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = next_task(ada)

    def refuse(*_: object) -> None:
        raise OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))

    monkeypatch.setattr(type(project.store), "write", refuse)
    answer_ = ada.post("/api/submit", json=submit_body(task))
    assert (answer_.status_code, answer_.json()["error"]) == (503, "database_away")


@pytest.mark.slow
def test_a_writer_that_stands_still_is_ended(
    tmp_path: Path, source: SmallSource, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would keep every other server from writing."""
    monkeypatch.setattr("o365seg.store.database._STALLED_WRITER", "1s")
    with open_small_project(tmp_path / "p", source, postgresql) as project:

        def stand_still() -> None:
            with project.store.write() as db:
                raters.rater_names(db)  # the turn comes with the first statement
                threading.Event().wait(3)

        with pytest.raises(DBAPIError):
            stand_still()
        with project.store.write() as db:
            raters.add_rater(db, "Ada", "x")
