"""The owner's gallery: answers as thumbnails, with filters."""

import math
from dataclasses import asdict
from typing import Literal

import anyio
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from annotate_app.access.sessions import Owner
from annotate_app.owner.thumbnails import draw_answer
from annotate_app.web.image_bytes import ImageUnavailable, jpeg_unless_known, read_image
from annotate_app.web.pages import render
from annotate_app.web.request_bodies import RowId, Text
from o365seg.project.folder import Project
from o365seg.store.people.raters import rater_names
from o365seg.store.progress import gallery
from o365seg.store.schema import Verdict
from o365seg.store.work.checks import SkipReason

PAGE = 24
_LONGEST = {"small": 480, "large": 1400}
_DRAWN_AT_ONCE = 2
_MOST_PIXELS = 100_000_000  # decoded, 0.3 GB each


def make_router(project: Project) -> APIRouter:
    """The routes under `/gallery`."""
    router = APIRouter(prefix="/gallery")

    @router.get("")
    def show(
        request: Request,
        owner: Owner,
        category: Text = "",
        rater: Text = "",
        answered: Literal["", "mask", "skip"] = "",
        skip_reason: Literal[""] | SkipReason = "",
        size: Literal[""] | gallery.Size = "",
        review: Literal["", "none"] | Verdict = "",
        page: int = 1,
    ) -> Response:
        filters = gallery.Filters(
            category or None,
            rater or None,
            answered or None,
            skip_reason or None,
            gallery.Size(size) if size else None,
            review or None,
        )
        with project.store.read() as db:
            count = gallery.count_answers(db, filters)
            pages = max(1, -(-count // PAGE))
            page = min(max(page, 1), pages)
            answers = gallery.list_answers(db, filters, offset=(page - 1) * PAGE, limit=PAGE)
            categories = gallery.list_categories(db)
            names = rater_names(db)
        return render(
            request,
            "owner/gallery.html",
            answers=answers,
            count=count,
            page=page,
            pages=pages,
            chosen={name: value or "" for name, value in asdict(filters).items()},
            categories=categories,
            raters=names,
            skip_reasons=list(SkipReason),
            sizes=list(gallery.Size),
            verdicts=list(Verdict),
        )

    drawing = anyio.CapacityLimiter(_DRAWN_AT_ONCE)

    # Not below /gallery itself: under those URLs, browsers keep pictures of earlier versions.
    @router.get("/pictures/{answer}.jpg")
    async def picture(
        request: Request, owner: Owner, answer: RowId, size: Literal["small", "large"] = "small"
    ) -> Response:
        # Who waits for a turn takes none of the threads that all other requests need.
        return await anyio.to_thread.run_sync(draw, request, answer, size, limiter=drawing)

    def draw(request: Request, answer: int, size: str) -> Response:
        with project.store.read() as db:
            painted = gallery.find_painted(db, answer)
        if painted is None:
            raise HTTPException(404, "No such answer.")
        if math.prod(painted.size) > _MOST_PIXELS:
            raise HTTPException(422, "The image is too large to be shown here.")

        def make() -> bytes:
            image, _ = read_image(project, painted.image_sha256)
            return draw_answer(image, painted, _LONGEST[size], crop=size == "small")

        try:
            return jpeg_unless_known(request, f"{size} {painted}", make)
        except ImageUnavailable as error:
            raise HTTPException(404, str(error)) from None

    return router
