"""Which images are worst, and what is drawn on them."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from evaluation_cases import HEIGHT, WIDTH, Case, Guess, Thing, rectangle
from evaluation_strategies import cases
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from benchmark import SkipRule, evaluate
from benchmark.analysis.error_kinds import judge
from benchmark.analysis.worst_images import (
    FALSE,
    FOUND,
    MISSED,
    Picture,
    best_score,
    draw_worst,
    errors_by_image,
    worst,
)
from benchmark.reading.inputs import read_inputs
from o365seg.errors import InputError

A, B, C = rectangle(2, 10, 30, 30), rectangle(60, 10, 30, 30), rectangle(60, 70, 30, 30)


def test_the_least_score_is_that_of_the_best_f1(tmp_path: Path) -> None:
    """2 of 3 objects by the two best; the false one between them costs less than the second."""
    things = [Thing(A), Thing(B), Thing(C)]
    guesses = [Guess(A, 0.9), Guess(rectangle(0, 70, 9, 9), 0.8), Guess(B, 0.7)]
    guesses += [Guess(rectangle(0, 70 + i, 9, 9), 0.1) for i in range(4)]
    result = evaluate(*reversed(Case(things, guesses).write(tmp_path)))
    assert best_score(result.matches) == 0.7


def test_where_nothing_is_right_no_prediction_counts(tmp_path: Path) -> None:
    result = evaluate(*reversed(Case([Thing(A)], [Guess(B)]).write(tmp_path)))
    assert best_score(result.matches) == float("inf")
    (first, _) = errors_by_image(result.matches, 2, best_score(result.matches))
    assert (first.missed, first.false, first.found) == (1, 0, 0)


@settings(max_examples=30)
@given(case=cases())
def test_errors_add_up(tmp_path_factory: pytest.TempPathFactory, case: Case) -> None:
    case.first_id = 1
    result = evaluate(*reversed(case.write(tmp_path_factory.mktemp("case"))))
    errors = errors_by_image(result.matches, 2, 0.5)
    assert sum(one.found + one.missed for one in errors) == result.counts.instances
    counted = sum(int((~m.ignored[0, 0] & (m.score >= 0.5)).sum()) for m in result.matches)
    assert sum(one.found + one.false for one in errors) == counted
    ranked = worst(errors, 2)
    assert [one.missed + one.false for one in ranked] == sorted(
        (one.missed + one.false for one in errors if one.missed + one.false), reverse=True
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Image 1: a found, a missed, a skipped object and a false prediction. Image 2: no file."""
    things = [
        Thing(A), Thing(B), Thing(box=(60.0, 70.0, 30.0, 30.0)), Thing(A, image=2),
    ]  # fmt: skip
    guesses = [Guess(A, 0.9), Guess(rectangle(2, 70, 30, 30), 0.9), Guess(C, 0.9)]
    Case(things, guesses).write(tmp_path)
    Image.new("RGB", (WIDTH, HEIGHT), (90, 90, 90)).save(tmp_path / "1.jpg", quality=95)
    return tmp_path


def drawn(folder: Path, iou: str = "segm") -> tuple[Picture, list[str]]:
    inputs = read_inputs(folder / "results.json", folder / "truth.json", iou)
    result = evaluate(folder / "results.json", folder / "truth.json", iou=iou)
    least, pictures, problems = draw_worst(
        inputs,
        result.matches,
        judge(folder / "results.json", folder / "truth.json", iou=iou),
        folder,
    )
    assert least == 0.9
    (picture,) = pictures
    return picture, problems


def test_missed_and_false_are_filled_and_found_outlined(folder: Path) -> None:
    picture, problems = drawn(folder)
    assert problems == ["2.jpg: no such file in the image root"]
    errors = picture.errors
    assert (errors.missed, errors.false, errors.found) == (1, 1, 1)
    pixels = np.asarray(Image.open(io.BytesIO(picture.data)).convert("RGB")).astype(int)
    grey = np.full(3, 90)

    def like(y: int, x: int, colour: tuple[int, int, int]) -> bool:
        mixed = 0.55 * grey + 0.45 * np.array(colour)
        return bool(np.abs(pixels[y, x] - mixed).max() < 25)

    assert like(30, 75, MISSED)
    assert like(90, 17, FALSE)
    assert np.abs(pixels[25, 17] - grey).max() < 12  # inside what was found
    assert np.abs(pixels[25, 2] - FOUND).max() < 90  # its outline
    assert np.abs(pixels[85, 75] - grey).max() < 12  # absorbed: neither found nor false
    border = pixels[70:101, 60].mean(axis=1)  # the dashed box
    assert border.max() > 200
    assert border.min() < 60


def test_the_truth_has_every_object_and_no_prediction(folder: Path) -> None:
    picture, _ = drawn(folder)
    pixels = np.asarray(Image.open(io.BytesIO(picture.truth)).convert("RGB")).astype(int)
    for y, x in ((25, 17), (25, 75)):  # inside both objects
        assert np.abs(pixels[y, x] - 90).max() > 20
    assert np.abs(pixels[85, 17] - 90).max() < 12  # where a prediction was
    assert pixels[70:101, 60].mean(axis=1).max() > 200  # the skip's dashed box


def test_marks_name_what_is_on_the_image(folder: Path) -> None:
    picture, _ = drawn(folder)
    assert picture.marks == {(1, "found"), (1, "background"), (1, "missed")}


@settings(max_examples=25)
@given(case=cases(), rule=st.sampled_from(list(SkipRule)))
def test_marks_agree_with_the_errors_counted(
    tmp_path_factory: pytest.TempPathFactory, case: Case, rule: SkipRule
) -> None:
    case.first_id = 1
    folder = tmp_path_factory.mktemp("case")
    truth, results = case.write(folder)
    for image in json.loads(truth.read_text())["images"]:
        Image.new("RGB", (image["width"], image["height"])).save(folder / image["file_name"])
    inputs = read_inputs(results, truth)
    matches = evaluate(results, truth, skip_rule=rule).matches
    _, pictures, problems = draw_worst(
        inputs, matches, judge(results, truth, skip_rule=rule), folder
    )
    assert problems == []
    for picture in pictures:
        kinds = {kind for _, kind in picture.marks}
        assert ("found" in kinds) == (picture.errors.found > 0)
        assert ("missed" in kinds) == (picture.errors.missed > 0)
        assert bool(kinds - {"found", "missed"}) == (picture.errors.false > 0)
        assert "right" not in kinds


def test_boxes_are_drawn_for_boxes(folder: Path) -> None:
    picture, _ = drawn(folder, "bbox")
    assert (picture.width, picture.height) == (WIDTH, HEIGHT)
    assert picture.uri.startswith("data:image/jpeg;base64,")


def test_a_folder_that_is_not_there_is_named(folder: Path) -> None:
    files = folder / "results.json", folder / "truth.json"
    with pytest.raises(InputError, match="absent: no such folder"):
        draw_worst(read_inputs(*files), [], judge(*files), Path("absent"))
