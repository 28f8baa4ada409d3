"""The reader's time zone, which the pages' script keeps in a cookie."""

import zoneinfo
from datetime import UTC, tzinfo
from functools import cache

from starlette.requests import Request

COOKIE = "o365seg_time_zone"


def zone_of(request: Request) -> tzinfo:
    """The time zone that the browser named; UTC before its first page, and where it is unknown."""
    name = request.cookies.get(COOKIE, "")
    return zoneinfo.ZoneInfo(name) if name in _known() else UTC


@cache
def _known() -> set[str]:
    return zoneinfo.available_timezones()
