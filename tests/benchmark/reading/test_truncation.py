"""A file that is rewritten while it is evaluated: the numbers of one content, or one line."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from benchmark.average_precision import native_core, native_path
from benchmark.average_precision.evaluation import evaluate
from benchmark.commands.main import app


def write_inputs(folder: Path) -> tuple[Path, Path]:
    box = {"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}
    truth = {
        "images": [{"id": 1, "width": 9, "height": 9}],
        "categories": [{"id": 1, "name": "a"}],
        "annotations": [box | {"id": 1}],
    }
    (folder / "gt.json").write_text(json.dumps(truth))
    (folder / "dt.json").write_text(json.dumps([box | {"score": 0.5}]))
    return folder / "dt.json", folder / "gt.json"


@pytest.mark.skipif(not native_path.is_built(), reason="the native core is not built")
def test_a_file_emptied_while_it_is_matched_counts_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictions, truth = write_inputs(tmp_path)
    match = native_core.match

    def cut_short(*texts: Any, **options: Any) -> Any:
        os.truncate(predictions, 0)
        os.truncate(truth, 0)
        return match(*texts, **options)

    monkeypatch.setattr(native_path, "match", cut_short)
    assert evaluate(predictions, truth, iou="bbox").metrics["AP"] == pytest.approx(1)


def test_a_file_cut_short_before_is_one_line(tmp_path: Path) -> None:
    predictions, truth = write_inputs(tmp_path)
    os.truncate(predictions, 20)
    done = CliRunner().invoke(app, ["evaluate", str(predictions), "--gt", str(truth)])
    assert done.exit_code == 1
    assert str(done.exception).startswith(f"{predictions}: not valid JSON")


LARGE = 5 << 20
WATCHED = """
import os, sys
from benchmark.average_precision.evaluation import evaluate
from benchmark.average_precision import native_core, native_path
from benchmark.reading import mapped_files
name, truth, change = sys.argv[1:]
if change != "library":
    mapped_files.allow_mapping()
read = native_core.read

def changed(*texts, **options):
    assert len(mapped_files._mapped) == (change != "library")
    if change == "shortened":
        os.truncate(name, 100)
    elif change == "rewritten":
        with open(name, "r+b") as file:
            text = file.read()
            file.seek(0)
            file.write(text.replace(b"[1, 2", b"[6, 2"))
    return read(*texts, **options)

native_core.read = changed
print(round(evaluate(name, truth, iou="bbox").metrics["AP"]))
"""


@pytest.mark.skipif(not native_path.is_built(), reason="the native core is not built")
@pytest.mark.skipif(sys.platform != "linux", reason="files are mapped on Linux only")
@pytest.mark.parametrize("change", ["none", "library", "shortened", "rewritten"])
def test_a_large_file_is_mapped_by_a_whole_process(tmp_path: Path, change: str) -> None:
    """Shortened meanwhile, it ends the process in one line; rewritten in place, it is read anew."""
    predictions, truth = write_inputs(tmp_path)
    predictions.write_text(predictions.read_text() + " " * LARGE)
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, predictions, truth, change], capture_output=True, text=True
    )
    if change == "shortened":
        assert done.returncode == 1
        assert done.stderr == f"error: {predictions}: was changed while it was read\n"
        assert not done.stdout
    else:
        assert done.stdout == ("0\n" if change == "rewritten" else "1\n"), done.stderr
