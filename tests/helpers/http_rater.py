"""A rater as bytes on the wire: many of them in one process, which shares the server's machine."""

import http.client
import json
from typing import Any
from urllib.parse import urlencode, urlsplit


class Unreachable(Exception):
    """No answer came: the server may have done what was asked, or not."""


class HttpRater:
    """One browser's connection to a server, signed in by a cookie that outlives the server."""

    def __init__(self, url: str, timeout: float = 60) -> None:
        self._address = urlsplit(url).netloc
        self._timeout = timeout
        self._cookie = ""
        self._connection: http.client.HTTPConnection | None = None

    def another(self) -> "HttpRater":
        """The same rater by another connection."""
        other = HttpRater(f"http://{self._address}", self._timeout)
        other._cookie = self._cookie
        return other

    def sign_in(self, name: str, password: str) -> None:
        """By the form, as people do."""
        form = urlencode({"name": name, "password": password}).encode()
        kind = "application/x-www-form-urlencoded"
        status, headers, _ = self._send("/login", form, {"Content-Type": kind})
        assert status == 303, (name, status)
        self._cookie = headers["Set-Cookie"].partition(";")[0]

    def post(self, path: str, body: bytes = b"{}") -> tuple[int, dict[str, Any]]:
        """Send JSON; returns the status and what came back.

        Raises:
            Unreachable: the connection broke, before or after the server read the request.
        """
        headers = {
            "Content-Type": "application/json",
            "Cookie": self._cookie,
            "X-O365seg": "1",
        }
        status, _, content = self._send(path, body, headers)
        return status, json.loads(content)

    def get(self, path: str) -> tuple[int, bytes]:
        """Read a page; returns the status and the body.

        Raises:
            Unreachable: the connection broke.
        """
        status, _, content = self._send(path, None, {"Cookie": self._cookie})
        return status, content

    def connect(self) -> None:
        """Open the connection ahead of the first request."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._address, timeout=self._timeout)
            self._connection.connect()

    def close(self) -> None:
        """Let the connection go; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _send(
        self, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        try:
            self.connect()
            assert self._connection is not None
            method = "GET" if body is None else "POST"
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            return answer.status, answer.headers, answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Unreachable from error
