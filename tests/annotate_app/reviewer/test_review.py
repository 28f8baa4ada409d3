"""What raters and reviewers may ask the server, and what it tells them."""

import json
from typing import Any

import sqlalchemy as sa
from fastapi.testclient import TestClient
from painter_requests import let_time_pass, mask_body, next_task, submit_body
from quality_steps import SIZE, choose, make_gold
from small_project import box_mask

from o365seg.project.folder import Project
from o365seg.store.schema import Purpose, answer, rater


def shape(value: Any) -> Any:
    """The keys and types of a JSON value, without what tells one question from another."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return type(value).__name__


def test_hidden_gold_looks_like_any_other_question(
    ada: TestClient, bob: TestClient, project: Project
) -> None:
    for question in (1, 2, 3, 5, 6):
        make_gold(project.store, question, Purpose.GOLD, box_mask(*SIZE, 5, 8))
    choose(project.store, gold_share=0.5, replica_share=1)
    while (task := next_task(bob)) is not None and len(answers_of(project, "Bob")) < 4:
        bob.post("/api/submit", json=submit_body(task))
    before, shapes, steps = ada.post("/api/next", json={}).json(), set(), []
    while before["current"] is not None:
        sent = ada.post("/api/submit", json=submit_body(before["current"])).json()
        after = sent.pop("next")
        shapes.add(json.dumps([shape(sent), shape(before["current"])], sort_keys=True))
        assert not {"gold", "replica", "purpose"} & set(json.dumps(after).split('"'))
        steps.append((before["progress"], after["progress"]))
        before = after
    purposes = answers_of(project, "Ada")
    assert {"answer", "gold", "replica"} == set(purposes)
    assert len(shapes) == 1
    for (one, other), _ in zip(steps, purposes, strict=True):
        assert other["mine"] == one["mine"] + 1
        assert other["masks"] == one["masks"] + 1
        assert other["done"] == min(one["done"] + 1, one["questions"])


def answers_of(project: Project, name: str) -> list[str]:
    with project.store.read() as db:
        return list(
            db.execute(
                sa.select(answer.c.purpose)
                .select_from(answer.join(rater, answer.c.rater_id == rater.c.id))
                .where(rater.c.name == name)
                .order_by(answer.c.id)
            ).scalars()
        )


def test_raters_have_no_part_in_the_reviewing(ada: TestClient, project: Project) -> None:
    assert ada.get("/review").status_code == 403
    for what, body in {
        "next": {},
        "open": {"answer": 1},
        "keep": {},
        "judge": {"answer": 1, "verdict": "accepted"},
        "repaint": {
            "answer": 1,
            "token": "x",
            "mask": mask_body(box_mask(*SIZE, 1, 1)),
            "activity": {},
            "client_version": "test",
        },
    }.items():
        assert ada.post(f"/api/review/{what}", json=body).status_code == 403, what


def test_a_review_from_queue_to_repainting(
    ada: TestClient, reviewer: TestClient, project: Project
) -> None:
    for _ in range(3):
        task = next_task(ada)
        let_time_pass(project, 60_000)
        ada.post("/api/submit", json=submit_body(task))
    queue = reviewer.post("/api/review/next", json={"limit": 2}).json()
    first, second = queue["items"]
    assert queue["waiting"] == 3
    assert first["mask"] == mask_body(box_mask(48, 64, 3, 4)) | {"size": [48, 64]}
    assert (first["rater"], first["active_ms"], first["earlier"]) == ("Ada", 4000, [])
    judge = {"answer": first["answer"], "verdict": "rejected"}
    assert reviewer.post("/api/review/judge", json=judge).status_code == 422
    judge["comment"] = "too big"
    assert reviewer.post("/api/review/judge", json=judge).json() == {"status": "recorded"}
    mask = mask_body(box_mask(48, 64, 9, 9))
    body = {
        "answer": second["answer"],
        "token": second["token"],
        "mask": mask,
        "activity": {"wall_ms": 10, "active_ms": 10},
        "client_version": "test",
    }
    damaged = body | {"mask": mask | {"crc32": 1}}
    assert reviewer.post("/api/review/repaint", json=damaged).status_code == 422
    sent = reviewer.post("/api/review/repaint", json=body).json()
    assert sent["status"] == "recorded"
    assert reviewer.post("/api/review/repaint", json=body).json() == {
        "status": "already_recorded",
        "answer": sent["answer"],
    }
    back = reviewer.post("/api/review/open", json={"answer": first["answer"]}).json()
    assert (back["verdict"], back["comment"]) == ("rejected", "too big")
    rest = reviewer.post("/api/review/next", json={"keep": [first["answer"]]}).json()
    assert rest["waiting"] == len(rest["items"]) == 1


def test_an_unfinished_repaint_is_kept_until_it_is_discarded_or_sent(
    ada: TestClient, reviewer: TestClient
) -> None:
    answer = ada.post("/api/submit", json=submit_body(next_task(ada))).json()["answer"]
    [item] = reviewer.post("/api/review/next", json={}).json()["items"]
    assert item["draft"] is None
    mask = mask_body(box_mask(48, 64, 9, 9))
    polygon = {"corners": [{"x": 3, "y": -2}], "value": 0}
    held = {"answer": answer, "token": item["token"]}
    work = {"mask": mask, "activity": {"wall_ms": 9, "active_ms": 9}, "polygon": polygon}

    def kept() -> dict[str, Any] | None:
        return reviewer.post("/api/review/open", json={"answer": answer}).json()["draft"]

    saved = reviewer.post("/api/review/draft", json=held | work).json()
    found = kept()
    assert found is not None
    assert (found["mask"]["counts"], found["polygon"]) == (mask["counts"], polygon)
    assert found["saved_at"] == saved["saved_at"]
    assert ada.get("/api/kept").json() == reviewer.get("/api/kept").json() == {"kept": []}
    refused = [{"token": "t"}, {"mask": mask | {"crc32": 1}}, {"answer": answer + 1}]
    for wrong in refused:
        assert reviewer.post("/api/review/draft", json=held | work | wrong).status_code == 422
    reviewer.post("/api/review/draft", json=held | {"mask": None, "activity": {}})
    assert kept() is None
    reviewer.post("/api/review/draft", json=held | work)
    body = held | {"mask": mask, "activity": {}, "client_version": "test"}
    assert reviewer.post("/api/review/repaint", json=body).status_code == 200
    assert kept() is None


def test_a_question_sent_back_brings_its_mask_to_its_rater_only(
    ada: TestClient, bob: TestClient, reviewer: TestClient
) -> None:
    task = next_task(ada)
    answered = ada.post("/api/submit", json=submit_body(task)).json()["answer"]
    reviewer.post("/api/review/next", json={})
    judge = {"answer": answered, "verdict": "rejected", "comment": "<i>no</i>"}
    for wrong in ([[64, 0]], [[1]], [[1, 2]] * 21, [[0.5, 1]]):
        sent = reviewer.post("/api/review/judge", json=judge | {"marks": wrong})
        assert sent.status_code == 422, wrong
    reviewer.post("/api/review/judge", json=judge | {"marks": [[3, 4], [63, 47]]})
    while (other := next_task(bob)) is not None:
        assert (other["earlier"], other["notice"], other["sent_back"]) == (None, None, None)
        bob.post("/api/submit", json=submit_body(other))
    ada.post("/api/submit", json=submit_body(next_task(ada)))  # what was on her screen
    mine = next_task(ada)
    assert mine["question"] == task["question"]
    assert mine["earlier"]["mask"]["counts"] == box_mask(48, 64, 3, 4).counts
    assert mine["notice"]["text"] == "<i>no</i>"
    back = mine["sent_back"]
    assert (back["marks"], back["reply"]) == ([[3, 4], [63, 47]], None)
    reply = {"review": back["review"], "text": "It is a mirror."}
    assert bob.post("/api/reply", json=reply).status_code == 422
    assert ada.post("/api/reply", json=reply | {"text": " "}).status_code == 422
    assert ada.post("/api/reply", json=reply).json() == {"status": "recorded"}
    assert reply["text"] in ada.get("/my-work").text
    again = next_task(ada)
    assert again["sent_back"]["reply"] == "It is a mirror."
    answered = ada.post("/api/submit", json=submit_body(again)).json()["answer"]
    item = reviewer.post("/api/review/open", json={"answer": answered}).json()
    assert (item["marks"], item["reply"]) == ([], None)
    [earlier] = item["earlier"]
    assert (earlier["marks"], earlier["reply"]) == ([[3, 4], [63, 47]], "It is a mirror.")
