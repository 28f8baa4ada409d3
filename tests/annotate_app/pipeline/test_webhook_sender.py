"""Webhooks hear of every answer, signed, and again after a failure."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from rater_steps import add_raters, current, skip, take
from serving import annotate_app

from annotate_app.pipeline import webhook_sender
from annotate_app.pipeline.webhook_sender import SIGNATURE, deliver_due, signature
from o365seg.errors import InputError
from o365seg.project.folder import Project
from o365seg.store.pipeline import webhooks
from o365seg.store.schema import webhook


class Receiver(HTTPServer):
    """A program that is told; `status` is what it answers."""

    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.messages: list[tuple[str | None, bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/painted"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Receiver)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.messages.append((self.headers[SIGNATURE], body))
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    now = [1_000]
    monkeypatch.setattr(webhook_sender, "now_ms", lambda: now[0])
    return now


def test_answers_are_told_once_and_signed(
    project: Project, receiver: Receiver, clock: list[int]
) -> None:
    [ada] = add_raters(project.store, 1)
    skip(project.store, ada, current(take(project.store, ada)))
    with project.store.write() as db:
        added = webhooks.add(db, receiver.url, clock[0])
    assert deliver_due(project) == 0  # of what was before it hears nothing
    for _ in range(2):
        skip(project.store, ada, current(take(project.store, ada)))
    assert deliver_due(project) == 1
    assert deliver_due(project) == 0
    [(signed, body)] = receiver.messages
    assert signed == signature(added.secret, body)
    told = json.loads(body)
    assert (told["event"], told["since"], told["newest"], told["unanswered"]) == (
        "answers",
        1,
        3,
        6,
    )


@pytest.mark.parametrize("status", [500, 302])
def test_a_failed_message_is_repeated_later(
    project: Project, receiver: Receiver, clock: list[int], status: int
) -> None:
    [ada] = add_raters(project.store, 1)
    with project.store.write() as db:
        webhooks.add(db, receiver.url, clock[0])
    skip(project.store, ada, current(take(project.store, ada)))
    receiver.status = status
    assert deliver_due(project) == 0
    assert deliver_due(project) == 0 and len(receiver.messages) == 1  # not at once
    with project.store.read() as db:
        [one] = webhooks.list_all(db)
    assert (one.failures, one.last_result) == (1, f"HTTP status {status}")
    clock[0] = one.due_at
    receiver.status = 204
    assert deliver_due(project) == 1
    with project.store.read() as db:
        [one] = webhooks.list_all(db)
    assert (one.failures, one.last_result, one.sent_up_to) == (0, "delivered", 1)


def test_what_does_not_speak_http_is_a_failure_like_any_other(
    project: Project, receiver: Receiver, clock: list[int]
) -> None:
    def greet() -> None:
        with ssh.accept()[0] as connection:
            connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
            while connection.recv(65536):
                pass

    [ada] = add_raters(project.store, 1)
    with socket.create_server(("127.0.0.1", 0)) as ssh:
        with project.store.write() as db:
            webhooks.add(db, f"http://127.0.0.1:{ssh.getsockname()[1]}/", clock[0])
            added = webhooks.add(db, "http://ci.example/", clock[0])
            db.execute(  # as an earlier version took it
                webhook.update()
                .where(webhook.c.id == added.id)
                .values(url="http://ci.example:8o80/")
            )
            webhooks.add(db, receiver.url, clock[0])
        skip(project.store, ada, current(take(project.store, ada)))
        thread = threading.Thread(target=greet)
        thread.start()
        assert deliver_due(project) == 1  # the third
        thread.join()
    with project.store.read() as db:
        first, second, third = webhooks.list_all(db)
    assert "SSH-2.0" in first.last_result and "8o80" in second.last_result
    assert [one.failures for one in (first, second, third)] == [1, 1, 0]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://ci.example/", "ci.example", "http://", "http://:80/", "http://ci.example:8o80/",
        "http://ci.example:0/", "http://ci.example:70000/", "http://ci example/", "http://[::1/",
    ],
)  # fmt: skip
def test_only_an_address_that_can_be_asked_is_taken(project: Project, url: str) -> None:
    with project.store.write() as db, pytest.raises(InputError, match="must be an http"):
        webhooks.add(db, url, 0)


def test_of_two_servers_one_tells(project: Project, clock: list[int]) -> None:
    with project.store.write() as db:
        added = webhooks.add(db, "http://127.0.0.1:9/", clock[0])
        assert webhooks.claim(db, added.id, clock[0]) is not None
        assert webhooks.claim(db, added.id, clock[0]) is None
        # One that was killed in between does not keep it for ever.
        assert webhooks.claim(db, added.id, clock[0] + webhooks.CLAIMED_MS) is not None


def test_webhooks_are_managed_by_command(project: Project) -> None:
    folder = project.folder
    assert "secret: " in annotate_app("webhook", "add", folder, "https://ci.example/x").stdout
    for url in ("ftp://x", "file:///etc/passwd", "https://a:b@c/", "https://", "x"):
        refused = annotate_app("webhook", "add", folder, url)
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    listed = annotate_app("webhook", "list", folder, "--json", "-").stdout
    assert [one["url"] for one in json.loads(listed)] == ["https://ci.example/x"]
    assert "secret" not in listed
    assert annotate_app("webhook", "remove", folder, "1").returncode == 0
    assert annotate_app("webhook", "remove", folder, "1").returncode == 1
