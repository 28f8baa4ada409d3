"""A bounded number of requests that write at a time, so that reads, pages and images go on.

Requests are handled in 40 threads. While something holds the database, requests that write would
wait in all of them, and nothing else would be answered.
"""

import asyncio
import time

from starlette.types import ASGIApp, Receive, Scope, Send

from o365seg.store.database import WRITE_WAIT_S, WritersBusy, write_deadline

_AT_ONCE = 24
_SIGN_INS_AT_ONCE = 4  # of which two hash a password, see `passwords`
_SIGN_IN = "/login"  # posted, but it only reads


class WriteTurns:
    """ASGI middleware that lets requests that may write wait for a turn, at most `WRITE_WAIT_S`.

    The time counts from the request's arrival, also for its wait in the database: all that have
    waited for the same writer are told at once.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._writes = asyncio.Semaphore(_AT_ONCE)
        self._sign_ins = asyncio.Semaphore(_SIGN_INS_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        write_deadline.set(time.monotonic() + WRITE_WAIT_S)
        turns = self._sign_ins if scope["path"] == _SIGN_IN else self._writes
        try:
            async with asyncio.timeout(WRITE_WAIT_S):
                await turns.acquire()
        except TimeoutError:
            raise WritersBusy from None
        try:
            await self._app(scope, receive, send)
        finally:
            turns.release()
