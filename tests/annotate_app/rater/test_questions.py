"""The painter's routes, as the painter calls them."""

import hashlib
import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from painter_requests import let_time_pass, mask_body, next_task, submit_body
from small_project import SmallSource, box_mask, make_source, travelling_mask

from annotate_app.server import make_app
from o365seg.project.creation import create_project
from o365seg.project.folder import Project, open_project
from o365seg.store.people import raters
from o365seg.store.progress import summary as progress
from o365seg.store.schema import answer
from o365seg.store.work import leases


def answers_in(project: Project) -> list:
    with project.store.read() as db:
        return list(db.execute(sa.select(answer).order_by(answer.c.id)))


def test_a_task_says_what_to_paint_and_where(ada: TestClient, source: SmallSource) -> None:
    body = ada.post("/api/next", json={}).json()
    task = body["current"]
    box = next(box for box in source.content["annotations"] if str(box["id"]) == task["question"])
    assert task["bbox"] == box["bbox"]
    assert task["category_id"] == str(box["category_id"])
    assert (task["image"]["width"], task["image"]["height"]) == (64, 48)
    assert task["draft"] is None
    assert body["prefetched"]["question"] != task["question"]
    assert body["progress"] == {"questions": 9, "done": 0, "masks": 0, "skips": 0, "mine": 0}
    assert body["waiting"] == 0


def test_the_image_is_what_its_hash_says_and_may_be_cached(ada: TestClient) -> None:
    image = next_task(ada)["image"]
    sent = ada.get(image["url"])
    assert hashlib.sha256(sent.content).hexdigest() == image["sha256"]
    assert sent.headers["content-type"] == "image/png"
    assert "immutable" in sent.headers["cache-control"]
    assert "private" in sent.headers["cache-control"]


def test_a_changed_or_lost_image_file_is_not_served(ada: TestClient, source: SmallSource) -> None:
    url = next_task(ada)["image"]["url"]
    files = list(source.images.rglob("*.png"))
    for file in files:
        file.write_bytes(file.read_bytes() + b"x")
    assert ada.get(url).json()["error"] == "image_changed"
    for file in files:
        file.unlink()
    assert ada.get(url).json()["error"] == "image_missing"
    assert ada.get("/image/..%2F..%2Fproject.json").status_code == 404


def test_a_submitted_mask_arrives_bit_for_bit(ada: TestClient, project: Project) -> None:
    pixels = (np.random.default_rng(1).random((48, 64)) < 0.5).astype(np.uint8)
    mask = travelling_mask(pixels)
    task = next_task(ada)
    let_time_pass(project, 60_000)
    sent = ada.post("/api/submit", json=submit_body(task, answer={"mask": mask_body(mask)}))
    assert (sent.status_code, sent.json()["status"]) == (200, "recorded")
    (row,) = answers_in(project)
    assert (row.counts, row.area) == (mask.counts, pixels.sum())
    assert (row.active_ms, row.strokes) == (4000, 2)
    progress = sent.json()["next"]["progress"]
    assert (progress["done"], progress["masks"], progress["mine"]) == (1, 1, 1)


def test_a_resent_submit_is_recorded_once(ada: TestClient, project: Project) -> None:
    body = submit_body(next_task(ada))
    first, second = (ada.post("/api/submit", json=body).json() for _ in range(2))
    assert (first["status"], second["status"]) == ("recorded", "already_recorded")
    assert first["answer"] == second["answer"]
    assert first["next"]["current"] == second["next"]["current"]
    assert len(answers_in(project)) == 1


def test_a_skip_needs_a_known_reason(ada: TestClient, project: Project) -> None:
    task = next_task(ada)
    for skip in ({}, {"reason": "bored"}, {"reason": "other"}, {"reason": "other", "note": " "}):
        refused = ada.post("/api/submit", json=submit_body(task, answer={"skip": skip}))
        assert refused.status_code == 422
    sent = ada.post("/api/submit", json=submit_body(task, answer={"skip": {"reason": "too_dark"}}))
    assert sent.json()["status"] == "recorded"
    assert answers_in(project)[0].skip_reason == "too_dark"


@pytest.mark.parametrize(
    "changes",
    [
        {"answer": {}},
        {"answer": {"mask": None}},
        {"answer": {"mask": mask_body(box_mask(48, 64, 1, 1)), "skip": {"reason": "too_dark"}}},
        {"answer": {"mask": mask_body(box_mask(64, 48, 1, 1))}},
        {"answer": {"mask": {**mask_body(box_mask(48, 64, 1, 1)), "crc32": 1}}},
        {"answer": {"mask": mask_body(travelling_mask(np.zeros((48, 64))))}},
        {"image_sha256": "0" * 64},
        {"lease": "unknown"},
        {"lease": "\ud800"},
        {"question": -999},
        {"activity": {"active_ms": 2**53}},
        {"activity": {"active_ms": -1}},
        {"activity": {"active_ms": "x"}},
        {"activity": {"active_ms": float("nan")}},
        {"client_version": "x" * 1000},
    ],
)
def test_what_cannot_be_an_answer_is_refused_and_changes_nothing(
    ada: TestClient, project: Project, changes: dict[str, Any]
) -> None:
    task = next_task(ada)
    refused = ada.post("/api/submit", content=json.dumps(submit_body(task, **changes)))
    assert refused.status_code == 422
    assert refused.json()["message"]
    assert answers_in(project) == []
    assert next_task(ada) == task


def test_nobody_can_answer_for_another(ada: TestClient, bob: TestClient, project: Project) -> None:
    task = next_task(ada)
    assert next_task(bob)["question"] != task["question"]
    assert bob.post("/api/submit", json=submit_body(task)).status_code == 422
    assert answers_in(project) == []


def test_a_draft_comes_back_with_its_question(ada: TestClient, bob: TestClient) -> None:
    task = next_task(ada)
    mask = mask_body(box_mask(48, 64, 7, 7))
    activity = {"wall_ms": 3000, "active_ms": 2000, "strokes": 3}
    saved = ada.post(
        "/api/draft",
        json={
            "lease": task["lease"],
            "question": task["question"],
            "mask": mask,
            "activity": activity,
        },
    )
    draft = next_task(ada)["draft"]
    assert draft["mask"] == {**mask, "size": [48, 64]}
    assert draft["saved_at"] == saved.json()["saved_at"]
    assert draft["activity"]["active_ms"] == 2000
    assert next_task(bob)["draft"] is None


def test_a_heartbeat_renews_and_tells_when_the_question_is_gone(
    ada: TestClient, bob: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = ada.post("/api/next", json={}).json()
    task = body["current"]
    beat = {"lease": task["lease"], "prefetched": body["prefetched"]["lease"]}
    assert ada.post("/api/heartbeat", json=beat).json() == {"expires_in_s": 20 * 60}
    real = leases.LEASE_MS
    from annotate_app.rater import questions as api

    monkeypatch.setattr(api, "now_ms", lambda clock=api.now_ms: clock() + real + 1)
    while (other := next_task(bob)) is not None:
        bob.post("/api/submit", json=submit_body(other))
    lost = ada.post("/api/heartbeat", json=beat)
    assert (lost.status_code, lost.json()["error"]) == (409, "lease_lost")
    late = ada.post("/api/submit", json=submit_body(task))
    assert (late.status_code, late.json()["error"]) == (409, "lease_lost")
    assert late.json()["next"]["current"] is None


def test_there_is_no_more_active_time_than_time(ada: TestClient, project: Project) -> None:
    activity = {"wall_ms": 1000, "active_ms": 9000}
    task = next_task(ada)
    let_time_pass(project, 60_000)
    ada.post("/api/submit", json=submit_body(task, activity=activity))
    assert answers_in(project)[0].active_ms == 1000


def test_twenty_raters_at_once_never_get_the_same_question(
    tmp_path: Path, password_hash: str, password: str
) -> None:
    source = make_source(tmp_path / "many", images=100)
    create_project(tmp_path / "p", source.detections, source.images)
    project = open_project(tmp_path / "p")
    app = make_app(project)
    clients = []
    for number in range(20):
        with project.store.write() as db:
            raters.add_rater(db, f"rater {number}", password_hash)
        client = TestClient(app, follow_redirects=False, headers={"X-O365seg": "1"})
        client.post("/login", data={"name": f"rater {number}", "password": password})
        clients.append(client)
    on_screen: dict[int, int] = {}
    faults: list[str] = []
    lock = threading.Lock()

    def work(rater: int) -> None:
        client = clients[rater]
        while (task := next_task(client)) is not None:
            question = int(task["question"])
            with lock:
                if question in on_screen:
                    faults.append(f"question {question}: raters {rater}, {on_screen[question]}")
                on_screen[question] = rater
            sent = client.post("/api/submit", json=submit_body(task))
            if sent.json().get("status") != "recorded":
                faults.append(sent.text)

    threads = [threading.Thread(target=work, args=(rater,)) for rater in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sorted(on_screen) == sorted(row.question_id for row in answers_in(project))
    assert len(on_screen) == 225  # 300 boxes, every fourth a crowd
    with project.store.read() as db:
        assert all(person.masks for person in progress.measure_progress(db, 0).raters)


def test_a_draft_brings_its_open_polygon_back(ada: TestClient) -> None:
    task = next_task(ada)
    polygon = {"corners": [{"x": 60, "y": -1}, {"x": 2, "y": 3}], "value": 1}
    draft = {
        "lease": task["lease"],
        "question": task["question"],
        "mask": mask_body(travelling_mask(np.zeros((48, 64), np.uint8))),
        "activity": {},
        "polygon": polygon,
    }
    assert ada.post("/api/draft", json=draft).status_code == 200
    assert next_task(ada)["draft"]["polygon"] == polygon
    endless = polygon | {"corners": polygon["corners"] * 6000}
    assert ada.post("/api/draft", json=draft | {"polygon": endless}).status_code == 422


def test_own_answers_are_listed_and_any_of_them_opens(ada: TestClient, bob: TestClient) -> None:
    first, second = (next_task(ada) for _ in range(2))
    assert first == second  # still on the screen
    ada.post("/api/submit", json=submit_body(first))
    second = next_task(ada)
    skip = {"skip": {"reason": "too_dark"}}
    ada.post("/api/submit", json=submit_body(second, answer=skip))
    listed = ada.get("/api/answers").json()
    rows = [(row["question"], row["skip_reason"]) for row in listed["answers"]]
    assert rows == [(second["question"], "too_dark"), (first["question"], None)]
    assert not listed["more"]
    newest = listed["answers"][0]["id"]
    older = ada.get(f"/api/answers?before={newest}").json()["answers"]
    assert [row["question"] for row in older] == [first["question"]]
    assert bob.get("/api/answers").json() == {"answers": [], "more": False}
    opened = ada.post("/api/reopen", json={"question": first["question"]}).json()["current"]
    assert opened["question"] == first["question"]
    assert opened["earlier"]["mask"] is not None
    assert bob.post("/api/reopen", json={"question": first["question"]}).status_code == 404


def test_own_masks_of_the_image_are_nobody_elses(ada: TestClient, bob: TestClient) -> None:
    done: dict[str, list[str]] = {}
    while (task := next_task(ada)) is not None:
        sha256 = task["image"]["sha256"]
        expected = len(done.get(sha256, []))
        others = ada.get(f"/api/others?question={task['question']}").json()["masks"]
        assert len(others) == expected
        assert all(mask["size"] == [48, 64] for mask in others)
        assert bob.get(f"/api/others?question={task['question']}").json() == {"masks": []}
        ada.post("/api/submit", json=submit_body(task))
        done.setdefault(sha256, []).append(task["question"])
    assert max(map(len, done.values())) > 1
