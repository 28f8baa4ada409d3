"""The interval over images: its resamples, their AP, and what it says of known cases."""

from pathlib import Path

import numpy as np
import pytest
from evaluation_cases import Case, Guess, Thing, rectangle
from evaluation_strategies import cases
from hypothesis import given, settings
from slow_resampling import resampled

from benchmark import Result, evaluate
from benchmark.analysis.bootstrap import intervals
from benchmark.average_precision import weighted_ap
from benchmark.average_precision.accumulation import mean_known, precision_at_recalls, rank
from benchmark.average_precision.matches import CategoryMatches
from o365seg.errors import InputError
from o365seg.statistics.t_intervals import LEAST_IMAGES, image_weights


def test_every_resample_draws_as_many_images_as_there_are() -> None:
    weights = image_weights(30, 40, seed=3)
    assert weights.shape == (30, 40)
    assert (weights.sum(axis=0) == 30).all()
    np.testing.assert_array_equal(image_weights(30, 9, seed=3), weights[:, :9])
    assert (image_weights(30, 40, seed=4) != weights).any()


@settings(max_examples=30)
@given(case=cases())
def test_weights_of_one_give_the_evaluations_own_numbers(
    tmp_path_factory: pytest.TempPathFactory, case: Case
) -> None:
    result = evaluate(*reversed(case.write(tmp_path_factory.mktemp("case"))))
    ones = np.ones((2, 3), np.uint16)
    found = resampled(result.matches, ones, result.thresholds)
    expected = [result.metrics[name] for name in ("AP", "AP50", "AP75")]
    np.testing.assert_allclose(found, np.repeat([expected], 3, axis=0).T, rtol=1e-12)


def random_matches(seed: int, images: int) -> list[CategoryMatches]:
    """Three categories, one of them in a single image."""
    random = np.random.default_rng(seed)
    found = []
    for category, share in ((1, 1.0), (2, 0.5), (3, 0.0)):
        positives = random.integers(0, 4, images) * (random.random(images) < share)
        positives[0] = 2
        image = np.repeat(np.arange(images), 5)
        matched = np.zeros((1, 10, len(image)), bool)
        for i in range(images):
            for t in range(10):
                hits = random.choice(5, random.integers(0, positives[i] + 1), replace=False)
                matched[0, t, 5 * i + hits] = True
        ignored = random.random(matched.shape) < 0.1
        score = random.permutation(len(image)) / len(image)
        found.append(
            CategoryMatches(
                category, image.astype(np.int32), np.arange(len(image)), score,
                matched, ignored, positives[None].astype(np.int32),
            )
        )  # fmt: skip
    return found


def copied(matches: CategoryMatches, weights: np.ndarray) -> CategoryMatches:
    """The matches of a set that holds every image as often as its weight says."""
    times = weights[matches.image]
    return CategoryMatches(
        matches.category_id, np.repeat(matches.image, times),
        np.repeat(matches.prediction, times), np.repeat(matches.score, times),
        np.repeat(matches.matched, times, axis=2), np.repeat(matches.ignored, times, axis=2),
        matches.positives * weights.astype(np.int32),
    )  # fmt: skip


def test_a_resample_is_the_ap_of_the_images_it_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """A category that a draw leaves without objects leaves the mean, as in pycocotools."""
    matches, thresholds = random_matches(0, images=12), np.linspace(0.5, 0.95, 10)
    weights = image_weights(12, 25, seed=1)
    assert (weights[0] == 0).any()  # in some, the third category has no object
    found = resampled(matches, weights, thresholds)
    for column in range(25):
        precision = np.stack(
            [precision_at_recalls(rank(copied(one, weights[:, column]))) for one in matches], -1
        )
        expected = [mean_known(part) for part in (precision, precision[0], precision[5])]
        np.testing.assert_allclose(found[:, column], expected, rtol=1e-12)
    monkeypatch.setattr(weighted_ap, "_CELLS", 100)  # in parts
    np.testing.assert_allclose(resampled(matches, weights, thresholds), found, rtol=1e-12)


def result_of(folder: Path, outcomes: list[bool]) -> Result:
    """An image each, with one object that is found or not."""
    images = list(range(1, len(outcomes) + 1))
    things = [Thing(rectangle(0, 0, 40, 40), image=i) for i in images]
    guesses = [
        Guess(rectangle(0, 0, 40, 40) if found else rectangle(60, 60, 9, 9), 0.5 + i / 1e3, image=i)
        for i, found in zip(images, outcomes, strict=True)
    ]
    truth, results = Case(things, guesses, images=images).write(folder)
    return evaluate(results, truth)


def test_where_all_images_are_alike_the_interval_is_a_point(tmp_path: Path) -> None:
    found = intervals(result_of(tmp_path, [True] * 12), resamples=50)
    assert found is not None
    for one in found.values():
        assert one.low == pytest.approx(1)
        assert one.high == pytest.approx(1)
        assert one.standard_error == pytest.approx(0, abs=1e-12)


def test_more_images_make_it_narrower_and_a_seed_makes_it_the_same(tmp_path: Path) -> None:
    few, many = (result_of(tmp_path, [True, False, True] * n) for n in (4, 40))
    found = [intervals(result) for result in (few, many)]
    widths = [one["AP"].high - one["AP"].low for one in found if one is not None]
    assert 2 < widths[0] / widths[1] < 5  # the root of 10 is 3.2
    assert intervals(few, seed=1) == intervals(few, seed=1) != intervals(few, seed=2)


def test_few_images_have_no_interval(tmp_path: Path) -> None:
    assert intervals(result_of(tmp_path, [True, False] * (LEAST_IMAGES // 2 - 1))) is None
    assert intervals(result_of(tmp_path, [True, False] * (LEAST_IMAGES // 2))) is not None


def test_there_is_none_without_objects_or_of_one_resample(tmp_path: Path) -> None:
    result = result_of(tmp_path, [True, False])
    with pytest.raises(InputError, match="2 resamples"):
        intervals(result, resamples=1)
    case = Case([Thing(box=(0, 0, 9, 9))], [Guess(rectangle(0, 0, 9, 9))])
    truth, results = case.write(tmp_path)
    with pytest.raises(InputError, match="the ground truth has no objects"):
        intervals(evaluate(results, truth))
