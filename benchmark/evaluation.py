"""Mask and box AP against a release whose skipped instances count neither for nor against.

Matching, precision and recall are pycocotools'; what follows matching, for predictions on
instances without a mask, is `skip_rule`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.choices import Iou, SkipRule
from benchmark.coco_eval import STAT_NAMES, Curves, Matching
from benchmark.ground_truth import GroundTruth, load_ground_truth
from benchmark.matches import CategoryMatches, category_matches
from benchmark.predictions import Predictions, read_predictions
from benchmark.skip_rule import absorb, box_iou
from o365seg.records import AnnotationFile, read_annotations

Cells = dict[tuple[int, int], list[dict[str, Any] | None]]
"""pycocotools' records per (image id, category id), one an area range."""


@dataclass(frozen=True)
class Counts:
    """What took part: `instances` have a mask (for boxes: every one that is not a crowd)."""

    images: int
    categories: int
    instances: int
    skipped: int
    crowds: int
    predictions: int


@dataclass(frozen=True)
class Result:
    """The outcome of an evaluation. Fractions from 0 to 1, and −1 where there is nothing to find.

    Attributes:
        iou: What was compared.
        skip_rule: The rule that `stats` and `curves` follow; None for boxes, which need none.
        stats: float64[12], pycocotools' numbers, in the order of `STAT_NAMES`.
        curves: pycocotools' precision, recall and scores.
        thresholds: float64[10], the IoU thresholds.
        category_ids: The categories along the arrays of `curves`.
        absorbed: int64[10]. Per threshold, the predictions that are ignored because of a skipped
            instance and would otherwise count as false positives (all areas, 100 detections).
        absorbed_by_category: int64[categories, 10], the same per category.
        ap_by_rule: AP under each treatment of skipped instances; empty for boxes.
        counts: What took part.
        notes: Whatever the reader must know to understand the numbers, one line each.
    """

    iou: Iou
    skip_rule: SkipRule | None
    stats: np.ndarray
    curves: Curves
    thresholds: np.ndarray
    category_ids: list[int]
    absorbed: np.ndarray
    absorbed_by_category: np.ndarray
    ap_by_rule: dict[SkipRule, float]
    counts: Counts
    notes: list[str]
    matching: Matching = field(repr=False, compare=False)

    @property
    def image_ids(self) -> list[int]:
        """The images, ascending; `matches` points into them."""
        return self.matching.image_ids

    @cached_property
    def matches(self) -> list[CategoryMatches]:
        """What became of every prediction, a category each, under the result's skip rule."""
        return category_matches(self.matching)

    @property
    def metrics(self) -> dict[str, float]:
        """The 12 numbers by name."""
        return dict(zip(STAT_NAMES, self.stats.tolist(), strict=True))


def evaluate(
    predictions: str | Path | Sequence[dict[str, Any]],
    ground_truth: str | Path | AnnotationFile,
    *,
    iou: Iou | str = Iou.SEGM,
    skip_rule: SkipRule | str = SkipRule.BOX,
) -> Result:
    """Evaluate predictions as COCO does, ignoring those on instances that raters skipped.

    Where nothing was skipped, every number is pycocotools' to the last bit. Otherwise true
    positives, recall and the number of instances are still its own, whatever the rule; only false
    positives may turn to ignored ones, so AP never falls. For boxes (`iou="bbox"`) a skipped
    instance's box is ground truth like any other, and `skip_rule` plays no part.

    Args:
        predictions: A file in COCO's results format, or its records.
        ground_truth: A release or any other file in COCO's format, or what `read_annotations`
            made of it.
        iou: What is compared: masks (`segm`) or boxes (`bbox`).
        skip_rule: What becomes of predictions on skipped instances.

    Raises:
        InputError: predictions or ground truth are at fault; names the file, record and field.
        ValueError: no such `iou` or `skip_rule`.
    """
    iou, rule = Iou(iou), SkipRule(skip_rule)
    if isinstance(ground_truth, AnnotationFile):
        name, file = "ground truth", ground_truth
    else:
        name, file = ground_truth, read_annotations(ground_truth)
    masks = iou is Iou.SEGM
    found = read_predictions(predictions, file, masks=masks)
    truth = load_ground_truth(file, name, masks=masks)
    if not masks:
        matching = Matching(file, truth.records, found, iou)
        return _result(matching, truth, found, None, {}, {}, {})

    matching = Matching(file, truth.without_skipped(), found, iou)
    cells = _cells_by_rule(matching, truth, found)
    ap_by_rule = {}
    for other in SkipRule:
        if other is not rule and cells[other]:
            _apply(matching, cells[other])
            ap_by_rule[other] = matching.average_precision()
    _apply(matching, cells[rule])
    return _result(matching, truth, found, rule, cells[rule], cells[SkipRule.NONE], ap_by_rule)


def _cells_by_rule(
    matching: Matching, truth: GroundTruth, predictions: Predictions
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
    as_crowds = Matching(truth.file, truth.records, predictions, Iou.SEGM, sorted(images))
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


def _apply(matching: Matching, cells: Cells) -> None:
    for pair, replacements in cells.items():
        matching.replace_cells(*pair, replacements)


def _result(
    matching: Matching,
    truth: GroundTruth,
    predictions: Predictions,
    rule: SkipRule | None,
    cells: Cells,
    plain: Cells,
    ap_by_rule: dict[SkipRule, float],
) -> Result:
    curves = matching.curves()
    stats = matching.stats()
    if rule is not None:  # a rule without an entry differs in nothing from the one chosen
        ap_by_rule = {other: ap_by_rule.get(other, float(stats[0])) for other in SkipRule}
    absorbed = np.zeros((len(matching.category_ids), len(matching.thresholds)), np.int64)
    for pair in cells:
        after, before = cells[pair][0], plain[pair][0]
        if after and before:
            ignored = after["dtIgnore"].astype(bool) & ~before["dtIgnore"].astype(bool)
            absorbed[matching.category_ids.index(pair[1])] += ignored.sum(axis=1)
    crowds = sum(bool(annotation.iscrowd) for annotation in truth.file.annotations)
    skipped = sum(truth.skipped)
    others = len(truth.records) - crowds
    return Result(
        iou=Iou.BBOX if rule is None else Iou.SEGM,
        skip_rule=rule,
        stats=stats,
        curves=curves,
        thresholds=matching.thresholds,
        category_ids=matching.category_ids,
        absorbed=absorbed.sum(axis=0),
        absorbed_by_category=absorbed,
        ap_by_rule=ap_by_rule,
        counts=Counts(
            images=len(matching.image_ids),
            categories=len(matching.category_ids),
            instances=others if rule is None else others - skipped,
            skipped=skipped,
            crowds=crowds,
            predictions=len(predictions),
        ),
        notes=[*_note_on_id_0(matching, truth), *_note_on_areas(matching, predictions, rule)],
        matching=matching,
    )


def _note_on_id_0(matching: Matching, truth: GroundTruth) -> list[str]:
    """pycocotools marks a match by the truth's id, so that one with id 0 passes for none."""
    for record in truth.records:
        if record["id"] != 0:
            continue
        for cell in matching.cells(record["image_id"], record["category_id"]):
            if cell is None or 0 not in cell["gtIds"]:
                continue
            place = cell["gtIds"].index(0)
            if not cell["gtIgnore"][place] and cell["gtMatches"][:, place].any():
                return [
                    f"The ground truth has an annotation with id 0 (image {record['image_id']}, "
                    f"category {record['category_id']}), and pycocotools never counts it as "
                    "found: the prediction that finds it is a false positive here as there. "
                    "Number annotations from 1 to avoid this."
                ]
    return []


def _note_on_areas(
    matching: Matching, predictions: Predictions, rule: SkipRule | None
) -> list[str]:
    """pycocotools takes areas from boxes as soon as the first result has one."""
    if rule is None or not predictions.areas_of_boxes:
        return []
    box_areas = predictions.boxes[:, 2] * predictions.boxes[:, 3]
    moved = np.zeros(len(predictions), bool)
    for low, high in matching.area_ranges:
        in_range = [(low <= areas) & (areas <= high) for areas in (box_areas, predictions.areas)]
        moved |= in_range[0] != in_range[1]
    if not moved.any():
        return []
    return [
        "The first prediction carries `bbox`, so pycocotools, and this evaluation with it, takes "
        f"the areas of all predictions from their boxes: {moved.sum()} of {len(predictions)} "
        "change size class, and with them AP and AR by size. Leave `bbox` out to avoid this."
    ]
