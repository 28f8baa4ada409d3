"""Our own pages, as an owner can open them, the painter's apart."""

import time
from typing import Any

from annotate_app.web.pages import NAVIGATION

PAGES = (*(link.path for link in NAVIGATION if link.path != "/"), "/qualification", "/password")


def open_progress(owner: Any) -> str:
    """The page of progress, by an owner's client, once its first count is done."""
    ends = time.monotonic() + 60
    while 'class="tiles"' not in (text := owner.get("/progress").text):
        assert time.monotonic() < ends, text
    return text
