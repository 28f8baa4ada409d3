"""Experiments: how often what intervals and p-values state is so, on sets that were generated.

Every set has images and models of its own. Objects are boxes, so that a set takes milliseconds.
Categories are as unequal as in Objects365: the k-th is in an image with probability 0.6 / k.
"""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from benchmark import Result, evaluate
from benchmark.analysis.bootstrap import intervals
from benchmark.analysis.comparison import Comparison, compare
from o365seg.statistics.t_intervals import LEAST_IMAGES

pytestmark = pytest.mark.slow

IMAGES, CATEGORIES, SETS = 128, 32, 80


def ground_truth(random: np.random.Generator) -> dict[str, Any]:
    """Images with objects, and how hard each image is."""
    annotations = []
    for image in range(1, IMAGES + 1):
        for category in range(1, CATEGORIES + 1):
            if random.random() < 0.6 / category:
                for _ in range(1 + random.poisson(0.7)):
                    x, y = random.integers(0, 400, 2).tolist()
                    w, h = random.integers(20, 120, 2).tolist()
                    annotations.append(
                        {"id": len(annotations) + 1, "image_id": image, "category_id": category,
                         "bbox": [x, y, w, h], "area": w * h, "iscrowd": 0}
                    )  # fmt: skip
    return {
        "images": [
            {"id": i, "width": 640, "height": 640, "file_name": f"{i}.jpg"}
            for i in range(1, IMAGES + 1)
        ],
        "categories": [{"id": k, "name": f"c{k}"} for k in range(1, CATEGORIES + 1)],
        "annotations": annotations,
    }


def predictions(
    truth: dict[str, Any], hard: np.ndarray, found: float, random: np.random.Generator
) -> list[dict[str, Any]]:
    """A noisy model: objects found with log odds `found` − how hard the image is, boxes shifted."""
    results = []
    own = hard + random.normal(0, 0.7, IMAGES + 1)  # what is hard for this model alone
    for one in truth["annotations"]:
        image, (x, y, w, h) = one["image_id"], one["bbox"]
        place = {"image_id": image, "category_id": one["category_id"]}
        if random.random() < 1 / (1 + np.exp(own[image] - found)):
            off = random.normal(0, 0.08, 4) * (w, h, w, h)
            box = [x + off[0], y + off[1], max(1, w + off[2]), max(1, h + off[3])]
            results.append({**place, "bbox": box, "score": random.beta(5, 2)})
        if random.random() < 0.4:
            box = [*random.integers(0, 400, 2).tolist(), w, h]
            results.append({**place, "bbox": box, "score": random.beta(2, 4)})
    for image in range(1, IMAGES + 1):
        box = [*random.integers(0, 400, 2).tolist(), 50, 50]
        category = int(random.integers(1, CATEGORIES + 1))
        score = random.beta(2, 4)
        results.append({"image_id": image, "category_id": category, "bbox": box, "score": score})
    return results


def drawn_set(folder: Path, random: np.random.Generator, found: tuple[float, ...]) -> list[Result]:
    """A set and what its models find."""
    truth, hard = ground_truth(random), random.normal(0, 1, IMAGES + 1)
    file = folder / "truth.json"
    file.write_bytes(msgspec.json.encode(truth))
    return [evaluate(predictions(truth, hard, p, random), file, iou="bbox") for p in found]


def compared(
    folder: Path, found: tuple[float, float]
) -> tuple[list[Comparison], list[list[Result]]]:
    random = np.random.default_rng(7)
    sets = [drawn_set(folder, random, found) for _ in range(SETS)]
    return [compare(one, resamples=200, seed=i) for i, one in enumerate(sets)], sets


def test_of_equally_noisy_models_five_percent_differ_at_5_percent(tmp_path: Path) -> None:
    found, _ = compared(tmp_path, (1.0, 1.0))
    told = [one for each in found for one in each.categories[0]]
    p = np.array([one.p_value for one in told if one.p_value is not None])
    assert len(p) > 500
    assert np.mean(p < 0.05) < 0.06
    assert np.mean(p < 0.01) < 0.015
    assert all(one.p_value is None for one in told if one.images < LEAST_IMAGES)
    any_discovery = [
        any(one.q_value is not None and one.q_value < 0.05 for one in each.categories[0])
        for each in found
    ]
    assert sum(any_discovery) < 0.08 * SETS
    for name in ("AP", "AP50", "AP75"):
        of_sets = np.array([each.differences[0][name].p_value for each in found], float)
        assert np.mean(of_sets < 0.05) < 0.1  # of 80 sets; 150 sets gave 0.05


def test_intervals_cover_what_they_state_and_agree_with_their_p_values(tmp_path: Path) -> None:
    found, results = compared(tmp_path, (0.5, 1.5))
    for name in ("AP", "AP50", "AP75"):
        differences = [each.differences[0][name] for each in found]
        expected = np.mean([one.estimate for one in differences])
        near = [one.interval for one in differences if one.interval is not None]
        assert len(near) == SETS
        assert np.mean([one.low <= expected <= one.high for one in near]) > 0.92
        for model in (0, 1):
            aps = np.mean([each.metrics[model][name] for each in found])
            own = [each.intervals[model] for each in found]
            within = [one and one[name].low <= aps <= one[name].high for one in own]
            assert sum(map(bool, within)) > 0.92 * SETS
    told = [one for each in found for one in each.categories[0]]
    covered = []
    for category in range(1, CATEGORIES + 1):
        of_category = [one for one in told if one.category_id == category]
        if len(of_category) == SETS:  # else the expected difference is not known
            expected = np.mean([one.difference for one in of_category])
            covered += [
                one.interval.low <= expected <= one.interval.high
                for one in of_category
                if one.interval is not None
            ]
    assert len(covered) > 400
    assert 0.93 < sum(covered) / len(covered) < 0.985
    for one in told:
        if one.interval is not None and one.p_value is not None:
            assert (one.p_value < 0.05) == (one.interval.low > 0 or one.interval.high < 0)
            assert one.first + one.interval.high <= 1 + 1e-9
            assert one.first + one.interval.low >= -1e-9
            assert one.second - one.interval.high >= -1e-9
            assert one.second - one.interval.low <= 1 + 1e-9
    again = intervals(results[0][0], resamples=200, seed=0)
    assert again == found[0].intervals[0]
