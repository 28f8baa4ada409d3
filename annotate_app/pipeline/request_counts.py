"""Counts of requests by kind of answer, and of the seconds they took, since the server started."""

import threading
import time
from collections import Counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class RequestCounts:
    """Counts of one server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[str] = Counter()
        self._seconds = 0.0

    def add(self, status: int, seconds: float) -> None:
        """Count a request."""
        with self._lock:
            self._requests[f"{status // 100}xx" if status not in (429, 503) else str(status)] += 1
            self._seconds += seconds

    def read(self) -> tuple[dict[str, int], float]:
        """Requests by status (`2xx`, …; 429 and 503 by themselves), and the sum of seconds."""
        with self._lock:
            return dict(sorted(self._requests.items())), self._seconds


class CountRequests:
    """ASGI middleware that counts."""

    def __init__(self, app: ASGIApp, counts: RequestCounts) -> None:
        self._app = app
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def send_counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                # What follows may be a stream that a page holds open.
                self._counts.add(status, time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, send_counted)
