"""`--json` means the same in every command: FILE beside the table, `-` instead of it."""

import json
from pathlib import Path

import pytest

from o365seg.terminal.output import STDOUT, show
from o365seg.terminal.percent import percent


def test_without_json_only_the_tables_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    show({"AP": 0.5}, None, "a table", "another")
    assert capsys.readouterr().out == "a table\nanother\n"


def test_a_dash_prints_the_numbers_instead(capsys: pytest.CaptureFixture[str]) -> None:
    show({"AP": 0.5}, STDOUT, "a table")
    assert json.loads(capsys.readouterr().out) == {"AP": 0.5}


def test_a_file_is_written_beside_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show({"AP": 0.5}, tmp_path / "numbers.json", "a table")
    printed = capsys.readouterr()
    assert printed.out == "a table\n"
    assert printed.err == f"written: {tmp_path / 'numbers.json'}\n"
    assert json.loads((tmp_path / "numbers.json").read_text()) == {"AP": 0.5}


def test_percent_has_a_dash_for_no_number() -> None:
    assert [percent(value) for value in (0.12345, 0.0, 1.0)] == ["12.35", "0.00", "100.00"]
    assert {percent(value) for value in (None, float("nan"), -1.0)} == {"–"}
