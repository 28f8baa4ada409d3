"""Fixtures that every part's tests share."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from postgresql_server import postgresql_cluster, why_not
from small_project import SmallSource, make_source, open_copied_project

from o365seg.project.folder import Project

# A shared machine can stall for seconds; a deadline would only make tests fail at random.
settings.register_profile("default", deadline=None)
settings.load_profile("default")

CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that uses the browser, so that `-m 'not browser'` leaves them out.

    Files with slow tests come first: at the end every process has a short file left.
    """
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def chromium_options() -> dict[str, Any]:
    """How Chromium is started: Debian's where it is installed, else Playwright's own.

    The headless shell has no windows of its own to draw: a page opens in a third of the time.
    """
    names = ("chromium-headless-shell", "chromium", "chromium-browser")
    executable = next(filter(None, map(shutil.which, names)), None)
    return {"executable_path": executable, "args": CHROMIUM_ARGUMENTS}


@pytest.fixture(scope="session")
def browser(chromium_options: dict[str, Any]) -> Iterator:
    """A Playwright browser; where none can be started, skip and say why."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        try:
            chromium = driver.chromium.launch(**chromium_options)
        except playwright.Error as error:
            pytest.skip(f"no browser can be had: {error.message.splitlines()[0]}")
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """A folder of real data sets in their genuine formats, where this machine has one."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("O365SEG_TEST_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; name a folder by O365SEG_TEST_DATA")
    return folder


@pytest.fixture
def source(tmp_path: Path) -> SmallSource:
    """Detections in the Objects365 schema over a few small generated images."""
    return make_source(tmp_path / "source")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """URL of a PostgreSQL database on a server of the tests' own, else skip and say why."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    if reason := why_not():
        pytest.skip(reason)
    # The machine does not lose its power in the tests, and what is written waits for no disk.
    with postgresql_cluster("fsync=off") as cluster:
        yield cluster.url


@pytest.fixture
def project(tmp_path: Path, source: SmallSource) -> Iterator[Project]:
    """An open project of all images of `source`, with SQLite."""
    with open_copied_project(tmp_path / "project", source) as opened:
        yield opened
