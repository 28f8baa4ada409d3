"""The guidelines, and the qualification of a new rater."""

import io
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from painter_requests import next_task, submit_body
from PIL import Image
from quality_steps import SIZE, choose, make_gold
from small_project import box_mask

from annotate_app.rater.guidelines import markdown_to_html
from o365seg.project.folder import Project
from o365seg.store.people import qualification
from o365seg.store.schema import Purpose


def test_guidelines_and_qualification_send_the_painter_elsewhere(
    ada: TestClient, project: Project
) -> None:
    choose(project.store, guidelines_required=True, qualification_attempts=1)
    make_gold(project.store, 1, Purpose.QUALIFICATION, box_mask(*SIZE, 30, 30))
    told = ada.post("/api/next", json={}).json()
    assert (told["current"], told["go_to"]) == (None, "/guidelines")
    assert "I have read the guidelines" in ada.get("/guidelines").text
    assert ada.post("/guidelines/confirm").status_code == 303
    task = next_task(ada)
    assert task["notice"]["title"] == "Qualification question 1 of 1"
    sent = ada.post("/api/submit", json=submit_body(task)).json()
    assert sent["feedback"]["reference"]["counts"] == box_mask(*SIZE, 30, 30).counts
    assert sent["feedback"]["notice"]["title"].startswith("IoU of your mask: 0%")
    assert sent["next"]["go_to"] == "/qualification"
    again = ada.post("/api/submit", json=submit_body(task)).json()
    assert (again["status"], again["feedback"]) == ("already_recorded", sent["feedback"])
    assert "You have no attempts left" in ada.get("/qualification").text
    assert ada.post("/api/next", json={}).json()["go_to"] == "/qualification"
    choose(project.store, pass_mark=0)
    assert "Passed: mean IoU 0.0%" in ada.get("/qualification").text
    assert next_task(ada) is not None


def test_each_request_reads_the_qualification_at_most_once(
    ada: TestClient, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for question in (1, 2, 3):
        make_gold(project.store, question, Purpose.QUALIFICATION, box_mask(*SIZE, 30, 30))
    read, reads = qualification.read_qualification, []

    def counted(db: sa.Connection, rater_id: int) -> qualification.Qualification:
        reads.append(rater_id)
        return read(db, rater_id)

    monkeypatch.setattr(qualification, "read_qualification", counted)

    def reads_of(method: str, path: str, **options: Any) -> int:
        reads.clear()
        assert ada.request(method, path, **options).status_code == 200
        return len(reads)

    assert reads_of("POST", "/api/next", json={}) == 1
    assert reads_of("GET", "/qualification") == 1
    for _ in range(3):
        body = submit_body(next_task(ada))
        assert reads_of("POST", "/api/submit", json=body) == 1
        assert reads_of("POST", "/api/submit", json=body) == 1  # sent again


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![x](https://elsewhere.example/x.png)",
        '<img src=x onerror="alert(1)">',
    ],
)
def test_guidelines_never_become_markup_of_their_own(text: str) -> None:
    html = markdown_to_html(text)
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html


def test_guidelines_are_markdown() -> None:
    html = markdown_to_html("# Paint\n\n- *well*\n\n| a |\n|---|\n| b |")
    assert "<h1>Paint</h1>" in html
    assert "<em>well</em>" in html
    assert "<td>b</td>" in html


def _file(side: tuple[int, int], kind: str = "PNG") -> bytes:
    kept = io.BytesIO()
    Image.effect_noise(side, 50).convert("RGB").save(kept, kind)
    return kept.getvalue()


def test_pictures_of_the_guidelines_are_encoded_anew(
    owner: TestClient, ada: TestClient, project: Project
) -> None:
    hidden = b"\xff\xd8" + b"<script>"
    for name, data in (("a.png", _file((2000, 100)) + hidden), ("b.gif", _file((9, 9), "GIF"))):
        sent = owner.post("/settings/pictures", files={"picture": (name, data)})
        assert sent.headers["location"] == "/settings#pictures"
    page = owner.get("/settings").text
    assert "![a.png](/guidelines/pictures/1)" in page
    kept = ada.get("/guidelines/pictures/1")
    assert kept.headers["content-type"] == "image/jpeg"
    assert b"script" not in kept.content
    assert Image.open(io.BytesIO(kept.content)).size == (1600, 80)
    known = {"If-None-Match": kept.headers["etag"]}
    assert kept.headers["cache-control"] == "private, no-cache"  # other projects have a picture 1
    assert ada.get("/guidelines/pictures/1", headers=known).status_code == 304
    assert ada.get("/guidelines/pictures/2", headers=known).status_code == 200
    for wrong in (b"no image", b""):
        sent = owner.post("/settings/pictures", files={"picture": ("x.png", wrong)})
        assert "not%20an%20image" in sent.headers["location"]
    assert ada.post("/settings/pictures", files={"picture": ("x.png", b"")}).status_code == 403
    owner.post("/settings/pictures/delete", data={"picture": "1"})
    assert ada.get("/guidelines/pictures/1").status_code == 404


def test_only_pictures_of_the_project_are_shown() -> None:
    html = markdown_to_html("![good cut](/guidelines/pictures/3) ![x](/logout) ![y](//e.example/y)")
    assert html.count("<img") == 1
    assert '<img src="/guidelines/pictures/3" alt="good cut"' in html
    assert "[x]" in html


def test_changed_guidelines_are_asked_about_again(ada: TestClient, project: Project) -> None:
    choose(project.store, guidelines_required=True)
    ada.post("/guidelines/confirm")
    assert next_task(ada) is not None
    choose(project.store, guidelines="Paint hair too.")
    assert ada.post("/api/next", json={}).json()["go_to"] == "/guidelines"
    ada.post("/guidelines/confirm")
    assert next_task(ada) is not None
