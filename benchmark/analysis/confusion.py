"""The confusion matrix: which category is taken for which, at IoU 0.5.

Predictions above a score first match objects of their own category as in AP; what is left on both
sides then matches across categories, in score order. So the diagonal counts AP's true positives.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.analysis.error_kinds import Judgement
from benchmark.reading.choices import Iou, SkipRule
from benchmark.reading.text_ids import TextIds

if TYPE_CHECKING:
    import pandas as pd

    from benchmark.reading.sources import GroundTruthSource, PredictionsSource

NOTHING = "(nothing)"
"""The row of predictions on no object, and the column of objects without prediction."""

_ROWS = "true"  # the name of the rows


@dataclass(frozen=True)
class Confusion:
    """Counts of objects and predictions.

    Attributes:
        category_ids: In the order of rows and columns; `as_in_files` gives text ids.
        counts: int64[categories + 1, categories + 1], true category by predicted one; the last row
            holds predictions on no object, the last column objects without prediction.
        least_score: Predictions below take no part.
    """

    category_ids: list[Any]
    counts: np.ndarray
    least_score: float

    def as_in_files(self, text_ids: TextIds) -> "Confusion":
        """The same with the category ids that the ground truth has, where they are text."""
        return replace(self, category_ids=[text_ids.category(i) for i in self.category_ids])

    def to_dataframe(self, names: Mapping[Any, str]) -> "pd.DataFrame":
        """A table with names: rows are true categories, columns predicted ones.

        Names that several categories have, or the table itself, are followed by the id.
        """
        import pandas as pd

        labels = [*_distinct(self.category_ids, names), NOTHING]
        index = pd.Index(labels, name=_ROWS, dtype=object)
        return pd.DataFrame(self.counts, index=index, columns=pd.Index(labels, dtype=object))

    def mistakes(self, number: int) -> list[tuple[Any, Any, int]]:
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


def _distinct(category_ids: Sequence[Any], names: Mapping[Any, str]) -> list[str]:
    """A label of each category that no other column has."""
    given = Counter([*(names[i] for i in category_ids), NOTHING, _ROWS])
    taken, labels = {*given}, []
    for category_id in category_ids:
        label = names[category_id]
        if given[label] > 1:
            while label in taken:
                label += f" (id {category_id})"
            taken.add(label)
        labels.append(label)
    return labels


def confusion(
    predictions: "PredictionsSource",
    ground_truth: "GroundTruthSource",
    least_score: float,
    *,
    iou: Iou | str = Iou.SEGM,
    skip_rule: SkipRule | str = SkipRule.BOX,
) -> Confusion:
    """Count which category is taken for which.

    Args:
        predictions: As for `evaluate`; those that the skip rule or a crowd ignores take no part.
        ground_truth: As for `evaluate`.
        least_score: Predictions below take no part; `worst_images.best_score` finds one.
        iou: What is compared.
        skip_rule: The rule for skipped instances.

    Raises:
        InputError: predictions or ground truth are invalid; names the file, record and field.
    """
    judgement = Judgement(
        predictions, ground_truth, iou=iou, skip_rule=skip_rule, least_score=least_score
    )
    return Confusion(*judgement.confusion(), least_score)
