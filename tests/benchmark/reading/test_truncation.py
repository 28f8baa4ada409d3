"""A file that is rewritten while it is evaluated: the numbers of the old content, or one line."""

import json
import os
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
