"""The whole painter in a browser, by real mouse and keyboard events; its server is a stand-in."""

import math
import time

import numpy as np
import pytest
from painter_rater import Point
from painting_oracle import fill, polygon, segment
from stand_in import StandIn, pack, unpack


def _stroke(server: StandIn, points: list[Point], d: int) -> np.ndarray:
    """What a freehand stroke over these pixels must paint."""
    pairs = zip(points, points[1:] or points, strict=False)
    return np.any([segment(server.height, server.width, a, b, d) for a, b in pairs], axis=0)


# Pixels


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
        covered = _stroke(server, [pixel(*point) for point in path], 12)
        expected = expected & ~covered if key == "e" else expected | covered

    sent = ada.submit()
    assert np.array_equal(unpack(sent["answer"]["mask"]), expected)
    assert expected.any()


def test_every_tool_paints_what_it_says(rater):
    ada = rater()
    server = ada.server
    height, width = server.height, server.width
    expected = _stroke(server, [(20, 20), (60, 25)], 12)
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
    expected |= _stroke(server, ring, 14)
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
    assert np.array_equal(ada.mask(), _stroke(ada.server, [(50, 50), (80, 50)], 12))


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


# Questions


def test_an_empty_mask_is_not_sent(rater):
    ada = rater()
    ada.press("Enter")
    ada.says("Nothing is painted")
    assert ada.server.bodies("/api/submit") == []
    assert ada.question() == 100


def test_skipping_needs_a_reason_and_other_needs_words(rater):
    ada = rater()
    confirm = ada.page.locator("[data-tool=skip-confirm]")
    ada.press("s")
    confirm.click()
    assert ada.server.bodies("/api/submit") == []
    ada.page.check("[data-reason=other]")
    confirm.click()
    assert ada.server.bodies("/api/submit") == []
    note = ada.page.locator("[data-tool=skip-note]")
    note.click()
    ada.page.keyboard.type("be fine 1")  # B and E and 1 would be commands outside a text field
    confirm.click()
    ada.page.wait_for_function("root.painter.question() === 101")
    assert ada.server.bodies("/api/submit")[0]["answer"] == {
        "skip": {"reason": "other", "note": "be fine 1"}
    }
    assert ada.page.get_attribute("[data-tool=brush]", "aria-pressed") == "true"

    ada.press("s", "2")
    confirm.click()
    ada.page.get_by_text("All done").wait_for()
    assert ada.server.bodies("/api/submit")[1]["answer"] == {
        "skip": {"reason": "too_dark", "note": ""}
    }


def test_the_next_photo_is_fetched_before_it_is_needed(rater):
    ada = rater()
    ada.until(lambda: ("/image/1", None) in ada.server.requests)


def test_a_category_is_text_whatever_it_holds(rater):
    ada = rater(StandIn(category="<img src=x onerror=alert(1)>"))
    assert ada.page.inner_text("[data-show=category]") == "<img src=x onerror=alert(1)>"


def test_a_photo_of_another_size_is_refused_and_can_be_skipped(rater):
    server = StandIn()
    server.photo_size = (200, 300)
    ada = rater(server)
    ada.page.get_by_text("200 × 300 pixels here").wait_for()
    assert ada.question() is None
    assert ada.page.is_disabled("[data-tool=submit]")
    ada.page.mouse.move(400, 300)
    ada.page.mouse.down()
    ada.page.mouse.up()
    assert ada.page.evaluate("root.painter.maskRle()") == ""
    ada.page.click("[data-tool=skip-unseen]")
    ada.page.check("[data-reason=other]")
    ada.page.fill("[data-tool=skip-note]", "photo broken")
    ada.page.click("[data-tool=skip-confirm]")
    ada.page.get_by_text("question 101").wait_for()
    (sent,) = server.bodies("/api/submit")
    assert sent["answer"] == {"skip": {"reason": "other", "note": "photo broken"}}


def test_questions_held_by_others_are_waited_for(rater):
    server = StandIn(count=1)
    server.done, server.waiting = 1, 3
    ada = rater(server, setup=lambda page: page.clock.install())
    ada.page.get_by_text("Other raters have the last 3 open questions").wait_for()
    server.done = 0
    ada.page.clock.run_for(15_000)
    ada.page.wait_for_function("root.painter.question() === 100")


# When things go wrong


def test_a_submit_is_sent_again_until_it_gets_through(rater):
    ada = rater()
    ada.drag((50, 50), (90, 60))
    ada.server.fail = [("/api/submit", None, {}), ("/api/submit", 503, {})]
    ada.submit()
    first, second, third = ada.server.bodies("/api/submit")
    assert first == second == third
    assert ada.question() == 101


def test_a_refused_mask_stays_on_the_screen(rater):
    ada = rater()
    ada.drag((50, 50), (90, 60))
    before = ada.mask()
    ada.server.fail = [
        ("/api/submit", 422, {"error": "bad_mask", "message": "the mask is too odd"})
    ]
    ada.press("Enter")
    ada.says("the mask is too odd")
    assert np.array_equal(ada.mask(), before)
    ada.submit()
    assert ada.question() == 101


def test_a_lost_lease_moves_on_and_says_that_the_work_is_kept(rater):
    ada = rater()
    ada.drag((50, 50), (90, 60))
    ada.server.done = 1
    ada.server.fail = [
        ("/api/submit", 409, {"error": "lease_lost", "message": "", "next": ada.server.next()})
    ]
    ada.press("Enter")
    ada.says("is kept")
    assert ada.question() == 101
    assert not ada.mask().any()


def test_signed_out_while_painting_loses_nothing(rater):
    ada = rater()
    ada.drag((50, 50), (90, 60))
    before = ada.mask()
    ada.server.fail = [("/api/submit", 401, {"error": "signed_out"})]
    ada.press("Enter")
    ada.page.get_by_role("link", name="Sign in").wait_for()
    assert ada.page.get_attribute(".rest a", "href") == "/login"
    ada.open()
    assert np.array_equal(ada.mask(), before)


def test_a_reload_brings_the_work_and_its_account_back(rater):
    ada = rater()
    ada.drag((50, 50), (90, 60))
    ada.drag((50, 90), (90, 90))
    before = ada.mask()
    ada.saved()
    ada.open()
    ada.says("restored")
    assert np.array_equal(ada.mask(), before)
    sent = ada.submit()
    assert sent["activity"]["strokes"] == 2
    ada.server.done = 0
    ada.open()
    assert not ada.mask().any()  # a recorded question leaves no draft behind


def test_a_reload_in_the_middle_of_quick_dabs_keeps_them(rater):
    """All but what the last second brought; the server's copy is switched off."""
    ada = rater()
    ada.server.fail = [("/api/draft", None, {})] * 9
    masks = []
    for x in range(20, 280, 6):
        ada.click((x, 60))
        masks.append((time.monotonic(), ada.mask()))
    left = time.monotonic()
    ada.open()
    restored = ada.mask()
    kept = [painted for painted, mask in masks if np.array_equal(mask, restored)]
    assert kept and left - kept[0] < 1


def test_drafts_of_another_project_or_photo_are_not_restored(rater):
    for change in ({"project": "two"}, {"photo": 7}):
        ada = rater()
        ada.drag((50, 50), (90, 60))
        ada.saved()
        for name, value in change.items():
            setattr(ada.server, name, value)
        ada.open()
        assert not ada.mask().any()


def test_a_gesture_never_goes_on_in_the_next_question(rater):
    ada = rater()
    ada.press("p")
    for corner in [(30, 110), (70, 115), (90, 170)]:
        ada.click(corner)
    ada.press("s", "1")
    ada.page.locator("[data-tool=skip-confirm]").click()
    ada.page.wait_for_function("root.painter.question() === 101")
    ada.press("Enter")
    ada.says("Nothing is painted")
    assert not ada.mask().any()


def test_a_mask_without_a_pixel_in_the_box_is_asked_about_once(rater):
    ada = rater()
    ada.click((5, 190))
    ada.press("Enter")
    ada.says("inside the box")
    assert ada.server.bodies("/api/submit") == []
    ada.submit()
    assert ada.question() == 101


def test_a_page_that_is_not_the_servers_counts_as_no_answer(rater):
    ada = rater()
    ada.drag((50, 50), (90, 60))
    ada.server.fail = [("/api/submit", 200, {"html": "<h1>Sign in to the hotel's network</h1>"})]
    ada.submit()
    assert ada.question() == 101


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
    assert np.array_equal(ada.mask(), _stroke(ada.server, [(50, 50), (90, 60)], 12))


def test_the_servers_draft_is_restored(rater):
    server = StandIn()
    painted = np.zeros((server.height, server.width), bool)
    painted[20:40, 60:90] = True
    server.drafts[100] = {
        "mask": pack(painted),
        "activity": {"active_ms": 90_000, "fills": 2},
        "saved_at": 1,
    }
    ada = rater(server)
    assert np.array_equal(ada.mask(), painted)
    sent = ada.submit()
    assert sent["activity"]["active_ms"] >= 90_000
    assert sent["activity"]["fills"] == 2


def test_a_damaged_draft_is_reported_and_not_used(rater):
    server = StandIn()
    packed = pack(np.ones((server.height, server.width), bool))
    packed["crc32"] ^= 1
    server.drafts[100] = {"mask": packed, "activity": {}, "saved_at": 1}
    ada = rater(server)
    ada.says("damaged")
    assert not ada.mask().any()


def test_drafts_and_heartbeats_follow_the_work(rater):
    ada = rater(setup=lambda page: page.clock.install())
    server = ada.server
    ada.page.clock.run_for(20_000)
    assert server.bodies("/api/draft") == []
    ada.drag((50, 50), (90, 60))
    ada.page.clock.run_for(20_000)
    ada.until(lambda: server.bodies("/api/draft"))
    (draft,) = server.bodies("/api/draft")
    assert draft["lease"] == "lease-0"
    assert np.array_equal(unpack(draft["mask"]), _stroke(server, [(50, 50), (90, 60)], 12))
    ada.page.clock.run_for(20_000)
    ada.until(lambda: server.bodies("/api/heartbeat"))
    assert len(server.bodies("/api/draft")) == 1  # nothing new was painted
    assert server.bodies("/api/heartbeat") == [{"lease": "lease-0", "prefetched": "lease-1"}]
    ada.page.clock.run_for(120_000)
    ada.page.wait_for_timeout(200)
    assert len(server.bodies("/api/heartbeat")) == 1  # nobody was at work


# What the server may say of a question


def test_a_returned_question_comes_with_its_comment_and_its_earlier_mask(rater):
    server = StandIn()
    earlier = np.zeros((server.height, server.width), bool)
    earlier[40:90, 60:120] = True
    server.extras[100] = {
        "initial": pack(earlier),
        "notice": {"title": "Returned", "text": "The <b>hump</b> is missing.", "kind": "warning"},
    }
    ada = rater(server)
    notice = ada.page.locator("[data-show=notice]")
    assert notice.inner_text().split() == ["Returned", "The", "<b>hump</b>", "is", "missing."]
    assert np.array_equal(ada.mask(), earlier)
    ada.drag((50, 50), (90, 60))
    sent = ada.submit()
    expected = earlier | _stroke(server, [(50, 50), (90, 60)], 12)
    assert np.array_equal(unpack(sent["answer"]["mask"]), expected)
    assert notice.is_hidden()
    assert not ada.mask().any()


def test_work_in_progress_goes_before_the_earlier_mask(rater):
    server = StandIn()
    earlier, later = (np.zeros((server.height, server.width), bool) for _ in range(2))
    earlier[40:90] = later[20:30] = True
    server.extras[100] = {"initial": pack(earlier)}
    server.drafts[100] = {"mask": pack(later), "activity": {}, "saved_at": 1}
    assert np.array_equal(rater(server).mask(), later)


def test_what_the_server_says_of_an_answer_is_shown_until_it_is_read(rater):
    server = StandIn()
    reference = np.zeros((server.height, server.width), bool)
    reference[40:90, 60:120] = True
    server.feedback = {
        "notice": {
            "title": "IoU 0.41: not passed",
            "legend": [
                {"line": "mask", "label": "yours"},
                {"line": "reference", "label": "the reference"},
            ],
        },
        "reference": pack(reference),
    }
    ada = rater(server)
    ada.drag((50, 50), (90, 60))
    painted = ada.mask()
    ada.press("Enter")
    ada.page.get_by_text("IoU 0.41").wait_for()
    ada.press("e", "Delete")
    ada.drag((50, 50), (90, 60))  # it is answered: looking is all that is left, and dragging pans
    assert np.array_equal(ada.mask(), painted)
    assert ada.page.is_disabled("[data-tool=brush]")
    assert ada.page.is_enabled("[data-tool=zoom-in]")
    white = """() => {
        const canvas = document.querySelector('.layer-reference');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let count = 0;
        for (let i = 0; i < data.length; i += 4) count += data[i] === 255 && data[i + 3] === 255;
        return count;
    }"""
    assert ada.page.evaluate(white) > 100
    ada.press("Enter")
    ada.page.wait_for_function("root.painter.question() === 101")
    assert not ada.mask().any()
    assert len(server.bodies("/api/submit")) == 1


def test_an_open_polygon_waits_while_another_tool_is_in_hand(rater):
    ada = rater()
    corners = [(30, 110), (70, 115), (90, 170), (25, 180)]
    ada.press("p")
    for corner in corners[:3]:
        ada.click(corner)
    ada.press("b")
    ada.says("polygon is still open")
    ada.drag((150, 50), (190, 60))
    ada.press("Enter")
    ada.says("still open")
    assert ada.server.bodies("/api/submit") == []
    ada.press("p")
    ada.click(corners[3])
    ada.press("Enter")
    ada.page.wait_for_timeout(600)  # Enter submits what was seen
    expected = _stroke(ada.server, [(150, 50), (190, 60)], 12)
    expected |= polygon(ada.server.height, ada.server.width, corners)
    for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
        expected |= segment(ada.server.height, ada.server.width, a, b, 1)
    assert np.array_equal(unpack(ada.submit()["answer"]["mask"]), expected)


def test_escape_drops_a_polygon_that_waits(rater):
    ada = rater()
    ada.press("p")
    for corner in [(30, 110), (70, 115), (90, 170)]:
        ada.click(corner)
    ada.press("b", "Escape")
    ada.drag((50, 50), (90, 60))
    assert np.array_equal(ada.mask(), _stroke(ada.server, [(50, 50), (90, 60)], 12))
    ada.submit()


# Corners of an open polygon


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


# Keys that are held


def _hold(ada, key: str, ms: int, while_held=lambda: None) -> None:
    ada.page.keyboard.down(key)
    while_held()
    ada.page.wait_for_timeout(ms)
    ada.page.keyboard.up(key)


def test_the_eraser_lasts_while_its_key_is_held(rater):
    ada = rater()
    ada.drag((50, 50), (120, 50))
    painted = ada.mask()
    _hold(ada, "e", 0, lambda: ada.drag((50, 50), (120, 50)))
    assert not ada.mask().any()
    ada.drag((50, 50), (120, 50))  # the brush again
    assert np.array_equal(ada.mask(), painted)
    _hold(ada, "e", 0)
    pressed = ada.page.locator("[data-tool=eraser][aria-pressed=true]")
    assert pressed.count() == 1  # a short press picks it for good


def test_the_mask_is_hidden_while_its_key_is_held(rater):
    ada = rater()
    hidden = ada.page.locator("[data-tool=mask][aria-pressed=false]")
    _hold(ada, "m", 400, lambda: hidden.wait_for())
    assert hidden.count() == 0
    _hold(ada, "m", 0)
    assert hidden.count() == 1


# Time, and work that a key could discard


def test_active_time_before_the_first_stroke_survives_a_reload(rater):
    ada = rater(setup=lambda page: page.clock.install())
    for _ in range(2):
        ada.page.mouse.move(300 + _, 300)
        ada.page.clock.run_for(12_000)
    ada.page.wait_for_timeout(300)
    ada.open()
    ada.drag((50, 50), (90, 60))
    assert ada.submit()["activity"]["active_ms"] >= 19_000


def test_backspace_asks_before_it_discards_a_correction(rater):
    server = StandIn()
    painted = np.zeros((server.height, server.width), bool)
    painted[40:90, 60:120] = True
    server.extras[100] = {"earlier": {"mask": pack(painted), "skip_reason": None}}
    ada = rater(server)
    ada.drag((150, 50), (190, 60))
    changed = ada.mask()
    ada.press("Backspace")
    ada.page.get_by_text("Discard your changes?").wait_for()
    ada.press("Enter")  # the safe button
    assert server.bodies("/api/stand") == []
    assert np.array_equal(ada.mask(), changed)


# Submitting and painting unseen


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


def test_painting_on_a_hidden_mask_says_so(rater):
    ada = rater()
    ada.press("m")
    ada.drag((50, 50), (90, 60))
    ada.says("mask is hidden")
    ada.press("m")
    ada.drag((50, 90), (90, 90))
    assert ada.page.inner_text("[data-show=status]") == ""


_DRAWN = """() => {
    const canvas = document.querySelector('.layer-guides');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const xs = [], ys = [];
    for (let i = 0; i < data.length; i += 4) {
        if (!data[i + 3]) continue;
        xs.push((i / 4) % canvas.width);
        ys.push(Math.floor(i / 4 / canvas.width));
    }
    const { left, top } = canvas.getBoundingClientRect();
    const near = [left + Math.min(...xs), top + Math.min(...ys)];
    return [...near, left + Math.max(...xs), top + Math.max(...ys)];
}"""


def _guides(ada) -> list[float]:
    """Left, top, right and bottom of what the guide layer shows, page px."""
    ada.frames()
    return ada.page.evaluate(_DRAWN)


def test_the_ring_stays_at_the_pointer_when_a_key_moves_the_view(rater):
    ada = rater()
    ada.press("g")  # no box: the ring is all that is drawn
    ada.page.mouse.move(500, 320)
    for key in ["ArrowLeft", "ArrowDown", "+", "1"]:
        ada.press(key)
        left, top, right, bottom = _guides(ada)
        assert np.allclose(((left + right) / 2, (top + bottom) / 2), (500, 320), atol=4), key


def test_the_rubber_line_follows_the_view_that_a_key_moves(rater):
    ada = rater()
    ada.press("g", "+", "+", "p")
    ada.page.mouse.click(480, 300)
    ada.page.mouse.move(560, 380)
    for key, corner in [("ArrowLeft", (560, 300)), ("ArrowUp", (560, 380))]:
        ada.press(key)  # the corner moves with the photo, the other end stays at the pointer
        left, top, right, bottom = _guides(ada)
        drawn = (min(560, corner[0]), min(380, corner[1]), max(560, corner[0]), max(380, corner[1]))
        assert np.allclose((left, top, right, bottom), drawn, atol=10), key


def test_brush_and_eraser_differ_at_the_pointer(rater):
    ada = rater()
    ada.press("g")
    ada.page.mouse.move(500, 320)
    brush = _guides(ada)
    ada.press("e")
    eraser = _guides(ada)
    assert eraser[:2] == brush[:2]  # the same ring
    assert eraser[2] > brush[2] + 4  # and a sign beside it
    ada.press("b")
    ada.page.mouse.down(button="right")
    assert _guides(ada)[2] == eraser[2]
    ada.page.mouse.up(button="right")


# The rater's other masks of the image, and earlier answers


def test_other_masks_of_the_image_are_shown_and_can_be_protected(rater):
    server = StandIn()
    other = np.zeros((server.height, server.width), bool)
    other[40:80, 60:100] = True
    server.others = [pack(other), pack(np.roll(other, 30, axis=0))]
    ada = rater(server)
    toggle = ada.page.locator("[data-tool=protect]")
    toggle.wait_for()
    drawn = """() => {
        const canvas = document.querySelector('.layer-others');
        const context = canvas.getContext('2d');
        return context.getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean);
    }"""
    ada.page.wait_for_function(drawn)
    ada.drag((50, 60), (110, 60))
    assert ada.mask()[60, 80]
    ada.press("Control+z")
    toggle.click()
    ada.drag((50, 60), (110, 60))
    painted = ada.mask()
    assert painted[60, 55]
    assert not (painted & other).any()
    ada.press("t")
    ada.page.wait_for_function(f"!({drawn})()")
    ada.drag((50, 60), (110, 60), button="right")  # erasing is not held back
    assert not ada.mask().any()


def test_any_own_answer_can_be_opened_from_the_list(rater):
    server = StandIn()
    server.answers = [
        {"id": 9, "question": "7", "category": "Cup", "received_at": 5, "skip_reason": "too_dark"}
    ]
    ada = rater(server)
    ada.press("j")
    ada.page.get_by_text("skipped: too dark").wait_for()
    ada.page.click("[data-tool=correct]")
    ada.page.wait_for_function("!document.querySelector('dialog[open]')")
    ada.until(lambda: server.bodies("/api/reopen"))
    assert server.bodies("/api/reopen") == [{"question": "7"}]


def test_the_reason_other_asks_for_the_note_at_once(rater):
    ada = rater()
    ada.press("s", "6")
    ada.page.keyboard.type("2 of 3")
    ada.press("Control+Enter")
    ada.page.wait_for_function("root.painter.question() === 101")
    skip = {"reason": "other", "note": "2 of 3"}
    assert ada.server.bodies("/api/submit")[0]["answer"] == {"skip": skip}
