"""Security headers of every response."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Our own pages: no inline script or style, nothing from other hosts, no framing.
_OURS = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

# The painter's page is Gradio's, which needs inline scripts and `eval` for its components.
_GRADIO = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; font-src 'self' data:; "
    "connect-src 'self'; worker-src 'self' blob:; object-src 'none'; form-action 'self'; "
    "base-uri 'self'; frame-ancestors 'none'"
)
GRADIO_PAGES = frozenset({"/"})

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`, which would remove the Origin from our own forms too.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


_ONE_YEAR = "max-age=31536000"


def plain_headers() -> list[tuple[bytes, bytes]]:
    """The headers of a response that no application gives: to what is not even a request."""
    headers = {**_HEADERS, "Content-Security-Policy": _OURS, "Cache-Control": "no-store"}
    return [(name.encode(), value.encode()) for name, value in headers.items()]


class SecurityHeaders:
    """ASGI middleware that adds the headers to every response, refusals included.

    It removes Gradio's CORS headers, which would let any site read from a server on localhost.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name in [name for name in headers if name.startswith("access-control-")]:
                    del headers[name]
                headers.update(_HEADERS)
                if scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = _ONE_YEAR
                headers["Content-Security-Policy"] = (
                    _GRADIO if scope["path"] in GRADIO_PAGES else _OURS
                )
            await send(message)

        await self._app(scope, receive, send_with_headers)
