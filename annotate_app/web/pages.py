"""Our own pages: one shell, navigation by role, and nothing anybody wrote ever becomes markup.

Templates are Jinja's with autoescape; the pages need no script to be read, and their content
security policy (see `security_headers`) allows no inline script or style.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

from annotate_app.web.static_files import static_url
from o365seg.store.schema import Role


@dataclass(frozen=True)
class Link:
    """An entry of the navigation, for people who may do what `role` may."""

    label: str
    path: str
    role: Role


# In the order shown; whoever adds a page adds its line.
NAVIGATION = (
    Link("Paint", "/", Role.RATER),
    Link("My work", "/my-work", Role.RATER),
    Link("Guidelines", "/guidelines", Role.RATER),
    Link("Review", "/review", Role.REVIEWER),
    Link("Progress", "/progress", Role.OWNER),
    Link("Gallery", "/gallery", Role.OWNER),
    Link("People", "/people", Role.OWNER),
    Link("Audit log", "/audit", Role.OWNER),
    Link("Export", "/export", Role.OWNER),
    Link("Settings", "/settings", Role.OWNER),
)


_LONGEST = 120  # characters of a value in the audit log


def _when(ms: int | None) -> str:
    """A time of day, as `2026-11-25 09:06` (UTC)."""
    return "" if ms is None else datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")


def _day(ms: int) -> str:
    """As `30 Nov`; with the year where that is another."""
    day, today = datetime.fromtimestamp(ms / 1000, UTC), datetime.now(UTC)
    return f"{day.day} {day:%b}" + (f" {day.year}" if day.year != today.year else "")


def _words(name: str) -> str:
    """A stored name such as `too_blurry`, as people read it."""
    return name.replace("_", " ")


def _counted(number: int, noun: str) -> str:
    """As `1 skip`, `1,200 skips`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _brief(value: Any) -> str:
    """A value of the audit log; guidelines are long."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _decimal(number: float | None, places: int = 2) -> str:
    """A number, or nothing where there is none."""
    return "" if number is None else f"{number:,.{places}f}"


_templates = jinja2.Environment(
    loader=jinja2.PackageLoader("annotate_app"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals.update(static_url=static_url)
_templates.filters.update(
    when=_when,
    day=_day,
    words=_words,
    counted=_counted,
    brief=_brief,
    percent=_percent,
    decimal=_decimal,
)


def render(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """A page, or a part of one.

    Args:
        request: Whose answer it is; the shell shows who is signed in and where one is.
        template: A file of `annotate_app/templates`, which extends `base.html`.
        status: The answer's HTTP status.
        context: What the template names.
    """
    rater = getattr(request.state, "rater", None)
    html = _templates.get_template(template).render(
        rater=rater,
        project_name=request.app.state.project_name,
        here=request.url.path,
        navigation=[link for link in NAVIGATION if rater is not None and rater.may(link.role)],
        **context,
    )
    return HTMLResponse(html, status_code=status, headers={"Cache-Control": "no-store"})
