"""Reading results files: every accepted form, and every fault named and none let through."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluation_cases import (
    HEIGHT,
    WIDTH,
    Case,
    Guess,
    Thing,
    coded,
    rectangle,
    stock_evaluation,
)
from evaluation_cases import tight_box as plain_tight_box
from hypothesis import given
from hypothesis import strategies as st

from benchmark import evaluate
from benchmark.reading.predictions import Predictions, read_predictions, stock_box, tight_box
from o365seg.errors import InputError
from o365seg.formats.masks import check_rle, encode_rle
from o365seg.formats.records import read_annotations

MASK = rectangle(10, 20, 30, 40)
GOOD: dict[str, Any] = {
    "image_id": 1,
    "category_id": 1,
    "score": 0.5,
    "segmentation": coded(MASK),
}


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    return Case([Thing(MASK)], []).write(tmp_path)[0]


def read(truth: Path, content: Any, *, masks: bool = True) -> Predictions:
    """Read `content` (text, bytes or a value) as a results file."""
    path = truth.parent / "preds.json"
    if not isinstance(content, str | bytes):
        content = json.dumps(content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_predictions(path, read_annotations(truth), masks=masks)


def test_all_forms_of_a_mask_are_the_same_mask(truth: Path) -> None:
    runs = check_rle(encode_rle(MASK)).tolist()
    plain = {"size": [HEIGHT, WIDTH], "counts": runs}
    polygon = [[10, 20, 10, 60, 40, 60, 40, 20]]
    found = read(truth, [{**GOOD, "segmentation": form} for form in (coded(MASK), plain, polygon)])
    assert found.masks is not None
    assert found.masks[0] == found.masks[1] == found.masks[2]
    assert found.areas.tolist() == [1200] * 3
    assert found.tight_boxes.tolist() == [[10, 20, 30, 40]] * 3


def test_an_empty_polygon_list_is_an_empty_mask(truth: Path) -> None:
    found = read(truth, [{**GOOD, "segmentation": []}])
    assert found.areas.tolist() == [0]
    assert found.tight_boxes.tolist() == [[0, 0, 0, 0]]


def test_ids_written_as_floats_are_ids(truth: Path) -> None:
    found = read(truth, [{**GOOD, "image_id": 1.0, "category_id": 2.0}])
    assert (found.image_ids, found.category_ids) == ([1], [2])


def test_records_in_memory_are_read_like_a_file(truth: Path) -> None:
    """With the bytes and numpy numbers that pycocotools and models hand out."""
    record = {
        "image_id": np.int64(1),
        "category_id": np.int32(1),
        "score": np.float32(0.5),
        "segmentation": {
            "size": np.array([HEIGHT, WIDTH]),
            "counts": coded(MASK)["counts"].encode(),
        },
    }
    assert evaluate([record], truth).metrics["AR100"] == 1
    with pytest.raises(
        InputError, match=r"^predictions: record .0. .*field 'score': must be a finite number"
    ):
        evaluate([{**GOOD, "score": float("nan")}], truth)
    with pytest.raises(InputError, match="must be JSON-compatible, not set"):
        evaluate([{**GOOD, "score": {1}}], truth)


def with_size(height: int, width: int) -> dict[str, Any]:
    return {**GOOD, "segmentation": {"size": [height, width], "counts": coded(MASK)["counts"]}}


def with_counts(counts: Any) -> dict[str, Any]:
    return {**GOOD, "segmentation": {"size": [HEIGHT, WIDTH], "counts": counts}}


def without(field: str) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key != field}


SECOND = "record [1] (image_id 1, category_id 1)"


@pytest.mark.parametrize(
    ("record", "parts"),
    [
        ({**GOOD, "image_id": 77}, ["record [1] (image_id 77", "'image_id'", "unknown image 77"]),
        ({**GOOD, "category_id": 9}, ["category_id 9)", "'category_id'", "unknown category 9"]),
        (
            {**GOOD, "image_id": 1.5},
            ["image_id 1.5", "'image_id'", "must be a whole number, not 1.5"],
        ),
        (
            {**GOOD, "image_id": "1"},
            ["image_id '1'", "'image_id'", "must be a whole number", "not text"],
        ),
        ({**GOOD, "image_id": True}, ["'image_id'", "not true or false"]),
        (without("image_id"), ["record [1] (category_id 1)", "'image_id'", "missing"]),
        (without("category_id"), ["record [1] (image_id 1)", "'category_id'", "missing"]),
        (without("score"), [SECOND, "'score'", "missing"]),
        (without("segmentation"), [SECOND, "'segmentation'", "missing"]),
        ({**GOOD, "segmentation": None}, [SECOND, "'segmentation'", "missing"]),
        ({**GOOD, "score": "high"}, [SECOND, "'score'", "must be a number"]),
        ({**GOOD, "score": None}, [SECOND, "'score'", "must be a number"]),
        ({**GOOD, "score": float("nan")}, [SECOND, "'score'", "must be a finite number"]),
        ({**GOOD, "score": float("-inf")}, [SECOND, "'score'", "must be a finite number"]),
        (with_size(WIDTH, HEIGHT), [SECOND, "'segmentation'", "differs from 110×100"]),
        (with_size(-1, -110), [SECOND, "'segmentation'", "out of range"]),
        (with_size(2**20, 2**20), [SECOND, "'segmentation'", "out of range"]),
        (with_counts(coded(MASK)["counts"] + "1"), [SECOND, "'segmentation'", "sum to"]),
        (with_counts("oooooooooooooo1"), [SECOND, "'segmentation'", "too long"]),
        (with_counts("P"), [SECOND, "'segmentation'", "truncated"]),
        (with_counts("\x01é"), [SECOND, "'segmentation'", "invalid character"]),
        (with_counts("O"), [SECOND, "'segmentation'", "negative"]),
        (with_counts(""), [SECOND, "'segmentation'", "sum to 0"]),
        (with_counts([5, 2**40]), [SECOND, "'segmentation'", "out of range"]),
        (with_counts([-5, 11005]), [SECOND, "'segmentation'", "negative"]),
        (with_counts(None), [SECOND, "'segmentation.counts'", "not null"]),
        ({**GOOD, "segmentation": {"size": [110, 100]}}, ["'segmentation.counts'", "missing"]),
        ({**GOOD, "segmentation": "mask"}, [SECOND, "'segmentation'", "not text"]),
        ({**GOOD, "segmentation": [[1, 2, 3, 4]]}, [SECOND, "'segmentation'", "4 coordinates"]),
        ({**GOOD, "segmentation": [[]]}, [SECOND, "'segmentation'", "0 coordinates"]),
        ({**GOOD, "segmentation": [[1, 2, 3, 4, 5, 6, 7]]}, ["'segmentation'", "7 coordinates"]),
        ({**GOOD, "segmentation": [[0, 0, 1e300, 0, 0, 5]]}, ["'segmentation'", "too far"]),
        ({**GOOD, "segmentation": [[0, 0, 1e7, 0, 0, 5]]}, ["'segmentation'", "too far"]),
        ({**GOOD, "segmentation": [[0, None]]}, [SECOND, "'segmentation[0][1]'", "not null"]),
        (
            {**GOOD, "bbox": [1, 2, 3]},
            [SECOND, "'bbox'", "must be 4 numbers (x, y, width, height), not 3"],
        ),
        ("text", ["record [1]", "must be an object"]),
    ],
)
def test_a_faulty_record_is_named(truth: Path, record: Any, parts: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        read(truth, [GOOD, record])
    message = str(caught.value)
    assert message.startswith(str(truth.parent / "preds.json"))
    for part in parts:
        assert part in message


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("", "is empty"),
        ("   \n", "is empty"),
        ("{}", "must be a list, not an object"),
        ("null", "must be a list, not null"),
        ("[{", "not valid JSON"),
        ("image_id,score\n1,0.5\n", "not valid JSON"),
        (b"\x80\x04\x95pickle", "not UTF-8"),
        ("[" * 100_000, "record [0]: must be an object, not a list"),
        ('[{"image_id": "x"}, {"image', "record [0], field 'image_id': must be a whole number"),
    ],
)
def test_a_faulty_file_is_named(truth: Path, content: str | bytes, part: str) -> None:
    with pytest.raises(InputError) as caught:
        read(truth, content)
    assert str(caught.value).startswith(str(truth.parent / "preds.json"))
    assert part in str(caught.value)


def test_once_the_first_prediction_has_a_box_all_must(truth: Path) -> None:
    with pytest.raises(InputError, match=r"\[1\].*'bbox'.*missing; the first prediction has one"):
        read(truth, [{**GOOD, "bbox": [0, 0, 1, 1]}, GOOD])


def test_a_negative_box_is_refused_where_boxes_are_compared(truth: Path) -> None:
    record = {**GOOD, "bbox": [1, 2, 3, -4]}
    assert len(read(truth, [GOOD, record])) == 2
    with pytest.raises(InputError, match="'bbox': width and height must not be negative, not 3×-4"):
        read(truth, [GOOD, record], masks=False)


def test_an_empty_box_is_none(truth: Path) -> None:
    found = read(truth, [{**GOOD, "bbox": []}, GOOD])
    assert not found.areas_of_boxes


def test_box_ap_asks_for_no_masks_where_there_are_boxes(truth: Path) -> None:
    record = {**without("segmentation"), "bbox": [10, 20, 30, 40]}
    assert read(truth, [record], masks=False).masks is None
    path = truth.parent / "preds.json"
    assert evaluate(path, truth, iou="bbox").metrics["AR100"] == 1
    with pytest.raises(InputError, match="'segmentation': missing"):
        evaluate(path, truth, iou="segm")


def test_areas_come_from_boxes_once_the_first_prediction_has_one(truth: Path) -> None:
    """As in pycocotools; the reader is told, but only where it changes a size class."""
    guesses = [Guess(rectangle(60, 0, 40, 40), 0.9), Guess(MASK, 0.5)]
    case = Case([Thing(MASK)], guesses)
    plain = evaluate(case.write(truth.parent)[1], truth)
    assert plain.notes == []
    for guess in guesses:
        guess.box = plain_tight_box(guess.mask)
    assert evaluate(case.write(truth.parent)[1], truth).notes == []
    guesses[0].box = (60, 0, 4, 4)
    results = case.write(truth.parent)[1]
    result = evaluate(results, truth)
    assert "1 of 2 predictions change size class" in result.notes[0]
    assert result.metrics["APm"] == pytest.approx(1)  # the larger mask now passes for small
    assert plain.metrics["APm"] == pytest.approx(0.5)
    assert result.stats.tolist() == list(stock_evaluation(truth, results).stats)


masks = st.builds(
    lambda height, width, seed, share: np.random.default_rng(seed).random((height, width)) < share,
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(0, 2**32),
    st.sampled_from([0.0, 0.02, 0.1, 0.5, 1.0]),
)


@given(masks)
def test_the_tight_box_is_the_pixels_extent_and_pycocotools_agrees(mask: np.ndarray) -> None:
    rle = encode_rle(mask)
    found = tight_box(check_rle(rle), mask.shape[0])
    assert found == plain_tight_box(mask)
    assert found == tuple(stock_box(rle))


@given(masks, st.data())
def test_runs_of_no_pixel_do_not_widen_the_tight_box(mask: np.ndarray, data: st.DataObject) -> None:
    runs = check_rle(encode_rle(mask)).tolist()
    place = data.draw(st.integers(0, len(runs) - 1))
    cut = data.draw(st.integers(0, runs[place]))
    split = [*runs[:place], cut, 0, runs[place] - cut, *runs[place + 1 :]]
    assert tight_box(np.array(split), mask.shape[0]) == plain_tight_box(mask)
