"""The practice: five steps on a picture whose answer is known, without a request to the server."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

_PAGE = """<!doctype html><meta charset=utf-8><link rel=icon href=data:,>
<main id=practice data-person=Ada></main><script type=module src=/pages/practice.js></script>"""


@pytest.fixture
def practice(browser: Any, static_url: str) -> Iterator[Any]:
    """The page of the practice; no request may go to the server's own routes."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_timeout(30_000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.route(
        f"{static_url}/practice",
        lambda route: route.fulfill(content_type="text/html", body=_PAGE),
    )
    page.goto(f"{static_url}/practice")
    page.wait_for_function("document.getElementById('practice').practice")
    page.evaluate("window.practice = document.getElementById('practice').practice")
    yield page
    page.close()
    assert [url for url in asked if "/api/" in url or "/image/" in url] == []


def at(page: Any, x: int, y: int) -> tuple[float, float]:
    found = page.evaluate("([x, y]) => practice.screenFromImage(x, y)", [x, y])
    return found["x"], found["y"]


def says(page: Any) -> str:
    return page.locator("[data-show=notice]").inner_text()


def test_the_answer_is_known_to_the_pixel(evaluate: Callable[..., Any]) -> None:
    found = evaluate(
        "work/practice_picture.js",
        """const { width, height, mask, bbox } = m.drawPractice();
        const at = (x, y) => mask[y * width + x];
        const half = mask.map((painted, i) => painted && i % width < bbox[0] + bbox[2] / 2 ? 1 : 0);
        return {
          inside: at(450, 300), hole: at(590, 335), pencil: at(400, 455), outside: at(100, 100),
          bbox, size: [width, height], same: m.compare(mask, mask), half: m.compare(half, mask),
          nothing: m.compare(new Uint8Array(mask.length), mask),
          all: m.compare(new Uint8Array(mask.length).fill(1), mask),
        };""",
    )
    assert (found["inside"], found["hole"], found["pencil"], found["outside"]) == (1, 0, 0, 0)
    assert found["same"] == {"iou": 1, "missed": 0, "extra": 0}
    assert found["nothing"] == {"iou": 0, "missed": 1, "extra": 0}
    assert found["half"]["iou"] == pytest.approx(1 - found["half"]["missed"])
    assert found["all"]["missed"] == 0 and found["all"]["extra"] > 1
    left, top, width, height = found["bbox"]
    assert 0 <= left < left + width <= found["size"][0]
    assert 0 <= top < top + height <= found["size"][1]


def test_each_step_ends_by_doing_it_and_the_mask_is_compared(practice: Any) -> None:
    assert "1 of 5: Paint" in says(practice)
    practice.mouse.move(*at(practice, 380, 300))
    practice.mouse.down()
    practice.mouse.move(*at(practice, 520, 300))
    practice.mouse.up()
    assert "2 of 5" in says(practice)
    practice.keyboard.press("z")
    assert "3 of 5: Erase" in says(practice)
    practice.mouse.click(*at(practice, 380, 300), button="right")
    assert "4 of 5" in says(practice)
    practice.keyboard.press("p")
    for corner in ((345, 225), (555, 225), (555, 455), (345, 455)):
        practice.mouse.click(*at(practice, *corner))
    practice.keyboard.press("Enter")
    assert "5 of 5" in says(practice)
    practice.wait_for_timeout(600)  # the mask is looked at before Enter submits
    practice.keyboard.press("Enter")
    practice.wait_for_function("practice.step() === 5")
    assert "IoU of your mask: " in says(practice) and "Nothing of this is kept." in says(practice)
    assert 60 < int(says(practice).partition("mask: ")[2].partition("%")[0]) < 95
    practice.keyboard.press("Backspace")
    assert "1 of 5" in says(practice) and practice.evaluate("practice.step()") == 0


def test_it_can_be_skipped_at_any_step(practice: Any, static_url: str) -> None:
    practice.keyboard.press("Enter")
    assert "2 of 5" in says(practice)
    practice.route(f"{static_url}/", lambda route: route.fulfill(body="the questions"))
    practice.click("[data-tool=leave]")
    practice.wait_for_url(f"{static_url}/")
