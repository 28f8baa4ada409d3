"""The web application of one project: sign-in, painter page (Gradio), painter routes (FastAPI)."""

import os
from collections.abc import Callable, Collection
from typing import Any

# Set before Gradio is imported: no usage data leaves the owner's machine.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr
from fastapi import APIRouter, FastAPI
from gradio.themes import Base
from starlette.requests import Request
from starlette.routing import Mount

from annotate_app.access import joining, own_password, sign_in
from annotate_app.access.hosts import HostCheck
from annotate_app.access.security_headers import SecurityHeaders
from annotate_app.access.sessions import CurrentRater, SessionGuard, Sessions
from annotate_app.access.throttle import Throttle
from annotate_app.owner import (
    audit,
    export,
    gallery,
    guideline_pictures,
    people,
    progress,
    settings,
)
from annotate_app.pipeline import api, metrics, new_projects
from annotate_app.pipeline.new_projects import ProjectMaker
from annotate_app.pipeline.request_counts import CountRequests, RequestCounts
from annotate_app.rater import earlier_work, guidelines, my_work, practice, questions, replies
from annotate_app.reviewer import review
from annotate_app.web import health, image_bytes, problems, static_files
from annotate_app.web.database_unavailable import DatabaseUnavailable
from annotate_app.web.gradio_page import PageOnly
from annotate_app.web.languages import Languages, texts_of
from annotate_app.web.pages import NAVIGATION
from annotate_app.web.static_files import static_url
from annotate_app.web.write_turns import WriteTurns
from o365seg.project.folder import Project
from o365seg.project.signing_key import signing_key
from o365seg.store.people.raters import Rater, rater_by_id
from o365seg.store.pipeline import tokens
from o365seg.store.pipeline.tokens import Token
from o365seg.store.settings import allowed_assistance, read_settings

# Asks who is signed in, then mounts the painter module on the component's element.
_MOUNT_PAINTER = """
fetch('/api/me').then((answer) => {
  if (answer.status === 401) { location.href = '/login'; throw new Error('signed out'); }
  return answer.json();
}).then((me) => import(me.painter).then((module) => module.mount(element, me)));
"""

_PAGE_CSS = "footer { display: none !important; }"


def make_app(
    project: Project,
    hosts: Collection[str] = (),
    maker: ProjectMaker | None = None,
    find_maker: Callable[[str], Token | None] | None = None,
) -> FastAPI:
    """Build the application. Serve it with any ASGI server, in one process.

    Args:
        project: The open project.
        hosts: Host names that requests may name; none: any.
        maker: Makes further projects for programs; None: they can make none.
        find_maker: In a project that was made so: the tokens that may make projects.
    """

    def find(rater_id: int) -> Rater | None:
        with project.store.read_once() as db:
            rater = rater_by_id(db, rater_id)
        return rater if rater is not None and rater.active else None

    def find_token(token: str) -> Token | None:
        with project.store.read_once() as db:
            found = tokens.find(db, token)
        return found if found or find_maker is None else find_maker(token)

    sessions = Sessions(project.about.id, signing_key(project.folder), find, find_token)
    counts = RequestCounts()
    app = FastAPI(title="o365seg painting tool", openapi_url=None, docs_url=None, redoc_url=None)
    # Routes first: a route added after Gradio is mounted at "/" is never reached.
    app.state.project_name = project.folder.resolve().name
    app.state.languages = Languages(project)
    app.include_router(static_files.make_router(app.state.languages))
    throttle = Throttle()
    app.include_router(sign_in.make_router(project, sessions, throttle))
    app.include_router(joining.make_router(project, sessions, throttle))
    app.include_router(own_password.make_router(project, sessions, throttle))
    for room in (
        health,
        image_bytes,
        guidelines,
        questions,
        earlier_work,
        my_work,
        practice,
        replies,
        review,
        progress,
        gallery,
        people,
        audit,
        export,
        settings,
        guideline_pictures,
    ):
        app.include_router(room.make_router(project))
    app.include_router(api.make_router(project, invites_owners=find_maker is not None))
    if maker is not None:
        app.include_router(new_projects.make_router(maker))
    app.include_router(metrics.make_router(project, counts))
    app.include_router(_me_router(project))
    problems.add_handlers(app)
    app.add_middleware(WriteTurns)
    app.add_middleware(SessionGuard, sessions=sessions, in_thread=not project.store.is_sqlite)
    app.add_middleware(DatabaseUnavailable)
    app.add_middleware(CountRequests, counts=counts)
    app.add_middleware(HostCheck, hosts=hosts)
    app.add_middleware(SecurityHeaders)  # outermost: refusals get them too
    with_page = gr.mount_gradio_app(
        app,
        _painter_page(),
        path="/",
        ssr_mode=False,
        footer_links=[],
        run_history=False,
        # Gradio's default theme loads fonts from the web.
        theme=Base(font=["system-ui", "sans-serif"], font_mono=["monospace"]),
        css=_PAGE_CSS,
    )
    for route in with_page.routes:
        if isinstance(route, Mount) and isinstance(route.app, FastAPI):
            route.app = PageOnly(route.app)
    return with_page


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


def _me_router(project: Project) -> APIRouter:
    router = APIRouter()

    @router.get("/api/me")
    def me(request: Request, rater: CurrentRater) -> dict[str, Any]:
        texts = texts_of(request)
        with project.store.read() as db:
            settings = read_settings(db)
        return {
            "rater": rater.name,
            "project": project.about.id,
            "assistance": allowed_assistance(settings),
            "painter": static_url("pages/painter.js", texts),
            "links": [
                {"label": texts.text(f"nav.{link.name}"), "path": link.path}
                for link in NAVIGATION
                if link.path != "/" and rater.may(link.role)
            ],
        }

    return router
