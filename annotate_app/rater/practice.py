"""The practice: a page whose script draws a picture with a known answer.

It has no other route: nothing that is painted there reaches the server.
"""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from annotate_app.access.sessions import CurrentRater
from annotate_app.web.pages import PRACTICE, render
from o365seg.project.folder import Project


def make_router(_project: Project) -> APIRouter:
    """The route `/practice`."""
    router = APIRouter()

    @router.get(PRACTICE)
    def show(request: Request, rater: CurrentRater) -> Response:
        return render(request, "rater/practice.html")

    return router
