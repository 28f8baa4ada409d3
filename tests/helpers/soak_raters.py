"""Raters at work while their server is killed again and again; then the books are compared.

Each rater keeps what they were told and resends what got no answer. Some send again what was
acknowledged, some fall asleep over a question until its lease is over.
"""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from http_rater import HttpRater, Unreachable
from serving import serving
from small_project import box_mask

from o365seg.project.folder import Project
from o365seg.store.schema import answer, draft, lease, question

Content = tuple[str | None, str | None]  # counts, reason of a skip


@dataclass
class Books:
    """What all raters were told. `screens`: whose screen each question is on, as far as known."""

    told: dict[int, tuple[int, int, Content]] = field(default_factory=dict)
    late: list[tuple[int, int, Content]] = field(default_factory=list)  # question, rater
    screens: dict[int, int] = field(default_factory=dict)
    happened: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def show(self, question_id: int, rater_id: int) -> None:
        """A question appears on a screen, and must be on no other."""
        with self.lock:
            other = self.screens.get(question_id, rater_id)
            if other != rater_id:
                self.faults.append(f"question {question_id} is with {other} and {rater_id}")
            self.screens[question_id] = rater_id

    def leave(self, question_id: int, rater_id: int) -> None:
        """It is no longer theirs, as they or we know."""
        with self.lock:
            if self.screens.get(question_id) == rater_id:
                del self.screens[question_id]

    def record(self, question_id: int, answer_id: int, rater_id: int, content: Content) -> None:
        """A rater is told that their answer is recorded."""
        with self.lock:
            new = (answer_id, rater_id, content)
            if self.told.setdefault(question_id, new) != new:
                self.faults.append(f"question {question_id}: {new} after {self.told[question_id]}")

    def keep_late(self, question_id: int, rater_id: int, content: Content) -> None:
        """A rater is told that their work came too late and is kept."""
        with self.lock:
            self.late.append((question_id, rater_id, content))


class SoakRater(threading.Thread):
    """Answers until nothing is left."""

    def __init__(
        self,
        project: Project,
        name: str,
        id_: int,
        password: str,
        url: str,
        books: Books,
        sleepy: float,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._project = project
        self._id = id_
        self._password = password
        self._client = HttpRater(url, timeout=30)
        self._books = books
        self._sleepy = sleepy
        self._random = random.Random(name)

    def run(self) -> None:
        """Work; whatever goes wrong here is a fault."""
        try:
            self._until_answered(lambda: self._client.sign_in(self.name, self._password))
            work = self._post("/api/next")[1]
            while not self._done(work):
                task = work["current"]
                if task is None:  # the rest is on others' screens
                    time.sleep(0.2)
                    work = self._post("/api/next")[1]
                    continue
                self._books.show(int(task["question"]), self._id)
                if self._random.random() < self._sleepy:
                    self._fall_asleep(task)
                work = self._answer(task)
        except Exception as error:
            self._books.faults.append(f"{self.name}: {error!r}")

    def _done(self, work: dict[str, Any]) -> bool:
        return work["current"] is None and work["waiting"] == 0

    def _answer(self, task: dict[str, Any]) -> dict[str, Any]:
        """Submit, perhaps twice; returns what comes next."""
        given, content = self._paint(task)
        body = json.dumps(
            {
                "lease": task["lease"],
                "question": task["question"],
                "answer": given,
                "image_sha256": task["image"]["sha256"],
                "activity": {"wall_ms": 2000, "active_ms": 1000, "strokes": 2},
                "client_version": "soak",
            }
        ).encode()
        status, said = self._post("/api/submit", body)
        self._books.leave(int(task["question"]), self._id)
        if status == 409 and said["error"] == "lease_lost":
            self._books.happened["late"] += 1
            self._books.keep_late(int(task["question"]), self._id, content)
            return said["next"]
        assert status == 200, (status, said)
        if said["status"] == "already_recorded":
            self._books.happened["recorded though no answer had come"] += 1
        self._books.record(int(task["question"]), said["answer"], self._id, content)
        if self._random.random() < 0.03:
            self._books.happened["sent twice"] += 1
            status, again = self._post("/api/submit", body)
            assert status == 200, (status, again)
            assert again["status"] == "already_recorded", again
            self._books.record(int(task["question"]), again["answer"], self._id, content)
            return again["next"]
        return said["next"]

    def _paint(self, task: dict[str, Any]) -> tuple[dict[str, Any], Content]:
        if self._random.random() < 0.1:
            return {"skip": {"reason": "too_dark"}}, (None, "too_dark")
        size = (task["image"]["height"], task["image"]["width"])
        side = self._random.randrange(2, 30)
        place = self._random.randrange(0, size[1] - side), self._random.randrange(0, size[0] - side)
        mask = box_mask(*size, *place, side)
        travelling = {"size": mask.size, "counts": mask.counts, "crc32": mask.crc32}
        return {"mask": travelling}, (mask.counts, None)

    def _fall_asleep(self, task: dict[str, Any]) -> None:
        """Until the lease is over and others came along; twenty minutes are too long to wait."""
        self._books.happened["lease expired"] += 1
        self._books.leave(int(task["question"]), self._id)
        with self._project.store.write() as db:
            mine = (lease.c.rater_id == self._id, lease.c.closed_at.is_(None))
            db.execute(lease.update().where(*mine).values(expires_at=1))
        enough = len(self._books.told) + 200
        waited = time.monotonic() + 2
        while len(self._books.told) < enough and time.monotonic() < waited:
            time.sleep(0.05)

    def _post(self, path: str, body: bytes = b"{}") -> tuple[int, dict[str, Any]]:
        return self._until_answered(lambda: self._client.post(path, body))

    def _until_answered(self, send: Callable[[], Any]) -> Any:
        while True:
            try:
                return send()
            except Unreachable:
                self._books.happened["no answer, sent again"] += 1
                time.sleep(0.05)


def soak(
    project: Project,
    people: dict[str, int],
    password: str,
    kill_now: Callable[[float, int], bool],
    say: Callable[[str], None] = lambda line: None,
    *,
    sleepy: float = 0.005,
) -> Books:
    """Let `people` (ids by name) answer every question of a project.

    Args:
        project: Without answers.
        people: Each a rater with that `password`.
        password: Everybody's.
        kill_now: Whether to kill the server, from the seconds and the answers since it started.
        say: Told how it goes, at every kill.
        sleepy: Share of the questions over which a rater falls asleep.
    """
    books = Books()
    threads: list[SoakRater] = []
    port = 0
    while not threads or any(thread.is_alive() for thread in threads):
        with serving(project.folder, port=port) as server:
            port = int(server.url.rsplit(":", 1)[1])  # the same one again, as a real restart
            if not threads:
                threads = [
                    SoakRater(project, name, id_, password, server.url, books, sleepy)
                    for name, id_ in people.items()
                ]
                for thread in threads:
                    thread.start()
            began, before = time.monotonic(), len(books.told)
            while any(thread.is_alive() for thread in threads):
                if kill_now(time.monotonic() - began, len(books.told) - before):
                    server.kill()
                    books.happened["kill -9"] += 1
                    say(f"{len(books.told)} answers, {dict(books.happened)}, {books.faults[:3]}")
                    break
                time.sleep(0.01)
    return books


def compare(project: Project, books: Books) -> list[str]:
    """What differs between what raters were told and what is stored; empty: nothing."""
    faults = list(books.faults)
    with project.store.read() as db:
        rows = db.execute(sa.select(answer)).all()
        kept = db.execute(sa.select(draft).where(draft.c.late)).all()
        asked = set(db.execute(sa.select(question.c.id)).scalars())
        if project.store.is_sqlite:
            sound = db.exec_driver_sql("PRAGMA integrity_check").scalar_one()
            if sound != "ok":
                faults.append(f"integrity check: {sound}")
    stored = {
        row.question_id: (row.id, row.rater_id, (row.counts, row.skip_reason)) for row in rows
    }
    if len(stored) != len(rows):
        faults.append(f"{len(rows) - len(stored)} doubled")
    if set(stored) != asked:
        faults.append(f"{len(asked - set(stored))} questions without an answer")
    lost = [question_id for question_id in books.told if question_id not in stored]
    untold = [question_id for question_id in stored if question_id not in books.told]
    changed = [
        question_id
        for question_id, told in books.told.items()
        if question_id in stored and stored[question_id] != told
    ]
    for what, which in (("lost", lost), ("stored but not told", untold), ("changed", changed)):
        if which:
            faults.append(f"{len(which)} {what}, such as question {which[0]}")
    late = {(row.question_id, row.rater_id, (row.counts, row.skip_reason)) for row in kept}
    if missing := set(books.late) - late:
        faults.append(f"{len(missing)} late answers were not kept")
    return faults
