"""A server that is attacked by connections, and one whose database is held, go on answering."""

import contextlib
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from urllib.request import urlopen

import pytest
from http_rater import HttpRater
from serving import Server, serving

from o365seg.project.folder import Project
from o365seg.store.people import raters

# The limits of a real server are longer.
SHORT = """
from annotate_app.access.connections import ConnectionLimits
ConnectionLimits.__init__.__defaults__ = (2, 3, 60, 60, *ConnectionLimits.__init__.__defaults__[4:])
"""
SHORT_WAIT = """
from annotate_app.web import write_turns
from o365seg.store import database
database.WRITE_WAIT_S = write_turns.WRITE_WAIT_S = 10
"""


@pytest.fixture
def server(project: Project) -> Iterator[Server]:
    with serving(project.folder) as running:
        yield running


def connect(server: Server) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=20)


def answers(server: Server, path: str = "/healthz", within: float = 3) -> bool:
    with urlopen(server.url + path, timeout=within) as answer:
        return answer.status == 200


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"OPTIONS * HTTP/1.1", b"400"),
        (b"GET http://elsewhere.example/login HTTP/1.1", b"400"),
        (b"GET /login HTTP/9.9", b"400"),
        (b"GET  /login  HTTP/1.1", b"400"),
        (b"\x00\x01\x02", b"400"),
        (b"GET /login\xff HTTP/1.1", b"400"),
    ],
)
def test_a_malformed_request_is_refused_with_every_header(
    server: Server, request_line: bytes, status: bytes
) -> None:
    with connect(server) as sent:
        sent.sendall(request_line + b"\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: sent.recv(65536), b"")).lower()
    assert answer.startswith(b"http/1.1 " + status)
    for header in (b"x-content-type-options: nosniff", b"content-security-policy:"):
        assert header in answer


def test_half_sent_requests_end_and_others_are_answered(project: Project) -> None:
    with serving(project.folder, prelude=SHORT) as server:
        half = [connect(server) for _ in range(40)]
        for number, sent in enumerate(half):
            head = b"POST /api/submit HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000000\r\n"
            sent.sendall(head if number % 2 else head + b"\r\n{" + b" " * 1000)
        assert answers(server)
        began = time.monotonic()
        ends = [b"".join(iter(lambda sent=sent: sent.recv(65536), b"")) for sent in half]
        assert time.monotonic() - began < 15
        for number, end in enumerate(ends):
            # Without a session a request is refused before its body is awaited.
            assert end.startswith(b"HTTP/1.1 408" if number % 2 else b"HTTP/1.1 401")
        for sent in half:
            sent.close()
        assert answers(server)
        code, said = server.interrupt()
        assert code == 0
        assert "Traceback" not in said and len(said) < 5000


def test_connections_are_bounded(project: Project) -> None:
    with serving(project.folder, prelude=SHORT) as server:
        opened = [connect(server) for _ in range(90)]
        closed = 0
        for sent in opened:
            sent.settimeout(0.05)
            try:
                closed += sent.recv(1) == b""
            except TimeoutError:
                pass
            except ConnectionResetError:
                closed += 1
        assert closed == 90 - 60
        for sent in opened:
            sent.close()
        answered = False
        ends = time.monotonic() + 20
        while not answered and time.monotonic() < ends:  # it learns of the ends when it reads them
            with contextlib.suppress(OSError):
                answered = answers(server)
        assert answered


def test_a_writer_that_holds_the_database_stops_no_reader(
    project: Project, password: str, password_hash: str
) -> None:
    with project.store.write() as db:
        raters.add_rater(db, "Ada", password_hash)
    with serving(project.folder, prelude=SHORT_WAIT) as server:
        first = HttpRater(server.url)
        first.sign_in("Ada", password)
        with closing(sqlite3.connect(project.folder / "project.sqlite")) as holder:
            holder.execute("BEGIN IMMEDIATE")
            told: list[tuple[float, int]] = []
            began = time.monotonic()

            def ask() -> None:
                status, _ = first.another().post("/api/next")
                told.append((time.monotonic() - began, status))

            threads = [threading.Thread(target=ask) for _ in range(40)]
            for thread in threads:
                thread.start()
            time.sleep(1)
            for path in ("/healthz", "/readyz", "/guidelines", "/api/me", "/my-work"):
                assert first.another().get(path)[0] == 200, path
            assert not told  # reading did not wait for the writers
            for thread in threads:
                thread.join()
        # All are told at the same time, although most waited for a turn behind others.
        assert {status for _, status in told} == {503}
        times = [at for at, _ in told]
        assert max(times) - min(times) < 5 and min(times) > 9
        status, body = first.another().post("/api/next")
        assert status == 200 and body["current"]
