"""Models compared: the same draws for all, honest p-values, categories in order."""

import copy
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
from evaluation_cases import Case, Guess, Thing, rectangle
from slow_resampling import resampled, resampled_precision

from benchmark import Result, evaluate
from benchmark.analysis.bootstrap import intervals
from benchmark.analysis.comparison import compare, difference
from benchmark.average_precision.native_core import SWITCH
from o365seg.errors import InputError
from o365seg.statistics.t_intervals import (
    LEAST_IMAGES,
    correction,
    correction_of_mean,
    image_weights,
)

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
    before, after = (result.metrics["AP50"] for result in results[:2])
    aps = [result.resampled_precision(weights.T.astype(np.int32)) for result in results[:2]]
    corrected = correction_of_mean(aps[1] - aps[0], np.ones((2, 30), bool))
    expected = difference(before, after, second - first, corrected)
    assert found.p_value == pytest.approx(expected.p_value, rel=1e-9)
    assert found.interval is not None
    assert expected.interval is not None
    assert astuple(found.interval) == pytest.approx(astuple(expected.interval), abs=1e-12)


def test_equal_models_do_not_differ_at_all(results: list[Result]) -> None:
    found = compare(results, resamples=50).differences[1]["AP"]
    assert found.interval is not None
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
        assert isinstance(one.category_id, int)
        plain = [
            resampled_precision(result.category_matches(one.category_id), weights)
            for result in (first, second)
        ]
        expected = difference(one.first, one.second, plain[1] - plain[0], correction(30))
        assert one.interval is not None
        assert expected.interval is not None
        assert astuple(one.interval) == pytest.approx(astuple(expected.interval), abs=1e-12)
        assert one.p_value == pytest.approx(expected.p_value, rel=1e-9)
        assert (one.instances, one.images) == (30, 30)


def test_a_difference_that_comes_from_two_images_has_no_p_value(tmp_path: Path) -> None:
    """Category 1 is the same in 30 images; category 2 is in two."""
    square, off = rectangle(0, 0, 40, 40), rectangle(60, 60, 9, 9)
    things = [Thing(square, image=i) for i in IMAGES]
    things += [Thing(square, image=i, category=2) for i in (1, 2)]
    results = []
    for name, mask in (("a", off), ("b", square)):
        guesses = [Guess(square if i % 3 else off, 0.9 - i / 99, image=i) for i in IMAGES]
        guesses += [Guess(mask, 0.9, image=i, category=2) for i in (1, 2)]
        (tmp_path / name).mkdir()
        truth, written = Case(things, guesses, images=IMAGES).write(tmp_path / name)
        results.append(evaluate(written, truth))
    found = compare(results, resamples=80)
    assert found.differences[0]["AP"].estimate == pytest.approx(0.5)
    assert (found.differences[0]["AP"].interval, found.differences[0]["AP"].p_value) == (None, None)
    assert found.intervals[1] is not None


@pytest.mark.parametrize("images", [2, LEAST_IMAGES - 1, LEAST_IMAGES])
def test_draws_without_a_category_leave_its_interval_and_few_images_make_none(
    tmp_path: Path, images: int
) -> None:
    square, off = rectangle(0, 0, 40, 40), rectangle(60, 60, 9, 9)
    things = [Thing(square, image=i) for i in range(1, images + 1)]
    results = []
    for name, hits in (("a", 2), ("b", 3)):  # of each model every other or every third is found
        guesses = [
            Guess(off if i % hits else square, 0.9 - i / 100, image=i) for i in range(1, images + 1)
        ]
        (tmp_path / name).mkdir()
        truth, written = Case(things, guesses, images=IMAGES).write(tmp_path / name)
        results.append(evaluate(written, truth))
    (found,) = compare(results, resamples=80).categories[0]
    assert found.images == images
    enough = images >= LEAST_IMAGES
    assert [value is not None for value in (found.interval, found.p_value, found.q_value)] == [
        enough
    ] * 3


def test_what_cannot_be_compared_is_refused(results: list[Result]) -> None:
    with pytest.raises(InputError, match="at least two results files"):
        compare(results[:1])
    with pytest.raises(InputError, match="2 resamples"):
        compare(results, resamples=1)
    other = copy.copy(results[1])
    other.category_ids = [1, 3]
    with pytest.raises(ValueError, match="cover different images"):
        compare([results[0], other])
