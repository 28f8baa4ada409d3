"""Ids, scores, areas and boxes of any size: the analyses find what they find for ordinary ones."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from random_sets import random_set

from benchmark.analysis.by_size import match_in_sizes
from benchmark.analysis.confusion import confusion
from benchmark.analysis.error_kinds import errors, judge
from o365seg.errors import InputError

FAR = 2**53 + 1


def content(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    truth, results = random_set(3).write(folder)
    return json.loads(truth.read_bytes()), json.loads(results.read_bytes())


def far_ids(truth: dict[str, Any], results: list[dict[str, Any]]) -> None:
    for one in (*truth["images"], *truth["annotations"], *truth["categories"]):
        one["id"] += FAR
    for one in (*truth["annotations"], *results):
        one["image_id"] += FAR
        one["category_id"] += FAR


def far_scores(truth: dict[str, Any], results: list[dict[str, Any]]) -> None:
    for one in results:
        one["score"] = 1.5e308 * one["score"]


def faint_scores(truth: dict[str, Any], results: list[dict[str, Any]]) -> None:
    for one in results:
        one["score"] *= 2.0**-200


def far_boxes(truth: dict[str, Any], results: list[dict[str, Any]]) -> None:
    for one in truth["annotations"]:
        if one.get("segmentation") and not one["iscrowd"]:
            one["bbox"] = [1e200, 5, 1e200, 1e200]


def negative_boxes(truth: dict[str, Any], results: list[dict[str, Any]]) -> None:
    for one in results:
        one["bbox"] = [5, 5, -3, 4]


@pytest.mark.parametrize("iou", ["segm", "boundary", "bbox"])
@pytest.mark.parametrize(
    "change",
    [far_ids, far_scores, faint_scores, far_boxes, negative_boxes],
    ids=lambda f: f.__name__,
)
def test_nothing_depends_on_how_large_numbers_are(
    tmp_path: Path, change: Callable[..., None], iou: str
) -> None:
    if iou == "bbox" and change in (far_boxes, negative_boxes):
        pytest.skip("boxes that count are refused")
    truth, results = content(tmp_path)
    scale = {far_scores: 1.5e308, faint_scores: 2.0**-200}.get(change, 1)
    offset = FAR if change is far_ids else 0
    plain = judge(results, truth, iou=iou)
    ids, counts = (found := confusion(results, truth, 0.5, iou=iou)).category_ids, found.counts
    kinds, bins = errors(results, truth, iou=iou), match_in_sizes(results, truth, iou=iou).bins()
    change(truth, results)
    judged = judge(results, truth, iou=iou)
    assert judged.image_ids == [one + offset for one in plain.image_ids]
    assert judged.category.tolist() == (plain.category + offset).tolist()
    fixed = np.where(plain.fixed_category < 0, -1, plain.fixed_category + offset)
    assert judged.fixed_category.tolist() == fixed.tolist()
    assert judged.score.tolist() == (plain.score * scale).tolist()
    for name in ("image", "prediction", "kind", "about", "iou", "fate"):
        assert getattr(judged, name).tolist() == getattr(plain, name).tolist(), name
    found = confusion(results, truth, 0.5 * scale, iou=iou)
    assert found.category_ids == [one + offset for one in ids]
    assert found.counts.tolist() == counts.tolist()
    assert errors(results, truth, iou=iou) == kinds
    assert match_in_sizes(results, truth, iou=iou).bins() == bins


def test_lvis_with_ids_of_any_size(tmp_path: Path) -> None:
    truth, results = content(tmp_path)
    for image in truth["images"]:
        image |= {"neg_category_ids": [1], "not_exhaustive_category_ids": [2]}
    kinds, bins = errors(results, truth), match_in_sizes(results, truth).bins()
    far_ids(truth, results)
    for image in truth["images"]:
        image |= {"neg_category_ids": [1 + FAR], "not_exhaustive_category_ids": [2 + FAR]}
    assert errors(results, truth) == kinds
    assert match_in_sizes(results, truth).bins() == bins


def test_an_area_of_any_size_is_in_the_largest_bin(tmp_path: Path) -> None:
    truth, results = content(tmp_path)
    truth["annotations"][0]["area"] = 1e18
    bins = match_in_sizes(results, truth).bins()
    truth["annotations"][0]["area"] = 1e300
    assert match_in_sizes(results, truth).bins() == bins


def test_a_box_too_far_out_to_compare_is_named(tmp_path: Path) -> None:
    truth, results = content(tmp_path)
    truth["annotations"][1]["bbox"] = [1e200, 5, 3, 3]
    with pytest.raises(InputError, match=r"ground truth: annotations\[1\] .*'bbox'.*too far out"):
        errors(results, truth, iou="bbox")
    truth, results = content(tmp_path)
    for one in results:
        one["bbox"] = [1.0, 2.0, 3.0, 4.0]
    results[2]["bbox"][0] = 1e12
    with pytest.raises(InputError, match=r"predictions: record \[2\].*'bbox'.*too far out"):
        errors(results, truth, iou="bbox")
