"""Ignore false positives on instances that raters skipped (paper, appendix C).

A skipped instance has a box and no mask, so nothing can be matched to it as COCO matches masks.
After COCO's own matching, a prediction that would count as a false positive is ignored instead
where its tight mask box has a box IoU of at least the threshold with a skipped instance of its
image and category; each skipped instance absorbs at most one prediction a threshold.

`cells_by_rule` applies every rule of `SkipRule` to pycocotools' matches. The core's rules stand in
benchmark/native/match/skip_rule.c.
"""

from typing import Any

import numpy as np

from benchmark.average_precision.pycocotools_matching import Matching
from benchmark.reading.choices import Iou, SkipRule
from benchmark.reading.ground_truth import GroundTruth
from benchmark.reading.predictions import Predictions

Cells = dict[tuple[int, int], list[dict[str, Any] | None]]
"""pycocotools' records per (image id, category id), one an area range."""


def box_iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union of every pair of boxes.

    Args:
        first: float64[m, 4] of (x, y, width, height).
        second: float64[n, 4] likewise.

    Returns:
        float64[m, n]; 0 where two boxes do not overlap, empty ones included.
    """
    first, second = first[:, None, :], second[None, :, :]
    starts = np.maximum(first[..., :2], second[..., :2])
    ends = np.minimum(first[..., :2] + first[..., 2:], second[..., :2] + second[..., 2:])
    sides = np.maximum(ends - starts, 0)
    inter = sides[..., 0] * sides[..., 1]
    union = first[..., 2] * first[..., 3] + second[..., 2] * second[..., 3] - inter
    return np.divide(inter, union, out=np.zeros_like(inter), where=inter > 0)


def absorb(counted: np.ndarray, ious: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """The false positives of one image and category that skipped instances absorb.

    Each counted prediction in turn, best score first, takes the skipped instance of highest box
    IoU among those still free, if that IoU reaches the threshold; of equals, the first. It may
    lie in any area range: a skipped instance has no mask and so no area to compare with the
    range's bounds, and a prediction outside the range is ignored already and takes none. Because
    a prediction's fate depends only on better ones, the first k columns are what the rule gives
    under a limit of k detections.

    Args:
        counted: bool[thresholds, predictions], in score order: neither matched nor ignored.
        ious: float64[predictions, skipped], box IoU.
        thresholds: float64[thresholds], the least box IoU.

    Returns:
        bool[thresholds, predictions]: now ignored. Never set where `counted` is not.
    """
    absorbed = np.zeros(counted.shape, bool)
    if ious.size == 0:
        return absorbed
    # As in COCO's matching, two equal boxes match at a threshold of 1 despite rounding.
    thresholds = np.minimum(thresholds, 1 - 1e-10)
    rows = np.arange(len(thresholds))
    free = np.ones((len(thresholds), ious.shape[1]), bool)
    within_reach = counted.any(axis=0) & (ious.max(axis=1) >= thresholds.min())
    for prediction in np.flatnonzero(within_reach):
        reach = np.where(free, ious[prediction], -1)
        best = reach.argmax(axis=1)
        taken = counted[:, prediction] & (reach[rows, best] >= thresholds)
        absorbed[:, prediction] = taken
        free[rows[taken], best[taken]] = False
    return absorbed


def cells_by_rule(
    matching: Matching, truth: GroundTruth, predictions: Predictions, iou: Iou
) -> dict[SkipRule, Cells]:
    """What matching gives for images and categories with skipped instances, under every rule."""
    boxes = truth.skipped_boxes()
    if not boxes:
        return {rule: {} for rule in SkipRule}
    plain: Cells = {pair: matching.cells(*pair) for pair in boxes}
    at_half = np.full_like(matching.thresholds, 0.5)
    cells = {SkipRule.NONE: plain}
    for rule, thresholds in (SkipRule.BOX, matching.thresholds), (SkipRule.BOX50, at_half):
        cells[rule] = {
            pair: [
                cell and _absorb_in_cell(cell, boxes[pair], predictions.tight_boxes, thresholds)
                for cell in plain[pair]
            ]
            for pair in boxes
        }
    images = {image_id for image_id, _ in boxes}
    as_crowds = Matching(
        truth.file, truth.records, predictions, iou, sorted(images), matching.parameters
    )
    cells[SkipRule.IOA] = {pair: as_crowds.cells(*pair) for pair in boxes}
    return cells


def _absorb_in_cell(
    cell: dict[str, Any], skipped: np.ndarray, tight_boxes: np.ndarray, thresholds: np.ndarray
) -> dict[str, Any]:
    """A copy of pycocotools' record with what the skipped boxes float64[n, 4] absorb ignored."""
    places = np.array(cell["dtIds"], int) - 1
    counted = (cell["dtMatches"] == 0) & ~cell["dtIgnore"].astype(bool)
    absorbed = absorb(counted, box_iou(tight_boxes[places], skipped), thresholds)
    return cell | {"dtIgnore": cell["dtIgnore"] | absorbed}
