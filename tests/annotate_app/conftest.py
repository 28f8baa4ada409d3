"""A signed-in client of the real application, in this process."""

import functools
from collections.abc import Iterator
from typing import Any

import argon2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from gradio.routes import App

from annotate_app import server
from annotate_app.server import make_app
from o365seg.project.folder import Project
from o365seg.store.people import raters
from o365seg.store.schema import Role


@pytest.fixture(scope="session")
def password() -> str:
    """Every rater's."""
    return "correct horse"


@pytest.fixture(scope="session")
def password_hash(password: str) -> str:
    """A hash of the least cost (it names its cost to who checks it): ours are slow on purpose."""
    return argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)


@pytest.fixture(scope="session", autouse=True)
def one_painter_page() -> None:
    """Gradio's page and application are the same for all projects; they take most of `make_app`."""
    server._painter_page = functools.cache(server._painter_page)
    create, made = App.create_app, []

    def create_once(*given: Any, **named: Any) -> App:
        made[:] = made or [create(*given, **named)]
        return made[0]

    App.create_app = staticmethod(create_once)


@pytest.fixture
def app(project: Project, password_hash: str) -> FastAPI:
    """The application of a small project with the raters Ada and Bob."""
    with project.store.write() as db:
        raters.add_rater(db, "Ada", password_hash)
        raters.add_rater(db, "Bob", password_hash)
    return make_app(project)


@pytest.fixture
def stranger(app: FastAPI) -> Iterator[TestClient]:
    """A client that is not signed in."""
    with TestClient(app, base_url="http://testserver", follow_redirects=False) as client:
        yield client


def sign_in(client: TestClient, name: str, password: str) -> TestClient:
    """Sign in as the page does, and send what the painter sends."""
    answer = client.post("/login", data={"name": name, "password": password})
    assert answer.status_code == 303
    client.headers["X-O365seg"] = "1"
    return client


@pytest.fixture
def ada(stranger: TestClient, password: str) -> TestClient:
    """A client signed in as Ada."""
    return sign_in(stranger, "Ada", password)


@pytest.fixture
def bob(app: FastAPI, password: str) -> TestClient:
    """Another browser, signed in as Bob."""
    return sign_in(TestClient(app, follow_redirects=False), "Bob", password)


@pytest.fixture
def owner(app: FastAPI, project: Project, password: str, password_hash: str) -> TestClient:
    """Another browser, signed in as Olga, an owner."""
    with project.store.write() as db:
        raters.add_rater(db, "Olga", password_hash, Role.OWNER)
    return sign_in(TestClient(app, follow_redirects=False), "Olga", password)


@pytest.fixture
def reviewer(app: FastAPI, project: Project, password: str, password_hash: str) -> TestClient:
    """Another browser, signed in as Rui, a reviewer."""
    with project.store.write() as db:
        raters.add_rater(db, "Rui", password_hash, Role.REVIEWER)
    return sign_in(TestClient(app, follow_redirects=False), "Rui", password)
