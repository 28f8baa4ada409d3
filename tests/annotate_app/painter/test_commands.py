"""Whatever can be done has a key that does it, a hint at its control, and a line of help."""

import re

import pytest
from stand_in import StandIn

_STATE = """() => {
    const { painter } = root;
    const text = (name) => document.querySelector(`[data-show=${name}]`).textContent;
    const values = (selector, read) => [...document.querySelectorAll(selector)].map(read);
    return JSON.stringify([
        painter.maskRle(), painter.screenFromImage(0, 0), painter.screenFromImage(9, 9),
        text('size'), painter.question(),
        values('[aria-pressed]', (e) => e.getAttribute('aria-pressed')),
        values('input[type=range]', (e) => e.value),
        values('dialog[open]', (e) => e.getAttribute('aria-labelledby')),
    ]);
}"""
_HELP = """() => [...document.querySelectorAll('.help-row')].map((row) => [
    row.querySelector('dd').textContent,
    [...row.querySelectorAll('kbd')].map((kbd) => kbd.textContent),
])"""
_CAPS = "const k = await import('/easel/keyboard.js'); return arg.map(k.keyCap);"


def _press(key: str) -> str:
    """As Playwright writes it."""
    key = {"+": "+", "-": "-"}.get(key, key).replace("Ctrl", "Control")
    return key.lower() if len(key) == 1 else re.sub(r"\+([A-Z])$", lambda m: m[0].lower(), key)


@pytest.fixture
def commands(evaluate) -> list[dict]:
    found = evaluate("easel/commands.js", "return m.COMMANDS;")
    actions = [
        {"id": "submit", "keys": ["Enter"], "label": "Submit"},
        {"id": "skip", "keys": ["S"], "label": "Skip…"},
        {"id": "reopen", "keys": ["Backspace"], "label": "Correct my last answer"},
        {"id": "answers", "keys": ["J"], "label": "My answers…"},
        {"id": "kept", "keys": ["K"], "label": "Kept work…"},
    ]
    keys = [key for command in [*found, *actions] for key in command["keys"]]
    assert len(keys) == len(set(keys))
    return found + actions


def test_every_key_does_something(rater, commands):
    ada = rater(StandIn(count=30))
    without_effect = []
    for command in commands:
        if command["id"] == "cancel":
            continue  # below: what it takes back is not there yet
        for key in command["keys"]:
            ada.press("h" if command["id"] != "pan" else "b")
            if command["id"] in ("undo", "redo", "clear", "submit"):
                ada.press("0", "b")
                ada.drag((60, 60), (90, 80))
                ada.drag((60, 90), (90, 110))
                ada.press("Control+z", "h")
            if command["id"].startswith(("pan-", "fit", "actual", "zoom-box")):
                ada.press("+", "+")
            if command["id"] == "reset-photo":
                ada.press("Shift+ArrowUp")
            before = ada.page.evaluate(_STATE)
            ada.press(_press(key))
            try:
                ada.page.wait_for_function(f"(before) => ({_STATE})() !== before", arg=before)
            except Exception:
                without_effect.append((command["id"], key))
            if ada.page.locator("dialog[open]").count():
                ada.press("Escape")
                ada.page.wait_for_function("!document.querySelector('dialog[open]')")
            ada.page.wait_for_function("root.painter.question() !== null")
    assert without_effect == []


def test_escape_takes_a_stroke_and_a_lasso_back(rater):
    ada = rater()
    for key in ("b", "a", "l"):
        ada.press(key)
        ada.page.mouse.move(*ada.at(50, 50))
        ada.page.mouse.down()
        ada.page.mouse.move(*ada.at(120, 60))
        ada.page.mouse.move(*ada.at(120, 120))
        ada.press("Escape")
        ada.page.mouse.up()
        assert not ada.mask().any()


def test_every_command_has_a_line_in_the_help_sheet(rater, commands, evaluate):
    ada = rater()
    ada.press("?")
    lines = dict(ada.page.evaluate(_HELP))
    for command in commands:
        assert command["keys"]
        caps = evaluate("easel/keyboard.js", "return arg.map(m.keyCap);", command["keys"])
        assert lines[command["label"]] == caps
    for gesture in evaluate("easel/commands.js", "return m.GESTURES;"):
        assert gesture["label"] in lines


def test_every_control_says_what_it_does_and_by_which_key(rater, commands):
    """By its visible text, its tooltip or its title; and by name to a screen reader."""
    ada = rater()
    hints = ada.page.evaluate("""() => Object.fromEntries(
        [...document.querySelectorAll('.painter [data-tool], .painter .swatch')].map((e) => [
            e.dataset.tool ?? 'swatch',
            { text: `${e.textContent} ${e.title}`, keys: e.getAttribute('aria-keyshortcuts'),
              name: e.getAttribute('aria-label') ?? e.textContent },
        ]))""")
    by_slider = {
        "smaller": "size",
        "larger": "size",
        "fainter": "opacity",
        "stronger": "opacity",
        "darker": "brightness",
        "brighter": "brightness",
        "softer": "contrast",
        "harder": "contrast",
        "gamma-lower": "gamma",
        "gamma-higher": "gamma",
        "colour": "swatch",
    }
    for command in commands:
        name = by_slider.get(command["id"], command["id"])
        if name not in hints:
            assert command["id"].startswith("pan-") or command["id"] == "cancel"
            continue
        hint = hints[name]
        assert hint["name"].strip()
        if name in ("size", "opacity", "brightness", "contrast", "gamma"):
            assert command["label"] in hint["text"]
        elif name != "swatch":
            assert command["label"] in hint["text"]
            assert hint["keys"].split()[0] == command["keys"][0].replace("Ctrl", "Control")


def test_the_eraser_button_of_a_pen_and_the_right_button_erase(rater):
    ada = rater()
    ada.drag((50, 50), (150, 50))
    ada.page.evaluate("Element.prototype.setPointerCapture = () => {}")
    send = """([kind, x, y]) => document.querySelector('.stage').dispatchEvent(
        new PointerEvent(kind, {pointerType: 'pen', pointerId: 7, clientX: x, clientY: y, button: 5,
                                buttons: 32, bubbles: true, isPrimary: true}))"""
    for kind, x in [("pointerdown", 60), ("pointermove", 90), ("pointerup", 90)]:
        ada.page.evaluate(send, [kind, *ada.at(x, 50)])
    assert not ada.mask()[50, 60:91].any()
    assert ada.mask()[50, 110]
    ada.drag((110, 50), (120, 50), button="right")
    assert not ada.mask()[50, 110:121].any()


def test_brush_and_eraser_have_sizes_of_their_own(rater):
    ada = rater()
    ada.press("]", "]", "e", "[")
    assert ada.page.inner_text("[data-show=size]") == "Eraser 10 px"
    ada.press("b")
    assert ada.page.inner_text("[data-show=size]") == "Brush 16 px"


@pytest.mark.parametrize(
    "viewport", [{"width": 1280, "height": 720}, {"width": 1920, "height": 1080}]
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_off(rater, viewport, scheme):
    ada = rater(viewport=viewport, color_scheme=scheme)
    cut = ada.page.evaluate("""() => {
        const hidden = [];
        for (const e of document.querySelectorAll('.painter :is(button, input, .category)')) {
            if (!e.checkVisibility()) continue;
            const box = e.getBoundingClientRect();
            const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
            const top = document.elementFromPoint(x, y);
            const inside = box.left >= 0 && box.right <= innerWidth && box.bottom <= innerHeight;
            if (!inside || !e.contains(top)) hidden.push(e.dataset.tool ?? e.className);
        }
        return hidden;
    }""")
    assert cut == []


@pytest.mark.parametrize("viewport", [{"width": 390, "height": 844}, {"width": 640, "height": 360}])
def test_nothing_is_out_of_reach_on_a_phone_and_at_200_percent(rater, viewport):
    ada = rater(viewport=viewport)
    unreached = ada.page.evaluate("""() => {
        const hidden = [];
        for (const e of document.querySelectorAll('.painter :is(button, input, .category)')) {
            if (!e.checkVisibility()) continue;
            e.scrollIntoView({ block: 'center', inline: 'center' });
            const box = e.getBoundingClientRect();
            const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
            const name = e.dataset.tool ?? e.className;
            if (!e.contains(document.elementFromPoint(x, y))) hidden.push(name);
        }
        return hidden;
    }""")
    assert unreached == []
    stage = ada.page.locator(".stage").bounding_box()
    assert stage["width"] > 0.9 * viewport["width"]
    assert stage["height"] >= 190
    ada.page.locator(".stage").scroll_into_view_if_needed()
    ada.drag((60, 60), (90, 80))
    assert ada.mask().any()


def test_words_stand_out_from_their_ground(rater):
    """WCAG 2.2 AA: 4.5 to 1 for text, in both colour schemes."""
    for scheme in ("light", "dark"):
        ada = rater(color_scheme=scheme)
        ada.page.evaluate("document.querySelector('.dialog.help').showModal()")
        weak = ada.page.evaluate("""() => {
            const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
            const light = ([r, g, b]) => [r, g, b]
                .map((v) => v / 255)
                .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
                .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
            const ground = (e) => {
                for (let at = e; at; at = at.parentElement) {
                    const colour = rgb(getComputedStyle(at).backgroundColor);
                    if (colour.length === 3 || colour[3] > 0.9) return colour;
                }
                return [255, 255, 255];
            };
            const found = [];
            for (const e of document.querySelectorAll('.painter *')) {
                const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
                if (!own || !e.checkVisibility() || e.closest(':disabled')) continue;
                const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))];
                const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
                if (ratio < 4.5) found.push([e.className, e.textContent.slice(0, 20), ratio]);
            }
            return found;
        }""")
        assert weak == []


def test_the_focus_goes_from_tools_to_photo_to_panel(rater):
    ada = rater()
    ada.page.evaluate("document.querySelector('[data-tool=brush]').focus()")
    seen = []
    for _ in range(40):
        ada.press("Tab")
        name = "document.activeElement.dataset?.tool ?? document.activeElement.className"
        seen.append(ada.page.evaluate(name))
    order = [seen.index(name) for name in ("eraser", "help", "stage", "fit", "size", "skip")]
    assert order == sorted(order)
    assert "sign-out" in seen
