"""Changing one's own password, and where people land."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from o365seg.project.folder import Project
from o365seg.store.people import raters
from o365seg.store.schema import Role

NEW = {"password": "battery staple", "again": "battery staple"}


def test_a_new_password_ends_all_other_sessions(
    ada: TestClient, app: FastAPI, password: str
) -> None:
    elsewhere = TestClient(app, follow_redirects=False)
    signed_in = elsewhere.post("/login", data={"name": "Ada", "password": password})
    assert signed_in.status_code == 303
    assert ada.post("/password", data={"present": password} | NEW).status_code == 303
    assert ada.get("/password?saved=true").status_code == 200
    assert elsewhere.get("/password").headers["location"] == "/login"
    for tried, status in ((password, 401), (NEW["password"], 303)):
        answer = elsewhere.post("/login", data={"name": "Ada", "password": tried})
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"present": "wrong"}, "present password is wrong"),
        ({"password": "short", "again": "short"}, "at least"),
        ({"again": "something else"}, "do not match"),
    ],
)
def test_a_password_is_changed_only_as_meant(
    ada: TestClient, password: str, changed: dict[str, str], said: str
) -> None:
    answer = ada.post("/password", data={"present": password} | NEW | changed)
    assert answer.status_code == 422
    assert said in answer.text
    assert ada.get("/my-work").status_code == 200


def test_people_land_on_the_page_of_their_own_work(
    app: FastAPI, project: Project, password: str, password_hash: str
) -> None:
    with project.store.write() as db:
        raters.add_rater(db, "Olga", password_hash, Role.OWNER)
        raters.add_rater(db, "Rui", password_hash, Role.REVIEWER)
    homes = [
        ("Ada", "/practice", "/"),
        ("Rui", "/review", "/review"),
        ("Olga", "/progress", "/progress"),
    ]
    for name, first, home in homes:
        client = TestClient(app, follow_redirects=False)
        answer = client.post("/login", data={"name": name, "password": password})
        assert answer.headers["location"] == first
        assert client.get("/login").headers["location"] == home
