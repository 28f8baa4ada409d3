"""Kill -9 of the server in mid-work: every answer that a rater was told is recorded, is there."""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from serving import serving
from small_project import box_mask, make_source

from annotate_app.passwords import hash_password
from o365seg.project import create_project, open_project
from o365seg.store import raters
from o365seg.store.schema import answer

PASSWORD = "correct horse"


@dataclass
class Painter:
    """A browser that keeps on submitting, and resends what it got no reply to."""

    name: str
    told: dict[int, int] = field(default_factory=dict)  # question: answer, as acknowledged
    stop: threading.Event = field(default_factory=threading.Event)

    def work(self, url: str) -> None:
        with httpx.Client(base_url=url, headers={"X-O365seg": "1"}, timeout=10) as client:
            unsent: dict | None = None
            while not self.stop.is_set():
                try:
                    if not client.cookies:
                        client.post("/login", data={"name": self.name, "password": PASSWORD})
                    if unsent is None:
                        task = client.post("/api/next", json={}).json()["current"]
                        if task is None:
                            return
                        mask = box_mask(48, 64, task["question"] % 40, 3)
                        unsent = {
                            "lease": task["lease"],
                            "question": task["question"],
                            "answer": {
                                "mask": {
                                    "size": mask.size,
                                    "counts": mask.counts,
                                    "crc32": mask.crc32,
                                }
                            },
                            "image_sha256": task["image"]["sha256"],
                            "activity": {"active_ms": 1000},
                            "client_version": "test",
                        }
                    sent = client.post("/api/submit", json=unsent)
                    assert sent.status_code == 200, sent.text
                    self.told[unsent["question"]] = sent.json()["answer"]
                    unsent = None
                except httpx.TransportError:
                    time.sleep(0.05)


@pytest.mark.slow
def test_kill_9_loses_and_doubles_nothing(tmp_path: Path) -> None:
    source = make_source(tmp_path / "source", images=300)
    folder = tmp_path / "project"
    create_project(folder, source.detections, source.images, images=300)
    project = open_project(folder)
    painters = [Painter(f"rater {number}") for number in range(4)]
    hashed = hash_password(PASSWORD)
    with project.store.write() as db:
        for painter in painters:
            raters.add_rater(db, painter.name, hashed)
    threads: list[threading.Thread] = []
    port, kills = 0, 0
    while not threads or any(thread.is_alive() for thread in threads):
        with serving(folder, port=port) as server:
            port = int(server.url.rsplit(":", 1)[1])  # the same one again, as a real restart
            if not threads:
                threads = [
                    threading.Thread(target=painter.work, args=(server.url,))
                    for painter in painters
                ]
                for thread in threads:
                    thread.start()
            if kills < 3:
                before = sum(len(painter.told) for painter in painters)
                while sum(len(painter.told) for painter in painters) < before + 60:
                    time.sleep(0.01)
                server.kill()
                kills += 1
            else:
                for thread in threads:
                    thread.join()
    with project.store.read() as db:
        rows = db.execute(sa.select(answer)).all()
    recorded = {row.question_id: row.id for row in rows}
    told = {question: number for painter in painters for question, number in painter.told.items()}
    assert kills == 3
    assert len(rows) == len(recorded) == 675  # 900 boxes, every fourth a crowd
    assert told == recorded
    for row in rows:
        assert row.counts == box_mask(48, 64, row.question_id % 40, 3).counts
