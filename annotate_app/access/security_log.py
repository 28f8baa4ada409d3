"""One line for each sign-in, refusal and throttling, for people and for fail2ban.

    2026-11-25 09:06:12,345 o365seg.security refused sign-in address=203.0.113.9 name="Ada"

`deploy/fail2ban/` has the filter that reads it. Texts from a request are quoted as JSON in ASCII,
so that no name can forge a line or reach a terminal as control characters.
"""

import json
import logging

from starlette.requests import HTTPConnection

_log = logging.getLogger("o365seg.security")


def signed_in(request: HTTPConnection, name: str) -> None:
    """Somebody signed in."""
    _write(logging.INFO, "signed in", request, name)


def joined(request: HTTPConnection, name: str) -> None:
    """Somebody followed an invitation."""
    _write(logging.INFO, "joined", request, name)


def refused(request: HTTPConnection, name: str) -> None:
    """A wrong name or password."""
    _write(logging.WARNING, "refused sign-in", request, name)


def throttled(request: HTTPConnection, what: str, name: str) -> None:
    """Too many attempts to do `what`: `sign-in`, `join` or `password`."""
    _write(logging.WARNING, f"throttled {what}", request, name)


def _write(level: int, event: str, request: HTTPConnection, name: str) -> None:
    address = request.client.host if request.client is not None else "unknown"
    _log.log(level, "%s address=%s name=%s", event, address, json.dumps(name[:100]))
