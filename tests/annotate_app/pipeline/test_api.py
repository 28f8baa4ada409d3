"""The HTTP API: what each scope of a token may do, and what comes back."""

import zlib

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from painter_requests import next_task, submit_body
from serving import annotate_app

from o365seg.project.folder import Project
from o365seg.release.build import build_release
from o365seg.store.audit import list_entries
from o365seg.store.pipeline import tokens
from o365seg.store.pipeline.scopes import Scope

ROUTES = {
    ("GET", "/metrics"): Scope.METRICS,
    ("GET", "/api/v1/status"): Scope.READ,
    ("GET", "/api/v1/answers"): Scope.READ,
    ("GET", "/api/v1/release"): Scope.RELEASE,
    ("POST", "/api/v1/invitations"): Scope.INVITE,
}


def client_with(app: FastAPI, project: Project, scope: Scope) -> TestClient:
    with project.store.write() as db:
        token = tokens.create(db, f"for {scope}", scope, 0)
    return TestClient(app, headers={"Authorization": f"Bearer {token}"}, follow_redirects=False)


@pytest.mark.parametrize("scope", list(Scope))
def test_a_token_allows_what_its_scope_says(app: FastAPI, project: Project, scope: Scope) -> None:
    client = client_with(app, project, scope)
    for (method, path), needed in ROUTES.items():
        answer = client.request(method, path, json={} if method == "POST" else None)
        if scope.includes(needed):
            assert answer.status_code in (200, 201), path
        else:
            assert answer.status_code == 403
            assert f"scope {needed.value}" in answer.json()["message"]
    # Nothing that people use is open to a program.
    for path in ("/", "/progress", "/api/me", "/people", "/export"):
        assert client.get(path).status_code in (303, 401), path
    assert client.post("/api/next", json={}).status_code == 401


def test_revoked_and_made_up_tokens_are_refused(app: FastAPI, project: Project) -> None:
    client = client_with(app, project, Scope.READ)
    assert client.get("/api/v1/status").status_code == 200
    with project.store.write() as db:
        assert tokens.revoke(db, "for read", 1)
        assert not tokens.revoke(db, "for read", 1)
    for value in (client.headers["authorization"], "Bearer x", "Bearer", "Basic QTpC", "\xff"):
        refused = client.get("/api/v1/status", headers={b"Authorization": value.encode("latin-1")})
        assert (refused.status_code, refused.json()["error"]) == (401, "bad_token")


def test_answers_are_followed_from_one_to_the_next(
    app: FastAPI, project: Project, ada: TestClient
) -> None:
    client = client_with(app, project, Scope.READ)
    assert client.get("/api/v1/answers").json() == {"answers": [], "next": 0}
    for number in range(3):
        skip = {"skip": {"reason": "other", "note": "=a\x1b"}}
        changes = {"answer": skip} if number == 1 else {}
        ada.post("/api/submit", json=submit_body(next_task(ada), **changes))
    first = client.get("/api/v1/answers", params={"limit": 2}).json()
    assert [one["id"] for one in first["answers"]] == [1, 2]
    assert (first["answers"][1]["skip_reason"], first["answers"][1]["counts"]) == ("other", None)
    assert first["answers"][0]["rater"] == "Ada"
    assert zlib.crc32(first["answers"][0]["counts"].encode()) == first["answers"][0]["crc32"]
    rest = client.get("/api/v1/answers", params={"since": first["next"]}).json()
    assert [one["id"] for one in rest["answers"]] == [3]
    assert client.get("/api/v1/answers", params={"since": 3}).json() == {"answers": [], "next": 3}
    assert client.get("/api/v1/answers", params={"since": -1}).status_code == 422
    status = client.get("/api/v1/status").json()
    assert (status["newest_answer"], status["masks"], status["skipped"]) == (3, 2, 1)


def test_the_release_is_the_commands_own(app: FastAPI, project: Project, ada: TestClient) -> None:
    ada.post("/api/submit", json=submit_body(next_task(ada)))
    client = client_with(app, project, Scope.RELEASE)
    for variant, stock in (("benchmark", False), ("pycocotools", True)):
        got = client.get("/api/v1/release", params={"variant": variant})
        assert got.json() == build_release(project, for_stock_tools=stock)
    with project.store.read() as db:
        assert len(list_entries(db, action="export")) == 2


def test_people_are_invited_but_no_owners(app: FastAPI, project: Project) -> None:
    client = client_with(app, project, Scope.INVITE)
    made = client.post("/api/v1/invitations", json={"name": "Grace", "role": "reviewer"})
    assert made.status_code == 201
    link = made.json()["link"].removeprefix("http://testserver")
    assert "Grace" in TestClient(app).get(link).text
    assert client.post("/api/v1/invitations", json={"role": "owner"}).status_code == 403
    assert client.post("/api/v1/invitations", json={"name": "Ada"}).status_code == 422


def test_metrics_are_prometheus_text(app: FastAPI, project: Project, owner: TestClient) -> None:
    owner.get("/nothing")
    text = client_with(app, project, Scope.METRICS).get("/metrics").text
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    values = {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}
    assert values["o365seg_questions"] == 9
    assert values['o365seg_requests_total{status="4xx"}'] >= 1
    assert values["o365seg_request_seconds_total"] > 0
    assert "Ada" not in text
    assert owner.get("/metrics").status_code == 200


def test_tokens_are_managed_by_command(project: Project) -> None:
    folder = project.folder
    made = annotate_app("token", "create", folder, "nightly", "--scope", "release")
    token = made.stdout.strip()
    assert token.startswith("o365seg_") and len(token) > 40
    with project.store.read() as db:
        found = tokens.find(db, token)
    assert found is not None and (found.name, found.scope) == ("nightly", Scope.RELEASE)
    again = annotate_app("token", "create", folder, "nightly")
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
    assert "nightly" in annotate_app("token", "list", folder).stdout
    assert annotate_app("token", "revoke", folder, "nightly").returncode == 0
    assert annotate_app("token", "revoke", folder, "nightly").returncode == 1


@pytest.mark.parametrize("command", ["token", "webhook"])
def test_a_list_does_not_replace_a_file_of_the_project(project: Project, command: str) -> None:
    file = project.folder / "project.json"
    before = file.read_bytes()
    refused = annotate_app(command, "list", project.folder, "--json", file)
    assert (refused.returncode != 0, file.read_bytes()) == (True, before)
    assert "Traceback" not in refused.stderr


def test_a_token_s_name_is_listed_as_it_is(project: Project) -> None:
    annotate_app("token", "create", project.folder, "ci [nightly]")
    assert "ci [nightly]" in annotate_app("token", "list", project.folder).stdout
