"""The submitted mask is what the strokes and tools must paint, pixel by pixel."""

import math

import numpy as np
import pytest
from painter_rater import Point
from painting_oracle import fill, polygon, segment, stroke
from stand_in import StandIn, unpack


@pytest.mark.parametrize("dpr", [1, 1.5, 2])
@pytest.mark.parametrize("zoom", ["fit", "in", "out"])
def test_the_submitted_mask_is_the_oracles_at_every_zoom_and_pixel_ratio(rater, dpr, zoom):
    server = StandIn(size=(1700, 1300) if zoom == "out" else (300, 200))
    server.bbox = [0.0, 0.0, float(server.width), float(server.height)]
    ada = rater(server, dpr=dpr)
    page = ada.page
    if zoom == "in":
        page.mouse.move(500, 320)
        for _ in range(4):
            page.mouse.wheel(0, -200)
        ada.frames()
    (x0, y0), (x1, _) = ada.at(0, 0), ada.at(1000, 1000)
    scale = (x1 - x0) / 1000
    assert (scale < 1) == (zoom == "out")
    for canvas in page.locator(".stage canvas").all():
        drawn, laid_out = canvas.evaluate("(c) => [c.width, c.clientWidth]")
        assert abs(drawn - dpr * laid_out) <= 1  # sharp: one canvas pixel is one device pixel

    def pixel(x: int, y: int) -> Point:
        return math.floor((x - x0) / scale + 0.5), math.floor((y - y0) / scale + 0.5)

    rng = np.random.default_rng(int(dpr * 2))
    expected = np.zeros((server.height, server.width), bool)
    for key in ["b", "e", "b"]:
        ada.press(key)
        path = [(int(rng.integers(60, 980)), int(rng.integers(5, 640))) for _ in range(6)]
        page.mouse.move(*path[0])
        page.mouse.down()
        for point in path[1:]:
            page.mouse.move(*point)
        page.mouse.up()
        covered = stroke(server.height, server.width, [pixel(*point) for point in path], 12)
        expected = expected & ~covered if key == "e" else expected | covered

    sent = ada.submit()
    assert np.array_equal(unpack(sent["answer"]["mask"]), expected)
    assert expected.any()


def test_every_tool_paints_what_it_says(rater):
    ada = rater()
    server = ada.server
    height, width = server.height, server.width
    expected = stroke(server.height, server.width, [(20, 20), (60, 25)], 12)
    ada.drag((20, 20), (60, 25))
    ada.page.keyboard.down("Shift")
    ada.click((90, 80))
    ada.page.keyboard.up("Shift")
    expected |= segment(height, width, (60, 25), (90, 80), 12)
    ada.press("l", "]")
    ada.drag((200, 20), (240, 60), (280, 20))
    expected |= segment(height, width, (200, 20), (280, 20), 14)
    ada.drag((20, 20), (30, 20), button="right")
    expected &= ~segment(height, width, (20, 20), (30, 20), 14)
    ada.press("a")
    lasso = [(150, 100), (190, 110), (180, 160), (140, 150)]
    ada.drag(*lasso)
    corners = [(30, 110), (70, 115), (90, 170), (25, 180)]
    ada.press("p")
    for corner in corners:
        ada.click(corner)
    ada.press("Enter")
    for points in (lasso, corners):
        expected |= polygon(height, width, points)
        for a, b in zip(points, points[1:] + points[:1], strict=True):
            expected |= segment(height, width, a, b, 1)
    ring = [(220, 90), (280, 95), (275, 180), (215, 175), (220, 90)]
    ada.press("b")
    ada.drag(*ring)
    expected |= stroke(server.height, server.width, ring, 14)
    ada.press("f")
    ada.click((250, 140))
    outcome, filled = fill(expected.astype(np.uint8), 250, 140, 0)
    assert outcome == "enclosed"

    sent = ada.submit()
    assert np.array_equal(unpack(sent["answer"]["mask"]), filled.astype(bool))
    counts = {
        name: sent["activity"][name] for name in ("strokes", "lines", "fills", "erases", "undos")
    }
    assert counts == {"strokes": 2, "lines": 2, "fills": 3, "erases": 1, "undos": 0}
    assert sent["image_sha256"] == "sha-0"
    assert sent["lease"] == "lease-0"


def test_zooming_and_panning_within_a_stroke_do_not_disturb_it(rater):
    ada = rater()
    ada.page.mouse.move(*ada.at(50, 50))
    ada.page.mouse.down()
    ada.page.mouse.move(*ada.at(100, 60))
    ada.page.mouse.wheel(0, -300)
    ada.frames()
    ada.press("ArrowLeft")
    under = ada.at(120, 90)
    ada.page.mouse.move(*under)
    ada.page.mouse.up()
    painted = ada.mask()
    assert painted[90, 120] and painted[50, 50] and painted[75, 110]
    ada.press("Control+z")
    assert not ada.mask().any()


def test_a_cancelled_pointer_ends_the_stroke_and_keeps_it(rater):
    ada = rater()
    ada.page.mouse.move(*ada.at(50, 50))
    ada.page.mouse.down()
    ada.page.mouse.move(*ada.at(80, 50))
    ada.page.evaluate("""
        const cancel = new PointerEvent('pointercancel', { pointerId: 1 });
        document.querySelector('.stage').dispatchEvent(cancel);
    """)
    ada.page.mouse.move(*ada.at(150, 150))
    ada.page.mouse.up()
    assert np.array_equal(
        ada.mask(), stroke(ada.server.height, ada.server.width, [(50, 50), (80, 50)], 12)
    )


def test_a_palm_beside_the_pen_does_not_disturb_its_stroke(rater):
    ada = rater()
    send = """([kind, type, id, x, y]) => document.querySelector('.stage').dispatchEvent(
        new PointerEvent(kind, {pointerType: type, pointerId: id, clientX: x, clientY: y, button: 0,
                                buttons: 1, bubbles: true, isPrimary: true}))"""
    # Captures fail for pointers that are not real; the tool's own work is what matters here.
    ada.page.evaluate("Element.prototype.setPointerCapture = () => {}")
    for kind, pointer, number, point in [
        ("pointerdown", "pen", 7, (50, 50)),
        ("pointerdown", "touch", 8, (200, 150)),
        ("pointerdown", "touch", 9, (220, 150)),
        ("pointermove", "pen", 7, (90, 60)),
        ("pointerup", "pen", 7, (90, 60)),
    ]:
        ada.page.evaluate(send, [kind, pointer, number, *ada.at(*point)])
    assert np.array_equal(
        ada.mask(), stroke(ada.server.height, ada.server.width, [(50, 50), (90, 60)], 12)
    )


def test_undo_and_redo_go_stroke_by_stroke(rater):
    ada = rater()
    states = [ada.mask()]
    for y in (40, 80, 120):
        ada.drag((30, y), (120, y + 10))
        states.append(ada.mask())
    for state in reversed(states[:-1]):
        ada.press("Control+z")
        assert np.array_equal(ada.mask(), state)
    for key, state in zip(["Control+Shift+z", "Control+y", "Control+y"], states[1:], strict=True):
        ada.press(key)
        assert np.array_equal(ada.mask(), state)


def test_filling_an_open_outline_changes_nothing_and_says_so(rater):
    ada = rater()
    ada.drag((50, 50), (120, 50), (120, 120))
    before = ada.mask()
    ada.press("f")
    ada.click((100, 70))
    ada.says("gap")
    assert np.array_equal(ada.mask(), before)


def _circle(steps: int, turns: float) -> list[Point]:
    """Points on a circle of radius 60 px around (150, 100), `steps` a turn."""
    angles = np.arange(int(steps * turns) + 1) * 2 * math.pi / steps
    return [(round(150 + 60 * math.cos(a)), round(100 + 60 * math.sin(a))) for a in angles]


def test_a_lasso_drawn_past_its_start_leaves_no_hole(rater):
    ada = rater()
    ada.press("a")
    ada.drag(*_circle(60, 1.25))
    y, x = np.mgrid[0 : ada.server.height, 0 : ada.server.width]
    assert ada.mask()[(x - 150) ** 2 + (y - 100) ** 2 < 58**2].all()


def test_a_polygon_across_itself_leaves_no_hole(rater):
    ada = rater()
    star = [_circle(5, 1)[i] for i in (0, 2, 4, 1, 3)]
    ada.press("p")
    for corner in star:
        ada.click(corner)
    ada.press("Enter")
    assert ada.mask()[80:120, 130:170].all()


def test_a_lasso_click_paints_nothing(rater):
    ada = rater()
    ada.drag((120, 60), (200, 60))
    before = ada.mask()
    ada.press("a")
    ada.click((60, 60))
    ada.click((150, 60), button="right")
    x, y = ada.at(60, 100)
    for jitter in [(0, 0), (1, 0), (1, 1), (0, 1)]:  # a hand that is not still
        ada.page.mouse.move(x + jitter[0], y + jitter[1])
        ada.page.mouse.up() if jitter == (0, 1) else ada.page.mouse.down()
    assert np.array_equal(ada.mask(), before)
    assert ada.submit()["activity"]["fills"] == 0
