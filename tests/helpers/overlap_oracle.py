"""Overlaps and COCO's matching of one image in plain numpy, to test the core's analyses."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from benchmark.analysis.file_check import DETECTIONS
from benchmark.average_precision.boundary import lesser_ious
from benchmark.reading.choices import Iou
from benchmark.reading.inputs import Inputs

LEAST = 0.1
"""The smallest overlap of interest; below it, boundaries are not compared."""


@dataclass(frozen=True)
class ImageOverlaps:
    """The overlaps in one image.

    Attributes:
        image: Its index among the ascending image ids.
        predictions: int64[n], indices in the results file: the best `DETECTIONS` of every category,
            by category, then in pycocotools' score order.
        prediction_category: int64[n], category ids.
        annotations: int64[m], indices among the records of the ground truth, in the file's order.
        annotation_category: int64[m], category ids.
        crowd: bool[m], `iscrowd`.
        ious: float64[n, m], intersection over union; over the prediction alone for crowds. If
            boundaries are compared, the smaller one from `LEAST` up, else some value below it.
    """

    image: int
    predictions: np.ndarray
    prediction_category: np.ndarray
    annotations: np.ndarray
    annotation_category: np.ndarray
    crowd: np.ndarray
    ious: np.ndarray

    def of_category(self, category_id: int) -> tuple[np.ndarray, np.ndarray]:
        """Places of one category among this image's predictions and among its annotations."""
        return (
            np.flatnonzero(self.prediction_category == category_id),
            np.flatnonzero(self.annotation_category == category_id),
        )


def image_overlaps(
    inputs: Inputs, *, skipped: bool, images: Sequence[int] | None = None
) -> Iterator[ImageOverlaps]:
    """Compute the overlaps of every image in ascending order of id, or of some images.

    Args:
        inputs: Predictions and ground truth.
        skipped: Whether skipped instances take part: as crowds if masks are compared, as
            ordinary objects if boxes are.
        images: Only these, in this order, by their indices among the ascending ids.
    """
    records, found = inputs.truth.records, inputs.predictions
    place_of = {image_id: place for place, image_id in enumerate(inputs.image_ids)}
    annotations: list[list[int]] = [[] for _ in place_of]
    for index, record in enumerate(records):
        if skipped or not inputs.truth.skipped[index]:
            annotations[place_of[record["image_id"]]].append(index)
    predicted: list[list[int]] = [[] for _ in place_of]
    for index, image_id in enumerate(found.image_ids):
        predicted[place_of[image_id]].append(index)
    categories = np.array(found.category_ids, np.int64)
    wanted = range(len(place_of)) if images is None else images
    for image in wanted:
        kept = _best(np.array(predicted[image], np.int64), categories, found.scores)
        here = np.array(annotations[image], np.int64)
        crowd = np.array([records[i]["iscrowd"] for i in here], bool)
        yield ImageOverlaps(
            image=image,
            predictions=kept,
            prediction_category=categories[kept],
            annotations=here,
            annotation_category=np.array([records[i]["category_id"] for i in here], np.int64),
            crowd=crowd,
            ious=_ious(inputs, kept, here, crowd),
        )


def _best(places: np.ndarray, categories: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """By category, then by falling score (ties as in the file), cut at the limit per category."""
    places = places[np.lexsort((-scores[places], categories[places]))]
    _, first, count = np.unique(categories[places], return_index=True, return_counts=True)
    rank = np.arange(len(places)) - np.repeat(first, count)
    return places[rank < DETECTIONS]


def _ious(
    inputs: Inputs, predictions: np.ndarray, annotations: np.ndarray, crowd: np.ndarray
) -> np.ndarray:
    if not (predictions.size and annotations.size):
        return np.zeros((predictions.size, annotations.size))
    records, found = inputs.truth.records, inputs.predictions
    ours: Any
    theirs: Any
    if inputs.iou.of_masks:
        assert found.masks is not None
        masks = [found.masks[i] for i in predictions]
        ours = [{"size": list(mask.size), "counts": mask.counts} for mask in masks]
        theirs = [records[i]["segmentation"] for i in annotations]
    else:
        ours = found.boxes[predictions]
        theirs = np.array([records[i]["bbox"] for i in annotations], float)
    found = np.asarray(coco_mask.iou(ours, theirs, crowd.astype(int).tolist()), float)
    if inputs.iou is Iou.BOUNDARY:
        return lesser_ious(found, ours, theirs, crowd.tolist(), least=LEAST)
    return found


def assign(
    ious: np.ndarray, crowd: np.ndarray, ignored: np.ndarray, thresholds: np.ndarray
) -> np.ndarray:
    """Match each prediction to an annotation by the rule of `COCOeval.evaluateImg`.

    In score order each prediction takes the free annotation of highest overlap; of equals the
    last. An ignored one is taken only if no other reaches the threshold. A crowd stays free.

    Args:
        ious: float64[predictions, annotations] in score order; for crowds, intersection over the
            prediction.
        crowd: bool[annotations].
        ignored: bool[areas, annotations], crowds, and annotations outside the area range.
        thresholds: float64[thresholds].

    Returns:
        int64[areas, thresholds, predictions], index of the annotation; −1 for none.
    """
    areas, levels = len(ignored), np.minimum(thresholds, 1 - 1e-10)
    predictions, annotations = ious.shape
    taken = np.full((areas, len(levels), predictions), -1, np.int64)
    if annotations == 0:
        return taken
    free = np.ones((areas, len(levels), annotations), bool)
    for place in np.flatnonzero((ious >= levels.min()).any(axis=1)):
        within_reach = free & (ious[place] >= levels[:, None])
        chosen = taken[:, :, place]
        for sought in (~ignored, ignored):
            overlaps = np.where(within_reach & sought[:, None, :], ious[place], -1.0)
            best = annotations - 1 - overlaps[:, :, ::-1].argmax(axis=2)
            found = np.take_along_axis(overlaps, best[:, :, None], axis=2)[:, :, 0] >= 0
            chosen[:] = np.where((chosen < 0) & found, best, chosen)
        a, t = np.nonzero(chosen >= 0)
        used = chosen[a, t]
        free[a, t, used] &= crowd[used]
    return taken
