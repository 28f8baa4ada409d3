"""Our own pages, as an owner can open them, the painter's apart."""

from annotate_app.web.pages import NAVIGATION

PAGES = (*(link.path for link in NAVIGATION if link.path != "/"), "/qualification", "/password")
