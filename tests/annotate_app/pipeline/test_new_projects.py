"""Projects that programs make: what is accepted and left behind; `tests/deploy` serves one."""

import inspect
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import Mock

import httpx
import pytest
from fastapi.testclient import TestClient
from small_project import SmallSource, open_small_project

from annotate_app.access import sessions
from annotate_app.commands.main import serve
from annotate_app.pipeline.new_projects import Options, ProjectMaker
from annotate_app.project_hosts import ProjectHosts
from o365seg.commands.main import create
from o365seg.errors import InputError
from o365seg.project.folder import Project, read_about
from o365seg.project.new_folder import new_folder
from o365seg.store.audit import list_entries
from o365seg.store.pipeline import tokens
from o365seg.store.pipeline.scopes import Scope

ROOT = "/api/v1/projects"


@pytest.fixture
def maker(project: Project, source: SmallSource, tmp_path: Path) -> ProjectMaker:
    return ProjectMaker(project, tmp_path / "more", [str(source.images), "s3://bucket/val/"])


@pytest.fixture
def client(project: Project, maker: ProjectMaker) -> Iterator[TestClient]:
    """A program with a token of scope create."""
    with project.store.write() as db:
        token = tokens.create(db, "maker", Scope.CREATE, 0)
    with program(project, maker, token) as client:
        yield client


def program(project: Project, maker: ProjectMaker, token: str) -> TestClient:
    return TestClient(
        ProjectHosts(project, maker, ["testserver"]),
        headers={"Authorization": f"Bearer {token}"},
        follow_redirects=False,
    )


def wait(client: TestClient | httpx.Client, name: str) -> dict:
    """What became of a project, when it is made or has failed."""
    for _ in range(600):
        found = client.get(f"{ROOT}/{name}")
        assert found.status_code == 200, found.text
        if found.json()["status"] != "creating":
            return found.json()
        time.sleep(0.1)
    raise AssertionError("never made")


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_project_is_made_served_and_released_without_a_shell(
    client: TestClient, maker: ProjectMaker, project: Project, source: SmallSource
) -> None:
    options = {"images": str(source.images), "count": 2, "seed": 5}
    body = source.detections.read_bytes()
    begun = client.put(f"{ROOT}/cars", params=options, content=body)
    assert (begun.status_code, begun.json()["status"]) == (202, "creating")
    # One at a time, and never over another.
    assert client.put(f"{ROOT}/vans", params=options, content=body).status_code == 429
    made = wait(client, "cars")
    assert (made["status"], made["address"]) == ("ready", "http://cars.testserver/")
    assert (made["report"]["images"], made["report"]["excluded"]) == (2, [])
    assert client.put(f"{ROOT}/cars", params=options, content=body).status_code == 409
    assert left(maker.folder) == ["cars"]

    assert "cars" in client.get("/login", headers={"Host": "cars.localhost:7860"}).text
    cars = {"Host": "cars.testserver"}
    status = client.get("/api/v1/status", headers=cars).json()
    assert (status["images"], status["project"] != project.about.id) == (2, True)
    assert client.get("/api/v1/release", headers=cars).json()["info"]["seed"] == 5
    # Its maker invites its owner, who is nobody in the first project.
    invitation = {"name": "Olga", "role": "owner"}
    assert client.post("/api/v1/invitations", json=invitation).status_code == 403
    link = client.post("/api/v1/invitations", json=invitation, headers=cars).json()["link"]
    assert link.startswith("http://cars.testserver/join/")
    stranger = TestClient(client.app, base_url="http://cars.testserver")
    assert "Olga" in stranger.get(link).text
    assert client.get(f"{ROOT}/cars", headers=cars).status_code == 404
    with project.store.write() as db:
        actions = [entry.action for entry in list_entries(db)]
        assert actions == ["project.created", "project.create", "token.create"]
        tokens.revoke(db, "maker", 1)
    assert client.get("/api/v1/status", headers=cars).status_code == 401


def test_new_projects_are_in_the_database_of_their_home(
    tmp_path: Path, source: SmallSource, postgresql: str
) -> None:
    with open_small_project(tmp_path / "home", source, postgresql) as home:
        with home.store.write() as db:
            token = tokens.create(db, "maker", Scope.CREATE, 0)
        maker = ProjectMaker(home, tmp_path / "more", [str(source.images)])
        with program(home, maker, token) as client:
            options = {"images": str(source.images)}
            client.put(f"{ROOT}/cars", params=options, content=source.detections.read_bytes())
            assert wait(client, "cars")["status"] == "ready"
            status = client.get("/api/v1/status", headers={"Host": "cars.testserver"})
            assert status.json()["questions"] == 9
        about = read_about(maker.folder / "cars")
        assert (about.database, about.id != home.about.id) == (home.about.database, True)


def test_the_environment_does_not_say_where_they_are(
    maker: ProjectMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("O365SEG_DATABASE", "postgresql://db.example/x")
    begun = Mock(side_effect=OSError)
    monkeypatch.setattr("annotate_app.pipeline.new_projects.subprocess.Popen", begun)
    with pytest.raises(OSError):
        maker._make(ExitStack(), "cars", tmp_path, Options(images="/srv"))
    [command], given = begun.call_args
    assert "O365SEG_DATABASE" not in given["env"]
    assert not [word for word in command if word.startswith("--database")]


def test_a_fault_is_told_as_the_command_tells_it_and_leaves_nothing(
    client: TestClient, maker: ProjectMaker, source: SmallSource
) -> None:
    source.content["annotations"][3]["bbox"][2] = "wide"
    source.rewrite()
    options = {"images": str(source.images)}
    client.put(f"{ROOT}/cars", params=options, content=source.detections.read_bytes())
    failed = wait(client, "cars")
    why = "cars.json: annotations[3] (id 4), field 'bbox[2]': must be a number, not text"
    assert failed == {"name": "cars", "status": "failed", "message": why}
    assert left(maker.folder) == []
    assert client.get("/login", headers={"Host": "cars.testserver"}).status_code == 404


REFUSED = [
    ("cars", {"images": "/etc"}, "must be in one of the allowed places"),
    ("cars", {"images": "IMAGES/../.."}, "must be in one of the allowed places"),
    ("cars", {"images": "s3://bucket/value"}, "must be in one of the allowed places"),
    ("cars", {"images": "s3://bucket/val/../x"}, "must be in one of the allowed places"),
    ("cars", {"images": "s3://bucket/val/a::file:///etc"}, "must be in one of the allowed"),
    ("cars", {"images": "s3://bucket/val/%2e%2e/x"}, "must be in one of the allowed places"),
    ("cars", {}, "images: Field required"),
    ("cars", {"images": "IMAGES", "count": 0}, "count: Input should be greater"),
    ("cars", {"images": "IMAGES", "only": "/etc/passwd"}, "only: String should match"),
    ("cars", {"images": "IMAGES", "database": "x"}, "database: Extra inputs"),
    ("Cars", {"images": "IMAGES"}, "name: String should match"),
    ("a.b", {"images": "IMAGES"}, "name: String should match"),
]


def test_requests_are_refused_before_anything_is_made(
    client: TestClient, maker: ProjectMaker, source: SmallSource
) -> None:
    images = str(source.images)
    for name, options, says in REFUSED:
        params = {key: str(value).replace("IMAGES", images) for key, value in options.items()}
        refused = client.put(f"{ROOT}/{name}", params=params, content=b"{}")
        assert (refused.status_code, says in refused.json()["message"]) == (422, True), params
    assert left(maker.folder) == []


def test_places_below_the_allowed_ones_are_accepted(maker: ProjectMaker) -> None:
    for url in ("s3://bucket/val", "s3://bucket/val/", "s3://bucket/val/a/b"):
        assert maker.check_images(url) == url


def test_who_may_make_projects(
    client: TestClient, project: Project, source: SmallSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    with project.store.write() as db:
        weaker = tokens.create(db, "weaker", Scope.INVITE, 0)
    options = {"images": str(source.images)}
    stranger = TestClient(client.app, follow_redirects=False)
    for method in ("PUT", "GET"):
        assert stranger.request(method, f"{ROOT}/cars", params=options).status_code == 401
        headers = {"Authorization": f"Bearer {weaker}"}
        refused = stranger.request(method, f"{ROOT}/cars", params=options, headers=headers)
        assert (refused.status_code, "scope create" in refused.text) == (403, True)
    monkeypatch.setattr(sessions, "MAX_DETECTIONS", 10)
    large = client.put(f"{ROOT}/cars", params=options, content=b" " * 11)
    assert large.status_code == 413
    assert client.get(f"{ROOT}/cars").status_code == 404


def test_what_a_killed_server_left_is_deleted_but_not_what_is_being_made(
    project: Project, tmp_path: Path
) -> None:
    more = tmp_path / "more"
    (more / ".cars.0123abcd.unfinished").mkdir(parents=True)
    (more / ".kept").mkdir()
    with new_folder(more / "vans") as making:
        maker = ProjectMaker(project, more, [])
        assert left(more) == [".kept", making.work.name]
        assert maker.status("vans") == {"status": "creating"}
    assert maker.status("vans") is None


def test_options_are_those_of_the_command() -> None:
    """But for what the server decides, and for the file, which is the body."""
    of_command = set(inspect.signature(create).parameters)
    of_server = {"project", "detections", "masks", "database", "json"}
    assert set(Options.model_fields) - {"source"} == of_command - of_server


def test_serve_says_what_such_projects_need(project: Project, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'--projects': needs --hostname"):
        serve(project.folder, host="0.0.0.0", projects=tmp_path / "more")
    with pytest.raises(InputError, match="'--allow-images': needs --projects"):
        serve(project.folder, allow_images=["/srv"])
