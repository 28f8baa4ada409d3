"""Which `Host` a request may name, and which requests are none at all."""

import ipaddress
import re
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

# Asked by load balancers and orchestrators, which name an address.
HEALTH_PATHS = frozenset({"/healthz", "/readyz"})

_VERSIONS = frozenset({"1.0", "1.1", "2", "3"})
_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[^\s:/@?#\[\]]+)(?::\d{1,5})?")


class HostCheck:
    """ASGI middleware: 400 for a request without a path, or for another host than the server's.

    Another name for this address would let a page of another site pass as ours (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str] = ()) -> None:
        """Wrap `app`; `hosts`: the names it is reached by, besides this machine's own; none: any.

        Names are compared without the port and without regard to case.
        """
        self._app = app
        self._hosts = frozenset(host.lower().rstrip(".") for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        fault = None
        if scope["type"] in ("http", "websocket"):
            fault = self._fault(scope, Headers(scope=scope).getlist("host"))
        if fault is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await PlainTextResponse(fault, status_code=400)(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _fault(self, scope: Scope, hosts: list[str]) -> str | None:
        path = scope["path"]
        if scope.get("http_version", "1.1") not in _VERSIONS:
            return "The HTTP version is unknown."
        if not path.startswith("/"):  # OPTIONS *, or a request to a proxy
            return "The request target must be a path."
        if not self._hosts or path in HEALTH_PATHS:
            return None
        match = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
        if match is None:
            return "The request needs one valid Host header."
        name = match["name"].lower().rstrip(".")
        if name in self._hosts or is_this_machine(name):
            return None
        return "This server is not known by the host name of the request (see --hostname)."


def is_this_machine(name: str) -> bool:
    """Whether a host name or address is one that a machine has for itself only."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
