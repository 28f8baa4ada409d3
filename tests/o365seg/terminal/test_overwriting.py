"""No output file is an input or another output."""

from pathlib import Path

import pytest

from o365seg.errors import InputError
from o365seg.terminal.overwriting import refuse_overwriting


def test_an_input_is_not_overwritten(tmp_path: Path) -> None:
    predictions = tmp_path / "preds.json"
    spelled = tmp_path / "x" / ".." / "preds.json"
    with pytest.raises(InputError, match=r"preds\.json: --json would overwrite an input file"):
        refuse_overwriting({"--json": spelled}, [predictions])


def test_two_outputs_are_two_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--csv would overwrite --json"):
        refuse_overwriting({"--json": tmp_path / "a", "--csv": str(tmp_path / "a")}, [])


def test_no_file_of_an_input_folder_is_replaced_and_new_ones_are_allowed(tmp_path: Path) -> None:
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "1.png").touch()
    (tmp_path / "maps2").touch()
    with pytest.raises(InputError, match="--json would overwrite a file of an input folder"):
        refuse_overwriting({"--json": tmp_path / "maps" / "1.png"}, [tmp_path / "maps"])
    new, beside = tmp_path / "maps" / "new.json", tmp_path / "maps2"
    refuse_overwriting({"--json": new, "--csv": beside}, [tmp_path / "maps"])


def test_standard_streams_and_absent_options_are_no_files() -> None:
    refuse_overwriting({"--json": "-", "--csv": None}, ["-", None])
