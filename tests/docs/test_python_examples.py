"""The Python examples of the benchmark's pages run as they are printed, one after the other."""

import contextlib
import io
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
from random_sets import random_set
from typer.testing import CliRunner

from benchmark.commands.main import app

DOCS = Path(__file__).resolve().parents[2] / "docs"
OPTIONAL = ("supervision", "fiftyone")
PAGES = ("evaluation.md", "analysis.md", "quickstart/benchmark.md", "api/benchmark.md")


def examples(page: str) -> list[str]:
    text = (DOCS / page).read_text()
    found = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert found
    return found


@pytest.mark.parametrize("page", PAGES)
def test_python_examples_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    truth, results = random_set(7, images=14).write(tmp_path)
    truth.rename(tmp_path / "o365_instance_seg_val.json")
    for name in ("preds.json", "baseline.json", "mine.json"):
        shutil.copy(results, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    command = ["evaluate", "preds.json", "--images-csv", "images.csv"]
    command += ["--detections-csv", "detections.csv"]
    assert CliRunner().invoke(app, command).exit_code == 0
    for example in examples(page):
        if "for image_id, found in predictions" in example or "patch_pycocotools" in example:
            continue  # a loop around a model, and a change of the whole process
        if any(f"import {name}" in example and not find_spec(name) for name in OPTIONAL):
            continue
        with contextlib.redirect_stdout(io.StringIO()) as said:
            exec(compile(example, page, "exec"), {})
        assert "print(" not in example or said.getvalue().strip()
