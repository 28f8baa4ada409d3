"""AP by relative size in plain numpy, to test the core's."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from overlap_oracle import ImageOverlaps, assign, image_overlaps

from benchmark.analysis.by_size import SIZE_EDGES, SizeBin, half_open
from benchmark.average_precision.accumulation import mean_known, precisions, rank, recall
from benchmark.average_precision.matches import CategoryMatches
from benchmark.average_precision.result import IOU_THRESHOLDS
from benchmark.average_precision.skip_rule import absorb, box_iou
from benchmark.reading.choices import SkipRule
from benchmark.reading.inputs import Inputs

_THRESHOLDS = np.array(IOU_THRESHOLDS)


def match_by_size(
    inputs: Inputs, rule: SkipRule = SkipRule.BOX, edges: Sequence[float] = SIZE_EDGES
) -> list[CategoryMatches]:
    """The matches whose areas are the bins of relative size; arguments as `evaluate_by_size`."""
    truth_sizes, prediction_sizes = relative_sizes(inputs)
    return match_in_bins(inputs, rule, truth_sizes, prediction_sizes, np.array(half_open(edges)))


def numbers_by_size(
    matches: Sequence[CategoryMatches], edges: Sequence[float] = SIZE_EDGES
) -> list[SizeBin]:
    """The numbers of each bin, from what `match_by_size` found."""
    bins = []
    for area, (low, high) in enumerate(itertools.pairwise(edges)):
        found = precisions(matches, area)
        bins.append(
            SizeBin(
                low=low,
                high=high,
                instances=sum(int(one.positives[area].sum()) for one in matches),
                ap=mean_known(found),
                ap50=mean_known(found[0]),
                ap75=mean_known(found[5]),
                ar=mean_known(np.stack([recall(rank(one, area)) for one in matches])),
            )
        )
    return bins


def relative_sizes(inputs: Inputs) -> tuple[np.ndarray, np.ndarray]:
    """√(area / image area) of every record of the ground truth and of every prediction, float64.

    For the ground truth, the `area` in the file, as in COCO's area ranges; for a prediction, the
    number of pixels of its mask, whatever its `bbox`.
    """
    areas = {image.id: image.width * image.height for image in inputs.file.images}
    records, found = inputs.truth.records, inputs.predictions
    truth = [record["area"] / areas[record["image_id"]] for record in records]
    predicted = found.areas if inputs.iou.of_masks else found.boxes[:, 2] * found.boxes[:, 3]
    images = np.array([areas[image_id] for image_id in found.image_ids], float)
    return np.sqrt(np.maximum(truth, 0)), np.sqrt(predicted / images)


def match_in_bins(
    inputs: Inputs,
    rule: SkipRule,
    truth_sizes: np.ndarray,
    prediction_sizes: np.ndarray,
    bins: np.ndarray,
) -> list[CategoryMatches]:
    """Match as COCO does, with bins of any measure of size in place of its area ranges.

    Args:
        inputs: Predictions and ground truth.
        rule: How predictions on skipped instances count; without effect for boxes.
        truth_sizes: float64[records].
        prediction_sizes: float64[predictions].
        bins: float64[bins, 2], smallest and largest size, both inclusive.

    Returns:
        One entry per category, by ascending id; its areas are the bins.
    """
    masks = inputs.iou.of_masks
    absorbing = masks and rule in (SkipRule.BOX, SkipRule.BOX50)
    skipped = inputs.truth.skipped_boxes() if absorbing else {}
    least = _THRESHOLDS if rule is SkipRule.BOX else np.full_like(_THRESHOLDS, 0.5)
    collected = {category_id: _Collected(bins) for category_id in inputs.category_ids}
    image_ids = inputs.image_ids
    for overlaps in image_overlaps(inputs, skipped=not masks or rule is SkipRule.IOA):
        here = np.union1d(overlaps.prediction_category, overlaps.annotation_category)
        for category_id in here.tolist():
            rows, columns = overlaps.of_category(category_id)
            boxes = skipped.get((image_ids[overlaps.image], category_id))
            block = _match_block(
                inputs, overlaps, (rows, columns), truth_sizes, prediction_sizes, bins
            )
            if boxes is not None:
                _absorb(inputs, block, boxes, least)
            collected[category_id].blocks.append(block)
    return [one.joined(k, inputs, len(image_ids)) for k, one in collected.items()]


@dataclass(frozen=True)
class _Block:
    """One image and category: arrays as in `CategoryMatches`, and its positives int[areas]."""

    image: int
    predictions: np.ndarray
    matched: np.ndarray
    ignored: np.ndarray
    positives: np.ndarray


class _Collected:
    def __init__(self, bins: np.ndarray) -> None:
        shape = len(bins), len(_THRESHOLDS), 0
        nothing = np.zeros(shape, bool)
        none = np.zeros(0, np.int64)
        self.blocks = [_Block(0, none, nothing, nothing, np.zeros(len(bins), int))]

    def joined(self, category_id: int, inputs: Inputs, images: int) -> CategoryMatches:
        prediction = np.concatenate([block.predictions for block in self.blocks])
        positives = np.zeros((len(self.blocks[0].positives), images), np.int32)
        for block in self.blocks[1:]:
            positives[:, block.image] = block.positives
        counts = [len(block.predictions) for block in self.blocks]
        return CategoryMatches(
            category_id=category_id,
            image=np.repeat([block.image for block in self.blocks], counts).astype(np.int32),
            prediction=prediction,
            score=inputs.predictions.scores[prediction],
            matched=np.concatenate([block.matched for block in self.blocks], axis=2),
            ignored=np.concatenate([block.ignored for block in self.blocks], axis=2),
            positives=positives,
        )


def _match_block(
    inputs: Inputs,
    overlaps: ImageOverlaps,
    places: tuple[np.ndarray, np.ndarray],
    truth_sizes: np.ndarray,
    prediction_sizes: np.ndarray,
    bins: np.ndarray,
) -> _Block:
    rows, columns = places
    annotations, predictions = overlaps.annotations[columns], overlaps.predictions[rows]
    crowd = overlaps.crowd[columns]
    ignored = crowd | _outside(truth_sizes[annotations], bins)
    outside = _outside(prediction_sizes[predictions], bins)[:, None, :]
    ious = overlaps.ious[np.ix_(rows, columns)]
    if not (ious >= _THRESHOLDS[0]).any():  # most places: nothing is found
        shape = len(bins), len(_THRESHOLDS), len(rows)
        nothing = np.zeros(shape, bool)
        positives = (~ignored).sum(axis=1)
        return _Block(overlaps.image, predictions, nothing, nothing | outside, positives)
    taken = assign(ious, crowd, ignored, _THRESHOLDS)
    numbers = np.array(
        [inputs.truth.records[i]["id"] for i in annotations] + [0]
    )  # −1: none, as id 0
    # pycocotools takes a match with a truth of id 0 for none, and ignores it only with that truth.
    matched = numbers[taken] != 0
    with_ignored = np.concatenate([ignored, np.zeros((len(bins), 1), bool)], axis=1)
    by_truth = np.take_along_axis(with_ignored, taken.reshape(len(bins), -1), axis=1)
    return _Block(
        image=overlaps.image,
        predictions=predictions,
        matched=matched,
        ignored=by_truth.reshape(taken.shape) | (~matched & outside),
        positives=(~ignored).sum(axis=1),
    )


def _outside(sizes: np.ndarray, bins: np.ndarray) -> np.ndarray:
    """bool[bins, n]: not within the bin, ends inclusive."""
    return (sizes < bins[:, :1]) | (sizes > bins[:, 1:])


def _absorb(inputs: Inputs, block: _Block, boxes: np.ndarray, least: np.ndarray) -> None:
    """Mark in `block.ignored` what the skipped boxes float64[n, 4] of its place absorb."""
    ious = box_iou(inputs.predictions.tight_boxes[block.predictions], boxes)
    for matched, ignored in zip(block.matched, block.ignored, strict=True):
        ignored |= absorb(~matched & ~ignored, ious, least)
