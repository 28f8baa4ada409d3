"""The examples run, from the first to the last, as a reader runs them."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from benchmark import evaluate
from o365seg.demo import PREDICTIONS
from o365seg.project.folder import open_project
from o365seg.store.progress.summary import measure_progress

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FILE_NAME = "o365_instance_seg_val.json"

pytestmark = pytest.mark.slow


def run(name: str, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, EXAMPLES / name, *map(str, arguments)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def painted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first example wrote."""
    out = tmp_path_factory.mktemp("painted")
    said = run("paint_and_release.py", out)
    assert "6 images, 17 questions" in said
    return out


def test_the_painted_project_is_released_shown_and_described(painted: Path) -> None:
    info = json.loads((painted / FILE_NAME).read_text())["info"]
    assert info["masks"] + info["skipped"] == info["questions"] == 17
    assert info["masks"] >= 10
    with Image.open(painted / "gallery.png") as sheet:
        assert sheet.width > 1000
    assert "Six photographs" in (painted / "card/data_card.md").read_text()
    project = open_project(painted / "project")
    with project.store.read() as db:
        assert measure_progress(db, 0).unanswered == 0
    project.store.close()


def test_the_demo_s_predictions_are_scored_on_what_was_painted(painted: Path) -> None:
    said = run("score_and_compare.py", painted)
    scores = {}
    for name in PREDICTIONS:
        # As the demo tells its user to: the files lie in the project.
        found = evaluate(painted / "project/predictions" / name, painted / FILE_NAME)
        scores[name] = 100 * found.metrics["AP"]
        assert f"{name}: AP {scores[name]:.1f}" in said
    assert scores["grabcut.json"] > scores["ellipses.json"] > 10
    assert (painted / "scores.png").is_file()


def test_a_network_goes_on_from_a_checkpoint_and_is_scored(painted: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="the model's packages are not installed")
    shutil.copytree(painted, tmp_path / "out")
    said = run("fine_tune_and_predict.py", tmp_path / "out", 2)
    assert "AP50 on its own training images: " in said
