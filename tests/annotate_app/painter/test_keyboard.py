"""Keys to commands."""

import pytest


@pytest.mark.parametrize(
    ("event", "names"),
    [
        ({"key": "b", "code": "KeyB"}, ["B"]),
        ({"key": "B", "code": "KeyB", "shiftKey": True}, ["Shift+B"]),
        ({"key": "z", "code": "KeyZ", "ctrlKey": True}, ["Ctrl+Z"]),
        ({"key": "Z", "code": "KeyZ", "metaKey": True, "shiftKey": True}, ["Ctrl+Shift+Z"]),
        ({"key": "?", "code": "Slash", "shiftKey": True}, ["?"]),
        ({"key": "ArrowUp", "code": "ArrowUp", "shiftKey": True}, ["Shift+ArrowUp"]),
        ({"key": "+", "code": "Equal", "shiftKey": True}, ["+", "+"]),
        ({"key": "ü", "code": "BracketLeft"}, ["ü", "["]),  # German
        ({"key": "и", "code": "KeyB"}, ["и", "B"]),  # Russian
        ({"key": "Process", "code": "KeyB"}, ["Process", "B"]),  # an input method
        ({"key": "à", "code": "Digit0"}, ["à", "0"]),  # French
        ({"key": "a", "code": "KeyQ"}, ["A"]),  # French: what is printed on the key counts
    ],
)
def test_a_key_is_read_as_it_is_printed_or_by_its_place(evaluate, event, names):
    assert evaluate("easel/keyboard.js", "return m.keyNames(arg);", event) == names


def test_no_key_has_two_meanings(evaluate):
    keys = evaluate("easel/commands.js", "return m.COMMANDS.flatMap((command) => command.keys);")
    assert len(keys) == len(set(keys))
    ids = evaluate("easel/commands.js", "return m.COMMANDS.map((command) => command.id);")
    assert len(ids) == len(set(ids))
