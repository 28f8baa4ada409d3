"""Whether the server runs (`/healthz`) and can answer (`/readyz`); without a session."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from annotate_app.web.newest import Kept
from o365seg.project.folder import Project
from o365seg.store.database import answers_now

_FRESH_S = 1.0  # between two looks at the database, however many ask


def make_router(project: Project) -> APIRouter:
    """The two routes; they tell nothing of the project."""
    router = APIRouter()
    answers = Kept(lambda: answers_now(project.store), _FRESH_S)

    @router.api_route("/healthz", methods=["GET", "HEAD"])
    async def is_running() -> JSONResponse:
        return _said({"status": "ok"})

    @router.api_route("/readyz", methods=["GET", "HEAD"])
    def is_ready() -> JSONResponse:
        if answers.get():
            return _said({"status": "ok"})
        return _said({"status": "database unavailable"}, 503)

    return router


def _said(body: dict[str, str], status: int = 200) -> JSONResponse:
    return JSONResponse(body, status_code=status, headers={"Cache-Control": "no-store"})
