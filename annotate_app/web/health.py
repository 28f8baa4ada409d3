"""Whether the server runs (`/healthz`) and can answer (`/readyz`); without a session."""

import threading
import time

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from o365seg.project.folder import Project
from o365seg.store.database import answers_now

_FRESH_S = 1.0  # between two looks at the database, however many ask


def make_router(project: Project) -> APIRouter:
    """The two routes; they tell nothing of the project."""
    router = APIRouter()
    looking = threading.Lock()
    last = (-_FRESH_S, False)

    @router.api_route("/healthz", methods=["GET", "HEAD"])
    async def is_running() -> JSONResponse:
        return _said({"status": "ok"})

    @router.api_route("/readyz", methods=["GET", "HEAD"])
    def is_ready() -> JSONResponse:
        nonlocal last
        with looking:
            if time.monotonic() - last[0] >= _FRESH_S:
                last = time.monotonic(), answers_now(project.store)
            ready = last[1]
        if ready:
            return _said({"status": "ok"})
        return _said({"status": "database unavailable"}, 503)

    return router


def _said(body: dict[str, str], status: int = 200) -> JSONResponse:
    return JSONResponse(body, status_code=status, headers={"Cache-Control": "no-store"})
