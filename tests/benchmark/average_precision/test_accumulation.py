"""AP from matches: pycocotools' own, and under image weights that of duplicated images."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluation_cases import HEIGHT, WIDTH, Case, stock_evaluation
from evaluation_strategies import cases
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from benchmark import evaluate
from benchmark.average_precision.accumulation import (
    RECALLS,
    Ranking,
    mean_known,
    precision_at_recalls,
    precisions,
    rank,
    recall,
)
from benchmark.average_precision.weighted_ap import running, weighted_sums
from benchmark.reading.choices import SkipRule
from o365seg.formats.pycocotools_variant import stock_annotation


@settings(max_examples=40)
@given(case=cases(), rule=st.sampled_from(list(SkipRule)))
def test_matches_accumulate_to_the_evaluations_own_arrays(
    tmp_path_factory: pytest.TempPathFactory, case: Case, rule: SkipRule
) -> None:
    truth, results = case.write(tmp_path_factory.mktemp("case"))
    result = evaluate(results, truth, skip_rule=rule)
    for area in range(4):
        found = precisions(result.matches, area)
        expected = result.curves.precision[:, :, :, area, -1]
        assert found.tobytes() == np.ascontiguousarray(expected).tobytes()
        recalls = np.stack([recall(rank(one, area)) for one in result.matches], axis=1)
        np.testing.assert_array_equal(recalls, result.curves.recall[:, :, area, -1])
        assert mean_known(found) == mean_known(expected)
    assert mean_known(precisions(result.matches)) == result.metrics["AP"]


@st.composite
def rankings(draw: st.DrawFn) -> Ranking:
    """Any outcome of a few images; never more true positives in an image than objects."""
    images = draw(st.integers(1, 5))
    predictions = draw(st.integers(0, 12))
    image = np.array(draw(st.lists(st.integers(0, images - 1), min_size=predictions,
                                   max_size=predictions)), np.int32)  # fmt: skip
    kinds = st.sampled_from(["true", "false", "ignored"])
    outcomes = np.array(
        [draw(st.lists(kinds, min_size=predictions, max_size=predictions)) for _ in range(2)]
    ).reshape(2, predictions)
    true = outcomes == "true"
    hits = np.array([[t[image == i].sum() for i in range(images)] for t in true]).max(axis=0)
    extra = draw(st.lists(st.sampled_from([0, 0, 1, 50]), min_size=images, max_size=images))
    return Ranking(
        image=image,
        score=-np.arange(predictions, dtype=float),
        true=true,
        counted=outcomes != "ignored",
        positives=(hits + extra).astype(np.int32),
    )


def repeated(ranking: Ranking, weights: np.ndarray) -> Ranking:
    """Every image's predictions and objects as often as its weight says."""
    times = weights[ranking.image]
    return Ranking(
        image=np.repeat(ranking.image, times),
        score=np.repeat(ranking.score, times),
        true=np.repeat(ranking.true, times, axis=1),
        counted=np.repeat(ranking.counted, times, axis=1),
        positives=ranking.positives * weights,
    )


@settings(max_examples=300)
@given(ranking=rankings(), data=st.data())
def test_a_weight_counts_an_image_that_often(ranking: Ranking, data: st.DataObject) -> None:
    images = len(ranking.positives)
    columns = data.draw(
        st.lists(st.lists(st.integers(0, 3), min_size=images, max_size=images), min_size=1,
                 max_size=4)
    )  # fmt: skip
    weights = np.array(columns).T
    sums, positives = weighted_sums(ranking, weights.astype(float))
    for column in range(weights.shape[1]):
        expected = precision_at_recalls(repeated(ranking, weights[:, column]))
        assert positives[column] == (ranking.positives * weights[:, column]).sum()
        if positives[column]:
            np.testing.assert_allclose(sums[:, column], expected.sum(axis=1), rtol=1e-13)


@pytest.mark.parametrize("positives", [1, 7, 25, 29, 50, 58, 100, 200, 10_000])
def test_every_recall_is_reached_where_pycocotools_reaches_it(positives: int) -> None:
    """0.58 of 100 objects is 58 to arithmetic and 59 to `np.linspace` in float64."""
    for hits in {*range(min(positives, 120) + 1), positives}:
        if not hits:
            continue
        ranking = Ranking(
            image=np.zeros(hits, np.int32), score=np.zeros(hits), true=np.ones((1, hits), bool),
            counted=np.ones((1, hits), bool), positives=np.array([positives], np.int32),
        )  # fmt: skip
        sums, _ = weighted_sums(ranking, np.ones((1, 1)))
        assert round(sums[0, 0]) == np.count_nonzero(hits / positives >= RECALLS)


@settings(max_examples=20)
@given(case=cases(skips=False), data=st.data())
def test_weights_equal_pycocotools_on_files_with_the_images_copied(
    tmp_path_factory: pytest.TempPathFactory, case: Case, data: st.DataObject
) -> None:
    """Copies next to each other, and no two scores alike, for ties are a convention of each."""
    case.first_id = 1  # id 0 is never found (a fault of pycocotools), and only one copy can have it
    for place, guess in enumerate(case.guesses):
        guess.score += place / 1000
    truth, results = case.write(tmp_path_factory.mktemp("case"))
    result = evaluate(results, truth)
    weights = data.draw(
        st.lists(st.integers(0, 3), min_size=2, max_size=2).filter(lambda counts: any(counts))
    )
    stock = duplicated(case, weights, tmp_path_factory.mktemp("copies"))
    precision = stock.eval["precision"][:, :, :, 0, -1]
    for k, matches in enumerate(result.matches):
        sums, positives = weighted_sums(rank(matches), np.array([weights], float).T)
        if positives[0]:
            np.testing.assert_allclose(sums[:, 0], precision[:, :, k].sum(axis=1), rtol=1e-12)
        else:
            assert (precision[:, :, k] == -1).all()


def duplicated(case: Case, weights: list[int], folder: Path) -> Any:
    """pycocotools on files that hold image i + 1 as often as `weights[i]` says."""
    truth, predictions = case.truth(), case.results()
    copies = {
        image: [10 * image + copy for copy in range(weight)]
        for image, weight in zip((1, 2), weights, strict=True)
    }
    new: dict[str, Any] = {"categories": truth["categories"], "annotations": []}
    new["images"] = [
        {"id": i, "height": HEIGHT, "width": WIDTH} for ids in copies.values() for i in ids
    ]
    for annotation in truth["annotations"]:
        annotation = stock_annotation(annotation, (HEIGHT, WIDTH))
        for i in copies[annotation["image_id"]]:
            number = 1000 * i + annotation["id"]
            new["annotations"].append(annotation | {"image_id": i, "id": number})
    found = [p | {"image_id": i} for p in predictions for i in copies[p["image_id"]]]
    gt, dt = folder / "gt.json", folder / "dt.json"
    gt.write_text(json.dumps(new))
    assume(found)
    dt.write_text(json.dumps(found))
    return stock_evaluation(gt, dt)


def test_running_equals_accumulate() -> None:
    rows = np.random.default_rng(0).normal(size=(7, 3))
    for operation in (np.add, np.maximum):
        np.testing.assert_array_equal(running(operation, rows), operation.accumulate(rows, axis=0))
    assert running(np.add, rows[:0]).shape == (0, 3)
