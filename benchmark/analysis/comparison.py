"""Compare models on the same images: is a difference larger than the choice of images explains?

A paired bootstrap: every resample draws the same images for all models, so that what is hard for
all of them cancels out; then a t interval (see `t_intervals`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from benchmark.analysis.bootstrap import (
    INTERVAL_METRICS,
    RESAMPLES,
    Resampled,
    images_with_objects,
    intervals_of,
    known_or_nan,
    resample,
)
from benchmark.average_precision.accumulation import mean_known
from benchmark.average_precision.result import Result
from benchmark.reading.text_ids import TextIds
from o365seg.errors import InputError
from o365seg.statistics.t_intervals import (
    Correction,
    Interval,
    correction,
    correction_of_mean,
    image_weights,
    interval,
    p_value,
    possible_differences,
    q_values,
)

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Difference:
    """One metric of a model minus the first model's; fractions.

    Attributes:
        estimate: The difference on all images.
        interval: The 95% interval over images, inside what is possible; None where fewer than
            `LEAST_IMAGES` images have objects of categories whose AP differs.
        p_value: Two-sided, by Student's t; below 0.05 exactly where the interval excludes 0.
            None likewise.
    """

    estimate: float
    interval: Interval | None
    p_value: float | None


@dataclass(frozen=True)
class CategoryDifference:
    """AP of one category under two models; fractions.

    Attributes:
        category_id: The category; `as_in_files` gives text ids.
        instances: Number of its objects.
        images: Number of images that they are in.
        first: AP under the first model.
        second: AP under the other.
        interval: The 95% interval over images of the difference; None where fewer than
            `LEAST_IMAGES` images have objects of the category.
        p_value: As in `Difference`; None likewise. It is one test of many: of 365 equal
            categories, 18 fall below 0.05 by chance.
        q_value: The p-value adjusted for all categories (Benjamini and Hochberg): of the
            categories with q ≤ 0.05, at most 5% are expected to have no difference.
    """

    category_id: int | str
    instances: int
    images: int
    first: float
    second: float
    interval: Interval | None
    p_value: float | None
    q_value: float | None

    @property
    def difference(self) -> float:
        """Second minus first."""
        return self.second - self.first


@dataclass(frozen=True)
class Comparison:
    """Several models on the same ground truth, each compared with the first.

    Attributes:
        metrics: Per model the 12 numbers by name.
        intervals: Per model the intervals of `INTERVAL_METRICS`, by name; None where fewer than
            `LEAST_IMAGES` images have objects.
        differences: Per further model the differences of `INTERVAL_METRICS`, by name.
        categories: Per further model the categories that have objects, greatest gain first.
        resamples: Number of resamples.
        seed: Random seed of the resamples.
    """

    metrics: list[dict[str, float]]
    intervals: list[dict[str, Interval] | None]
    differences: list[dict[str, Difference]]
    categories: list[list[CategoryDifference]]
    resamples: int
    seed: int

    def as_in_files(self, text_ids: TextIds) -> "Comparison":
        """The same with the category ids that the ground truth has, where they are text."""
        categories = [
            [replace(one, category_id=text_ids.category(one.category_id)) for one in of_model]
            for of_model in self.categories
        ]
        return replace(self, categories=categories)

    def to_dataframe(self) -> "pd.DataFrame":
        """A row per further model and category with objects; needs pandas.

        Columns: `model` (from 1), `category_id`, `instances`, `images`, `first`, `second`,
        `difference` (fractions), `low`, `high`, `p_value` and `q_value` (NaN for objects in too few
        images).
        """
        import pandas as pd

        rows = [
            {
                "model": model,
                "category_id": one.category_id,
                "instances": one.instances,
                "images": one.images,
                "first": one.first,
                "second": one.second,
                "difference": one.difference,
                "low": one.interval and one.interval.low,
                "high": one.interval and one.interval.high,
                "p_value": one.p_value,
                "q_value": one.q_value,
            }
            for model, categories in enumerate(self.categories, 1)
            for one in categories
        ]
        numbers = ["low", "high", "p_value", "q_value"]
        return pd.DataFrame(rows).astype(dict.fromkeys(numbers, float)) if rows else pd.DataFrame()


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
    drawn = [resample(result, weights) for result in results]
    objects = images_with_objects(first)
    return Comparison(
        metrics=[result.metrics for result in results],
        intervals=[
            intervals_of(result, values, objects)
            for result, values in zip(results, drawn, strict=True)
        ],
        differences=[
            _by_metric(first, other, drawn[0], values, objects)
            for other, values in zip(results[1:], drawn[1:], strict=True)
        ],
        categories=[
            _by_category(first, other, drawn[0].by_category, values.by_category, objects)
            for other, values in zip(results[1:], drawn[1:], strict=True)
        ],
        resamples=resamples,
        seed=seed,
    )


def difference(
    first: float, second: float, values: np.ndarray, corrected: Correction | None
) -> Difference:
    """A difference with its interval and p-value.

    Args:
        first: The first AP.
        second: The other AP.
        values: float64[resamples], the resampled differences.
        corrected: For the number of images; None for too few.
    """
    estimate = second - first
    if corrected is None or len(values) < 2:
        return Difference(estimate, None, None)
    found = interval(estimate, values, corrected, possible_differences(first, second))
    return Difference(estimate, found, p_value(estimate, found.standard_error, corrected))


def _by_metric(
    first: Result,
    second: Result,
    first_drawn: Resampled,
    second_drawn: Resampled,
    objects: np.ndarray,
) -> dict[str, Difference]:
    """The differences of `INTERVAL_METRICS`, by name.

    Only images of categories whose AP differs say something about it: a difference that comes from
    two images is not made certain by a thousand others in which the models agree.
    """
    by_category = known_or_nan(second_drawn.by_category) - known_or_nan(first_drawn.by_category)
    differs = np.any(np.nan_to_num(by_category) != 0, axis=0)
    kept = differs if differs.any() else slice(None)
    corrected = correction_of_mean(by_category[:, kept], objects[kept])
    known = first_drawn.metrics[0] >= 0  # a draw without any object has none for any model
    values = (second_drawn.metrics - first_drawn.metrics)[:, known]
    return {
        name: difference(first.metrics[name], second.metrics[name], values[i], corrected)
        for i, name in enumerate(INTERVAL_METRICS)
    }


def _by_category(
    first: Result,
    second: Result,
    first_drawn: np.ndarray,
    second_drawn: np.ndarray,
    objects: np.ndarray,
) -> list[CategoryDifference]:
    """Every category with objects; resampled AP of each model as in `Resampled.by_category`."""
    images = np.count_nonzero(objects, axis=1).tolist()
    found = []
    for k, category_id in enumerate(first.category_ids):
        aps = [mean_known(result.curves.precision[:, :, k, 0, -1]) for result in (first, second)]
        if min(aps) >= 0:
            known = first_drawn[:, k] >= 0
            values = second_drawn[known, k] - first_drawn[known, k]
            one = difference(aps[0], aps[1], values, correction(images[k]))
            instances = int(first.matches[k].positives[0].sum())
            found.append((category_id, instances, images[k], aps, one))
    adjusted = q_values([one.p_value for *_, one in found])
    listed = [
        CategoryDifference(
            category_id=category_id,
            instances=instances,
            images=count,
            first=aps[0],
            second=aps[1],
            interval=one.interval,
            p_value=one.p_value,
            q_value=q_value,
        )
        for (category_id, instances, count, aps, one), q_value in zip(found, adjusted, strict=True)
    ]
    return sorted(listed, key=lambda one: (-one.difference, one.category_id))
