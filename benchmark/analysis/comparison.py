"""Compare models on the same images: is a difference larger than the choice of images explains?

A paired bootstrap: every resample draws the same images for all models, so that what is hard for
all of them cancels out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.analysis.bootstrap import (
    INTERVAL_METRICS,
    RESAMPLES,
    Interval,
    image_weights,
    interval,
    resample,
)
from benchmark.average_precision.accumulation import mean_known
from benchmark.average_precision.result import Result
from o365seg.errors import InputError


@dataclass(frozen=True)
class Difference:
    """One metric of a model minus the first model's; fractions.

    Attributes:
        estimate: The difference on all images.
        interval: The 95% interval over images.
        p_value: Two-sided: how often a resampled difference lies at least as far from the mean of
            them as the estimate lies from 0; (count + 1) / (resamples + 1).
    """

    estimate: float
    interval: Interval
    p_value: float


@dataclass(frozen=True)
class CategoryDifference:
    """AP of one category under two models; fractions.

    Attributes:
        category_id: The category.
        instances: Number of its objects.
        images: Number of images that they are in.
        first: AP under the first model.
        second: AP under the other.
        interval: The 95% interval over images of the difference; None if all
            objects are in one image, where resampling says nothing.
        p_value: As in `Difference`; None likewise. It is one test of many: of 365 equal
            categories, 18 fall below 0.05 by chance.
    """

    category_id: int
    instances: int
    images: int
    first: float
    second: float
    interval: Interval | None
    p_value: float | None

    @property
    def difference(self) -> float:
        """Second minus first."""
        return self.second - self.first


@dataclass(frozen=True)
class Comparison:
    """Several models on the same ground truth, each compared with the first.

    Attributes:
        metrics: Per model the 12 numbers by name.
        intervals: Per model the intervals of `INTERVAL_METRICS`, by name.
        differences: Per further model the differences of `INTERVAL_METRICS`, by name.
        categories: Per further model the categories that have objects, greatest gain first.
        resamples: Number of resamples.
        seed: Random seed of the resamples.
    """

    metrics: list[dict[str, float]]
    intervals: list[dict[str, Interval]]
    differences: list[dict[str, Difference]]
    categories: list[list[CategoryDifference]]
    resamples: int
    seed: int


def compare(results: Sequence[Result], resamples: int = RESAMPLES, seed: int = 0) -> Comparison:
    """Compare what `evaluate` found for several models on one ground truth.

    Args:
        results: At least two, of the same ground truth, `iou` and skip rule.
        resamples: Number of resamples, ≥ 2; the same for all.
        seed: Equal seeds give equal numbers.

    Raises:
        InputError: fewer than 2 results or resamples, or no objects in the ground truth.
        ValueError: the results cover different images or categories.
    """
    if len(results) < 2:
        raise InputError("a comparison needs at least two results files")
    if resamples < 2:
        raise InputError(f"a comparison needs at least 2 resamples, not {resamples}")
    first = results[0]
    for other in results[1:]:
        if (other.image_ids, other.category_ids) != (first.image_ids, first.category_ids):
            raise ValueError("the results cover different images or categories")
    if first.metrics["AP"] < 0:
        raise InputError("the ground truth has no objects, so there is nothing to compare")
    weights = image_weights(len(first.image_ids), resamples, seed)
    resampled = [resample(result, weights) for result in results]
    known = resampled[0].metrics[0] >= 0  # a draw without any object has none for any model
    drawn = [one.metrics[:, known] for one in resampled]
    metrics = [result.metrics for result in results]
    return Comparison(
        metrics=metrics,
        intervals=[
            {name: interval(of_model[name], values[i]) for i, name in enumerate(INTERVAL_METRICS)}
            for of_model, values in zip(metrics, drawn, strict=True)
        ],
        differences=[
            {
                name: difference(of_model[name] - metrics[0][name], values[i] - drawn[0][i])
                for i, name in enumerate(INTERVAL_METRICS)
            }
            for of_model, values in zip(metrics[1:], drawn[1:], strict=True)
        ],
        categories=[
            _by_category(first, other, resampled[0].by_category, values.by_category)
            for other, values in zip(results[1:], resampled[1:], strict=True)
        ],
        resamples=resamples,
        seed=seed,
    )


def difference(estimate: float, values: np.ndarray) -> Difference:
    """A difference with its interval and p-value.

    Args:
        estimate: The difference on all images.
        values: float64[resamples], the resampled differences.
    """
    away = np.abs(values - values.mean())
    # Equal up to rounding counts as equally far: two equal models have p = 1.
    extreme = np.count_nonzero(away >= abs(estimate) - 1e-12)
    return Difference(
        estimate=estimate,
        interval=interval(estimate, values),
        p_value=float((extreme + 1) / (len(values) + 1)),
    )


def _by_category(
    first: Result, second: Result, first_drawn: np.ndarray, second_drawn: np.ndarray
) -> list[CategoryDifference]:
    """Every category with objects; resampled AP of each model as in `Resampled.by_category`."""
    found = []
    for k, category_id in enumerate(first.category_ids):
        aps = [mean_known(result.curves.precision[:, :, k, 0, -1]) for result in (first, second)]
        if min(aps) >= 0:
            positives = first.matches[k].positives[0]
            images = int(np.count_nonzero(positives))
            known = first_drawn[:, k] >= 0
            values = second_drawn[known, k] - first_drawn[known, k]
            told = difference(aps[1] - aps[0], values) if images > 1 and len(values) > 1 else None
            found.append(
                CategoryDifference(
                    category_id=category_id,
                    instances=int(positives.sum()),
                    images=images,
                    first=aps[0],
                    second=aps[1],
                    interval=told and told.interval,
                    p_value=told and told.p_value,
                )
            )
    return sorted(found, key=lambda one: (-one.difference, one.category_id))
