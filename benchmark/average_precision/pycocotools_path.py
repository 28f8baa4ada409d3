"""The evaluation by pycocotools: for whatever the native core leaves, and to test it against.

Matching, precision and recall are pycocotools'; what follows matching, for predictions on
instances without a mask, is `skip_rule`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.average_precision import notes
from benchmark.average_precision.matches import CategoryMatches
from benchmark.average_precision.parameters import DEFAULT, Parameters
from benchmark.average_precision.pycocotools_matching import Matching
from benchmark.average_precision.result import Counts, Curves, Result
from benchmark.average_precision.skip_rule import Cells, cells_by_rule
from benchmark.average_precision.weighted_ap import precisions_by_category
from benchmark.reading.choices import Iou, SkipRule
from benchmark.reading.ground_truth import GroundTruth
from benchmark.reading.input_text import InputText
from benchmark.reading.inputs import Inputs, read_inputs
from benchmark.reading.predictions import Predictions
from o365seg.formats.records import AnnotationFile


def evaluate(
    predictions: str | Path | InputText,
    ground_truth: str | Path | AnnotationFile,
    iou: Iou,
    rule: SkipRule,
) -> Result:
    """See `benchmark.average_precision.evaluation.evaluate`.

    Raises:
        InputError: predictions or ground truth are invalid; names the file, record and field.
    """
    return evaluate_inputs(
        read_inputs(predictions, ground_truth, iou, misfits=iou is Iou.SEGM), rule
    )


def evaluate_inputs(inputs: Inputs, rule: SkipRule, parameters: Parameters = DEFAULT) -> Result:
    """Evaluate what has been read and checked."""
    result = _evaluate(inputs, rule, parameters)
    result.notes.extend(inputs.notes)
    return result


def _evaluate(inputs: Inputs, rule: SkipRule, parameters: Parameters) -> Result:
    file, truth, found, iou = inputs.file, inputs.truth, inputs.predictions, inputs.iou
    if iou is Iou.BBOX:
        matching = Matching(file, truth.records, found, iou, parameters=parameters)
        return _result(matching, truth, found, iou, None, {}, {}, {})

    matching = Matching(file, truth.without_skipped(), found, iou, parameters=parameters)
    cells = cells_by_rule(matching, truth, found, iou)
    ap_by_rule = {}
    for other in SkipRule:
        if other is not rule and cells[other]:
            _apply(matching, cells[other])
            ap_by_rule[other] = matching.average_precision()
    _apply(matching, cells[rule])
    return _result(matching, truth, found, iou, rule, cells[rule], cells[SkipRule.NONE], ap_by_rule)


@dataclass(frozen=True)
class SlowMatched:
    """What pycocotools matched; see `benchmark.average_precision.result.Matched`."""

    matching: Matching
    found: Curves
    absorbed: dict[int, int]
    """Per category id; see `absorbed_at_half`."""

    def absorbed_at_half(self, category_id: int) -> int:
        """False positives at IoU 0.5 that are ignored because of a skipped instance."""
        return self.absorbed.get(category_id, 0)

    def image_ids(self) -> list[int]:
        """All image ids, ascending."""
        return self.matching.image_ids

    def curves(self) -> Curves:
        """pycocotools' arrays."""
        return self.found

    def category_matches(self, category_id: int) -> CategoryMatches:
        """A category's matches."""
        matching = self.matching
        shape = len(matching.area_ranges), len(matching.thresholds), 0
        image, prediction, score = [np.zeros(0, np.int32)], [np.zeros(0, np.int64)], [np.zeros(0)]
        matched, ignored = [np.zeros(shape, bool)], [np.zeros(shape, bool)]
        positives = np.zeros((shape[0], len(matching.image_ids)), np.int32)
        for place, image_id in enumerate(matching.image_ids):
            cells = [cell for cell in matching.cells(image_id, category_id) if cell is not None]
            if not cells:
                continue
            ids = np.array(cells[0]["dtIds"], np.int64)
            image.append(np.full(len(ids), place, np.int32))
            prediction.append(ids - 1)
            score.append(np.array(cells[0]["dtScores"], float))
            matched.append(np.stack([cell["dtMatches"] != 0 for cell in cells]))
            ignored.append(np.stack([cell["dtIgnore"].astype(bool) for cell in cells]))
            positives[:, place] = [np.count_nonzero(cell["gtIgnore"] == 0) for cell in cells]
        return CategoryMatches(
            category_id,
            np.concatenate(image),
            np.concatenate(prediction),
            np.concatenate(score),
            np.concatenate(matched, axis=2),
            np.concatenate(ignored, axis=2),
            positives,
        )

    def resampled_precisions(
        self, weights: np.ndarray, means: Sequence[Sequence[int]]
    ) -> np.ndarray:
        """See `Result.resampled_precisions`."""
        matches = map(self.category_matches, self.matching.category_ids)
        return precisions_by_category(matches, weights, means)


def _apply(matching: Matching, cells: Cells) -> None:
    for pair, replacements in cells.items():
        matching.replace_cells(*pair, replacements)


def _result(
    matching: Matching,
    truth: GroundTruth,
    predictions: Predictions,
    iou: Iou,
    rule: SkipRule | None,
    cells: Cells,
    plain: Cells,
    ap_by_rule: dict[SkipRule, float],
) -> Result:
    curves = matching.curves()
    parameters = matching.parameters
    if parameters.is_default:
        numbers = tuple(matching.stats().tolist())
    else:
        numbers = tuple(measure.of(curves) for measure in parameters.measures())
    if rule is not None:  # a rule without an entry differs in nothing from the one chosen
        ap_by_rule = {other: ap_by_rule.get(other, numbers[0]) for other in SkipRule}
    absorbed = np.zeros(len(matching.thresholds), np.int64)
    at_half: dict[int, int] = {}
    for pair in cells:
        after, before = cells[pair][0], plain[pair][0]
        if after and before:
            here = (after["dtIgnore"].astype(bool) & ~before["dtIgnore"]).sum(axis=1)
            absorbed += here
            at_half[pair[1]] = at_half.get(pair[1], 0) + int(here[0])
    crowds = sum(bool(annotation.iscrowd) for annotation in truth.file.annotations)
    skipped = sum(truth.skipped)
    unanswered = sum(one.is_skipped and one.unanswered for one in truth.file.annotations)
    others = len(truth.records) - crowds
    marked = any(one.iscrowd and one.skipped for one in truth.file.annotations)
    masks = rule is not None
    tallies = notes.Tallies(
        stock=bool(crowds and not skipped and marked),
        ignore_flags=truth.ignore_flags,
        gt_no_pixels=truth.count_without_pixels() if masks else 0,
        no_pixels=int((predictions.areas == 0).sum()) if masks else 0,
        moved=_count_moved(matching, predictions) if masks and predictions.areas_of_boxes else 0,
        negative_boxes=int((predictions.boxes[:, 2:] < 0).any(axis=1).sum()),
        misfits=_misfits(truth, predictions),
        lost=_lost(matching, truth),
    )
    counts = Counts(
        images=len(matching.image_ids),
        categories=len(matching.category_ids),
        instances=others if rule is None else others - skipped,
        skipped=skipped - unanswered,
        unanswered=unanswered,
        crowds=crowds,
        predictions=len(predictions),
    )
    return Result(
        iou=iou,
        skip_rule=rule,
        numbers=numbers,
        category_ids=matching.category_ids,
        absorbed_counts=tuple(absorbed.tolist()),
        ap_by_rule=ap_by_rule,
        counts=counts,
        tallies=tallies,
        notes=notes.tell(tallies, counts, masks=masks),
        matched=SlowMatched(matching, curves, at_half),
        parameters=parameters,
    )


def _lost(matching: Matching, truth: GroundTruth) -> tuple[int, int] | None:
    """pycocotools marks a match by the truth's id, so that one with id 0 passes for none."""
    for record in truth.records:
        if record["id"] != 0:
            continue
        for cell in matching.cells(record["image_id"], record["category_id"]):
            if cell is None or 0 not in cell["gtIds"]:
                continue
            place = cell["gtIds"].index(0)
            if not cell["gtIgnore"][place] and cell["gtMatches"][:, place].any():
                return record["image_id"], record["category_id"]
    return None


def _count_moved(matching: Matching, predictions: Predictions) -> int:
    """How many predictions change size class because their area is their box's."""
    box_areas = predictions.boxes[:, 2] * predictions.boxes[:, 3]
    moved = np.zeros(len(predictions), bool)
    for low, high in matching.area_ranges:
        in_range = [(low <= areas) & (areas <= high) for areas in (box_areas, predictions.areas)]
        moved |= in_range[0] != in_range[1]
    return int(moved.sum())


def _misfits(truth: GroundTruth, predictions: Predictions) -> list[int] | None:
    """A mask of another size than its image's is scored, as pycocotools does, but is a mistake."""
    if not predictions.misfits or predictions.masks is None:
        return None
    first = predictions.misfits[0]
    sizes = {image.id: (image.height, image.width) for image in truth.file.images}
    size = sizes[predictions.image_ids[first]]
    mask = predictions.masks[first].size
    return [len(predictions.misfits), predictions.places[first], *mask, *size]
