"""The painter's modules in a real browser, served from disk and run in a blank page."""

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from painter_rater import Rater
from stand_in import StandIn

_STATIC = Path(str(resources.files("annotate_app") / "static"))


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/blank":
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><link rel=icon href=data:,><title>blank</title>")
        else:
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="session")
def static_url() -> Iterator[str]:
    """Where the painter's files are served."""
    handler = functools.partial(_QuietHandler, directory=str(_STATIC))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def evaluate(browser: Any, static_url: str) -> Iterator[Callable[..., Any]]:
    """`evaluate(module, body, argument)` runs JavaScript; `m` is the module, `arg` the argument."""
    page = browser.new_page()
    page.set_default_timeout(20_000)
    page.goto(f"{static_url}/blank")

    def run(module: str, body: str, argument: object = None) -> Any:
        code = f"async (arg) => {{ const m = await import('/{module}'); {body} }}"
        return page.evaluate(code, argument)

    yield run
    page.close()


@pytest.fixture
def rater(browser: Any, static_url: str) -> Iterator[Callable[..., Rater]]:
    """`rater(server, dpr)`: a rater at the painter, with a question open."""
    contexts = []

    def make(
        server: StandIn | None = None,
        dpr: float = 1,
        setup: Callable[[Any], None] | None = None,
        **options: Any,
    ) -> Rater:
        server = server or StandIn()
        context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 720}, "device_scale_factor": dpr, **options}
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        if setup:
            setup(page)
        server.attach(page, static_url)
        made = Rater(page, server, static_url)
        made.open()
        return made

    errors: list[str] = []
    yield make
    for context in contexts:
        context.close()
    assert errors == []
