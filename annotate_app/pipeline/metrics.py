"""`/metrics` in Prometheus' text format, for owners and for tokens."""

import time
from collections.abc import Iterator, Sequence

from fastapi import APIRouter
from fastapi.responses import Response

from annotate_app.access.sessions import METRICS_PATH
from annotate_app.pipeline.access import MetricsReader
from annotate_app.pipeline.request_counts import RequestCounts
from annotate_app.web.newest import Kept
from o365seg.project.folder import Project
from o365seg.store.database import now_ms
from o365seg.store.progress.summary import measure_progress

_FRESH_S = 10.0  # between two measurements, however many ask

Sample = tuple[str, float]  # labels, value


def make_router(project: Project, counts: RequestCounts) -> APIRouter:
    """The route `/metrics`."""
    router = APIRouter()
    started = time.time()
    of_project = Kept(lambda: list(_of_project(project)), _FRESH_S)

    @router.get(METRICS_PATH)
    def metrics(reader: MetricsReader) -> Response:
        lines = [*of_project.get(), *_of_server(counts, started)]
        return Response(
            "".join(f"{line}\n" for line in lines),
            media_type="text/plain; version=0.0.4",
            headers={"Cache-Control": "no-store"},
        )

    return router


def _of_project(project: Project) -> Iterator[str]:
    with project.store.read() as db:
        done = measure_progress(db, now_ms())
    for name, about, value in (
        ("questions", "Questions of the project", done.questions),
        ("masks", "Questions whose answer is a mask", done.masks),
        ("unanswered", "Questions without an answer that counts", done.unanswered),
        ("painting", "Questions on a screen now", done.leased),
        ("waiting_for_review", "Answers that wait for a review", done.waiting_for_review),
        ("sent_back", "Questions sent back by a reviewer", done.rejected),
        ("late", "Late answers that are kept", done.late),
        ("rater_hours", "Active hours of all answers", done.rater_hours),
    ):
        yield from _family(name, "gauge", about, [("", value)])
    skips = [(f'{{reason="{reason}"}}', count) for reason, count in done.skips.items()]
    yield from _family("skips", "gauge", "Questions whose answer is a skip", skips)


def _of_server(counts: RequestCounts, started: float) -> Iterator[str]:
    requests, seconds = counts.read()
    samples = [(f'{{status="{status}"}}', count) for status, count in requests.items()]
    yield from _family("requests_total", "counter", "Requests by status", samples)
    about = "Seconds from the request to the start of its response"
    yield from _family("request_seconds_total", "counter", about, [("", seconds)])
    yield from _family("start_time_seconds", "gauge", "When the server started", [("", started)])


def _family(name: str, kind: str, about: str, samples: Sequence[Sample]) -> Iterator[str]:
    yield f"# HELP o365seg_{name} {about}"
    yield f"# TYPE o365seg_{name} {kind}"
    for labels, value in samples:
        yield f"o365seg_{name}{labels} {value:.15g}"
