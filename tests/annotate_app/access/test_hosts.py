"""Requests for another host, and requests without a path, are refused with every header."""

import pytest
from fastapi.testclient import TestClient

from annotate_app.server import make_app
from o365seg.project.folder import Project


@pytest.fixture
def client(project: Project) -> TestClient:
    return TestClient(make_app(project, ["paint.example", "10.1.2.3"]), follow_redirects=False)


@pytest.mark.parametrize(
    "host",
    ["paint.example", "PAINT.example:8000", "paint.example.", "10.1.2.3", "localhost:7860",
     "127.0.0.1", "[::1]:7860"],
)  # fmt: skip
def test_its_own_names_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/login", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "paint.example.evil.example", "", "a b", "paint.example:1:2", "user@localhost",
     "[::2]", "localhost.evil", "127.0.0.1.evil.example"],
)  # fmt: skip
def test_other_names_are_refused(client: TestClient, host: str) -> None:
    refused = client.get("/login", headers={"Host": host})
    assert refused.status_code == 400
    assert "'none'" in refused.headers["content-security-policy"]
    # Who asks for the health names the address that it knows.
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


def test_without_names_any_is_answered(project: Project) -> None:
    client = TestClient(make_app(project))
    assert client.get("/login", headers={"Host": "any.example"}).status_code == 200
