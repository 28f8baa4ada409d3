"""The painter's modules in a real browser, served from disk and run in a blank page."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from painter_rater import Rater
from stand_in import StandIn
from static_server import serve_static


@pytest.fixture(scope="session")
def static_url() -> Iterator[str]:
    """Where the painter's files are served."""
    with serve_static() as url:
        yield url


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
