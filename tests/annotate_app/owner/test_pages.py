"""What owners and raters do on the pages, as their browsers send it."""

import json
import re

import numpy as np
from fastapi.testclient import TestClient
from filled_project import fill
from pages import open_progress
from PIL import Image

from annotate_app.owner.thumbnails import draw_answer
from annotate_app.server import make_app
from o365seg.formats.masks import encode_rle
from o365seg.project.folder import Project
from o365seg.release.build import build_release
from o365seg.statistics.human_ceiling import human_ceiling
from o365seg.store import audit
from o365seg.store.people import raters
from o365seg.store.progress.gallery import Painted
from o365seg.store.quality.agreement import list_pairs
from o365seg.store.schema import Role


def link_in(text: str) -> str:
    found = re.search(r'value="(http://testserver/join/[^"]+)"', text)
    assert found
    return found[1]


def test_an_invited_person_joins_by_the_link_once(
    owner: TestClient, stranger: TestClient, project: Project
) -> None:
    link = link_in(owner.post("/people/invite", data={"role": "reviewer"}).text)
    assert link not in owner.get("/people").text  # shown only once
    assert "reviewer" in stranger.get(link).text
    form = {"name": "Rui", "password": "long enough", "again": "long enough"}
    for wrong in ({"password": "short"}, {"again": "another one"}, {"name": ""}, {"name": "ADA"}):
        assert stranger.post(link, data=form | wrong).status_code == 422
    assert stranger.post(link, data=form).headers["location"] == "/review"
    assert stranger.get("/api/me").json()["rater"] == "Rui"
    assert stranger.get(link).status_code == 404
    assert stranger.post(link, data=form | {"name": "Eve"}).status_code == 404
    with project.store.read() as db:
        joined = raters.find_rater(db, "Rui")
        assert joined is not None and joined.role is Role.REVIEWER
        assert raters.find_rater(db, "Eve") is None


def test_who_is_deactivated_is_out_at_once(ada: TestClient, owner: TestClient) -> None:
    assert ada.post("/api/next", json={}).status_code == 200
    assert owner.post("/people/deactivate", data={"name": "Ada"}).status_code == 303
    assert ada.post("/api/next", json={}).status_code == 401
    owner.post("/people/reactivate", data={"name": "Ada"})
    assert ada.post("/api/next", json={}).status_code == 401  # signs in anew


def test_a_role_changes_at_once_and_the_last_owner_stays(
    ada: TestClient, owner: TestClient
) -> None:
    assert ada.get("/people").status_code == 403
    owner.post("/people/role", data={"name": "Ada", "role": "owner"})
    assert ada.get("/people").status_code == 200
    assert owner.post("/people/role", data={"name": "Olga", "role": "rater"}).status_code == 303
    assert owner.get("/people").status_code == 403
    kept = ada.post("/people/deactivate", data={"name": "Ada"})
    assert (kept.status_code, "only owner" in kept.text) == (422, True)
    assert ada.post("/people/role", data={"name": "Ada", "role": "king"}).status_code == 422


def test_the_export_is_the_release_and_is_audited(
    project: Project, password_hash: str, password: str
) -> None:
    fill(project, password_hash)
    client = TestClient(make_app(project), follow_redirects=False)
    client.post("/login", data={"name": "Olga", "password": password})
    for variant, stock in (("benchmark", False), ("pycocotools", True)):
        sent = client.post("/export", data={"variant": variant})
        expected = json.loads(json.dumps(build_release(project, for_stock_tools=stock)))
        assert json.loads(sent.content) == expected
        assert sent.headers["content-disposition"].startswith("attachment")
    sent = client.post("/export", data={"variant": "benchmark", "consensus": "yes"})
    assert sent.json() == json.loads(json.dumps(build_release(project, consensus=True)))
    assert sent.json()["info"]["consensus"] == {"masks": 0, "changed": 0}
    with project.store.read() as db:
        entries = audit.list_entries(db, action="export")
    assert [(entry.actor, entry.subject) for entry in entries] == [
        ("Olga", "benchmark"),
        ("Olga", "pycocotools"),
        ("Olga", "benchmark"),
    ]


def test_the_pages_show_what_was_done(project: Project, password_hash: str, password: str) -> None:
    fill(project, password_hash, share=1)
    app = make_app(project)
    owner = TestClient(app, follow_redirects=False)
    owner.post("/login", data={"name": "Olga", "password": password})
    shown = open_progress(owner)
    for name in ("Ada", "Bob", "Chiyo", "Dara"):
        assert f">{name}<" in shown
    assert "9 of 9 questions" in shown
    with project.store.read() as db:
        ceiling = human_ceiling(list_pairs(db))
    assert ceiling is not None
    assert f">{ceiling.ap:.1%}<" in shown
    pictures = re.findall(r'src="(/gallery/pictures/\d+\.jpg)"', owner.get("/gallery").text)
    assert len(pictures) == 9
    sent = owner.get(pictures[0])
    assert (sent.status_code, sent.headers["content-type"]) == (200, "image/jpeg")
    # Another project at this address has other pictures under the same ids: browsers ask.
    assert sent.headers["cache-control"] == "private, no-cache"
    tag = sent.headers["etag"]
    for known in (tag, f'"x", W/{tag}'):
        again = owner.get(pictures[0], headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    for other in (pictures[1], pictures[0] + "?size=large"):
        assert owner.get(other, headers={"If-None-Match": tag}).status_code == 200
    assert owner.get(pictures[0] + "?size=huge").status_code == 422
    assert owner.get("/gallery?page=99&review=none").status_code == 200
    assert owner.get("/gallery?size=nothing").status_code == 422


def test_a_picture_shows_the_mask_where_it_is() -> None:
    import io

    pixels = np.zeros((200, 300), np.uint8)
    pixels[50:150, 100:200] = 1
    photo = io.BytesIO()
    Image.new("RGB", (300, 200), (128, 128, 128)).save(photo, "PNG")
    counts = encode_rle(pixels).counts
    assert isinstance(counts, str)
    painted = Painted("", (200, 300), (90.0, 40.0, 120.0, 120.0), counts)
    drawn = np.asarray(
        Image.open(io.BytesIO(draw_answer(photo.getvalue(), painted, 300, crop=False))), int
    )
    assert drawn.shape == (200, 300, 3)
    assert drawn[100, 150, 2] - drawn[100, 150, 0] > 50  # blue inside
    assert np.ptp(drawn[100, 40]) < 12  # grey outside
    cropped = Image.open(io.BytesIO(draw_answer(photo.getvalue(), painted, 300, crop=True)))
    assert max(cropped.size) == 300
