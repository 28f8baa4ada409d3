"""Someone at the painter, by real mouse and keyboard events; the server is a stand-in."""

import re
from typing import Any

import numpy as np
from pycocotools import mask as coco
from stand_in import StandIn

Point = tuple[int, int]


class Rater:
    """Someone at the painter: works in image pixels."""

    def __init__(self, page: Any, server: StandIn, url: str) -> None:
        self.page = page
        self.server = server
        self.url = url

    def open(self) -> None:
        self.page.goto(f"{self.url}/page")
        self.page.wait_for_function("window.root?.painter")
        self.page.evaluate("root.painter.ready")

    def at(self, x: int, y: int) -> tuple[float, float]:
        found = self.page.evaluate("([x, y]) => root.painter.screenFromImage(x, y)", [x, y])
        return found["x"], found["y"]

    def click(self, point: Point, **options: Any) -> None:
        self.page.mouse.click(*self.at(*point), **options)

    def drag(self, *points: Point, button: str = "left") -> None:
        self.page.mouse.move(*self.at(*points[0]))
        self.page.mouse.down(button=button)
        for point in points[1:]:
            self.page.mouse.move(*self.at(*point))
        self.page.mouse.up(button=button)

    def press(self, *keys: str) -> None:
        for key in keys:
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
