"""The deadline of a request's body, without waiting for it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import Mock

import pytest
import uvicorn
from uvicorn.server import ServerState

from annotate_app.access import connections
from annotate_app.access.connections import ConnectionLimits, limited_protocol


def test_a_large_body_has_its_time_for_each_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_BODY_BYTES", 1000)

    async def nothing(_scope: object, _receive: object, _send: object) -> None:
        await asyncio.sleep(0)

    async def receive() -> None:
        config = uvicorn.Config(nothing, ws="none", log_config=None, interface="asgi3")
        config.load()
        protocol = limited_protocol(ConnectionLimits())(config, ServerState(), {})
        transport = Mock()
        transport.get_extra_info = {"peername": ("127.0.0.1", 5)}.get
        transport.is_closing.return_value = False
        protocol.connection_made(transport)
        head = b"PUT /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\n"
        protocol.data_received(head)
        first = protocol._deadline
        protocol.data_received(b" " * 500)
        assert protocol._deadline is first is not None
        protocol.data_received(b" " * 600)
        second = protocol._deadline
        assert second is not None
        assert second is not first
        protocol.data_received(b" " * 300)
        assert protocol._deadline is second
        protocol.connection_lost(None)
        assert protocol._deadline is None
        await asyncio.sleep(0.01)  # the application is called, and ends

    # Not in this thread, where a browser of another test may run its loop.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, receive()).result()
