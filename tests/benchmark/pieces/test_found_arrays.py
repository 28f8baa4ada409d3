"""Arrays of predictions as records: masks encoded as pycocotools encodes them."""

import json
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from benchmark.average_precision.native_path import is_built
from benchmark.pieces.found_arrays import found_arrays
from o365seg.errors import InputError


def random_masks(rng: np.random.Generator) -> np.ndarray:
    """bool[n, height, width]: noise, empty and full, with rows without pixels or touching."""
    height, width, count = rng.integers(1, 40, 3)
    masks = rng.random((count, height, width)) < rng.choice([0.0, 0.02, 0.5, 0.95, 1.0])
    if rng.random() < 0.5:
        masks[:, : height // 3] = masks[:, height - height // 4 :] = False
    if rng.random() < 0.3:
        masks[:, :, width // 2 :] = True
    return masks


@pytest.mark.parametrize("native", ["1", "0"])
def test_records_are_those_of_pycocotools(native: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("O365SEG_NATIVE", native)
    rng = np.random.default_rng(0)
    for _ in range(300):
        masks = random_masks(rng)
        scores, labels = rng.random(len(masks)), rng.integers(1, 2**60, len(masks))
        boxes = rng.random((len(masks), 4)) * 100 if rng.random() < 0.5 else None
        size = (masks.shape[1], masks.shape[2])
        found = found_arrays(size, "image 7", masks, None, boxes, scores, labels)
        records = json.loads(b"[" + found.records(7) + b"]")
        columns: Any = np.asfortranarray(masks.transpose(1, 2, 0)).view(np.uint8)
        expected: Any = coco_mask.encode(columns)
        for i, record in enumerate(records):
            assert record["segmentation"]["counts"] == expected[i]["counts"].decode()
            assert record["segmentation"]["size"] == list(size)
            assert (record["image_id"], record["category_id"]) == (7, labels[i])
            assert record["score"] == scores[i]
            assert record.get("bbox") == (None if boxes is None else boxes[i].tolist())


def test_a_large_mask_has_long_runs() -> None:
    masks = np.zeros((2, 2100, 3000), bool)
    masks[0, 1000:1100, 2000:2500] = masks[1, 5:, :] = True
    found = found_arrays((2100, 3000), "image 1", masks, None, None, [0.5, 0.25], [1.0, 2.0])
    records = json.loads(b"[" + found.records(1) + b"]")
    for mask, record in zip(masks, records, strict=True):
        assert (coco_mask.decode(record["segmentation"]) == mask).all()


def test_boxes_alone_have_no_masks() -> None:
    found = found_arrays((9, 9), "image 1", None, None, [[1, 2, 3, 4]], [1], [3])
    assert json.loads(found.records(1)) == {
        "image_id": 1, "category_id": 3, "score": 1.0, "bbox": [1.0, 2.0, 3.0, 4.0]
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"labels": [1.5]}, "labels must be whole numbers"),
        ({"labels": ["a"]}, "labels must be whole numbers"),
        ({"labels": [1, 2]}, "2 labels for 1 scores"),
        ({"boxes": [[1, 2, 3]]}, r"boxes must have shape \(n, 4\), not \(1, 3\)"),
        ({"masks": np.ones((1, 3, 4))}, r"masks must have shape \(n, 9, 9\), not \(1, 3, 4\)"),
        ({"boxes": None}, "give masks, rles or boxes"),
    ],
)
def test_arrays_that_do_not_fit_are_named(given: dict[str, Any], message: str) -> None:
    arrays = {"masks": None, "boxes": [[1, 2, 3, 4]], "scores": [1], "labels": [1]} | given
    with pytest.raises(InputError, match=f"image 1: {message}"):
        found_arrays((9, 9), "image 1", rles=None, **arrays)


@pytest.mark.parametrize("values", [[0.4, 1.0], [0.0, float("nan")], [0.0, 255.0]])
def test_masks_of_probabilities_are_refused(values: list[float]) -> None:
    masks = np.array(values, np.float32)[None, None]
    with pytest.raises(InputError, match="image 1: masks of floats must be 0 or 1"):
        found_arrays((1, 2), "image 1", masks, None, None, [1], [1])


@pytest.mark.parametrize("dtype", [np.float32, np.uint8, bool])
def test_masks_may_be_numbers(dtype: type) -> None:
    found = found_arrays((1, 2), "image 1", np.array([[[0, 1]]], dtype), None, None, [1], [1])
    assert found.masks is not None
    assert found.masks.tolist() == [[[False, True]]]


def test_no_masks_may_be_an_empty_list() -> None:
    found = found_arrays((4, 5), "image 1", [], None, None, [], [])
    assert found.masks is not None
    assert found.masks.shape == (0, 4, 5)
    with pytest.raises(InputError, match="0 masks for 1 scores"):
        found_arrays((4, 5), "image 1", [], None, None, [1], [1])


@pytest.mark.skipif(not is_built(), reason="the core is not built")
def test_the_core_refuses_arrays_of_the_wrong_size() -> None:
    from benchmark import _native

    one, score = np.ones(1, np.int64), np.ones(1)
    for masks, boxes, size in (
        (np.ones(8, np.uint8), None, (3, 3)), (None, np.ones(3), (3, 3)), (None, None, (0, 3)),
        (None, None, (2**31, 3)),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="wrong size"):
            _native.records(1, *size, one, score, masks, boxes)
    with pytest.raises(ValueError, match="wrong size"):
        _native.records(1, 3, 3, one, np.ones(2), None, None)


@pytest.mark.parametrize("size", [[9, 9], np.array([9, 9])])
def test_run_lengths_are_the_same_as_text_and_as_bytes(size: Any) -> None:
    scores, texts = [0.1 + 0.2, 1e-9], ["a\\1", "Q2"]
    given = ([{"size": size, "counts": one} for one in texts],
             [{"size": size, "counts": one.encode()} for one in texts])  # fmt: skip
    text, stock = (
        found_arrays((9, 9), "image 1", None, rles, None, scores, [3, 4]).records(7)
        for rles in given
    )
    found = json.loads(b"[%s]" % text)
    assert found == json.loads(b"[%s]" % stock)
    assert [one["score"] for one in found] == scores
    assert [one["segmentation"]["counts"] for one in found] == texts
