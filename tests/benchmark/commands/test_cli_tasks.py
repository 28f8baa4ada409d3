"""`benchmark evaluate --task panoptic` and `--task semantic` as a user meets them."""

import json
import re
import subprocess
from pathlib import Path

import forked
import numpy as np
import pytest
from panoptic_oracle import PanopticCase, Picture, Piece
from PIL import Image

from benchmark import evaluate_panoptic, evaluate_semantic


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The installed command in a process of its own."""
    preload = ("benchmark.pixels.panoptic", "benchmark.pixels.semantic", "benchmark.report")
    return forked.run(
        "benchmark.commands.main:main", "evaluate", *arguments, preload=preload, cwd=cwd
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A panoptic case (`predicted.json`, `true.json`) and label maps (`maps`, `labels`)."""
    half = Picture([[1, 1, 1, 2]], [[1, 1, 0, 2]], [Piece(1, 1), Piece(2, 3)],
                   [Piece(1, 1), Piece(2, 1)])  # fmt: skip
    PanopticCase([half], [1, 2, 3], {1, 2}).write(tmp_path)
    for name, labels in (("maps", [[0, 1, 1, 2]]), ("labels", [[1, 2, 0, 3]])):
        (tmp_path / name).mkdir()
        Image.fromarray(np.array(labels, np.uint8)).save(tmp_path / name / "a.png")
    return tmp_path


def test_panoptic_prints_the_rows_and_writes_the_numbers_of_the_function(folder: Path) -> None:
    arguments = ("predicted.json", "--task", "panoptic", "--gt", "true.json")
    done = run(*arguments, "--json", "out.json", cwd=folder)
    assert done.returncode == 0, done.stderr
    # person: IoU 2/3, one match and one false; sky: missed; nobody has category 2.
    for row in (r"All +│ 22.22 │ 33.33 │ 33.33 │ +2 │", r"Things +│ 44.44 │ 66.67 │ 66.67 │ +1 │",
                r"Stuff +│ +0.00 │ +0.00 │ +0.00 │ +1 │"):  # fmt: skip
        assert re.search(row, done.stdout), row
    assert "1 segments matched, 1 false, 1 missed; 1 images, 3 categories" in done.stdout
    assert "category 1" not in done.stdout
    numbers = json.loads((folder / "out.json").read_text())
    row = evaluate_panoptic(folder / "predicted.json", folder / "true.json").rows()["All"]
    assert numbers["metrics"]["All"] == {"PQ": row.pq, "SQ": row.sq, "RQ": row.rq, "N": 2}
    assert [c["PQ"] for c in numbers["per_category"]] == [pytest.approx(4 / 9), None, 0]
    assert (numbers["task"], numbers["ground_truth"]) == ("panoptic", "true.json")
    assert json.loads(run(*arguments, "--json", "-", cwd=folder).stdout) == numbers


def test_panoptic_per_class_and_other_folders(folder: Path) -> None:
    (folder / "predicted").rename(folder / "p")
    (folder / "true").rename(folder / "t")
    arguments = ("predicted.json", "--task", "panoptic", "--gt", "true.json", "--per-class")
    done = run(*arguments, "--pred-pngs", "p", "--gt-pngs", "t", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert re.search(r"category 1 +│ thing │ 44.44 │ 66.67 │ 66.67 │ +1 │ +1 │ +0 │", done.stdout)
    assert re.search(r"category 2 +│ thing │ +– │ +– │ +– │ +0 │ +0 │ +0 │", done.stdout)
    done = run(*arguments, cwd=folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: true: no such folder; give the PNG folder with --gt-pngs")


def test_semantic_prints_the_means_and_writes_the_numbers_of_the_function(folder: Path) -> None:
    arguments = ("maps", "--task", "semantic", "--gt", "labels", "--reduce-zero-label")
    done = run(*arguments, "--json", "out.json", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert re.search(
        r"mIoU +│ IoU, 3 classes in the ground truth or the predictions +│ 100.00 │", done.stdout
    )
    assert "3 pixels counted; 1 images, 3 classes" in done.stdout
    numbers = json.loads((folder / "out.json").read_text())
    result = evaluate_semantic(folder / "maps", folder / "labels", reduce_zero_label=True)
    assert numbers["metrics"] == result.metrics
    assert [c["true_pixels"] for c in numbers["per_class"]] == [1, 1, 1]


def test_semantic_per_class_by_name(folder: Path) -> None:
    (folder / "names.txt").write_text("wall\nsky\ntree\ngrass\n")
    arguments = ("maps", "--task", "semantic", "--gt", "labels", "--ignore-label", "0")
    done = run(*arguments, "--classes", "names.txt", "--per-class", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert re.search(r"sky +│ +1 │ +0.00 │ +0.00 │ +1 │ +1 │", done.stdout)
    assert re.search(r"wall +│ +0 │ +– │ +– │ +0 │ +0 │", done.stdout)
    (folder / "names.txt").write_text("wall\nsky\ntree\n")
    done = run(*arguments, "--classes", "names.txt", cwd=folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: labels/a.png: unknown label 3: not among the classes\n"


def test_bad_input_ends_in_one_line_and_status_1(folder: Path) -> None:
    Image.new("RGBA", (4, 1)).save(folder / "predicted" / "000000000001.png")
    for arguments, message in (
        (
            ("predicted.json", "--task", "panoptic", "--gt", "true.json"),
            "error: predicted/000000000001.png: must be an 8-bit RGB PNG; is an 8-bit RGBA PNG\n",
        ),
        (
            ("predicted.json", "--task", "panoptic", "--gt", "absent.json"),
            "error: absent.json: no such file\n",
        ),
        (("absent", "--task", "semantic", "--gt", "labels"), "error: absent: no such file\n"),
    ):
        done = run(*arguments, cwd=folder)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", message)


@pytest.mark.parametrize(
    "arguments",
    [
        ("predicted.json", "--task", "panoptic"),
        ("maps", "--task", "semantic"),
        ("maps", "--task", "segments", "--gt", "labels"),
        ("predicted.json", "--task", "panoptic", "--gt", "true.json", "--iou", "segm"),
        ("predicted.json", "--task", "panoptic", "--gt", "true.json", "--ignore-label", "0"),
        ("maps", "--task", "semantic", "--gt", "labels", "--gt-pngs", "labels"),
        ("predicted.json", "--gt", "true.json", "--per-class"),
    ],
)
def test_options_of_another_task_are_refused(folder: Path, arguments: tuple[str, ...]) -> None:
    done = run(*arguments, cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
