"""The list of tools: each entry gives a button, a key, a help line, a cursor and a counter."""

import dataclasses

import pytest

from annotate_app.web.catalogue import SHIPPED, read_texts
from o365seg.store.work.checks import Activity

LABELS = read_texts(SHIPPED / "en.toml")
_TOOLS = "return m.TOOLS.map(({ tool, ...entry }) => entry);"


@pytest.fixture
def tools(evaluate) -> list[dict]:
    found = evaluate("tools/list.js", _TOOLS)
    assert [tool["id"] for tool in found][:2] == ["brush", "eraser"]
    return found


def test_every_tool_has_a_button_with_its_icon(rater, tools):
    page = rater().page
    shown = page.evaluate("""() => [...document.querySelectorAll('.toolbar [aria-pressed]')].map(
        (e) => [e.dataset.tool, e.getAttribute('aria-label'), e.getAttribute('aria-keyshortcuts'),
        [...e.querySelectorAll('path')].map((path) => path.getAttribute('d'))]
    )""")
    expected = [
        [t["id"], LABELS[f"command.{t['id']}"], " ".join(t["keys"]), t["icon"]] for t in tools
    ]
    assert shown == expected
    assert all(tool["icon"] for tool in tools)


def test_the_key_of_every_tool_picks_it_and_shows_its_cursor(rater, tools):
    ada = rater()
    for tool in tools:
        for key in tool["keys"]:
            ada.press("b" if tool["id"] != "brush" else "e")
            ada.press(key.lower())
            pressed = ada.page.evaluate(
                """[...document.querySelectorAll('.toolbar [aria-pressed=true]')]
                .map((e) => e.dataset.tool)"""
            )
            assert pressed == [tool["id"]]
            assert ada.page.get_attribute(".stage", "data-cursor") == tool["cursor"]


def test_every_tool_has_a_line_in_the_help_sheet(rater, tools):
    ada = rater()
    ada.press("?")
    lines = ada.page.locator("dialog[open] dd").all_inner_texts()
    assert {LABELS[f"command.{tool['id']}"] for tool in tools} <= set(lines)


def test_every_tool_that_paints_has_a_counter_that_the_server_knows(evaluate, tools):
    counters = evaluate("work/clock.js", "return m.COUNTERS;")
    known = {field.name for field in dataclasses.fields(Activity)}
    assert set(counters) | {"wall_ms", "active_ms", "idle_ms", "hidden_ms"} == known
    for tool in tools:
        assert (tool["counter"] in counters) is (tool["cursor"] == "paint")


def test_a_finished_gesture_of_every_tool_raises_its_counter_alone(evaluate, tools):
    body = """
        const { Drawing } = await import('/canvas/drawing.js');
        const seen = {};
        for (const { id, counter } of m.TOOLS) {
            const counts = [];
            const listeners = { onSpans() {}, onTiles() {}, onStep() {} };
            const drawing = new Drawing(new Uint8Array(900), 30, 30, listeners);
            // A ring, with something to fill and to erase.
            drawing.write(Int32Array.of(5, 5, 8, 6, 5, 6, 6, 7, 8, 7, 5, 8), 1);
            drawing.commit();
            const count = (counter) => counts.push(counter);
            const desk = { drawing, size: 3, walls: 0, last: null, count, say() {}, changed() {} };
            const tool = m.makeTools(desk)[id];
            const press = { erase: false, shift: false, double: false, near: () => false };
            tool.down({ x: 6, y: 6 }, press);
            tool.move({ x: 9, y: 6 });
            tool.up();
            tool.down({ x: 9, y: 9 }, press);
            tool.up();
            tool.down({ x: 6, y: 9 }, press);
            tool.finish?.();
            seen[id] = [...new Set(counts)];
        }
        return seen;
    """
    seen = evaluate("tools/list.js", body)
    assert seen == {tool["id"]: [tool["counter"]] if tool["counter"] else [] for tool in tools}
