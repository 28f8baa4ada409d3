"""Two server processes on one PostgreSQL database: many raters, no question served twice."""

import shutil
import threading
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from serving import serving
from small_project import SmallSource, box_mask, make_source, open_small_project

from annotate_app.access.passwords import hash_password
from o365seg.project.folder import Project
from o365seg.store.people.raters import add_rater
from o365seg.store.progress.summary import measure_progress
from o365seg.store.schema import answer, lease

RATERS = 40


@pytest.fixture
def shared(tmp_path: Path, postgresql: str):
    source: SmallSource = make_source(tmp_path / "source", images=45)
    with open_small_project(tmp_path / "project", source, postgresql) as project:
        hashed = hash_password("correct horse")
        with project.store.write() as db:
            for number in range(RATERS):
                add_rater(db, f"rater {number}", hashed)
        yield project


def paint_all(
    url: str,
    name: str,
    signed_in: threading.Barrier,
    served: list[tuple[str, int]],
    faults: list[str],
) -> None:
    """One rater's work to the end of the project, begun when all have signed in."""
    with httpx.Client(base_url=url, headers={"X-O365seg": "1"}, timeout=60) as client:
        form = {"name": name, "password": "correct horse"}
        assert client.post("/login", data=form).status_code == 303
        signed_in.wait(timeout=120)
        work = client.post("/api/next").json()
        while task := work["current"]:
            served.append((name, task["question"]))
            picture = task["image"]
            mask = box_mask(picture["height"], picture["width"], 2, 2)
            sent = client.post(
                "/api/submit",
                json={
                    "lease": task["lease"],
                    "question": task["question"],
                    "answer": {
                        "mask": {"size": mask.size, "counts": mask.counts, "crc32": mask.crc32}
                    },
                    "image_sha256": picture["sha256"],
                    "activity": {},
                    "client_version": "test",
                },
            )
            if sent.status_code != 200:
                faults.append(f"{name}: {sent.status_code} {sent.text[:200]}")
                return
            work = sent.json()["next"]


def assert_one_session_for_both(first: str, second: str) -> None:
    form = {"name": "rater 0", "password": "correct horse"}
    with httpx.Client(base_url=first, timeout=60) as client:
        assert client.post("/login", data=form).status_code == 303
        cookies = client.cookies
    with httpx.Client(base_url=second, cookies=cookies, timeout=60) as client:
        assert client.get("/api/me").json()["rater"] == "rater 0"


def assert_one_at_a_time(db: sa.Connection) -> None:
    """The database's own account: no two leases of a question at once, one answer to each."""
    leases = db.execute(sa.select(lease).order_by(lease.c.question_id, lease.c.leased_at)).all()
    for one, other in pairwise(leases):
        if one.question_id == other.question_id:
            assert one.closed_at is not None and one.closed_at <= other.leased_at
    answered = [row.question_id for row in leases if row.outcome == "answered"]
    rows = db.execute(sa.select(answer.c.question_id, answer.c.lease_token)).all()
    assert sorted(row.question_id for row in rows) == sorted(answered)
    assert len({row.question_id for row in rows}) == len(rows)


@pytest.mark.slow
def test_no_question_is_served_twice(shared: Project) -> None:
    served: list[tuple[str, int]] = []
    faults: list[str] = []
    signed_in = threading.Barrier(RATERS)
    copy = shared.folder.with_name("copy")
    shutil.copytree(shared.folder, copy)
    with serving(shared.folder) as first, serving(copy) as second:
        assert_one_session_for_both(first.url, second.url)
        threads = [
            threading.Thread(
                target=paint_all,
                args=(
                    (first, second)[number % 2].url,
                    f"rater {number}",
                    signed_in,
                    served,
                    faults,
                ),
            )
            for number in range(RATERS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert faults == []
    questions = [question for _, question in served]
    with shared.store.read() as db:
        done = measure_progress(db, 0)
        assert_one_at_a_time(db)
    assert len(questions) == len(set(questions)) == done.questions == done.masks
    assert len({name for name, _ in served}) == RATERS
