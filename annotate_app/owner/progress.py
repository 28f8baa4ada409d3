"""The owner's page of progress, which updates itself."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from annotate_app.access.sessions import Owner
from annotate_app.web import charts
from annotate_app.web.newest import Newest
from annotate_app.web.pages import render
from o365seg.project.folder import Project
from o365seg.statistics.human_ceiling import HumanCeiling, human_ceiling
from o365seg.store.database import Connection, now_ms
from o365seg.store.progress import pace
from o365seg.store.progress.summary import Progress, measure_progress
from o365seg.store.quality import rater_quality
from o365seg.store.quality.agreement import list_pairs


@dataclass(frozen=True)
class _Measured:
    done: Progress
    estimate: pace.Estimate
    raters: list[rater_quality.RaterQuality]
    skips: list[rater_quality.Skips]
    ceiling: HumanCeiling | None
    quarters: list[pace.Period]
    at: int


def make_router(project: Project) -> APIRouter:
    """The route `/progress`, and the part of its page that is fetched again."""
    router = APIRouter()

    def measure() -> _Measured:
        with project.store.read() as db:
            return _measure(db, now_ms())

    newest = Newest(measure)

    def page(request: Request, whole: str = "") -> Response:
        """The page, or the part of it that is fetched again."""
        found = newest.get()
        if found is None:
            part = "owner/progress_counting.html"
            return render(request, whole or part, part=part)
        part = "owner/progress_now.html"
        chart = charts.of_answers(request, found.quarters, found.at)
        return render(request, whole or part, part=part, chart=chart, **vars(found))

    @router.get("/progress")
    def show(request: Request, owner: Owner) -> Response:
        return page(request, "owner/progress.html")

    @router.get("/progress/now")
    def show_part(request: Request, owner: Owner) -> Response:
        return page(request)

    return router


def _measure(db: Connection, now: int) -> _Measured:
    pairs = list_pairs(db)
    return _Measured(
        measure_progress(db, now),
        pace.estimate(db, now),
        rater_quality.measure_raters(db, pairs=pairs),
        rater_quality.skips_by_category(db),
        human_ceiling(pairs),
        pace.answers_by_quarter(db, now),
        now,
    )
