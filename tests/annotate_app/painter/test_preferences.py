"""What a person chooses for themselves: sizes, keys, theme, layout, breaks."""

import numpy as np
import pytest
from painter_rater import Rater


def _preferences(ada: Rater) -> None:
    ada.press("Shift+S")
    ada.page.get_by_role("heading", name="Preferences").wait_for()


def _save(ada: Rater) -> None:
    ada.page.click("[data-tool=preferences-save]")
    ada.page.wait_for_function("!document.querySelector('dialog[open]')")


def _size(ada: Rater) -> str:
    return ada.page.inner_text("[data-show=size]")


def test_the_wheel_with_alt_or_ctrl_changes_the_size(rater):
    ada = rater()
    ada.page.mouse.move(500, 320)
    zoom = ada.page.inner_text("[data-show=zoom]")
    for key, turn, size in [("Alt", -100, 14), ("Control", -200, 18), ("Alt", 300, 12)]:
        ada.page.keyboard.down(key)
        ada.page.mouse.wheel(0, turn)
        ada.frames()
        ada.page.keyboard.up(key)
        assert _size(ada) == f"Brush {size} px"
    assert ada.page.inner_text("[data-show=zoom]") == zoom


def test_a_pinch_on_a_trackpad_still_zooms(rater):
    """It arrives as a wheel with Ctrl that nobody pressed."""
    ada = rater()
    zoom = ada.page.inner_text("[data-show=zoom]")
    ada.page.evaluate("""() => document.querySelector('.stage').dispatchEvent(
        new WheelEvent('wheel', { deltaY: -20, ctrlKey: true, clientX: 500, clientY: 300 }))""")
    ada.frames()
    assert ada.page.inner_text("[data-show=zoom]") != zoom
    assert _size(ada) == "Brush 12 px"


def test_dragging_with_alt_changes_the_size_up_to_1000_and_paints_nothing(rater):
    ada = rater()
    ada.page.mouse.move(500, 320)
    ada.page.keyboard.down("Alt")
    ada.page.mouse.down()
    ada.page.mouse.move(540, 330)
    assert _size(ada) == "Brush 24 px"
    ada.page.mouse.move(900, 330)
    assert _size(ada) == "Brush 1000 px"
    ada.page.mouse.move(100, 330)
    assert _size(ada) == "Brush 1 px"
    ada.page.mouse.up()
    ada.page.keyboard.up("Alt")
    assert not ada.mask().any()


def test_a_size_on_the_screen_becomes_fewer_pixels_by_zooming(rater):
    ada = rater()
    _preferences(ada)
    ada.page.check("[data-tool=preference-sizeOnScreen]")
    _save(ada)
    ada.press("1")
    assert _size(ada) == "Brush 12 px"
    ada.press("Z", "+", "+", "+")
    zoom = int(ada.page.inner_text("[data-show=zoom]").split()[0]) / 100
    assert _size(ada) == f"Brush {round(12 / zoom)} px"
    ada.click((100, 100))
    assert abs(ada.mask().any(axis=0).sum() - 12 / zoom) <= 2


def test_a_question_opens_at_its_box(rater):
    ada = rater()
    _preferences(ada)
    ada.page.check("[data-tool=preference-openAtBox]")
    _save(ada)
    ada.open()
    opened = ada.at(0, 0), ada.at(100, 100)
    ada.press("0")
    assert (ada.at(0, 0), ada.at(100, 100)) != opened
    ada.press("z")
    assert (ada.at(0, 0), ada.at(100, 100)) == opened


def test_keys_can_be_chosen_and_two_commands_never_share_one(rater):
    ada = rater()
    _preferences(ada)
    ada.page.get_by_text("Keys", exact=True).click()
    ada.page.click("[data-key-of=brush]")
    ada.press("e")
    ada.page.get_by_text("E is the key of “Eraser”").wait_for()
    ada.press("x")
    ada.page.click("[data-key-of=skip]")
    ada.press("Escape", "b")  # Esc is taken, and closes nothing here
    with ada.page.expect_navigation():
        ada.page.click("[data-tool=preferences-save]")
    ada.page.wait_for_function("window.root?.painter?.question() === 100")
    ada.press("e", "x")
    assert ada.page.locator("[data-tool=brush][aria-pressed=true]").count() == 1
    assert "X" in ada.page.text_content("[data-tool=brush] kbd")
    ada.press("b")
    ada.page.get_by_text("Why skip this question?").wait_for()


def test_theme_and_hand_are_chosen_and_remembered(rater):
    ada = rater(color_scheme="light")
    ground = "getComputedStyle(document.querySelector('.panel')).backgroundColor"
    before = ada.page.evaluate(ground)
    _preferences(ada)
    ada.page.select_option("[data-tool=preference-theme]", "dark")
    ada.page.check("[data-tool=preference-leftHanded]")
    _save(ada)
    dark = ada.page.evaluate(ground)
    assert dark != before
    ada.open()
    assert ada.page.evaluate(ground) == dark
    left, right = (ada.page.locator(place).bounding_box()["x"] for place in (".panel", ".toolbar"))
    assert left < right


@pytest.mark.parametrize("every", [0, 30])
def test_a_break_is_suggested_after_so_much_work_without_one(evaluate, every):
    body = """
        let now = 0;
        const reminder = new m.BreakReminder(() => now);
        const said = [];
        const work = (minutes) => {
            for (let i = 0; i < minutes; i++) {
                now += 60_000;
                const worked = reminder.input(arg);
                if (worked) said.push([now / 60_000, worked]);
            }
        };
        work(20); now += 6 * 60_000; work(61);
        return said;
    """
    said = evaluate("work/break_reminder.js", body, every)
    assert said == ([[57, 30], [87, 30]] if every else [])


def test_the_gamma_of_the_photo_can_be_raised(rater):
    ada = rater()
    ada.press("PageUp", "PageUp")
    style = ada.page.evaluate("document.querySelector('.layer-image').style.filter")
    assert "painter-gamma" in style
    exponent = ada.page.get_attribute("#painter-gamma feFuncR", "exponent")
    assert np.isclose(float(exponent), 1 / 1.5)
    ada.press("r")
    assert ada.page.evaluate("document.querySelector('.layer-image').style.filter") == "none"
