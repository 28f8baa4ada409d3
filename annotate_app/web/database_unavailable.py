"""The response while the database is unavailable: 503 with a time to retry.

The painter retries by itself (`static/work/api.js`) and keeps the mask until it is accepted.
"""

import logging

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from o365seg.store.database import DATABASE_ERRORS, error_reason, is_unavailable

RETRY_AFTER_S = 5
_log = logging.getLogger("o365seg.database")
_MESSAGE = "The project's database is unavailable. Nothing is lost; try again in a moment."


class DatabaseUnavailable:
    """ASGI middleware around everything that uses the database, the session guard included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except DATABASE_ERRORS as error:
            if not is_unavailable(error):
                raise
            _log.warning("the database is unavailable: %s", error_reason(error))
            if started or scope["type"] != "http":
                raise
            await _answer(scope)(scope, receive, send)


def _answer(scope: Scope) -> Response:
    headers = {"Retry-After": str(RETRY_AFTER_S), "Cache-Control": "no-store"}
    if scope["path"].startswith("/api/") or "x-o365seg" in Headers(scope=scope):
        body = {"error": "database_away", "message": _MESSAGE}
        return JSONResponse(body, status_code=503, headers=headers)
    return PlainTextResponse(_MESSAGE, status_code=503, headers=headers)
