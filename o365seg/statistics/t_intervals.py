"""Intervals and p-values of AP by Student's t: the spread over resamples, and for few images more.

The percentiles of a bootstrap are too narrow where a category is in few images: the spread over
resamples of m images is by (m − 1) / m too small, and the tails of so few are heavier than those of
many. A t interval corrects both: standard error √(m / (m − 1)) times the standard deviation, m − 1
degrees of freedom. An AP over many categories sums their variances, each with its own m
(Welch and Satterthwaite). An interval excludes 0 exactly where p < 0.05.
`tests/benchmark/analysis/test_statistics_hold.py` measures what this promises.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from o365seg.statistics.students_t import two_tails, upper_quantile

LEVEL = 0.95
LEAST_IMAGES = 10
"""Images with objects that an interval or a p-value needs; with fewer there is none."""


def image_weights(images: int, resamples: int, seed: int) -> np.ndarray:
    """How often each image is drawn, uint16[images, resamples]; columns add up to `images`.

    Column r depends on the seed, the number of images and r alone, so that fewer resamples are the
    first of more, and two results over the same images can be compared draw by draw.
    """
    random = np.random.default_rng(seed)
    weights = np.empty((resamples, images), np.uint16)
    for row in weights:
        row[:] = np.bincount(random.integers(images, size=images), minlength=images)
    return weights.T


@dataclass(frozen=True)
class Interval:
    """An interval over images; fractions.

    Attributes:
        low: Its lower end.
        high: Its upper end.
        standard_error: The standard deviation over the resamples, corrected for few images.
        bias: The mean over the resamples minus the estimate.
        degrees_of_freedom: Of Student's t.
    """

    low: float
    high: float
    standard_error: float
    bias: float
    degrees_of_freedom: float


@dataclass(frozen=True)
class Correction:
    """What few images do to the spread over resamples.

    Attributes:
        factor: What the standard deviation is multiplied with, ≥ 1.
        degrees_of_freedom: Of Student's t, > 0.
        images: Images with objects, ≥ `LEAST_IMAGES`.
    """

    factor: float
    degrees_of_freedom: float
    images: int


def correction(images: int) -> Correction | None:
    """For one AP whose objects are in so many images; None for fewer than `LEAST_IMAGES`."""
    if images < LEAST_IMAGES:
        return None
    return Correction((images / (images - 1)) ** 0.5, images - 1, images)


def correction_of_mean(values: np.ndarray, objects: np.ndarray) -> Correction | None:
    """For the mean over categories.

    Args:
        values: float64[resamples, categories], AP, or a difference of AP; NaN without objects.
        objects: bool[categories, images], where each category has objects.

    Returns:
        None for fewer than `LEAST_IMAGES` images.
    """
    whole = correction(int(np.count_nonzero(objects.any(axis=0))))
    if whole is None:
        return None
    usable = np.isfinite(values).sum(axis=0) > 1
    spread = np.nanvar(values[:, usable], axis=0, ddof=1)
    images = np.count_nonzero(objects[usable], axis=1)
    few = np.maximum(images - 1, 1)
    if not spread.any():
        return whole
    corrected = spread * np.where(images > 1, images / few, 1)
    freedom = corrected.sum() ** 2 / np.sum(corrected**2 / few)
    return Correction(
        factor=float(np.sqrt(corrected.sum() / spread.sum())),
        degrees_of_freedom=float(min(freedom, whole.degrees_of_freedom)),
        images=whole.images,
    )


def interval(
    estimate: float,
    values: np.ndarray,
    corrected: Correction,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> Interval:
    """The 95% t interval around an estimate, inside what is possible.

    It is for the expected AP of other sets of as many images. Resampled AP is too high where
    categories are rare, because copies of an image smooth a curve of few objects; so the interval
    lies around the estimate, not around the mean of the resamples.

    Args:
        estimate: The value on all images.
        values: float64[resamples].
        corrected: For the number of images.
        bounds: The least and the greatest possible value.
    """
    error = float(values.std(ddof=1)) * corrected.factor
    reach = upper_quantile(corrected.degrees_of_freedom, (1 - LEVEL) / 2) * error
    return Interval(
        low=max(estimate - reach, bounds[0]),
        high=min(estimate + reach, bounds[1]),
        standard_error=error,
        bias=float(values.mean()) - estimate,
        degrees_of_freedom=corrected.degrees_of_freedom,
    )


def p_value(estimate: float, error: float, corrected: Correction) -> float:
    """Two-sided p-value of a difference with that standard error.

    At least 2^(1 − images), the smallest that a sign test over the images could give: resamples
    that all agree do not make a difference certain.
    """
    if abs(estimate) <= 1e-12:  # equal up to rounding
        return 1.0
    beyond = two_tails(corrected.degrees_of_freedom, abs(estimate) / error) if error else 0
    return max(beyond, 2.0 ** (1 - corrected.images))


def possible_differences(first: float, second: float) -> tuple[float, float]:
    """The differences that leave both APs from 0 to 1, each beside the other as measured."""
    return max(-first, second - 1), min(1 - first, second)


def q_values(p_values: Sequence[float | None]) -> list[float | None]:
    """Benjamini and Hochberg's (1995) adjusted p-values; None where there is none.

    Of the categories with q ≤ 0.05, at most 5% are expected to have no difference.
    """
    places = [place for place, p in enumerate(p_values) if p is not None]
    known = np.array([p_values[place] for place in places], dtype=float)
    order = np.argsort(known)[::-1]
    scaled = known[order] * len(known) / np.arange(len(known), 0, -1)
    found: list[float | None] = [None] * len(p_values)
    for place, q in zip(order, np.minimum.accumulate(scaled), strict=True):
        found[places[place]] = float(min(q, 1.0))
    return found
