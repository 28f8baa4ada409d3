"""Sessions: signed cookies, and the guard that refuses requests without one.

The guard wraps the whole application, so a new route (ours or Gradio's) requires a session unless
it is listed in `PUBLIC_PATHS`.
"""

import hashlib
import re
import secrets
from collections.abc import Callable
from typing import Annotated, Any

import anyio
from fastapi import Depends, HTTPException
from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from annotate_app.access.hosts import HEALTH_PATHS
from annotate_app.web.languages import texts_of
from annotate_app.web.problems import problem
from annotate_app.web.static_files import PUBLIC_STYLE, STATIC_ROOT
from o365seg.store.people.guideline_pictures import LARGEST_FILE
from o365seg.store.people.raters import Rater
from o365seg.store.pipeline.tokens import Token
from o365seg.store.schema import Role

MAX_AGE_S = 30 * 24 * 3600
DEVICE_MAX_AGE_S = 365 * 24 * 3600
LOGIN_PATH = "/login"
LOGOUT_PATH = "/logout"
JOIN_ROOT = "/join"  # followed by the token of an invitation
API_ROOT = "/api/v1"  # for programs, which sign their requests with a token
METRICS_PATH = "/metrics"
PROJECTS_ROOT = f"{API_ROOT}/projects"

# Where people land after they sign in: no question's clock starts for those who do not paint.
_HOMES = {Role.RATER: "/", Role.REVIEWER: "/review", Role.OWNER: "/progress"}

# Open without a session: the sign-in page, an invitation's page, their style, and the health.
PUBLIC_PATHS = re.compile(
    rf"{LOGIN_PATH}|{JOIN_ROOT}/[^/]+|{STATIC_ROOT}/[^/]+/[^/]+/{re.escape(PUBLIC_STYLE)}"
    rf"|{'|'.join(HEALTH_PATHS)}"
)

# First segments of the paths that forms may post to; all other writes are under /api/.
_FORM_ROOTS = frozenset(
    {"login", "logout", "join", "password", "people", "export", "guidelines", "settings"}
)

# A header that a form on another site cannot send; with SameSite it prevents forged posts.
CSRF_HEADER = b"x-o365seg"

# Bytes; enough for a mask of 1.3 million runs. A painted one of 12 megapixels has about 10,000.
MAX_LARGE_BODY = 4 * 1024 * 1024
MAX_OTHER_BODY = 64 * 1024
MAX_DETECTIONS = 512 * 1024 * 1024  # those of Objects365 val are about 200 MB
_LARGE_PATHS = frozenset(
    {"/api/submit", "/api/draft", "/api/review/repaint", "/api/review/draft", "/settings"}
)


_PICTURES_PATH = "/settings/pictures"


def join_link(address: str, token: str) -> str:
    """The link of an invitation, at a server's address."""
    return f"{address.rstrip('/')}{JOIN_ROOT}/{token}"


class Sessions:
    """Creates and reads the session cookie; a new password ends all sessions of its rater."""

    def __init__(
        self,
        project_id: str,
        secret: str,
        find_rater: Callable[[int], Rater | None],
        find_token: Callable[[str], Token | None] = lambda token: None,
    ) -> None:
        # Browsers share cookies between ports of a host, so each project has its own name.
        self.cookie = f"o365seg_{project_id}"
        self._serializer = URLSafeTimedSerializer(secret, salt=self.cookie)
        self._device_cookie = f"{self.cookie}_device"
        self._devices = URLSafeTimedSerializer(secret, salt=self._device_cookie)
        self._find_rater = find_rater
        self._find_token = find_token

    def sign_in(self, response: Response, rater: Rater, *, secure: bool) -> None:
        """Set the cookies of session and device; `secure` if the request came over HTTPS."""
        session = self._serializer.dumps([rater.id, _session_tag(rater)])
        device = self._devices.dumps([rater.name, secrets.token_urlsafe(12)])
        for cookie, value, max_age in (
            (self.cookie, session, MAX_AGE_S),
            (self._device_cookie, device, DEVICE_MAX_AGE_S),
        ):
            response.set_cookie(
                cookie,
                value if isinstance(value, str) else value.decode(),
                max_age=max_age,
                httponly=True,
                samesite="lax",
                secure=secure,
            )

    def device_of(self, scope: Scope, name: str) -> str | None:
        """The id of a device that signed in with `name` before; None if it never did.

        It grants nothing but attempts of its own to sign in with this name, and outlives a
        sign-out.
        """
        cookie = HTTPConnection(scope).cookies.get(self._device_cookie)
        if cookie is None:
            return None
        try:
            known, device = self._devices.loads(cookie, max_age=DEVICE_MAX_AGE_S)
        except (BadSignature, ValueError, TypeError):
            return None
        return device if known == name else None

    def rater_of(self, scope: Scope) -> Rater | None:
        """The rater of a request's session cookie; None if it has no valid one."""
        cookie = HTTPConnection(scope).cookies.get(self.cookie)
        if cookie is None:
            return None
        try:
            rater_id, tag = self._serializer.loads(cookie, max_age=MAX_AGE_S)
        except (BadSignature, ValueError, TypeError):
            return None
        rater = self._find_rater(rater_id)
        if rater is None or not secrets.compare_digest(tag, _session_tag(rater)):
            return None
        return rater

    def token_of(self, scope: Scope) -> Token | None:
        """The token of a request's `Authorization` header; None if it has no valid one."""
        kind, _, token = HTTPConnection(scope).headers.get("authorization", "").partition(" ")
        return self._find_token(token.strip()) if kind.lower() == "bearer" else None


class SessionGuard:
    """ASGI middleware that refuses requests without a session, except to `PUBLIC_PATHS`."""

    def __init__(self, app: ASGIApp, sessions: Sessions, *, in_thread: bool = False) -> None:
        """Wrap `app`.

        Args:
            app: The application.
            sessions: Where the rater of a request comes from.
            in_thread: Look sessions up in threads of their own, for a database that other machines
                can delay; a SQLite file is read at once, whoever writes.
        """
        self._app = app
        self._sessions = sessions
        self._threads = anyio.CapacityLimiter(8) if in_thread else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if self._threads is None:
            refusal = self._refusal(scope)
        else:
            refusal = await anyio.to_thread.run_sync(self._refusal, scope, limiter=self._threads)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await refusal(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _refusal(self, scope: Scope) -> Response | None:
        path: str = scope["path"]
        headers: dict[bytes, bytes] = dict(scope["headers"])
        most = MAX_LARGE_BODY if path in _LARGE_PATHS else MAX_OTHER_BODY
        if path == _PICTURES_PATH:
            most = LARGEST_FILE + MAX_OTHER_BODY
        if path.startswith(f"{PROJECTS_ROOT}/"):
            most = MAX_DETECTIONS
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > most or b"transfer-encoding" in headers:
            return problem(413, "too_large", "the request is too large")
        reads = scope["type"] != "http" or scope["method"] in ("GET", "HEAD")
        is_api = path.startswith("/api/")
        if (
            not reads
            and not is_api
            and (path.split("/")[1] not in _FORM_ROOTS or _is_foreign(headers))
        ):
            # Includes Gradio's own posts: the page needs none, and its upload could fill the disk.
            return problem(403, "forbidden", "the request did not come from a page of this server")
        if PUBLIC_PATHS.fullmatch(path):
            return None
        for_programs = path == METRICS_PATH or path.startswith(f"{API_ROOT}/")
        if for_programs and b"authorization" in headers:
            token = self._sessions.token_of(scope)
            if token is None:
                return problem(401, "bad_token", "the token is unknown or revoked")
            scope.setdefault("state", {})["token"] = token
            return None
        rater = self._sessions.rater_of(scope)
        if rater is None:
            is_page = not (is_api or for_programs or path.startswith("/image/"))
            if not is_page or not reads or scope["type"] != "http":
                return problem(401, "signed_out", "you are signed out; sign in again")
            return RedirectResponse(LOGIN_PATH, status_code=303)
        if is_api and not reads and CSRF_HEADER not in headers:
            return problem(403, "forbidden", "the request did not come from the painter")
        scope.setdefault("state", {})["rater"] = rater
        return None


def _is_foreign(headers: dict[bytes, bytes]) -> bool:
    """Whether a page of another site, or of another port of this host, sent the form."""
    if headers.get(b"sec-fetch-site", b"same-origin") not in (b"same-origin", b"none"):
        return True
    origin = headers.get(b"origin")
    return origin is not None and origin.partition(b"://")[2] != headers.get(b"host")


def is_secure(request: Request) -> bool:
    """Whether the request came over HTTPS, by the connection or a trusted proxy."""
    return request.url.scheme == "https"


def home_of(rater: Rater) -> str:
    """The page of a person's own work, by role."""
    return _HOMES[rater.role]


def current_rater(request: Request) -> Rater:
    """The signed-in rater of a request."""
    rater: Any = request.state.rater
    return rater


async def _without_a_thread(request: Request) -> Rater:
    return current_rater(request)


CurrentRater = Annotated[Rater, Depends(_without_a_thread)]


def require(role: Role) -> Callable[[Request], Rater]:
    """A dependency of routes: the signed-in person, or 403 if they lack the role."""

    def permitted(request: Request) -> Rater:
        rater = current_rater(request)
        if not rater.may(role):
            texts = texts_of(request)
            needed = texts.text(f"role.{role.value}")
            raise HTTPException(403, texts.text("problem.denied_text", role=needed))
        return rater

    return permitted


Owner = Annotated[Rater, Depends(require(Role.OWNER))]


def _session_tag(rater: Rater) -> str:
    """A tag that a new password or a sign-out changes, which ends earlier sessions."""
    return hashlib.sha256(f"{rater.sign_outs} {rater.password_hash}".encode()).hexdigest()[:16]
