"""Random work through the real browser, by mouse, touch and pen, against the numpy oracle.

The suite does a few dozen operations; `O365SEG_FUZZ=10000` makes it that many for the kernel
(test_kernel.py), and a twentieth of it here.
"""

import math
import os
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from painter_rater import Point, Rater
from painting_oracle import LEFT, fill, polygon, segment
from stand_in import StandIn

OPERATIONS = int(os.environ.get("O365SEG_FUZZ", "1200")) // 20
SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 24, 28, 32, 36, 40, 48, 56, 64]
EDGE = 1e-6  # image px; what is nearer to an edge than that lies on it but for rounding
STAGE = (60, 5, 970, 640)  # x, y, right, bottom of the canvas, CSS px, within its edges


class Model:
    """What the mask must be: the oracle's pixels, with undo and redo."""

    def __init__(self, height: int, width: int) -> None:
        self.size = (height, width)
        self.mask = np.zeros(self.size, bool)
        self.past: list[np.ndarray] = []
        self.future: list[np.ndarray] = []
        self.last: Point | None = None

    def cover(self, covered: np.ndarray, value: bool) -> None:
        self.set(self.mask | covered if value else self.mask & ~covered)

    def set(self, mask: np.ndarray) -> None:
        if not np.array_equal(mask, self.mask):
            self.past.append(self.mask)
            self.future.clear()
            self.mask = mask

    def swap(self, source: list[np.ndarray], target: list[np.ndarray]) -> None:
        if source:
            target.append(self.mask)
            self.mask = source.pop()

    def path(self, points: list[Point], d: int) -> np.ndarray:
        pairs = list(pairwise(points)) or [(points[0], points[0])]
        return np.any([segment(*self.size, a, b, d) for a, b in pairs], axis=0)

    def area(self, points: list[Point]) -> np.ndarray:
        return self.path([*points, points[0]], 1) | polygon(*self.size, points)


class Hand:
    """Moves one kind of pointer over the page, in whole CSS px."""

    def __init__(self, page: Any, kind: str) -> None:
        self.kind = kind
        self._send = page.context.new_cdp_session(page).send

    def drag(self, path: list[Point], button: str = "left") -> None:
        for i, (x, y) in enumerate(path):
            self._event("down" if i == 0 else "move", x, y, button)
        self._event("up", *path[-1], button)

    def _event(self, what: str, x: int, y: int, button: str) -> None:
        if self.kind == "touch":
            names = {"down": "touchStart", "move": "touchMove", "up": "touchEnd"}
            points = [] if what == "up" else [{"x": x, "y": y, "id": 1}]
            self._send("Input.dispatchTouchEvent", {"type": names[what], "touchPoints": points})
            return
        names = {"down": "mousePressed", "move": "mouseMoved", "up": "mouseReleased"}
        place = {"x": x, "y": y, "pointerType": self.kind}
        if what == "down":
            self._send("Input.dispatchMouseEvent", {"type": "mouseMoved", **place})
        held = {"left": 1, "right": 2}[button]
        event = {"type": names[what], **place, "button": button, "clickCount": 1}
        self._send("Input.dispatchMouseEvent", {**event, "buttons": 0 if what == "up" else held})

    def pinch(self, rng: np.random.Generator) -> None:
        """Two fingers that move and spread or close."""
        a, b = _places(rng, 2)
        c, d = _places(rng, 2)

        def send(kind: str, points: list[Point]) -> None:
            touches = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
            self._send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

        send("touchStart", [a])
        send("touchStart", [a, b])
        send("touchMove", [c, d])
        send("touchEnd", [])


def _places(rng: np.random.Generator, count: int, apart: int = 40) -> list[Point]:
    """Places on the canvas, each well away from the others."""
    left, top, right, bottom = STAGE
    found: list[Point] = []
    while len(found) < count:
        place = (int(rng.integers(left, right)), int(rng.integers(top, bottom)))
        if all(math.dist(place, other) > apart for other in found):
            found.append(place)
    return found


class Fuzz:
    """One rater's random session."""

    def __init__(self, ada: Rater, kind: str, rng: np.random.Generator) -> None:
        self.ada = ada
        self.rng = rng
        self.model = Model(ada.server.height, ada.server.width)
        self.hand = Hand(ada.page, kind)
        self.mouse = Hand(ada.page, "mouse")
        self.sizes = {"brush": 12, "eraser": 12}
        self.edges = 0  # coordinates on the edge of a pixel

    def look_elsewhere(self) -> None:
        """Zoom or move the view."""
        choice = self.rng.integers(0, 8)
        if choice < 3:
            self.ada.page.mouse.move(*_places(self.rng, 1)[0])
            self.ada.page.mouse.wheel(0, int(self.rng.integers(-400, 400)))
            self.ada.page.wait_for_timeout(60)
        elif choice == 3 and self.hand.kind == "touch":
            self.hand.pinch(self.rng)
        else:
            keys = ["0", "1", "z", "+", "-", "ArrowLeft", "ArrowUp", "ArrowDown"]
            self.ada.press(str(self.rng.choice(keys)))

    def pixels(self, count: int) -> tuple[list[Point], list[Point]]:
        """Places on the page, and the image pixels under them.

        A place on the edge between two pixels, as every one is at 1:1, lies on the right or lower.
        """
        places = _places(self.rng, count)
        (x0, y0), (x1, _) = self.ada.at(0, 0), self.ada.at(1000, 1000)
        scale = (x1 - x0) / 1000
        exact = [((x - x0) / scale + 0.5, (y - y0) / scale + 0.5) for x, y in places]
        self.edges += sum(abs(value - round(value)) < EDGE for point in exact for value in point)
        return places, [(math.floor(x + EDGE), math.floor(y + EDGE)) for x, y in exact]

    def resize(self, tool: str) -> int:
        name = "eraser" if tool == "eraser" else "brush"
        steps = int(self.rng.integers(-4, 5))
        index = int(np.clip(SIZES.index(self.sizes[name]) + steps, 0, len(SIZES) - 1))
        for _ in range(abs(index - SIZES.index(self.sizes[name]))):
            self.ada.press("]" if steps > 0 else "[")
        self.sizes[name] = SIZES[index]
        return SIZES[index]

    def operate(self) -> str:
        """One random operation, with the hand and on the model."""
        kinds = ["stroke", "stroke", "erase", "right", "line", "shift", "lasso", "polygon", "fill"]
        kind = str(self.rng.choice([*kinds, "fill", "undo", "undo", "redo", "clear"]))
        getattr(self, f"do_{kind}")()
        return kind

    def do_stroke(self) -> None:
        self.ada.press("b")
        d = self.resize("brush")
        places, points = self.pixels(int(self.rng.integers(1, 7)))
        self.hand.drag(places)
        self.model.cover(self.model.path(points, d), True)
        self.model.last = points[-1]

    def do_erase(self) -> None:
        self.ada.press("e")
        d = self.resize("eraser")
        places, points = self.pixels(int(self.rng.integers(1, 7)))
        self.hand.drag(places)
        self.model.cover(self.model.path(points, d), False)
        self.model.last = points[-1]

    def do_right(self) -> None:
        self.ada.press("b")
        d = self.resize("brush")
        places, points = self.pixels(3)
        self.mouse.drag(places, button="right")
        self.model.cover(self.model.path(points, d), False)
        self.model.last = points[-1]

    def do_line(self) -> None:
        self.ada.press("l")
        d = self.resize("line")
        places, points = self.pixels(3)
        self.hand.drag(places)
        self.model.cover(self.model.path([points[0], points[-1]], d), True)
        self.model.last = points[-1]

    def do_shift(self) -> None:
        """A straight line from the last point, by shift and click."""
        self.ada.press("b")
        d = self.resize("brush")
        (place,), (point,) = self.pixels(1)
        self.ada.page.keyboard.down("Shift")
        self.ada.page.mouse.click(*place)
        self.ada.page.keyboard.up("Shift")
        self.model.cover(self.model.path([self.model.last or point, point], d), True)
        self.model.last = point

    def do_lasso(self) -> None:
        self.ada.press("a")
        places, points = self.pixels(int(self.rng.integers(3, 8)))
        self.hand.drag(places)
        if len([a for a, b in pairwise(points) if a != b]) < 2:
            return  # within two pixels: a click
        self.model.cover(self.model.area(points), True)
        self.model.last = points[-1]

    def do_polygon(self) -> None:
        self.ada.press("p")
        places, points = self.pixels(int(self.rng.integers(3, 7)))
        for place in places:
            self.hand.drag([place])
        self.ada.press("Enter")
        self.model.cover(self.model.area(points), True)
        self.model.last = points[-1]

    def do_fill(self) -> None:
        self.ada.press("f")
        (place,), (point,) = self.pixels(1)
        self.hand.drag([place])
        _, filled = fill(self.model.mask.astype(np.uint8), *point, LEFT)
        self.model.set(filled.astype(bool))

    def do_undo(self) -> None:
        self.ada.press("Control+z")
        self.model.swap(self.model.past, self.model.future)

    def do_redo(self) -> None:
        self.ada.press("Control+y")
        self.model.swap(self.model.future, self.model.past)

    def do_clear(self) -> None:
        self.ada.press("Delete")
        self.model.set(np.zeros_like(self.model.mask))


@pytest.mark.parametrize("dpr", [1, 1.5, 2])
@pytest.mark.parametrize("kind", ["touch", "pen"])
def test_random_work_is_the_oracles_pixel_for_pixel(rater, dpr, kind):
    seed = int(os.environ.get("O365SEG_FUZZ_SEED", "0"))
    rng = np.random.default_rng([seed, int(2 * dpr), kind == "pen"])
    size = (1300, 1000) if dpr == 2 else (400, 300)
    server = StandIn(size=size)
    server.bbox = [0.0, 0.2 * size[1], 0.6 * size[0], 0.5 * size[1]]  # the left side is a wall
    fuzz = Fuzz(rater(server, dpr=dpr, has_touch=kind == "touch"), kind, rng)
    for number in range(math.ceil(OPERATIONS / 6)):
        if rng.random() < 0.6:
            fuzz.look_elsewhere()
        done = fuzz.operate()
        different = np.count_nonzero(fuzz.ada.mask() != fuzz.model.mask)
        assert different == 0, (number, done)


@pytest.mark.parametrize("dpr", [1, 1.5, 2])
def test_a_place_on_the_edge_of_a_pixel_lies_on_the_pixel_that_begins_there(rater, dpr):
    rng = np.random.default_rng(int(2 * dpr))
    fuzz = Fuzz(rater(StandIn(size=(700, 500)), dpr=dpr), "mouse", rng)
    for number in range(12):
        fuzz.look_elsewhere()  # so that the way back to 1:1 leaves rounding errors
        fuzz.ada.press("0" if number % 4 else "z", "1")
        fuzz.do_stroke()
        assert np.array_equal(fuzz.ada.mask(), fuzz.model.mask), number
    assert fuzz.edges > 20
