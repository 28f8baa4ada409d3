"""The owner's page of the audit log."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from annotate_app.access.sessions import Owner
from annotate_app.web.pages import render
from annotate_app.web.request_bodies import RowId, Text
from o365seg.project.folder import Project
from o365seg.store import audit
from o365seg.store.people.raters import rater_names

PAGE = 50


def make_router(project: Project) -> APIRouter:
    """The route `/audit`."""
    router = APIRouter()

    @router.get("/audit")
    def show(
        request: Request,
        owner: Owner,
        actor: Text = "",
        action: Text = "",
        before: RowId | None = None,
    ) -> Response:
        with project.store.read() as db:
            entries = audit.list_entries(
                db, actor=actor or None, action=action or None, before=before, limit=PAGE + 1
            )
            actions = audit.list_actions(db)
            names = rater_names(db)
        return render(
            request,
            "owner/audit.html",
            entries=entries[:PAGE],
            older=entries[PAGE - 1].id if len(entries) > PAGE else None,
            actions=actions,
            actors=names,
            actor=actor,
            action=action,
            before=before,
        )

    return router
