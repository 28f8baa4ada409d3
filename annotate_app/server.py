"""The web application of one project: sign-in, painter page (Gradio), painter routes (FastAPI)."""

import hashlib
import os
from importlib import resources
from pathlib import Path

# Before Gradio is imported: a painting tool on an owner's machine tells nobody about itself.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from gradio.themes import Base

from annotate_app import api, earlier, sign_in
from annotate_app.sessions import SessionGuard, Sessions, load_secret
from o365seg.project import Project
from o365seg.store.raters import Rater, rater_by_id

_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}

# The component is thin: it asks who is signed in, and hands its element to the painter module.
_MOUNT_PAINTER = """
fetch('/api/me').then((answer) => {
  if (answer.status === 401) { location.href = '/login'; throw new Error('signed out'); }
  return answer.json();
}).then((me) => import(me.painter).then((module) => module.mount(element, me)));
"""

_PAGE_CSS = "footer { display: none !important; }"


def make_app(project: Project) -> FastAPI:
    """Build the application; serve it with any ASGI server, in one process."""

    def find(rater_id: int) -> Rater | None:
        with project.store.read() as db:
            rater = rater_by_id(db, rater_id)
        return rater if rater is not None and rater.active else None

    sessions = Sessions(project.about.id, load_secret(project.folder), find)
    app = FastAPI(title="o365seg painting tool", openapi_url=None, docs_url=None, redoc_url=None)
    # Routes first: whatever is added after Gradio is mounted at "/" is never reached.
    app.include_router(sign_in.make_router(project, sessions))
    app.include_router(_painter_router(project.about.id))
    app.include_router(api.make_router(project))
    app.include_router(earlier.make_router(project))
    app.add_exception_handler(RequestValidationError, _refuse_body)
    app.add_middleware(SessionGuard, sessions=sessions)
    return gr.mount_gradio_app(
        app,
        _painter_page(),
        path="/",
        ssr_mode=False,
        footer_links=[],
        run_history=False,
        # Gradio's default theme loads its fonts from the web.
        theme=Base(font=["system-ui", "sans-serif"], font_mono=["monospace"]),
        css=_PAGE_CSS,
    )


def _refuse_body(_request: Request, error: Exception) -> JSONResponse:
    """Say which field is wrong, without the input itself: it may be huge, or no valid JSON."""
    assert isinstance(error, RequestValidationError)
    faults = [
        f"{'.'.join(str(step) for step in fault['loc'])}: {fault['msg']}"
        for fault in error.errors()[:5]
    ]
    message = "; ".join(faults).encode(errors="replace").decode()[:500]
    return JSONResponse({"error": "malformed", "message": message}, status_code=422)


def _painter_page() -> gr.Blocks:
    with gr.Blocks(
        title="Painting tool", analytics_enabled=False, fill_width=True, fill_height=True
    ) as page:
        gr.HTML(
            html_template="<div></div>",
            js_on_load=_MOUNT_PAINTER,
            apply_default_css=False,
            elem_id="painter",
        )
    return page


def _painter_router(project_id: str) -> APIRouter:
    """The painter's modules, served from memory under a URL that changes with their content."""
    folder = Path(str(resources.files("annotate_app") / "static"))
    files = {
        path.name: path.read_bytes()
        for path in sorted(folder.iterdir())
        if path.suffix in _MEDIA_TYPES
    }
    digest = hashlib.sha256()
    for name, data in files.items():
        digest.update(f"{name} {len(data)} ".encode() + data)
    version = digest.hexdigest()[:16]
    router = APIRouter()

    @router.get("/api/me")
    def me(rater: api.CurrentRater) -> dict[str, str]:
        return {
            "rater": rater.name,
            "project": project_id,
            "painter": f"/static-painter/{version}/painter.js",
        }

    @router.get("/static-painter/{version}/{name}")
    def painter_file(name: str) -> Response:
        if name not in files:
            return JSONResponse({"error": "no_file"}, status_code=404)
        return Response(
            files[name],
            media_type=_MEDIA_TYPES[Path(name).suffix],
            headers={"Cache-Control": "private, max-age=31536000, immutable"},
        )

    return router
