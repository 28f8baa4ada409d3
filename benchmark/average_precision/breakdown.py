"""The numbers of an evaluation per category and per supercategory, as rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.average_precision.accumulation import mean_known
from benchmark.average_precision.native_path import NativeMatched
from benchmark.average_precision.parameters import Measure
from benchmark.average_precision.result import Result
from benchmark.reading.inputs import read_plain_truth
from benchmark.reading.sources import GroundTruthSource
from benchmark.reading.text_ids import TextIds
from o365seg.errors import InputError
from o365seg.formats.records import AnnotationFile

if TYPE_CHECKING:
    import pandas as pd

COUNT_FIELDS = ("instances", "predictions", "skipped", "absorbed")
"""The fields of a `Row` that are counts."""
NO_SUPERCATEGORY = "(none)"


@dataclass(frozen=True)
class Row:
    """One category or several. AP and AR are fractions; −1 if there are no objects.

    Attributes:
        ids: The category ids; several for a supercategory.
        name: Its name, verbatim.
        supercategory: As in the file; "(none)" if it has none.
        metrics: AP and AR by the column of `category_measures`: `ap`, `ap50`, `ap75`, `ap_small`,
            `ap_medium`, `ap_large` and `ar100`, unless the result has other parameters.
        instances: Number of objects.
        predictions: Number of predictions that count: by default at most 100 per image and
            category.
        skipped: Number of instances that raters skipped.
        absorbed: Number of predictions ignored because of a skipped instance, at IoU 0.5.
    """

    ids: tuple[int | str, ...]
    name: str
    supercategory: str
    metrics: dict[str, float]
    instances: int
    predictions: int
    skipped: int
    absorbed: int

    def values(self) -> dict[str, Any]:
        """All values by column, without the ids."""
        counts = {field: getattr(self, field) for field in COUNT_FIELDS}
        names = {"name": self.name, "supercategory": self.supercategory}
        return names | self.metrics | counts


def category_measures(result: Result) -> list[Measure]:
    """The numbers of each category: AP, and AR at the largest limit of detections."""
    measures = result.measures
    largest = [one for one in measures if one.recall and not one.area][-1]
    return [one for one in measures if one is largest or not (one.recall or one.frequency)]


def category_table(result: Result, ground_truth: GroundTruthSource | None = None) -> "pd.DataFrame":
    """The rows of `by_category` as a table; see `Result.to_dataframe`."""
    import pandas as pd

    source = result.ground_truth if ground_truth is None else ground_truth
    if source is None:
        raise InputError("this result does not know its ground truth; give it")
    file, _, _, text_ids = read_plain_truth(source, result.iou)
    if sorted(one.id for one in file.categories) != list(result.category_ids):
        raise InputError("the ground truth has other categories than the result")
    rows = by_category(result, file, text_ids)
    metrics = [one.column for one in category_measures(result)]
    ids = {"category_id": [row.ids[0] for row in rows]}
    listed = [row.values() for row in rows]
    return pd.DataFrame(
        ids
        | {
            name: [one[name] for one in listed]
            for name in ("name", "supercategory", *metrics, *COUNT_FIELDS)
        }
    ).replace({column: {-1.0: np.nan} for column in metrics})


def by_category(result: Result, file: AnnotationFile, text_ids: TextIds | None = None) -> list[Row]:
    """One row per category, in ascending order of id.

    Args:
        result: What `evaluate` found for `file`.
        file: Names and supercategories, and what was skipped.
        text_ids: Its ids that are text, for `Row.ids`.
    """
    text_ids = text_ids or TextIds()
    categories = {category.id: category for category in file.categories}
    skipped = dict.fromkeys(categories, 0)
    for annotation in file.annotations:
        skipped[annotation.category_id] += annotation.is_skipped and not annotation.unanswered
    measures, rows = category_measures(result), []
    counts = _counts(result)
    for k, (category_id, (instances, predictions)) in enumerate(
        zip(result.category_ids, counts, strict=True)
    ):
        rows.append(
            Row(
                ids=(text_ids.category(category_id),),
                name=categories[category_id].name,
                supercategory=categories[category_id].supercategory or NO_SUPERCATEGORY,
                metrics={one.column: one.of(result.curves, slice(k, k + 1)) for one in measures},
                instances=instances,
                predictions=predictions,
                skipped=skipped[category_id],
                absorbed=result.matched.absorbed_at_half(category_id),
            )
        )
    return rows


def _counts(result: Result) -> list[tuple[int, int]]:
    """Objects, and predictions that count, of each category."""
    if isinstance(result.matched, NativeMatched):
        return result.matched.counts_by_category()
    return [(int(one.positives[0].sum()), len(one.score)) for one in result.matches]


def by_supercategory(rows: Sequence[Row]) -> list[Row]:
    """Combine the rows of each supercategory, in the order of names.

    AP and AR are means over the categories that have objects, with equal weight, as in the overall
    AP; counts are sums.
    """
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.supercategory, []).append(row)
    together = []
    for name, members in sorted(groups.items()):
        means = {
            column: mean_known(np.array([member.metrics[column] for member in members]))
            for column in members[0].metrics
        }
        sums = {field: sum(getattr(member, field) for member in members) for field in COUNT_FIELDS}
        ids = tuple(i for member in members for i in member.ids)
        together.append(Row(ids=ids, name=name, supercategory=name, metrics=means, **sums))
    return together
