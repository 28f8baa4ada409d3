"""The quick reading of `benchmark evaluate`: what it takes, and that it loads nothing heavy."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from evaluation_cases import Case, Guess, Thing, rectangle
from panoptic_oracle import PanopticCase, Picture, Piece
from PIL import Image

from benchmark.average_precision import native_path
from benchmark.commands.fast_path import IOUS, plain_errors, plain_evaluation, plain_pixels
from benchmark.reading.choices import Iou


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("evaluate p.json", {"predictions": "p.json"}),
        ("evaluate - --gt t.json", {"predictions": "-", "gt": "t.json"}),
        ("evaluate --iou=bbox p.json", {"predictions": "p.json", "iou": "bbox"}),
        (
            "evaluate p.json --skip-rule ioa --json -",
            {"predictions": "p.json", "skip_rule": "ioa", "json_file": "-"},
        ),
        (
            "evaluate p.json --by size --report r.html",
            {"predictions": "p.json", "by": "size", "report": "r.html"},
        ),
    ],
)
def test_a_plain_line_is_read(line: str, expected: dict[str, str]) -> None:
    assert plain_evaluation(line.split()) == expected


@pytest.mark.parametrize(
    "line",
    [
        "", "evaluate", "--help", "evaluate --help", "evaluate p.json --help", "stats p.json",
        "evaluate p.json q.json", "evaluate p.json --gt", "evaluate p.json --gt a --gt b",
        "evaluate p.json --iou mask", "evaluate p.json --skip-rule some", "evaluate p.json --odd 1",
        "evaluate p.json --gt --json", "evaluate -- p.json", "evaluate -p", "evaluate --gt= p.json",
        "evaluate p.json --by category", "evaluate p.json --by size --by category",
        "errors p.json", "--version",
    ],
)  # fmt: skip
def test_anything_else_is_left_to_the_command_line(line: str) -> None:
    assert plain_evaluation(line.split()) is None


def test_a_plain_line_of_errors_is_read() -> None:
    found = {"predictions": "p.json", "gt": "t.json", "json_file": "-"}
    assert plain_errors(["errors", "p.json", "--gt", "t.json", "--json", "-"]) == found
    lines: list[str] = ["evaluate p.json", "errors", "errors p.json --by size", "errors --help"]
    for line in lines:
        assert plain_errors(line.split()) is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("evaluate p.json --task panoptic --gt t.json", {"task": "panoptic"}),
        (
            "evaluate p.json --gt t.json --task=panoptic --gt-pngs a --pred-pngs b",
            {"task": "panoptic", "gt_pngs": "a", "pred_pngs": "b"},
        ),
        (
            "evaluate p.json --task semantic --classes c --gt t.json",
            {"task": "semantic", "classes": "c"},
        ),
    ],
)
def test_a_plain_line_of_another_task_is_read(line: str, expected: dict[str, str]) -> None:
    assert plain_pixels(line.split()) == {"predictions": "p.json", "gt": "t.json", **expected}


@pytest.mark.parametrize(
    "line",
    [
        "evaluate p.json --gt t.json", "evaluate p.json --task instance --gt t.json",
        "evaluate p.json --task panoptic", "evaluate p.json --task panoptic --gt t --classes c",
        "evaluate p --task semantic --gt t --per-class", "compare p --task semantic",
        "evaluate p --task semantic --gt t --gt-pngs a", "evaluate --task semantic --gt t",
        "evaluate p --task depth --gt t",
    ],
)  # fmt: skip
def test_other_lines_of_a_task_are_left_to_the_command_line(line: str) -> None:
    assert plain_pixels(line.split()) is None


@pytest.mark.parametrize("task", ["panoptic", "semantic"])
@pytest.mark.parametrize("numbers", [True, False])
def test_both_readings_of_a_task_print_the_same(tmp_path: Path, task: str, numbers: bool) -> None:
    """And only the command line loads what is slow to load."""
    if task == "panoptic":
        segment = Picture([[1, 1, 2]], [[1, 1, 0]], [Piece(1, 1), Piece(2, 2)], [Piece(1, 1)])
        truth, predictions = PanopticCase([segment], [1, 2], {1}).write(tmp_path)[::-1]
    else:
        truth, predictions = tmp_path / "truth", tmp_path / "predictions"
        for folder, row in ((truth, [0, 1, 1]), (predictions, [0, 0, 1])):
            folder.mkdir()
            Image.fromarray(np.array([row], np.uint8)).save(folder / "a.png")
    line = ["evaluate", str(predictions), "--gt", str(truth), "--task", task]
    line += ["--json", "-"] if numbers else []
    heavy = "rich PIL pydantic pycocotools numpy.ma"
    heavy += " numpy" if task == "semantic" else ""
    told, loaded = [], []
    for entry in ("benchmark.commands.fast_path", "benchmark.commands.main"):
        code = (
            f"import atexit, sys\nfrom {entry} import main\n"
            f"heavy = {heavy.split()!r}\n"
            "loaded = lambda: [name for name in heavy if name in sys.modules]\n"
            "atexit.register(lambda: print(loaded(), file=sys.stderr))\n"
            "main()"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, *line], capture_output=True, text=True, check=True
        )
        told.append(done.stdout)
        loaded.append(done.stderr)
    assert told[0] == told[1]
    assert ("mIoU" if task == "semantic" else "PQ") in told[0]
    if native_path.is_built():
        assert loaded[0] == "[]\n"


def test_the_words_are_those_of_the_choices() -> None:
    assert list(IOUS) == list(Iou)


@pytest.mark.parametrize("damage", ["absent", "truncated", "unusual"])
def test_what_goes_wrong_early_is_told_as_ever(damage: str, tmp_path: Path) -> None:
    mask = rectangle(0, 0, 30, 30)
    truth, results = Case([Thing(mask)], [Guess(mask)]).write(tmp_path)
    if damage == "absent":
        results.unlink()
    else:
        text = results.read_text()
        results.write_text(text[:-9] if damage == "truncated" else text.replace("1", "1.0e0", 1))
    arguments = ["evaluate", str(results), "--gt", str(truth), "--json", "-"]
    told = []
    for entry in ("benchmark.commands.fast_path", "benchmark.commands.main"):
        code = f"from {entry} import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
        )
        told.append((done.returncode, done.stdout, done.stderr))
    assert told[0] == told[1]
    assert "Traceback" not in told[0][2]


@pytest.mark.parametrize(
    "line",
    [
        "evaluate {} --iou segm --json -", "evaluate {} --iou bbox --json -", "errors {}",
        "errors {} --iou bbox --skip-rule none --json -", "evaluate {} --by size",
        "evaluate {} --by size --report {}.html --json -", "errors {}.absent",
    ],
)  # fmt: skip
def test_both_readings_print_the_same(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And write the same, and end alike."""
    from benchmark.commands import fast_path as command
    from benchmark.commands import main as cli

    mask = rectangle(0, 0, 30, 30)
    truth, results = Case([Thing(mask)], [Guess(mask)]).write(tmp_path)
    arguments = [*line.replace("{}", str(results)).split(), "--gt", str(truth)]
    monkeypatch.setattr("sys.argv", ["benchmark", *arguments])
    found = []
    for run in (command.main, cli.main):
        try:
            run()
            code = 0
        except SystemExit as done:
            code = done.code or 0
        report = Path(f"{results}.html")
        written = report.read_bytes() if report.exists() else b""
        found.append((code, capsys.readouterr(), written))
    assert found[0] == found[1]


@pytest.mark.skipif(not native_path.is_built(), reason="the core was not built")
@pytest.mark.parametrize(
    ("line", "heavy"),
    [
        ("evaluate {}", "numpy pycocotools msgspec typer rich pydantic"),
        ("evaluate {} --by size", "numpy pycocotools typer pydantic"),
        ("evaluate {} --report {}.html", "typer pydantic scipy PIL matplotlib rich"),
        ("errors {}", "numpy pycocotools typer pydantic"),
    ],
)
def test_a_plain_line_loads_nothing_heavy(line: str, heavy: str, tmp_path: Path) -> None:
    mask = rectangle(0, 0, 30, 30)
    truth, results = Case([Thing(mask)], [Guess(mask)]).write(tmp_path)
    arguments = [*line.replace("{}", str(results)).split(), "--gt", str(truth)]
    code = (
        "import sys\nfrom benchmark.commands.fast_path import main\nmain()\n"
        f"print('loaded:', [name for name in {heavy.split()!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "loaded: []"
