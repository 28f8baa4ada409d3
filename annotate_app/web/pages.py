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

from annotate_app.web.catalogue import Catalogue
from annotate_app.web.languages import texts_of
from annotate_app.web.local_time import zone_of
from annotate_app.web.static_files import static_url
from o365seg.store.schema import Role


@dataclass(frozen=True)
class Link:
    """An entry of the navigation, shown to people with at least `role`.

    Its label is the text `nav.NAME` of the catalogue.
    """

    name: str
    path: str
    role: Role


PRACTICE = "/practice"

# In the order shown; a new page gets a line here.
NAVIGATION = (
    Link("paint", "/", Role.RATER),
    Link("my_work", "/my-work", Role.RATER),
    Link("guidelines", "/guidelines", Role.RATER),
    Link("practice", PRACTICE, Role.RATER),
    Link("review", "/review", Role.REVIEWER),
    Link("progress", "/progress", Role.OWNER),
    Link("gallery", "/gallery", Role.OWNER),
    Link("people", "/people", Role.OWNER),
    Link("audit", "/audit", Role.OWNER),
    Link("export", "/export", Role.OWNER),
    Link("settings", "/settings", Role.OWNER),
)


_LONGEST = 120  # characters of a value in the audit log


def _when(ms: int | None) -> Markup:
    """A date and time in UTC, which the pages' script shows in the reader's time zone."""
    if ms is None:
        return Markup("")
    at = datetime.fromtimestamp(ms / 1000, UTC)
    return Markup(f'<time datetime="{at:%Y-%m-%dT%H:%M:%SZ}">{at:%Y-%m-%d %H:%M} UTC</time>')  # noqa: S704  (digits only)


def _texts(context: jinja2.runtime.Context) -> Catalogue:
    texts: Catalogue = context["texts"]
    return texts


@jinja2.pass_context
def _day(context: jinja2.runtime.Context, ms: int) -> str:
    """A date, as `30 Nov`; with the year unless it is the current one."""
    zone = context["zone"]
    day, today = datetime.fromtimestamp(ms / 1000, zone), datetime.now(zone)
    return _texts(context).day(day.day, day.month, day.year if day.year != today.year else None)


def _words(name: str) -> str:
    """A stored name such as `too_blurry` as words."""
    return name.replace("_", " ")


@jinja2.pass_context
def _counted(context: jinja2.runtime.Context, number: int, noun: str) -> str:
    """A number with its noun, as `1 skip` or `1,200 skips`; `noun` is a key of `count`."""
    return _texts(context).counted(noun, number)


@jinja2.pass_context
def _brief(context: jinja2.runtime.Context, value: Any) -> str:
    """A value of the audit log, shortened to `_LONGEST` characters."""
    if isinstance(value, bool):
        return _texts(context).text("audit.yes" if value else "audit.no")
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


@jinja2.pass_context
def _percent(context: jinja2.runtime.Context, share: float | None, places: int = 1) -> str:
    return "" if share is None else _texts(context).percent(share, places)


@jinja2.pass_context
def _decimal(context: jinja2.runtime.Context, number: float | None, places: int = 2) -> str:
    """A number with `places` decimals; empty for None."""
    return "" if number is None else _texts(context).number(number, places)


_templates = jinja2.Environment(
    loader=jinja2.PackageLoader("annotate_app"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
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
    texts = texts_of(request)
    html = _templates.get_template(template).render(
        rater=rater,
        texts=texts,
        t=texts.html,
        zone=zone_of(request),
        static_url=lambda name: static_url(name, texts),
        project_name=request.app.state.project_name,
        here=request.url.path,
        languages=request.app.state.languages.names,
        chosen_language=request.app.state.languages.chosen(request),
        navigation=[link for link in NAVIGATION if rater is not None and rater.may(link.role)],
        **context,
    )
    return HTMLResponse(html, status_code=status, headers={"Cache-Control": "no-store"})
