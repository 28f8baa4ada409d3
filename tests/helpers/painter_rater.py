"""Someone at the painter, by real mouse and keyboard events; the server is a stand-in."""

import re
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from pycocotools import mask as coco
from stand_in import StandIn

Point = tuple[int, int]

_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
_NEWEST_DRAFT = """() => new Promise((done, failed) => {
    const opening = indexedDB.open('o365seg-painter', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('drafts');
    opening.onerror = failed;
    opening.onsuccess = () => {
        const all = opening.result.transaction('drafts').objectStore('drafts').getAll();
        all.onsuccess = () => {
            opening.result.close();
            done(Math.max(0, ...all.result.map((draft) => draft.saved_at ?? 0)));
        };
    };
})"""


class Rater:
    """Someone at the painter: works in image pixels."""

    def __init__(self, page: Any, server: StandIn, url: str) -> None:
        self.page = page
        self.server = server
        self.url = url
        self._acted_at = 0  # epoch ms, before the last action

    def open(self) -> None:
        self.page.goto(f"{self.url}/page")
        self.page.wait_for_function("window.root?.painter")
        self.page.evaluate("root.painter.ready")

    def at(self, x: int, y: int) -> tuple[float, float]:
        found = self.page.evaluate("([x, y]) => root.painter.screenFromImage(x, y)", [x, y])
        return found["x"], found["y"]

    def until(self, met: Callable[[], object]) -> None:
        """Until something is so: what the page asks of the stand-in is answered meanwhile."""
        ends = time.monotonic() + 30
        while not met():
            assert time.monotonic() < ends
            self.page.wait_for_timeout(20)

    def frames(self) -> None:
        """Until what was done is drawn."""
        self.page.evaluate(_FRAMES)

    def saved(self) -> None:
        """Until the draft in this browser has the last action, which changed the drawing."""
        self.until(lambda: self.page.evaluate(_NEWEST_DRAFT) >= self._acted_at)

    def _act(self) -> None:
        self._acted_at = time.time_ns() // 1_000_000

    def click(self, point: Point, **options: Any) -> None:
        self._act()
        self.page.mouse.click(*self.at(*point), **options)

    def drag(self, *points: Point, button: str = "left") -> None:
        self._act()
        self.page.mouse.move(*self.at(*points[0]))
        self.page.mouse.down(button=button)
        for point in points[1:]:
            self.page.mouse.move(*self.at(*point))
        self.page.mouse.up(button=button)

    def press(self, *keys: str) -> None:
        for key in keys:
            self._act()
            self.page.keyboard.press(key)

    def mask(self) -> np.ndarray:
        counts = self.page.evaluate("root.painter.maskRle()").encode()
        size = [self.server.height, self.server.width]
        return coco.decode({"size": size, "counts": counts}).astype(bool)

    def question(self) -> int | None:
        return self.page.evaluate("root.painter.question()")

    def says(self, text: str) -> None:
        self.page.locator("[data-show=status]", has_text=re.compile(text)).wait_for()

    def submit(self) -> dict[str, Any]:
        """Press Enter, wait for the next question, and return what was sent."""
        before = self.question()
        self.press("Enter")
        self.page.wait_for_function("(before) => root.painter.question() !== before", arg=before)
        return self.server.bodies("/api/submit")[-1]
