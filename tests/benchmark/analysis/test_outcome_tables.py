"""The tables of predictions and images agree with the evaluation and with each other."""

from pathlib import Path

import pandas as pd
import pytest
from evaluation_cases import Case, Guess, Thing, rectangle
from random_sets import random_set

from benchmark import evaluate
from benchmark.analysis.error_kinds import judge
from benchmark.analysis.outcome_tables import (
    BEYOND,
    FALSE,
    FOUND,
    IGNORED,
    detections_table,
    images_table,
    write_table,
)
from benchmark.reading.inputs import read_inputs

MASK = rectangle(0, 0, 30, 30)


@pytest.mark.parametrize("seed", range(4))
def test_rows_add_up_to_the_evaluation(tmp_path: Path, seed: int) -> None:
    case = random_set(seed)
    truth, results = case.write(tmp_path)
    result, inputs = evaluate(results, truth), read_inputs(results, truth)
    detections = detections_table(result, inputs, judge(results, truth))
    images = images_table(result, inputs.file)
    assert len(detections) == len(case.guesses)
    assert detections.score.tolist() == [guess.score for guess in case.guesses]
    counts = detections.outcome.value_counts()
    assert images.objects.sum() == result.counts.instances
    assert images.found.sum() == counts.get(FOUND, 0)
    assert images.false_positives.sum() == counts.get(FALSE, 0)
    assert images.ignored.sum() == counts.get(IGNORED, 0)
    assert (images.missed == images.objects - images.found).all()
    found = detections.outcome == FOUND
    assert (detections.matched_iou[found] >= 0.5).all()
    assert ((detections.matched_iou == 0) | (detections.matched_iou > 0.5))[~found].all()
    assert ((detections.error != "") == (detections.outcome == FALSE)).all()
    by_image = detections[found].groupby("image_id").size()
    assert images.set_index("image_id").found.loc[by_image.index].equals(by_image.astype("int64"))


def test_predictions_beyond_the_limit_are_told(tmp_path: Path) -> None:
    case = random_set(0)
    case.guesses = case.guesses[:1] * 103
    truth, results = case.write(tmp_path)
    inputs = read_inputs(results, truth)
    table = detections_table(evaluate(results, truth), inputs, judge(results, truth))
    assert (table.outcome == BEYOND).sum() == 3


def test_ids_and_places_are_those_of_the_files(tmp_path: Path) -> None:
    """Text ids are numbered, and predictions of unknown categories dropped, only within."""
    case = Case([Thing(MASK, image=10), Thing(MASK, image=2)], [], images=[1, 2, 10])
    guesses = [Guess(MASK, category=7), Guess(MASK, image=2), Guess(MASK, image=10, category=2)]
    case.guesses = guesses
    content, records = case.truth(), case.results()
    for one in (*content["annotations"], *records):
        one["image_id"] = f"{one['image_id']}"
        one["category_id"] = f"class {one['category_id']}"
    for one in content["images"]:
        one["id"] = f"{one['id']}"
    for one in content["categories"]:
        one["id"] = f"class {one['id']}"
    result, inputs = evaluate(records, content), read_inputs(records, content)
    table = detections_table(result, inputs, judge(records, content))
    assert table.prediction.tolist() == [1, 2]
    assert table.image_id.tolist() == ["2", "10"]
    assert table.file_name.tolist() == ["2.jpg", "10.jpg"]
    assert table.category_id.tolist() == ["class 1", "class 2"]
    assert table.outcome.tolist() == [FOUND, FALSE]
    images = images_table(result, inputs.file, inputs.text_ids)
    assert images.image_id.tolist() == ["1", "10", "2"]
    assert images.found.tolist() == [0, 0, 1]


def test_images_without_a_file_name_have_that_of_their_url() -> None:
    case = Case([Thing(MASK)], [Guess(MASK)])
    content, records = case.truth(), case.results()
    for one in content["images"]:
        del one["file_name"]
        one["coco_url"] = f"http://images.cocodataset.org/val2017/{one['id']}.jpg"
    result, inputs = evaluate(records, content), read_inputs(records, content)
    table = detections_table(result, inputs, judge(records, content))
    assert table.file_name.tolist() == ["val2017/1.jpg"]
    images = images_table(result, inputs.file).file_name.tolist()
    assert images == ["val2017/1.jpg", "val2017/2.jpg"]


def test_csv_and_parquet_hold_the_table(tmp_path: Path) -> None:
    table = pd.DataFrame({"name": ["a,b", "ä"], "score": [0.1, 1 / 3]})
    write_table(table, tmp_path / "t.csv")
    write_table(table, tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "t.csv"), table)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "t.parquet"), table, check_dtype=False)
