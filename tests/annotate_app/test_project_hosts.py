"""Projects of a folder while it changes: deleted, made again, with images that moved."""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from small_project import SmallSource, open_copied_project

from annotate_app import project_hosts
from annotate_app.pipeline.new_projects import ProjectMaker
from annotate_app.project_hosts import ProjectHosts
from o365seg.project.folder import Project, move_images
from o365seg.store.people import raters
from o365seg.store.pipeline import tokens
from o365seg.store.pipeline.scopes import Scope

CARS = {"Host": "cars.testserver"}


@pytest.fixture
def hosts(project: Project, tmp_path: Path) -> Iterator[ProjectHosts]:
    """Of a folder `more`, with nothing in it yet."""
    hosts = ProjectHosts(project, ProjectMaker(project, tmp_path / "more", []), ["testserver"])
    yield hosts
    hosts.close()


@pytest.fixture
def client(project: Project, hosts: ProjectHosts) -> Iterator[TestClient]:
    """A program with a token of scope create."""
    with project.store.write() as db:
        token = tokens.create(db, "maker", Scope.CREATE, 0)
    headers = {"Authorization": f"Bearer {token}"}
    with TestClient(hosts, headers=headers, follow_redirects=False) as client:
        yield client


def make(folder: Path, source: SmallSource) -> str:
    """Make a project; returns its id."""
    with open_copied_project(folder, source) as made:
        return made.about.id


def test_a_project_that_took_the_place_of_another_is_served_from_its_own_database(
    client: TestClient, hosts: ProjectHosts, source: SmallSource, tmp_path: Path
) -> None:
    folder = tmp_path / "more" / "cars"
    first = make(folder, source)
    assert client.get("/api/v1/status", headers=CARS).json()["project"] == first
    opened = hosts._served["cars"]
    assert client.get("/api/v1/status", headers=CARS).json()["project"] == first
    assert hosts._served["cars"] is opened

    shutil.rmtree(folder)
    assert client.get("/api/v1/status", headers=CARS).status_code == 404
    assert opened.sender._stopped.is_set()
    second = make(folder, source)
    assert client.get("/api/v1/status", headers=CARS).json()["project"] == second != first

    # Without a request in between: a copy of the same project, with the times of its files.
    with open_copied_project(tmp_path / "other", source) as other, other.store.write() as db:
        raters.add_rater(db, "Ada", "hash")
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "other", folder)
    invited = {"name": "Ada", "role": "owner"}
    refused = client.post("/api/v1/invitations", json=invited, headers=CARS)
    assert "taken" in refused.text


def test_a_project_without_its_images_is_unavailable_until_they_are_found(
    client: TestClient,
    source: SmallSource,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "more" / "cars"
    made = make(folder, source)
    moved = tmp_path / "moved"
    source.images.rename(moved)
    with caplog.at_level(logging.WARNING, "o365seg.projects"):
        for _ in range(2):
            refused = client.get("/api/v1/status", headers=CARS)
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert [record.getMessage() for record in caplog.records] == [
        f"project cars cannot be opened: {source.images}: no such image folder; "
        "give their new place with `annotate-app settings images`"
    ]
    move_images(folder, moved)
    assert client.get("/api/v1/status", headers=CARS).json()["project"] == made

    # Where nobody changes the project, the images are looked for again after a while.
    monkeypatch.setattr(project_hosts, "_TRY_AGAIN_S", 0)
    make(tmp_path / "more" / "vans", source)
    vans = {"Host": "vans.testserver"}
    assert client.get("/api/v1/status", headers=vans).status_code == 503
    moved.rename(source.images)
    assert client.get("/api/v1/status", headers=vans).status_code == 200
