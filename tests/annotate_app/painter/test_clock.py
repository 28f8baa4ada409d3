"""How working time is counted, with a clock that the test moves."""

import pytest

_SETUP = """
    let time = 1000;
    const clock = new m.Clock({ now: () => time, earlier: arg });
    const pass = (seconds) => (time += seconds * 1000);
    const done = () => clock.snapshot();
"""


def _times(evaluate, body: str, earlier: dict | None = None) -> tuple[int, int, int]:
    got = evaluate("work/clock.js", f"{_SETUP} {body}; return done();", earlier)
    assert got["wall_ms"] == got["active_ms"] + got["idle_ms"] + got["hidden_ms"]
    return got["active_ms"], got["idle_ms"], got["hidden_ms"]


@pytest.mark.parametrize(
    ("body", "active", "idle", "hidden"),
    [
        ("", 0, 0, 0),
        ("pass(10)", 10, 0, 0),
        ("pass(10); clock.input(); pass(29.999); clock.input()", 39.999, 0, 0),
        ("pass(10); clock.input(); pass(30); clock.input(); pass(5)", 15, 30, 0),
        ("for (let i = 0; i < 10; i++) { pass(20); clock.input(); }", 200, 0, 0),
        ("pass(200)", 0, 200, 0),
        (
            "pass(5); clock.setVisible(false); pass(500); clock.setVisible(true); pass(7)",
            12,
            0,
            500,
        ),
        ("pass(40); clock.setVisible(false); pass(10)", 0, 40, 10),
        ("clock.setVisible(false); pass(10); clock.setVisible(false); pass(10)", 0, 0, 20),
    ],
)
def test_every_moment_is_active_idle_or_hidden(evaluate, body, active, idle, hidden):
    assert _times(evaluate, body) == (active * 1000, idle * 1000, hidden * 1000)


def test_looking_at_the_account_does_not_end_a_pause(evaluate):
    assert _times(evaluate, "pass(20); done(); pass(20); done()") == (0, 40_000, 0)


def test_a_restored_draft_continues_its_account(evaluate):
    earlier = {"wall_ms": 1, "active_ms": 60_000, "idle_ms": 5, "hidden_ms": 7, "strokes": 4}
    got = evaluate(
        "work/clock.js",
        _SETUP + "pass(1); clock.count('strokes'); clock.count('undos'); return done();",
        earlier,
    )
    assert got == {
        "wall_ms": 61_012,
        "active_ms": 61_000,
        "idle_ms": 5,
        "hidden_ms": 7,
        "strokes": 5,
        "lines": 0,
        "fills": 0,
        "erases": 0,
        "undos": 1,
        "zooms": 0,
    }


def test_a_draft_with_nonsense_in_it_is_no_account(evaluate):
    earlier = {"active_ms": "<b>", "idle_ms": -4, "hidden_ms": None, "strokes": 1e400, "other": 3}
    assert _times(evaluate, "pass(1)", earlier) == (1000, 0, 0)
