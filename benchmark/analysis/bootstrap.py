"""Intervals of AP: a bootstrap over the images of a set.

A resample draws as many images as there are, with replacement; an image drawn k times counts k
times. Nothing is matched again: every resample re-accumulates the matches (see `accumulation` for
the order of ties). A category without an object in a resample is left out of its
mean, as in a set without it.
"""

from dataclasses import dataclass

import numpy as np

from benchmark.average_precision.native_path import NativeMatched
from benchmark.average_precision.result import Result
from o365seg.errors import InputError
from o365seg.statistics.t_intervals import (
    LEAST_IMAGES,
    Interval,
    correction_of_mean,
    image_weights,
    interval,
)
from o365seg.terminal.progress_bar import progress

RESAMPLES = 1000
INTERVAL_METRICS = ("AP", "AP50", "AP75")
_WEIGHTS = 2**24
"""Most weights handed to the core at once, so that memory does not grow with the set."""


@dataclass(frozen=True)
class Resampled:
    """A result under every set of image weights; −1 if there are no objects.

    Attributes:
        metrics: float64[3, sets], AP, AP50 and AP75 in the order of `INTERVAL_METRICS`.
        by_category: float64[sets, categories], AP, in the order of `Result.category_ids`.
    """

    metrics: np.ndarray
    by_category: np.ndarray


def resample(result: Result, weights: np.ndarray) -> Resampled:
    """Recompute a result under every set of image weights uint16[images, sets].

    Uses the result's own re-accumulation: the native core's, if it evaluated.
    """
    at = [_place(result.thresholds, wanted) for wanted in (0.5, 0.75)]
    images, sets = weights.shape
    found = np.empty((len(INTERVAL_METRICS), sets, len(result.category_ids)))
    step = max(16, _WEIGHTS // max(1, images) // 16 * 16)  # the core takes sixteen at a time
    for first in progress(range(0, sets, step), "Resampling"):
        part = slice(first, min(sets, first + step))
        means = [None, *([place] for place in at)]
        found[:, part] = result.resampled_precisions(weights[:, part].T, means)
    return Resampled(np.stack([mean_over_categories(one) for one in found]), found[0])


def mean_over_categories(values: np.ndarray) -> np.ndarray:
    """The mean of each row's categories that have objects; −1 where none has."""
    known = values >= 0
    categories = known.sum(axis=1)
    means = np.where(known, values, 0).sum(axis=1) / np.maximum(categories, 1)
    return np.where(categories > 0, means, -1.0)


def _place(thresholds: np.ndarray, wanted: float) -> int:
    return int(np.argmin(np.abs(thresholds - wanted)))


def images_with_objects(result: Result) -> np.ndarray:
    """Which images have objects of which category of `category_ids`: bool[categories, images]."""
    if isinstance(result.matched, NativeMatched):
        return result.matched.images_with_objects()
    found = np.zeros((len(result.category_ids), len(result.image_ids)), bool)
    for k, category_id in enumerate(result.category_ids):  # all matches together may be large
        found[k] = result.category_matches(category_id).positives[0] > 0
    return found


def known_or_nan(by_category: np.ndarray) -> np.ndarray:
    """Resampled AP with NaN in place of −1."""
    return np.where(by_category >= 0, by_category, np.nan)


def intervals(
    result: Result,
    resamples: int = RESAMPLES,
    seed: int = 0,
    weights: np.ndarray | None = None,
) -> dict[str, Interval] | None:
    """The 95% interval of AP, AP50 and AP75 over images, by name.

    Args:
        result: What `evaluate` found.
        resamples: Number of resamples, ≥ 2.
        seed: Equal seeds give equal numbers.
        weights: The `image_weights` of these, where they are at hand.

    Returns:
        None where fewer than `LEAST_IMAGES` images have objects.

    Raises:
        InputError: fewer than 2 resamples, or no objects in the ground truth.
    """
    if resamples < 2:
        raise InputError(f"intervals need at least 2 resamples, not {resamples}")
    if result.metrics["AP"] < 0:
        raise InputError("the ground truth has no objects, so there is no interval")
    objects = images_with_objects(result)
    if np.count_nonzero(objects.any(axis=0)) < LEAST_IMAGES:
        return None
    if weights is None:
        weights = image_weights(len(result.image_ids), resamples, seed)
    return intervals_of(result, resample(result, weights), objects)


def intervals_of(
    result: Result, found: Resampled, objects: np.ndarray
) -> dict[str, Interval] | None:
    """As `intervals`, from resamples and `images_with_objects` at hand."""
    corrected = correction_of_mean(known_or_nan(found.by_category), objects)
    if corrected is None:
        return None
    return {
        name: interval(result.metrics[name], values[values >= 0], corrected)
        for name, values in zip(INTERVAL_METRICS, found.metrics, strict=True)
    }
