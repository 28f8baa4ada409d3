"""The shell of our own pages, with navigation by role.

The Jinja templates escape all text. The pages can be read without scripts, and their content
security policy (see `security_headers`) allows no inline script or style.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jinja2
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from annotate_app.web.static_files import static_url
from o365seg.store.schema import Role


@dataclass(frozen=True)
class Link:
    """An entry of the navigation, shown to people with at least `role`."""

    label: str
    path: str
    role: Role


# In the order shown; a new page gets a line here.
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


def _when(ms: int | None) -> Markup:
    """A date and time in UTC, which the pages' script shows in the reader's time zone."""
    if ms is None:
        return Markup("")
    at = datetime.fromtimestamp(ms / 1000, UTC)
    return Markup(f'<time datetime="{at:%Y-%m-%dT%H:%M:%SZ}">{at:%Y-%m-%d %H:%M} UTC</time>')  # noqa: S704  (digits only)


def _day(ms: int) -> str:
    """A date, as `30 Nov`; with the year unless it is the current one."""
    day, today = datetime.fromtimestamp(ms / 1000, UTC), datetime.now(UTC)
    return f"{day.day} {day:%b}" + (f" {day.year}" if day.year != today.year else "")


def _words(name: str) -> str:
    """A stored name such as `too_blurry` as words."""
    return name.replace("_", " ")


def _counted(number: int, noun: str) -> str:
    """A number with its noun, as `1 skip` or `1,200 skips`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _brief(value: Any) -> str:
    """A value of the audit log, shortened to `_LONGEST` characters."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _decimal(number: float | None, places: int = 2) -> str:
    """A number with `places` decimals; empty for None."""
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
    """Render a page, or a part of one.

    Args:
        request: The request; the shell shows its rater and marks its path in the navigation.
        template: A file of `annotate_app/templates`, which extends `base.html`.
        status: HTTP status of the response.
        context: Variables of the template.
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
