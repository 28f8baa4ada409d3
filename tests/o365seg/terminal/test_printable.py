"""What others wrote cannot reach a terminal or a spreadsheet as anything but text."""

import json

import pytest
from rich.table import Table
from rich.text import Text

from o365seg.errors import InputError
from o365seg.terminal.exit_codes import with_exit_codes
from o365seg.terminal.output import as_json, say, show
from o365seg.terminal.printable import csv_cell, printable

HOSTILE = "a\x1b]0;owned\x07b\x1b[2Jc\rd\x9be\u202ef\x7f"
CONTROLS = set("\x1b\x07\r\x9b\u202e\x7f")


def test_control_characters_become_escapes() -> None:
    assert printable(HOSTILE) == r"a\x1b]0;owned\x07b\x1b[2Jc\rd\x9be\u202ef\x7f"
    plain = "naïve café — 猫\n\tश्री 👩\u200d👧"
    assert printable(plain) == plain
    assert printable("a\nb", lines=False) == r"a\nb"


def test_no_command_prints_them(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("name", title=HOSTILE)
    table.add_row(HOSTILE)
    table.add_row(Text(HOSTILE, style="bold"))
    show({"name": HOSTILE}, None, table, Text(HOSTILE))
    say(HOSTILE)
    say(HOSTILE, err=True)

    def fail() -> None:
        raise InputError(HOSTILE, file=HOSTILE)

    with pytest.raises(SystemExit):
        with_exit_codes(fail)
    said = capsys.readouterr()
    assert not CONTROLS & set(said.out + said.err)
    assert said.out.count(r"\x1b]0;owned") == 5


def test_json_has_them_as_escapes() -> None:
    text = as_json({"note": HOSTILE})
    assert not CONTROLS & set(text)
    assert json.loads(text) == {"note": HOSTILE}


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("-1.5", "-1.5"),
        ("+3", "+3"),
        ("cat", "cat"),
        (-1, -1),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula(value: object, cell: object) -> None:
    assert csv_cell(value) == cell
