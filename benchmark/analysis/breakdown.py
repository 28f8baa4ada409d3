"""The numbers of an evaluation per category and per supercategory, as rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.average_precision.accumulation import mean_known
from benchmark.average_precision.result import Result
from o365seg.formats.records import AnnotationFile

AP_FIELDS = ("ap", "ap50", "ap75", "ap_small", "ap_medium", "ap_large", "ar100")
"""The fields of a `Row` that are fractions."""
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
        ap: AP at IoU 0.5:0.95, all areas, 100 detections, like those that follow.
        ap50: AP at IoU 0.5.
        ap75: AP at IoU 0.75.
        ap_small: AP of COCO's small objects.
        ap_medium: AP of COCO's medium objects.
        ap_large: AP of COCO's large objects.
        ar100: Recall, averaged over the thresholds.
        instances: Number of objects.
        predictions: Number of predictions that count: at most 100 per image and category.
        skipped: Number of instances that raters skipped.
        absorbed: Number of predictions ignored because of a skipped instance, at IoU 0.5.
    """

    ids: tuple[int, ...]
    name: str
    supercategory: str
    ap: float
    ap50: float
    ap75: float
    ap_small: float
    ap_medium: float
    ap_large: float
    ar100: float
    instances: int
    predictions: int
    skipped: int
    absorbed: int


def by_category(result: Result, file: AnnotationFile) -> list[Row]:
    """One row per category, in ascending order of id.

    Args:
        result: What `evaluate` found for `file`.
        file: Names and supercategories, and what was skipped.
    """
    categories = {category.id: category for category in file.categories}
    skipped = dict.fromkeys(categories, 0)
    for annotation in file.annotations:
        skipped[annotation.category_id] += annotation.is_skipped and not annotation.unanswered
    precision, recall = result.curves.precision, result.curves.recall
    rows = []
    for k, (category_id, matches) in enumerate(
        zip(result.category_ids, result.matches, strict=True)
    ):
        of_all = precision[:, :, k, 0, -1]
        rows.append(
            Row(
                ids=(category_id,),
                name=categories[category_id].name,
                supercategory=categories[category_id].supercategory or NO_SUPERCATEGORY,
                ap=mean_known(of_all),
                ap50=mean_known(of_all[0]),
                ap75=mean_known(of_all[5]),
                ap_small=mean_known(precision[:, :, k, 1, -1]),
                ap_medium=mean_known(precision[:, :, k, 2, -1]),
                ap_large=mean_known(precision[:, :, k, 3, -1]),
                ar100=mean_known(recall[:, k, 0, -1]),
                instances=int(matches.positives[0].sum()),
                predictions=len(matches.score),
                skipped=skipped[category_id],
                absorbed=result.matched.absorbed_at_half(category_id),
            )
        )
    return rows


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
            field: mean_known(np.array([getattr(member, field) for member in members]))
            for field in AP_FIELDS
        }
        sums = {field: sum(getattr(member, field) for member in members) for field in COUNT_FIELDS}
        ids = tuple(i for member in members for i in member.ids)
        together.append(Row(ids=ids, name=name, supercategory=name, **means, **sums))
    return together
