"""The confusion matrix in plain numpy, to test the core's."""

import numpy as np
from overlap_oracle import ImageOverlaps, assign, image_overlaps

from benchmark import Result
from benchmark.reading.choices import SkipRule
from benchmark.reading.inputs import Inputs

_IOU = np.array([0.5])


def oracle_confusion(
    result: Result, inputs: Inputs, least_score: float, rule: SkipRule = SkipRule.BOX
) -> np.ndarray:
    """`Confusion.counts` of predictions of that score or more."""
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
    return counts


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
