"""Nobody gets past without a session, by any route, and a session cannot be forged."""

from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from small_project import make_source

from annotate_app.server import make_app
from o365seg.project.creation import create_project
from o365seg.project.folder import Project, open_project
from o365seg.store.people import raters


def test_pages_lead_to_the_sign_in_and_the_api_says_why(stranger: TestClient) -> None:
    page = stranger.get("/")
    assert (page.status_code, page.headers["location"]) == (303, "/login")
    for answer in (stranger.post("/api/next", json={}), stranger.get("/image/" + "0" * 64)):
        assert (answer.status_code, answer.json()["error"]) == (401, "signed_out")


@pytest.mark.parametrize("cookie", ["", "x", "WzEsICJhIl0.aa.bb", "null", "\x7f", "a=b; c"])
def test_a_made_up_cookie_opens_nothing(
    stranger: TestClient, project: Project, cookie: str
) -> None:
    name = f"o365seg_{project.about.id}"
    answer = stranger.get("/api/me", headers={"cookie": f"{name}={cookie}"})
    assert answer.status_code == 401


def test_another_projects_cookie_opens_nothing(ada: TestClient, project: Project) -> None:
    assert ada.get("/api/me").json()["rater"] == "Ada"
    (project.folder / "secret.key").write_text("another secret, as long as a real one")
    with TestClient(make_app(project), cookies=ada.cookies) as other:
        assert other.get("/api/me").status_code == 401


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    stranger: TestClient, app: FastAPI, password: str
) -> None:
    form = {"name": "Ada", "password": password}
    cookie = stranger.post("/login", data=form).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie
    behind_https = TestClient(app, base_url="https://testserver", follow_redirects=False)
    assert "secure" in behind_https.post("/login", data=form).headers["set-cookie"].lower()


def test_a_new_password_ends_the_sessions_under_the_old_one(
    ada: TestClient, project: Project
) -> None:
    with project.store.write() as db:
        raters.set_password(db, "Ada", "another hash")
    assert ada.get("/api/me").status_code == 401


def test_signing_out_ends_the_session_for_who_kept_the_cookie_too(
    ada: TestClient, app: FastAPI
) -> None:
    with TestClient(app, cookies=dict(ada.cookies)) as copy:
        assert copy.get("/api/me").status_code == 200
        assert ada.post("/logout").status_code == 303
        assert ada.get("/api/me").status_code == 401
        assert copy.get("/api/me").status_code == 401


@pytest.mark.parametrize("foreign", ['prefs={"a":1}', "theme=a b", "k@v=1", "expires=1", "=;;"])
def test_cookies_of_other_programs_do_no_harm(
    ada: TestClient, project: Project, foreign: str
) -> None:
    name = f"o365seg_{project.about.id}"
    both = f"{foreign}; {name}={ada.cookies[name]}"
    del ada.cookies[name]
    assert ada.get("/api/me", headers={"cookie": both}).status_code == 200


def test_gradios_upload_is_closed_to_raters_too(ada: TestClient) -> None:
    sent = ada.post("/gradio_api/upload", files={"files": ("x", b"x")})
    assert sent.status_code == 403


@pytest.mark.parametrize("path", ["/login", "/logout"])
def test_a_form_on_another_page_is_refused(ada: TestClient, path: str) -> None:
    for origin in ("http://evil.example", "http://testserver:81", "null"):
        assert ada.post(path, headers={"origin": origin}).status_code == 403
    assert ada.post(path, headers={"origin": "http://testserver"}).status_code != 403


def test_a_post_that_a_foreign_form_could_send_is_refused(ada: TestClient) -> None:
    del ada.headers["X-O365seg"]
    assert ada.post("/api/next", json={}).status_code == 403


@pytest.mark.parametrize("length", ["40000000", "-1", "many"])
def test_an_oversized_request_is_refused_unread(ada: TestClient, length: str) -> None:
    answer = ada.post("/api/submit", content=b"{}", headers={"content-length": length})
    assert answer.status_code == 413


def test_wrong_names_and_passwords_are_told_apart_by_nobody(stranger: TestClient) -> None:
    wrong = [
        stranger.post("/login", data=form)
        for form in (
            {"name": "Ada", "password": "wrong"},
            {"name": "Nobody", "password": "wrong"},
            {"name": "", "password": ""},
            {},
        )
    ]
    assert {answer.status_code for answer in wrong} == {401}
    assert all("Wrong name or password." in answer.text for answer in wrong)


def test_a_name_never_becomes_markup(stranger: TestClient) -> None:
    answer = stranger.post("/login", data={"name": '"><script>x</script>', "password": "x"})
    assert "<script>x" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_two_projects_on_one_host_do_not_share_a_cookie(ada: TestClient, tmp_path: Path) -> None:
    source = make_source(tmp_path / "other")
    create_project(tmp_path / "q", source.detections, source.images)
    other = open_project(tmp_path / "q")
    assert len(ada.cookies) == 2  # session and device
    assert not [name for name in ada.cookies if other.about.id in name]
    with TestClient(make_app(other), cookies=ada.cookies) as client:
        assert client.get("/api/me").status_code == 401


def test_who_is_signed_in_is_not_asked_again(ada: TestClient) -> None:
    assert ada.get("/login").headers["location"] == "/"


def test_a_rater_begins_with_the_practice_and_later_with_the_questions(
    app: FastAPI, password: str
) -> None:
    with TestClient(app, follow_redirects=False) as browser:
        sent = {"name": "Ada", "password": password}
        assert browser.post("/login", data=sent).headers["location"] == "/practice"
        assert browser.get("/practice").status_code == 200
        browser.post("/logout")
        # The same computer, once more: the practice is in the navigation for whoever wants it.
        assert browser.post("/login", data=sent).headers["location"] == "/"
