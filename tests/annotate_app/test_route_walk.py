"""Every route of the application, Gradio's too: who gets an answer, and under which headers."""

from collections import defaultdict

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from route_walk import walk_routes
from starlette.websockets import WebSocketDisconnect

from annotate_app.web.static_files import static_url
from o365seg.project.folder import Project

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

# Whoever adds a route says here who may use it; the test below fails until then.
PUBLIC = {"/login", "/join/{token}", "/healthz", "/readyz"}
FOR_OWNERS = {
    "/progress",
    "/progress/now",
    "/gallery",
    "/gallery/pictures/{answer}.jpg",
    "/people",
    "/people/invite",
    "/people/withdraw",
    "/people/deactivate",
    "/people/reactivate",
    "/people/role",
    "/audit",
    "/export",
    "/settings",
    "/settings/pictures",
    "/settings/pictures/delete",
    "/metrics",
    "/api/v1/status",
    "/api/v1/answers",
    "/api/v1/release",
    "/api/v1/invitations",
}
FOR_REVIEWERS = {
    "/review",
    "/api/review/next",
    "/api/review/open",
    "/api/review/keep",
    "/api/review/judge",
    "/api/review/repaint",
    "/api/review/draft",
}
FOR_EVERYBODY = {
    "/logout",
    "/my-work",
    "/practice",
    "/guidelines",
    "/guidelines/confirm",
    "/guidelines/pictures/{picture_id}",
    "/qualification",
    "/static-painter/{version}/{language}/{name:path}",
    "/image/{sha256}",
    "/api/me",
    "/api/next",
    "/api/submit",
    "/api/draft",
    "/api/heartbeat",
    "/api/kept",
    "/api/kept/{kept_id}",
    "/api/stand",
    "/api/answers",
    "/api/others",
    "/api/reply",
    "/password",
    "/api/reopen",
}


@pytest.fixture
def routes(app: FastAPI) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for path, methods in walk_routes(app):
        found[path] |= methods
    return found


@pytest.fixture
def own_routes(app: FastAPI, routes: dict[str, set[str]]) -> set[str]:
    """Without Gradio's: those of a bare Gradio application."""
    import gradio as gr

    bare = gr.mount_gradio_app(FastAPI(openapi_url=None), gr.Blocks(), path="/")
    return set(routes) - {path for path, _ in walk_routes(bare)}


def example(path: str) -> str:
    return path.replace("{sha256}", "0" * 64).replace("{answer}", "1").replace("{version}", "v")


def test_no_route_answers_a_stranger_but_the_named_ones(
    routes: dict[str, set[str]], stranger: TestClient
) -> None:
    assert {"/login", "/logout", "/config", "/api/submit", "/image/{sha256}"} <= set(routes)
    assert len(routes) > 40  # Gradio's own are among them
    for path in sorted(set(routes) - PUBLIC):
        for method in METHODS:
            answer = stranger.request(method, example(path))
            assert answer.status_code in (303, 401, 403), (method, path, answer.status_code)
            if answer.status_code == 303:
                assert answer.headers["location"] == "/login"
    for path in ("/", "/file=/etc/passwd", "/gradio_api/file=/etc/passwd", "//login", "/login/x"):
        assert stranger.get(path).status_code in (303, 401), path


def test_of_the_static_files_a_stranger_gets_the_style_of_the_sign_in_alone(
    stranger: TestClient,
) -> None:
    assert stranger.get(static_url("styles/pages.css")).status_code == 200
    for name in (
        "pages/painter.js",
        "pages/live.js",
        "styles/painter.css",
        "..%2Fstyles%2Fpages.css",
        "x/styles/pages.css",
    ):
        assert stranger.get(static_url(name)).status_code == 303


def test_of_gradio_only_what_the_page_loads_is_there(
    owner: TestClient, routes: dict[str, set[str]], own_routes: set[str]
) -> None:
    reached = {
        path
        for path in set(routes) - own_routes - {"/login", "/logout"}
        if owner.get(example(path), headers={"Origin": "http://testserver"}).status_code != 404
    }
    assert reached <= {
        "/",
        "/config",
        "/theme.css",
        "/favicon.ico",
        "/manifest.json",
        "/gradio_api/info",
        "/gradio_api/startup-events",
        "/gradio_api/heartbeat/{session_hash}",
    }


def test_no_other_site_may_read(owner: TestClient) -> None:
    for path in ("/", "/config", "/api/me", "/login"):
        for origin in ("http://localhost:3000", "null", "https://evil.example"):
            answer = owner.get(path, headers={"Origin": origin, "Host": "localhost:7860"})
            assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_health_needs_no_session(stranger: TestClient, project: Project) -> None:
    assert stranger.get("/healthz").json() == stranger.get("/readyz").json() == {"status": "ok"}


def test_behind_https_browsers_are_told_to_stay_there(app: FastAPI) -> None:
    header = "strict-transport-security"
    with TestClient(app, base_url="https://testserver") as client:
        assert client.get("/login").headers[header] == "max-age=31536000"
    with TestClient(app) as client:
        assert header not in client.get("/login").headers


def test_a_websocket_is_refused_with_and_without_a_session(
    stranger: TestClient, routes: dict[str, set[str]]
) -> None:
    for path in ("/", "/queue/join", "/gradio_api/queue/data"):
        with pytest.raises(WebSocketDisconnect), stranger.websocket_connect(path):
            pass


def test_every_route_of_ours_says_who_may_use_it(own_routes: set[str]) -> None:
    of_gradio_too = {"/login", "/logout"}
    assert own_routes | of_gradio_too == PUBLIC | FOR_OWNERS | FOR_REVIEWERS | FOR_EVERYBODY


def test_lower_roles_are_refused_by_the_server(
    routes: dict[str, set[str]], ada: TestClient, reviewer: TestClient, owner: TestClient
) -> None:
    allowed = {ada: FOR_EVERYBODY, reviewer: FOR_EVERYBODY | FOR_REVIEWERS}
    for client, paths in allowed.items():
        for path in sorted((FOR_OWNERS | FOR_REVIEWERS) - paths):
            for method in routes[path]:
                refused = client.request(method, example(path))
                assert refused.status_code == 403, (method, path)
                assert (method == "HEAD") or "This requires the role" in refused.text
    for path in sorted(FOR_OWNERS | FOR_REVIEWERS):
        if "GET" in routes[path] and "{" not in path:
            assert owner.get(path).status_code == 200, path


def test_navigation_offers_what_the_role_may_do(
    ada: TestClient, reviewer: TestClient, owner: TestClient
) -> None:
    for client, sees_people in ((ada, False), (reviewer, False), (owner, True)):
        assert ('href="/people"' in client.get("/my-work").text) is sees_people
        links = [link["path"] for link in client.get("/api/me").json()["links"]]
        assert ("/people" in links) is sees_people


def test_browsers_are_told_what_to_refuse_on_every_answer(
    stranger: TestClient, owner: TestClient
) -> None:
    answers = [
        stranger.get("/login"),
        stranger.get("/nothing"),
        stranger.post("/api/submit"),
        stranger.get(static_url("styles/pages.css")),
        owner.get("/progress"),
        owner.get("/nothing"),
        owner.post("/gradio_api/upload"),
        owner.get("/"),
    ]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "http" not in policy and "*" not in policy  # nothing from elsewhere
        assert ("'unsafe-inline'" in policy) is (answer.request.url.path == "/")
