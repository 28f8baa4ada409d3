"""Models compared: the same draws for all, honest p-values, categories in order."""

import copy
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
from evaluation_cases import Case, Guess, Thing, rectangle
from slow_resampling import resampled_precision

from benchmark import Result, evaluate
from benchmark.analysis.bootstrap import image_weights, intervals, resampled
from benchmark.analysis.comparison import compare, difference
from benchmark.average_precision.native_core import SWITCH
from o365seg.errors import InputError

IMAGES = list(range(1, 31))


def result_of(folder: Path, found: dict[int, list[bool]]) -> Result:
    """An object of every category in each image, found or not."""
    things = [Thing(rectangle(0, 0, 40, 40), image=i, category=c) for c in found for i in IMAGES]
    guesses = [
        Guess(
            rectangle(0, 0, 40, 40) if hit else rectangle(60, 60, 9, 9),
            0.5 + i / 1e3, image=i, category=c,
        )
        for c, hits in found.items()
        for i, hit in zip(IMAGES, hits, strict=True)
    ]  # fmt: skip
    folder.mkdir(exist_ok=True)
    truth, results = Case(things, guesses, images=IMAGES).write(folder)
    return evaluate(results, truth)


@pytest.fixture
def results(tmp_path: Path) -> list[Result]:
    """The second finds more of category 1 and less of category 2 than the first."""
    third = [i % 3 > 0 for i in IMAGES]
    half = [i % 2 > 0 for i in IMAGES]
    fewer = [hit and other for hit, other in zip(half, third, strict=True)]
    return [
        result_of(tmp_path / "a", {1: half, 2: half}),
        result_of(tmp_path / "b", {1: [True] * 30, 2: fewer}),
        result_of(tmp_path / "c", {1: half, 2: half}),
    ]


def test_every_model_keeps_its_own_numbers_and_interval(results: list[Result]) -> None:
    found = compare(results, resamples=100, seed=5)
    for place, result in enumerate(results):
        assert found.metrics[place] == result.metrics
        assert found.intervals[place] == intervals(result, resamples=100, seed=5)


def test_a_difference_is_that_of_the_same_draws(results: list[Result]) -> None:
    found = compare(results, resamples=100, seed=5).differences[0]["AP50"]
    weights = image_weights(30, 100, seed=5)
    first, second = (resampled(r.matches, weights, r.thresholds)[1] for r in results[:2])
    expected = difference(results[1].metrics["AP50"] - results[0].metrics["AP50"], second - first)
    assert found.p_value == expected.p_value
    assert astuple(found.interval) == pytest.approx(astuple(expected.interval), abs=1e-12)


def test_equal_models_do_not_differ_at_all(results: list[Result]) -> None:
    found = compare(results, resamples=50).differences[1]["AP"]
    assert (found.estimate, found.interval.low, found.interval.high) == (0, 0, 0)
    assert found.p_value == 1


def test_categories_are_told_apart_greatest_gain_first(results: list[Result]) -> None:
    gain, loss = compare(results, resamples=2).categories[0]
    assert (gain.category_id, loss.category_id) == (1, 2)
    assert gain.second == pytest.approx(1)
    assert gain.difference > 0 > loss.difference
    assert gain.instances == 30


@pytest.mark.parametrize("native", ["0", "1"])
def test_a_category_s_interval_is_that_of_its_plainly_resampled_ap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, native: str
) -> None:
    monkeypatch.setenv(SWITCH, native)
    random = np.random.default_rng(0)
    hits = [{1: list(random.random(30) < p), 2: list(random.random(30) < 0.5)} for p in (0.3, 0.6)]
    first, second = (
        result_of(tmp_path / name, found) for name, found in zip("ab", hits, strict=True)
    )
    weights = image_weights(30, 60, seed=2).T.astype(np.int32)
    (found,) = compare([first, second], resamples=60, seed=2).categories
    assert {one.category_id for one in found} == {1, 2}
    for one in found:
        plain = [
            resampled_precision(result.category_matches(one.category_id), weights)
            for result in (first, second)
        ]
        expected = difference(one.difference, plain[1] - plain[0])
        assert one.interval is not None
        assert astuple(one.interval) == pytest.approx(astuple(expected.interval), abs=1e-12)
        assert one.p_value == expected.p_value
        assert (one.instances, one.images) == (30, 30)


def test_draws_without_a_category_leave_its_interval_and_one_image_makes_none(
    tmp_path: Path,
) -> None:
    square, off = rectangle(0, 0, 40, 40), rectangle(60, 60, 9, 9)
    things = [Thing(square, image=i, category=c) for c, i in ((1, 1), (1, 2), (2, 3), (2, 3))]
    results = []
    for name, here in (("a", [square, off, square, off]), ("b", [square, square, square, square])):
        guesses = [
            Guess(mask, 0.9 - place / 10, image=thing.image, category=thing.category)
            for place, (mask, thing) in enumerate(zip(here, things, strict=True))
        ]
        (tmp_path / name).mkdir()
        truth, written = Case(things, guesses, images=IMAGES).write(tmp_path / name)
        results.append(evaluate(written, truth))
    (found,) = compare(results, resamples=80).categories
    by_id = {one.category_id: one for one in found}
    assert (by_id[1].images, by_id[2].images) == (2, 1)
    assert (by_id[2].interval, by_id[2].p_value) == (None, None)
    weights = image_weights(30, 80, seed=0).T.astype(np.int32)
    plain = [resampled_precision(result.category_matches(1), weights) for result in results]
    known = plain[0] >= 0
    assert 0 < known.sum() < 80
    expected = difference(by_id[1].difference, (plain[1] - plain[0])[known])
    assert by_id[1].p_value == expected.p_value


def test_p_values_are_uniform_where_the_mean_is_zero_and_small_where_it_is_not() -> None:
    random = np.random.default_rng(0)
    p_values = []
    for _ in range(400):
        sample = random.normal(size=50)
        drawn = random.choice(sample, (200, 50)).mean(axis=1)
        p_values.append(difference(sample.mean(), drawn).p_value)
    assert np.mean(p_values) == pytest.approx(0.5, abs=0.05)
    assert np.mean(np.array(p_values) < 0.1) == pytest.approx(0.1, abs=0.05)
    drawn = random.choice(random.normal(loc=2, size=50), (200, 50)).mean(axis=1)
    assert difference(2.0, drawn).p_value == 1 / 201


def test_what_cannot_be_compared_is_refused(results: list[Result]) -> None:
    with pytest.raises(InputError, match="at least two results files"):
        compare(results[:1])
    with pytest.raises(InputError, match="2 resamples"):
        compare(results, resamples=1)
    other = copy.copy(results[1])
    other.category_ids = [1, 3]
    with pytest.raises(ValueError, match="cover different images"):
        compare([results[0], other])
