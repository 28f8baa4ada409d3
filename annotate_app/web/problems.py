"""Error responses: JSON for scripts, a page for people."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from annotate_app.web.languages import texts_of
from annotate_app.web.pages import render

_TITLES = {403: "problem.denied", 404: "problem.not_found"}


def problem(status: int, error: str, message: str, **more: Any) -> JSONResponse:
    """An error in the JSON form that the painter reads; `error` is a code for scripts."""
    return JSONResponse({"error": error, "message": message, **more}, status_code=status)


def add_handlers(app: FastAPI) -> None:
    """Answer invalid requests and refused ones with `problem` or a page."""
    app.add_exception_handler(RequestValidationError, _refuse_body)
    app.add_exception_handler(HTTPException, _show_problem)
    app.add_exception_handler(ClientDisconnect, _say_nothing)


def _refuse_body(_request: Request, error: Exception) -> JSONResponse:
    """Name the invalid fields, without the input itself: it may be huge, or not JSON."""
    assert isinstance(error, RequestValidationError)
    faults = [
        f"{'.'.join(str(step) for step in fault['loc'])}: {fault['msg']}"
        for fault in error.errors()[:5]
    ]
    message = "; ".join(faults).encode(errors="replace").decode()[:500]
    return problem(422, "malformed", message)


def _say_nothing(_request: Request, _error: Exception) -> Response:
    """The client went away before its request was complete: nobody reads this."""
    return Response(status_code=400)


def _show_problem(request: Request, error: Exception) -> Response:
    """Answer with a page for people, with JSON for scripts."""
    assert isinstance(error, HTTPException)
    if request.url.path.startswith("/api/") or not hasattr(request.state, "rater"):
        return problem(error.status_code, "refused", str(error.detail))
    return render(
        request,
        "problem.html",
        status=error.status_code,
        title=texts_of(request).text(_TITLES.get(error.status_code, "problem.failed")),
        message=str(error.detail),
    )
