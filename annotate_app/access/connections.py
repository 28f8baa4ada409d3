"""Limits on connections: how many, and how long a request may take to arrive.

uvicorn waits for ever for the rest of a request. Here a request that is not complete after a while
ends with 408, and further connections of one address, or in all, are closed at once.
"""

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from annotate_app.access.security_headers import plain_headers

_log = logging.getLogger("o365seg.connections")

_BODY_BYTES = 4 * 1024 * 1024


@dataclass
class ConnectionLimits:
    """What a server allows.

    Attributes:
        head_s: Seconds from connecting to the end of a request's headers.
        body_s: Seconds for each 4 MiB of its body (0.3 Mbit/s).
        in_all: Connections at a time.
        per_address: Connections of one address at a time; an office may share one.
        unlimited: Addresses with no limit of their own: a trusted proxy.
        counts: Connections by address, kept by the protocol.
    """

    head_s: float = 15
    body_s: float = 120
    in_all: int = 800
    per_address: int = 250
    unlimited: frozenset[str] = frozenset()
    counts: Counter[str] = field(default_factory=Counter)


class LimitedProtocol(H11Protocol):
    """uvicorn's HTTP protocol within `limits`; see `limited_protocol`."""

    limits = ConnectionLimits()
    _counted: str | None = None
    _deadline: asyncio.TimerHandle | None = None
    _in_body = False
    _received = 0  # bytes since the deadline was set

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count the connection; close it where there are too many."""
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        counts, limits = self.limits.counts, self.limits
        if counts.total() >= limits.in_all:
            _log.warning("closed a connection: %d are open", limits.in_all)
            transport.abort()
            return
        if counts[address] >= limits.per_address and address not in limits.unlimited:
            _log.warning("closed a connection: %s has %d", address, limits.per_address)
            transport.abort()
            return
        counts[address] += 1
        self._counted = address
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_watching()
        if self._counted is not None:
            self.limits.counts[self._counted] -= 1
            if not self.limits.counts[self._counted]:
                del self.limits.counts[self._counted]
            self._counted = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Handle data; a request that is still incomplete has a deadline."""
        self._received += len(data)
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Go on with a request that arrived behind another."""
        super().on_response_complete()
        self._watch()

    def send_400_response(self, msg: str) -> None:
        """Refuse a malformed request, with the headers of every response."""
        self._refuse(HTTPStatus.BAD_REQUEST, msg)

    def _watch(self) -> None:
        """Keep the deadline of the part of a request that is awaited; each has one of its own."""
        state = self.conn.their_state
        if state not in (h11.IDLE, h11.SEND_BODY) or self.transport.is_closing():
            self._stop_watching()
            return
        in_body = state is h11.SEND_BODY
        arrives = in_body and self._received >= _BODY_BYTES
        if self._deadline is not None and in_body == self._in_body and not arrives:
            return
        self._stop_watching()
        self._received = 0
        self._in_body = in_body
        seconds = self.limits.body_s if in_body else self.limits.head_s
        self._deadline = self.loop.call_later(seconds, self._end_late)

    def _stop_watching(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _end_late(self) -> None:
        self._deadline = None
        if self.transport.is_closing():
            return
        self._refuse(HTTPStatus.REQUEST_TIMEOUT, "The request took too long to arrive.")

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        """Send a response by the protocol itself, if none has begun, and close."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            text = message.encode()
            headers = [
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"content-length", str(len(text)).encode()),
                (b"connection", b"close"),
                *plain_headers(),
            ]
            reason = status.phrase.encode()
            for event in (
                h11.Response(status_code=status, headers=headers, reason=reason),
                h11.Data(data=text),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def limited_protocol(limits: ConnectionLimits) -> type[LimitedProtocol]:
    """A protocol for `uvicorn.Config(http=…)` whose connections share `limits`."""
    return type("Protocol", (LimitedProtocol,), {"limits": limits})
