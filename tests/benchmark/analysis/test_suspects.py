"""Suspects: which annotation a confident prediction contradicts, by score, with a picture."""

import json
from pathlib import Path

import pytest
from evaluation_cases import HEIGHT, WIDTH, Case, Guess, Thing, rectangle
from PIL import Image
from typer.testing import CliRunner

from benchmark.analysis.error_kinds import judge
from benchmark.analysis.suspects import Suspect, draw_suspects, suspects
from benchmark.commands.main import app
from benchmark.reading.inputs import read_inputs, read_truth
from benchmark.report.inspection_tables import suspects_page
from o365seg.errors import InputError

LEFT, RIGHT = rectangle(0, 0, 30, 30), rectangle(50, 0, 30, 30)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Results and ground truth."""
    case = Case(
        [Thing(LEFT, category=1), Thing(RIGHT, category=2), Thing(LEFT, image=2, category=1)],
        [
            Guess(LEFT, 0.9, category=2),  # wrong category, or wrongly annotated
            Guess(rectangle(50, 0, 30, 70), 0.95, category=2),  # wrong outline
            Guess(rectangle(60, 60, 20, 20), 0.8, image=2, category=2),  # nothing there
            Guess(LEFT, 0.7, image=2, category=1),  # right
            Guess(LEFT, 0.6, image=2, category=1),  # a duplicate
        ],
    )
    truth, results = case.write(tmp_path)
    return results, truth


def found_in(files: tuple[Path, Path], number: int = 50) -> list[Suspect]:
    return suspects(read_truth(files[1]), judge(*files), number)


def test_the_most_confident_contradictions_come_first(files: tuple[Path, Path]) -> None:
    found = found_in(files)
    assert [(one.kind, one.prediction, one.annotation_id) for one in found] == [
        ("localisation", 1, 2), ("classification", 0, 1), ("background", 2, None),
    ]  # fmt: skip
    assert [(one.predicted, one.annotated) for one in found] == [(2, 2), (2, 1), (2, None)]
    assert [one.iou for one in found] == pytest.approx([3 / 7, 1, 0])
    assert found_in(files, 1) == found[:1]


def test_a_skipped_instance_can_be_what_a_suspect_is_about(tmp_path: Path) -> None:
    case = Case([Thing(RIGHT), Thing(box=(0, 0, 30, 30))], [Guess(LEFT, 0.9, category=2)])
    truth, results = case.write(tmp_path)
    (found,) = found_in((results, truth))
    assert (found.kind, found.annotation_id, found.annotated, found.iou) == (
        "classification", 2, 1, 1,
    )  # fmt: skip


def test_pictures_show_both_sides_and_missing_images_are_told(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    Image.new("RGB", (WIDTH, HEIGHT), "white").save(tmp_path / "1.jpg")
    found, inputs = found_in(files), read_inputs(*files)
    pictures, problems = draw_suspects(inputs, found, tmp_path)
    assert [data and data[:2] for data in pictures] == [b"\xff\xd8", b"\xff\xd8", None]
    (problem,) = problems
    assert problem.startswith("2.jpg")
    page = suspects_page(found, {1: "cat", 2: "<dog>"}, pictures, "Suspects")
    assert page.count("<figure>") == 2
    assert "&lt;dog&gt;" in page
    assert "<dog>" not in page
    with pytest.raises(InputError, match="no such folder"):
        draw_suspects(inputs, found, tmp_path / "none")


def test_the_command_names_what_the_files_have(tmp_path: Path) -> None:
    """Text ids are numbered, and predictions of unknown categories dropped, only within."""
    case = Case(
        [Thing(LEFT, image=2), Thing(RIGHT, image=10)],
        [Guess(LEFT, category=7), Guess(LEFT, image=2), Guess(RIGHT, 0.9, image=10, category=2)],
        images=[1, 2, 10],
    )
    content, records = case.truth(), case.results()
    for one in (*content["annotations"], *records):
        one["image_id"] = f"{one['image_id']}"
        one["category_id"] = f"class {one['category_id']}"
    for one in (*content["images"], *content["annotations"]):
        one["id"] = f"{one['id']}"
    for one in content["images"]:
        one["file_name"] = ""
    for one in content["categories"]:
        one["id"] = f"class {one['id']}"
    truth, results = tmp_path / "truth.json", tmp_path / "results.json"
    truth.write_text(json.dumps(content))
    results.write_text(json.dumps(records))
    files = [str(results), "--gt", str(truth), "--images", str(tmp_path)]
    page = ["--page", str(tmp_path / "page.html")]
    done = CliRunner().invoke(app, ["suspects", *files, *page, "--json", "-"])
    assert done.exit_code == 0, done.output
    assert "image 10: " in done.stderr
    (found,) = json.loads(done.stdout)["suspects"]
    assert (found["prediction"], found["image_id"], found["annotation_id"]) == (2, "10", "2")
    assert (found["predicted"], found["annotated"]) == ("class 2", "class 1")
    assert found["kind"] == "classification"
