"""The confusion matrix: which category is taken for which, at IoU 0.5.

Predictions above a score first match objects of their own category as in AP; what is left on both
sides then matches across categories, in score order. So the diagonal counts AP's true positives.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmark.analysis.assignment import assign
from benchmark.analysis.overlaps import ImageOverlaps, image_overlaps
from benchmark.average_precision.result import Result
from benchmark.reading.choices import SkipRule
from benchmark.reading.inputs import Inputs

if TYPE_CHECKING:
    import pandas as pd

NOTHING = "(nothing)"
"""The row of predictions on no object, and the column of objects without prediction."""
_IOU = np.array([0.5])


@dataclass(frozen=True)
class Confusion:
    """Counts of objects and predictions.

    Attributes:
        category_ids: In the order of rows and columns.
        counts: int64[categories + 1, categories + 1], true category by predicted one; the last row
            holds predictions on no object, the last column objects without prediction.
        least_score: Predictions below take no part.
    """

    category_ids: list[int]
    counts: np.ndarray
    least_score: float

    def to_dataframe(self, names: dict[int, str]) -> "pd.DataFrame":
        """A table with names: rows are true categories, columns predicted ones."""
        import pandas as pd

        labels = [*(names[i] for i in self.category_ids), NOTHING]
        return pd.DataFrame(self.counts, index=pd.Index(labels, name="true"), columns=labels)

    def mistakes(self, number: int) -> list[tuple[int, int, int]]:
        """The most frequent (true id, predicted id, count) of different categories."""
        size = len(self.category_ids)
        off = self.counts[:size, :size] * ~np.eye(size, dtype=bool)
        order = np.argsort(-off, axis=None, kind="stable")[:number]
        rows, columns = np.unravel_index(order, off.shape)
        return [
            (self.category_ids[r], self.category_ids[c], int(off[r, c]))
            for r, c in zip(rows, columns, strict=True)
            if off[r, c]
        ]


def confusion(
    result: Result, inputs: Inputs, least_score: float, rule: SkipRule = SkipRule.BOX
) -> Confusion:
    """Count which category is taken for which.

    Args:
        result: What `evaluate` found; predictions that it ignores take no part.
        inputs: The same predictions and ground truth.
        least_score: Predictions below take no part; `worst_images.best_score` finds one.
        rule: The rule for skipped instances.
    """
    ids = inputs.category_ids
    counts = np.zeros((len(ids) + 1, len(ids) + 1), np.int64)
    ignored = np.zeros(len(inputs.predictions), bool)
    for one in result.matches:
        ignored[one.prediction] = one.ignored[0, 0]
    skipped = not inputs.iou.of_masks or rule is SkipRule.IOA
    for overlaps in image_overlaps(inputs, skipped=skipped):
        scores = inputs.predictions.scores[overlaps.predictions]
        kept = (scores >= least_score) & ~ignored[overlaps.predictions]
        rows = np.flatnonzero(kept)
        rows = rows[np.lexsort((overlaps.predictions[rows], -scores[rows]))]
        _count(overlaps, rows, np.array(ids), counts)
    return Confusion(ids, counts, least_score)


def _count(overlaps: ImageOverlaps, rows: np.ndarray, ids: np.ndarray, counts: np.ndarray) -> None:
    """Add one image; `rows` are its predictions in score order."""
    objects = np.flatnonzero(~overlaps.crowd)
    ious = overlaps.ious[np.ix_(rows, objects)]
    true = np.searchsorted(ids, overlaps.annotation_category[objects])
    predicted = np.searchsorted(ids, overlaps.prediction_category[rows])
    none = np.zeros(len(objects), bool)
    same = predicted[:, None] == true
    taken = assign(np.where(same, ious, 0), none, none[None], _IOU)[0, 0]
    free, left = np.ones(len(objects), bool), taken < 0
    free[taken[~left]] = False
    across = assign(ious[np.ix_(left, free)], none[free], none[free][None], _IOU)[0, 0]
    hit = across >= 0
    taken[np.flatnonzero(left)[hit]] = np.flatnonzero(free)[across[hit]]
    of_prediction = np.where(taken >= 0, np.append(true, len(ids))[taken], len(ids))
    np.add.at(counts, (of_prediction, predicted), 1)
    missed = np.setdiff1d(np.arange(len(objects)), taken)
    counts[:, -1] += np.bincount(true[missed], minlength=len(counts))
