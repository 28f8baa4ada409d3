"""Of Gradio's application only what the painter's page loads; everything else is 404.

Gradio has some fifty routes: uploads, a proxy for files of other servers, monitoring, deep links.
The page needs none of them.
"""

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from annotate_app.web.problems import problem

NEEDED = re.compile(
    r"/|/config|/theme\.css|/favicon\.ico|/manifest\.json"
    r"|/(assets|static|svelte)/[\w./@-]+"
    r"|/gradio_api/(info|heartbeat/[\w-]+|startup-events)"
)


class PageOnly:
    """ASGI wrapper of Gradio's application; see `NEEDED`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or (
            scope["method"] in ("GET", "HEAD") and NEEDED.fullmatch(scope["path"])
        ):
            await self.app(scope, receive, send)
        else:
            await problem(404, "not_found", "There is no such page.")(scope, receive, send)
