"""t intervals and p-values against scipy, what bounds them, and the false discovery rate."""

import numpy as np
import pytest
from scipy import stats

from o365seg.statistics.t_intervals import (
    LEAST_IMAGES,
    Correction,
    correction,
    correction_of_mean,
    interval,
    p_value,
    possible_differences,
    q_values,
)

WIDE = (-np.inf, np.inf)


def resampled_means(sample: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return random.choice(sample, (20_000, len(sample))).mean(axis=1)


def test_of_a_mean_it_is_students_own_interval_and_p_value() -> None:
    random = np.random.default_rng(0)
    sample = random.normal(0.4, 1, 12)
    corrected = correction(12)
    assert corrected is not None
    found = interval(sample.mean(), resampled_means(sample, random), corrected, WIDE)
    plain = stats.ttest_1samp(sample, 0)
    ends = plain.confidence_interval(0.95)  # type: ignore[attr-defined]
    assert found.low == pytest.approx(ends.low, abs=0.03)
    assert found.high == pytest.approx(ends.high, abs=0.03)
    p = p_value(sample.mean(), found.standard_error, corrected)
    assert p == pytest.approx(plain.pvalue, abs=0.01)  # type: ignore[attr-defined]


def test_an_interval_excludes_0_exactly_where_p_is_below_5_percent() -> None:
    random = np.random.default_rng(1)
    for estimate in np.linspace(-0.4, 0.4, 161):
        corrected = Correction(1.1, float(random.uniform(1, 40)), 20)
        found = interval(estimate, random.normal(size=50) / 9, corrected, WIDE)
        p = p_value(estimate, found.standard_error, corrected)
        assert (p < 0.05) == (found.low > 0 or found.high < 0)


def test_ends_stay_inside_what_is_possible() -> None:
    values = np.array([-1.0, 1.0] * 9)
    corrected = Correction(1, 5, 10)
    near = interval(0.9, values, corrected)
    assert (near.low, near.high) == (0, 1)
    assert possible_differences(0.7, 0.9) == pytest.approx((-0.1, 0.3))
    assert possible_differences(0.2, 0.1) == pytest.approx((-0.2, 0.1))


def test_few_images_have_no_correction() -> None:
    assert correction(LEAST_IMAGES - 1) is None
    assert correction_of_mean(np.zeros((5, 1)), np.ones((1, LEAST_IMAGES - 1), bool)) is None


def test_resamples_that_agree_are_as_certain_as_a_sign_test_over_the_images() -> None:
    corrected = correction(10)
    assert corrected is not None
    assert p_value(0.4, 0.0, corrected) == stats.binomtest(10, 10).pvalue
    assert p_value(0.0, 0.0, corrected) == 1


def test_one_category_in_all_images_is_the_plain_correction() -> None:
    values = np.random.default_rng(2).normal(size=(40, 1))
    found = correction_of_mean(values, np.ones((1, 15), bool))
    plain = correction(15)
    assert found is not None
    assert plain is not None
    assert found.factor == pytest.approx(plain.factor)
    assert found.degrees_of_freedom == pytest.approx(plain.degrees_of_freedom)


def test_a_mean_over_categories_sums_variances_as_welch_and_satterthwaite_do() -> None:
    random = np.random.default_rng(3)
    values = random.normal(size=(500, 3)) * (1, 2, 3)
    values[::3, 2] = np.nan  # draws without the category
    values = np.column_stack([values, np.full(500, np.nan)])  # a category without objects
    objects = np.arange(40) < np.array([5, 20, 2, 0])[:, None]
    found = correction_of_mean(values, objects)
    spread = np.array([np.var(v[np.isfinite(v)], ddof=1) for v in values[:, :3].T])
    parts = spread * (5 / 4, 20 / 19, 2)
    assert found is not None
    assert found.factor == pytest.approx((parts.sum() / spread.sum()) ** 0.5)
    freedom = parts.sum() ** 2 / sum(part**2 / n for part, n in zip(parts, (4, 19, 1), strict=True))
    assert found.degrees_of_freedom == pytest.approx(freedom)


def test_q_values_are_benjamini_and_hochbergs() -> None:
    random = np.random.default_rng(4)
    p = [*random.random(30).tolist(), 0.001, 0.0005, 0.002, 0.03]
    assert q_values(p) == pytest.approx(stats.false_discovery_control(p).tolist())
    assert q_values([None, 0.2, None, 0.1]) == [None, 0.2, None, 0.2]
    assert q_values([None]) == [None]
