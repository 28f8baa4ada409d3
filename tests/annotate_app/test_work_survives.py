"""What was painted survives whatever happens to tab, browser, server, connection and lease.

The real server and a real browser. Where the browser's own copy is meant, the server's is kept
away, and the other way round.
"""

import contextlib
import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from browser_rater import FIND_PAINTER, PASSWORD, Rater
from serving import Server, serving
from small_project import CATEGORIES, make_image

from annotate_app.access.passwords import hash_password
from o365seg.formats.masks import Rle, decode_rle
from o365seg.project.creation import create_project
from o365seg.project.folder import Project, open_project
from o365seg.store.database import now_ms
from o365seg.store.people import raters
from o365seg.store.schema import Purpose, lease
from o365seg.store.standing import newest_answers
from o365seg.store.work import leases
from o365seg.store.work.choosing import Choice

HEIGHT, WIDTH = Rater.size
NAMES = ["Crash", "Restart", "Elsewhere", "Offline", "Lost", "Back", "Other"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A dozen photographs with a question each, and a rater for every test."""
    folder = tmp_path_factory.mktemp("survives")
    images, boxes = [], []
    for number in range(1, 25):
        name = f"{number:08d}.png"
        make_image(folder / "images" / name, WIDTH, HEIGHT, seed=number)
        images.append({"id": number, "width": WIDTH, "height": HEIGHT, "file_name": name})
        box = {"bbox": [30.0, 40.0, 150, 120], "area": 18000, "category_id": 308, "iscrowd": 0}
        boxes.append({"id": number, "image_id": number, **box})
    content = {"images": images, "annotations": boxes, "categories": CATEGORIES}
    (folder / "boxes.json").write_text(json.dumps(content))
    create_project(folder / "p", folder / "boxes.json", folder / "images", images=24)
    project = open_project(folder / "p")
    hashed = hash_password(PASSWORD)
    with project.store.write() as db:
        for name in NAMES:
            raters.add_rater(db, name, hashed)
    yield project
    project.store.close()


@pytest.fixture(scope="module")
def server(project: Project) -> Iterator[Server]:
    """One server for all but the test that kills it."""
    with serving(project.folder) as running:
        yield running


@pytest.fixture
def at_painter(browser: Any) -> Iterator[Callable[..., Rater]]:
    """`at_painter(url, name)`: a fresh browser profile on another machine, signed in."""
    contexts = []

    def make(url: str, name: str, setup: Callable[[Any], None] = lambda page: None) -> Rater:
        context = browser.new_context(viewport={"width": 1280, "height": 720})
        contexts.append(context)
        context.add_init_script(FIND_PAINTER)
        page = context.new_page()
        setup(page)
        rater = Rater(page, url, name)
        rater.open()
        return rater

    yield make
    for context in contexts:
        context.close()


def paint(rater: Rater) -> np.ndarray:
    """Two strokes; the mask after them."""
    rater.drag((60, 60), (150, 62), (148, 140))
    rater.drag((40, 100), (90, 120))
    return rater.mask()


def without_browser_drafts(page: Any) -> None:
    """The browser's own copy does not help: as in a private window that refuses storage."""
    page.add_init_script("IDBObjectStore.prototype.put = () => { throw new Error('refused'); }")


def rater_id(project: Project, name: str) -> int:
    with project.store.read() as db:
        found = raters.find_rater(db, name)
    assert found is not None
    return found.id


def given_to(project: Project, question: int, name: str) -> None:
    """The lease runs out, and the question goes to another rater."""
    other = rater_id(project, name)
    with project.store.write() as db:
        held = (lease.c.question_id == question, lease.c.closed_at.is_(None))
        db.execute(lease.update().where(*held).values(expires_at=1))
        leases.show_again(db, Choice(question, Purpose.ANSWER), other, now_ms())


def answer_to(project: Project, question: int) -> np.ndarray:
    """The mask that counts."""
    with project.store.read() as db:
        counting = newest_answers()
        row = db.execute(sa.select(counting).where(counting.c.question_id == question)).one()
    return decode_rle(Rle((row.height, row.width), row.counts)).astype(bool)


class OwnBrowser:
    """A browser process of the test's own, with a profile on the disk, to be killed."""

    def __init__(self, browser: Any, options: dict[str, Any], profile: Path, url: str) -> None:
        self.profile = profile
        self.url = url
        self._launch = lambda: browser.browser_type.launch_persistent_context(
            profile, **options, viewport={"width": 1280, "height": 720}
        )
        self.start()

    def start(self) -> None:
        self.context = self._launch()
        self.context.add_init_script(FIND_PAINTER)

    def open(self, name: str) -> Rater:
        """A new tab, which keeps no drafts on the server."""
        rater = Rater(self.context.new_page(), self.url, name)
        rater.page.route("**/api/draft", lambda route: route.abort())
        rater.open()
        return rater

    def kill(self, kind: str) -> None:
        """Kill -9 of its processes of a kind: no chance to clean up."""
        mark = f"--user-data-dir={self.profile}" if kind == "browser" else f"--type={kind}"
        for process in self._processes():
            if mark.encode() in (process / "cmdline").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)

    def _processes(self) -> list[Path]:
        """The main process and its descendants."""
        parents, commands = {}, {}
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                parents[process] = (process / "stat").read_text().rpartition(")")[2].split()[1]
                commands[process] = (process / "cmdline").read_bytes()
        profile = f"--user-data-dir={self.profile}".encode()
        found = [process for process, command in commands.items() if profile in command]
        for process in found:
            found += [child for child, parent in parents.items() if parent == process.name]
        return list(dict.fromkeys(found))


@pytest.fixture
def own_browser(
    browser: Any, chromium_options: dict[str, Any], server: Server, tmp_path: Path
) -> Iterator[OwnBrowser]:
    if not Path("/proc/self/stat").exists():
        pytest.skip("finding a browser's processes needs /proc")
    own = OwnBrowser(browser, chromium_options, tmp_path, server.url)
    yield own
    own.context.close()


def test_a_tab_that_crashes(own_browser: OwnBrowser) -> None:
    rater = own_browser.open("Crash")
    painted, question = paint(rater), rater.question()
    rater.page.wait_for_timeout(600)
    with rater.page.expect_event("crash"):
        own_browser.kill("renderer")
    again = own_browser.open("Crash")
    assert again.question() == question
    assert np.array_equal(again.mask(), painted)


def test_a_browser_that_is_killed(own_browser: OwnBrowser) -> None:
    rater = own_browser.open("Restart")
    painted, question = paint(rater), rater.question()
    rater.page.wait_for_timeout(600)
    with own_browser.context.expect_event("close"):
        own_browser.kill("browser")
    own_browser.start()
    again = own_browser.open("Restart")
    assert again.question() == question
    assert np.array_equal(again.mask(), painted)


def test_a_server_that_is_killed_and_another_machine(
    project: Project, server: Server, at_painter: Any
) -> None:
    """The server's draft, after kill -9 and a restart, in a browser that never saw the work."""
    with serving(project.folder) as short_lived:
        setup = without_browser_drafts
        rater = at_painter(short_lived.url, "Elsewhere", setup)
        painted = paint(rater)
        question = rater.question()
        # Leaving a tab for another hands the draft to the server; here, every 20 seconds would.
        with rater.page.expect_response("**/api/draft"):
            rater.page.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide'))")
        short_lived.kill()
    elsewhere = at_painter(server.url, "Elsewhere")
    assert elsewhere.question() == question
    assert np.array_equal(elsewhere.mask(), painted)


def test_ten_minutes_without_a_connection(
    project: Project, server: Server, at_painter: Any
) -> None:
    rater = at_painter(server.url, "Offline", lambda page: page.clock.install())
    question = rater.question()
    rater.page.context.set_offline(True)
    painted = paint(rater)
    rater.page.clock.run_for(5 * 60_000)
    rater.press("Enter")
    rater.page.get_by_text("kept on this computer").wait_for()
    for _ in range(5):
        rater.page.clock.run_for(60_000)
    assert rater.question() == question
    rater.page.context.set_offline(False)
    for _ in range(200):
        rater.page.clock.run_for(1000)
        if rater.question() not in (None, question):
            break
        rater.page.wait_for_timeout(100)
    assert rater.question() != question
    assert np.array_equal(answer_to(project, int(question)), painted)


def test_a_lease_that_is_lost_meanwhile(project: Project, server: Server, at_painter: Any) -> None:
    """The late work is kept, can be looked at, and is taken up again once the question is free."""
    rater = at_painter(server.url, "Lost")
    question = rater.question()
    painted = paint(rater)
    given_to(project, int(question), "Other")
    rater.leave("submit")
    rater.page.get_by_text("Kept work (K)").wait_for()
    assert not rater.mask().any()

    rater.press("k")
    rater.page.get_by_text("Another rater has the question now").wait_for()
    rater.page.click("[data-tool=look]")
    rater.page.get_by_text("This mask came too late").wait_for()
    assert np.array_equal(rater.mask(), painted)
    assert rater.page.locator("[data-tool=take-up]").count() == 0
    rater.press("Backspace")
    rater.page.wait_for_function("painterRoot().painter.question() !== null")

    with project.store.write() as db:  # the other's lease runs out
        theirs = (lease.c.question_id == int(question), lease.c.closed_at.is_(None))
        db.execute(lease.update().where(*theirs).values(expires_at=1))
    rater.press("k")
    rater.page.get_by_text("You can continue it").wait_for()
    rater.page.click("[data-tool=look]")
    rater.page.get_by_text("This mask came too late").wait_for()
    rater.press("Enter")
    rater.page.wait_for_function(
        "(question) => painterRoot().painter.question() === question", arg=question
    )
    assert np.array_equal(rater.mask(), painted)
    rater.leave("submit")
    assert np.array_equal(answer_to(project, int(question)), painted)


def test_a_lease_lost_while_painting_goes_on(project: Project, server: Server, at_painter: Any):
    """The heartbeat tells; what was painted is kept all the same."""
    rater = at_painter(server.url, "Lost", lambda page: page.clock.install())
    question = rater.question()
    painted = paint(rater)
    given_to(project, int(question), "Other")
    with rater.page.expect_response("**/api/draft"):
        rater.page.clock.run_for(21_000)
    rater.page.get_by_text("Kept work (K)").wait_for()
    rater.press("k")
    rater.page.get_by_label(f"Look at question {question}").click()
    rater.page.get_by_text("This mask came too late").wait_for()
    assert np.array_equal(rater.mask(), painted)


def test_the_way_back_to_the_last_answer(project: Project, server: Server, at_painter: Any) -> None:
    rater = at_painter(server.url, "Back")
    first = rater.question()
    painted = paint(rater)
    rater.leave("submit")
    second = rater.question()
    begun = paint(rater)
    rater.press("Backspace")
    rater.page.get_by_text("Your answer to this question").wait_for()
    assert rater.question() == first
    assert np.array_equal(rater.mask(), painted)
    rater.drag((200, 200), (220, 210))
    corrected = rater.mask()
    assert not np.array_equal(corrected, painted)
    rater.leave("submit")
    assert np.array_equal(answer_to(project, first), corrected)
    assert rater.question() == second  # with what was begun on it
    assert np.array_equal(rater.mask(), begun)

    rater.press("Backspace")
    rater.page.get_by_text("Your answer to this question").wait_for()
    rater.press("Delete")
    rater.press("Backspace")  # leave it as it was
    rater.page.click("[data-tool=confirm-yes]")
    rater.page.wait_for_function(
        "(second) => painterRoot().painter.question() === second", arg=second
    )
    assert np.array_equal(answer_to(project, first), corrected)
