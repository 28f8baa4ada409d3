"""Suspects: which annotation a confident prediction contradicts, by score, with a picture."""

from pathlib import Path

import pytest
from evaluation_cases import HEIGHT, WIDTH, Case, Guess, Thing, rectangle
from PIL import Image

from benchmark.analysis.error_kinds import judge
from benchmark.analysis.suspects import Suspect, draw_suspects, suspects
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
    assert sorted(pictures) == [0, 1]
    assert all(data.startswith(b"\xff\xd8") for data in pictures.values())
    (problem,) = problems
    assert problem.startswith("2.jpg")
    page = suspects_page(found, {1: "cat", 2: "<dog>"}, pictures, "Suspects")
    assert page.count("<figure>") == 2
    assert "&lt;dog&gt;" in page
    assert "<dog>" not in page
    with pytest.raises(InputError, match="no such folder"):
        draw_suspects(inputs, found, tmp_path / "none")
