"""Corners of an open polygon: they wait, are undone, dragged, kept and closed."""

import numpy as np
import pytest
from painter_rater import Point
from painting_oracle import polygon, segment, stroke
from stand_in import StandIn, unpack

CORNERS = [(30, 110), (70, 115), (90, 170), (25, 180)]


def _area(server: StandIn, corners: list[Point]) -> np.ndarray:
    """What a closed polygon must paint."""
    sides = zip(corners, corners[1:] + corners[:1], strict=True)
    outline = [segment(server.height, server.width, a, b, 1) for a, b in sides]
    return np.any([polygon(server.height, server.width, corners), *outline], axis=0)


def _open_polygon(ada, corners: list[Point] = CORNERS) -> None:
    ada.press("p")
    for corner in corners:
        ada.click(corner)


def test_near_corners_do_not_close_a_polygon(rater):
    ada = rater()
    corners = [(60, 60), (120, 60), (122, 62), (124, 64), (120, 120)]
    ada.press("p")
    for corner in corners:
        ada.click(corner)
        ada.page.wait_for_timeout(450)  # longer than a double click
    ada.click(corners[-1])  # the same place again, slowly
    assert not ada.mask().any()
    ada.press("Enter")
    expected = polygon(ada.server.height, ada.server.width, corners)
    for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
        expected |= segment(ada.server.height, ada.server.width, a, b, 1)
    assert np.array_equal(ada.mask(), expected)


@pytest.mark.parametrize("close", ["double click", "first corner"])
def test_a_double_click_or_the_first_corner_closes_a_polygon(rater, close):
    ada = rater()
    ada.press("p")
    for corner in [(60, 60), (120, 60)]:
        ada.click(corner)
    ada.click((120, 120), click_count=2 if close == "double click" else 1)
    if close == "first corner":
        ada.click((61, 60))
    assert ada.mask()[70:100, 110].all()
    ada.submit()


def test_an_open_polygon_waits_while_another_tool_is_in_hand(rater):
    ada = rater()
    ada.press("p")
    for corner in CORNERS[:3]:
        ada.click(corner)
    ada.press("b")
    ada.says("polygon is still open")
    ada.drag((150, 50), (190, 60))
    ada.press("Enter")
    ada.says("still open")
    assert ada.server.bodies("/api/submit") == []
    ada.press("p")
    ada.click(CORNERS[3])
    ada.press("Enter")
    ada.page.wait_for_timeout(600)  # Enter submits what was seen
    expected = stroke(ada.server.height, ada.server.width, [(150, 50), (190, 60)], 12)
    expected |= _area(ada.server, CORNERS)
    assert np.array_equal(unpack(ada.submit()["answer"]["mask"]), expected)


def test_escape_drops_a_polygon_that_waits(rater):
    ada = rater()
    ada.press("p")
    for corner in CORNERS[:3]:
        ada.click(corner)
    ada.press("b", "Escape")
    ada.drag((50, 50), (90, 60))
    assert np.array_equal(
        ada.mask(), stroke(ada.server.height, ada.server.width, [(50, 50), (90, 60)], 12)
    )
    ada.submit()


def test_two_quick_enters_never_submit_a_polygon_unseen(rater):
    ada = rater()
    _open_polygon(ada)
    ada.page.evaluate("""() => {
        for (let i = 0; i < 2; i++) {
            const options = { key: 'Enter', code: 'Enter', bubbles: true, cancelable: true };
            document.querySelector('.stage').dispatchEvent(new KeyboardEvent('keydown', options));
        }
    }""")
    ada.says("Look at the mask")
    assert ada.server.bodies("/api/submit") == []
    assert np.array_equal(ada.mask(), _area(ada.server, CORNERS))
    ada.page.wait_for_timeout(600)
    ada.submit()


def test_corners_survive_a_reload(rater):
    ada = rater()
    ada.drag((150, 50), (190, 60))
    before = ada.mask()
    _open_polygon(ada)
    ada.saved()
    ada.open()
    ada.says("restored")
    assert np.array_equal(ada.mask(), before)
    ada.press("Enter")
    assert np.array_equal(ada.mask(), before | _area(ada.server, CORNERS))


def test_corners_survive_a_reload_before_anything_is_painted(rater):
    ada = rater()
    _open_polygon(ada)
    ada.saved()
    ada.open()
    assert not ada.mask().any()
    ada.press("Enter")
    assert np.array_equal(ada.mask(), _area(ada.server, CORNERS))
    ada.saved()
    ada.open()  # closed, it is not open again
    assert np.array_equal(ada.mask(), _area(ada.server, CORNERS))
    ada.submit()


def test_corners_are_undone_and_redone_by_keys_and_buttons(rater):
    ada = rater()
    undo, redo = (ada.page.locator(f"[data-tool={name}]") for name in ("undo", "redo"))
    assert undo.is_disabled()
    _open_polygon(ada)
    undo.click()
    ada.press("Control+z", "Backspace")
    ada.press("Backspace")
    assert undo.is_disabled()
    redo.click()
    ada.press("Control+y", "Control+y", "Control+y")
    assert redo.is_disabled()
    ada.press("Enter")
    assert np.array_equal(ada.mask(), _area(ada.server, CORNERS))


def test_escape_drops_a_polygon_and_redo_brings_it_back(rater):
    ada = rater()
    _open_polygon(ada)
    ada.press("Escape")
    ada.says("Redo restores it")
    ada.press("Control+y", "Enter")
    assert np.array_equal(ada.mask(), _area(ada.server, CORNERS))


def test_backspace_takes_back_a_corner_while_another_tool_is_in_hand(rater):
    ada = rater()
    _open_polygon(ada, [*CORNERS, (10, 140)])
    ada.press("b", "Backspace", "p", "Enter")
    assert ada.question() == 100
    assert np.array_equal(ada.mask(), _area(ada.server, CORNERS))


def test_skip_asks_and_leaves_a_polygon_open(rater):
    ada = rater()
    _open_polygon(ada)
    ada.press("s")
    assert not ada.mask().any()
    ada.page.click("[data-tool=skip-cancel]")
    ada.press("Enter")
    assert np.array_equal(ada.mask(), _area(ada.server, CORNERS))


def test_two_fingers_take_back_the_first_ones_corner_only(rater):
    ada = rater()
    _open_polygon(ada)
    send = """([kind, id, x, y]) => document.querySelector('.stage').dispatchEvent(
        new PointerEvent(kind, {pointerType: 'touch', pointerId: id, clientX: x, clientY: y,
                                button: 0, buttons: 1, bubbles: true}))"""
    ada.page.evaluate("Element.prototype.setPointerCapture = () => {}")
    for kind, number, point in [
        ("pointerdown", 8, (10, 140)),
        ("pointerdown", 9, (220, 150)),
        ("pointerup", 8, (10, 140)),
        ("pointerup", 9, (220, 150)),
    ]:
        ada.page.evaluate(send, [kind, number, *ada.at(*point)])
    ada.press("Enter")
    assert np.array_equal(ada.mask(), _area(ada.server, CORNERS))


def test_corners_can_be_dragged_and_that_is_undone(rater):
    ada = rater()
    _open_polygon(ada)
    ada.drag(CORNERS[0], (60, 90), (50, 60))
    ada.drag(CORNERS[2], (110, 150))
    ada.press("Control+z", "Control+y")
    ada.saved()
    ada.open()
    ada.press("Enter")
    moved = [(50, 60), CORNERS[1], (110, 150), CORNERS[3]]
    assert np.array_equal(ada.mask(), _area(ada.server, moved))
    ada.press("Control+z")
    _open_polygon(ada)
    ada.drag(CORNERS[0], (60, 90))
    ada.press("Control+z")
    ada.click(CORNERS[0])  # where it was: closes the polygon
    assert np.array_equal(ada.mask(), _area(ada.server, CORNERS))


def test_undo_and_redo_survive_a_reload(rater):
    ada = rater()
    masks = [ada.mask()]
    for row in (50, 70, 90):
        ada.drag((50, row), (90, row + 10))
        masks.append(ada.mask())
    ada.press("Control+z")
    ada.saved()
    ada.open()
    assert np.array_equal(ada.mask(), masks[2])
    ada.press("Control+y")
    assert np.array_equal(ada.mask(), masks[3])
    for expected in masks[2::-1]:
        ada.page.click("[data-tool=undo]")
        assert np.array_equal(ada.mask(), expected)
    assert ada.page.locator("[data-tool=undo]").is_disabled()
    ada.press("Control+y")
    ada.submit()
    assert ada.page.locator("[data-tool=undo]").is_disabled()


def test_the_server_keeps_the_corners_too(rater):
    server = StandIn()
    ada = rater(server, setup=lambda page: page.clock.install())
    _open_polygon(ada)
    with ada.page.expect_response("**/api/draft"):
        ada.page.clock.run_for(21_000)
    saved = server.bodies("/api/draft")[-1]
    corners = [{"x": x, "y": y} for x, y in CORNERS]
    assert saved["polygon"] == {"corners": corners, "value": 1}
    server.drafts[100] = {**saved, "saved_at": 5}
    elsewhere = rater(server)
    elsewhere.press("Enter")
    assert np.array_equal(elsewhere.mask(), _area(server, CORNERS))
