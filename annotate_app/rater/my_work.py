"""A rater's page of their own work."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from annotate_app.access.sessions import CurrentRater
from annotate_app.web import charts
from annotate_app.web.pages import render
from o365seg.project.folder import Project
from o365seg.store.database import now_ms
from o365seg.store.progress import pace
from o365seg.store.quality.rater_quality import list_corrections, measure_raters


def make_router(project: Project) -> APIRouter:
    """The route `/my-work`."""
    router = APIRouter()

    @router.get("/my-work")
    def show(request: Request, rater: CurrentRater) -> Response:
        with project.store.read() as db:
            (mine,) = measure_raters(db, rater.id)
            quarters = pace.answers_by_quarter(db, now := now_ms(), rater_id=rater.id)
            corrections = list_corrections(db, rater.id)
        chart = charts.of_answers(request, quarters, now)
        return render(
            request, "rater/my_work.html", mine=mine, chart=chart, corrections=corrections
        )

    return router
