"""Someone at the painter of the real server."""

from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

Point = tuple[int, int]
PASSWORD = "battery staple"

# The element that the painter was mounted into, wherever the page put it.
FIND_PAINTER = (
    "window.painterRoot = () => [...document.querySelectorAll('.painter')]"
    ".map((element) => element.parentElement).find((element) => element?.painter)"
)


def sign_in(page: Any, url: str, name: str, password: str) -> None:
    """Send the sign-in page of a server and wait for the page that follows, whichever it is."""
    page.goto(f"{url}/login")
    page.fill("#name", name)
    page.fill("#password", password)
    with page.expect_navigation():
        page.click("button")


class Rater:
    """Someone at the painter, who works in image pixels."""

    size = (240, 320)  # height, width of every photo

    def __init__(self, page: Any, url: str, name: str = "Ada") -> None:
        self.page = page
        self.url = url
        self.name = name
        page.set_default_timeout(20_000)

    def open(self) -> None:
        """Open the page, signing in where the server asks for it."""
        self.page.goto(self.url)
        if self.page.url.endswith("/login"):
            sign_in(self.page, self.url, self.name, PASSWORD)
            if self.page.url.endswith("/practice"):  # where new raters land
                self.page.goto(self.url)
        self.page.wait_for_function("window.painterRoot?.()?.painter.question() != null")

    def at(self, point: Point) -> tuple[float, float]:
        found = self.page.evaluate(
            "([x, y]) => painterRoot().painter.screenFromImage(x, y)", list(point)
        )
        return found["x"], found["y"]

    def zoom(self) -> float:
        """Screen pixels an image pixel."""
        return self.at((1, 0))[0] - self.at((0, 0))[0]

    def drag(self, *points: Point, button: str = "left") -> None:
        self.page.mouse.move(*self.at(points[0]))
        self.page.mouse.down(button=button)
        for point in points[1:]:
            self.page.mouse.move(*self.at(point))
        self.page.mouse.up(button=button)

    def click(self, point: Point) -> None:
        self.page.mouse.click(*self.at(point))

    def tool(self, name: str) -> None:
        self.page.click(f"[data-tool={name}]")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def mask(self) -> np.ndarray:
        counts = self.page.evaluate("painterRoot().painter.maskRle()").encode()
        return coco_mask.decode({"size": [*self.size], "counts": counts}).astype(bool)

    def question(self) -> str:
        return self.page.evaluate("painterRoot().painter.question()")

    def leave(self, action: str) -> None:
        """Press a button that ends the question, and wait for the next one or the end."""
        before = self.question()
        self.tool(action)
        self.page.wait_for_function(
            "(before) => painterRoot().painter.question() !== before", arg=before
        )
