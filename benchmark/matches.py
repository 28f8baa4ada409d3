"""What became of every prediction, per category: all that accumulation needs, and no masks.

From these few arrays AP can be had again and again (under image weights, for a bootstrap; over a
curve; per category) without matching again.
"""

from dataclasses import dataclass

import numpy as np

from benchmark.coco_eval import Matching

DETECTIONS = 100
"""Predictions that count per image and category, best score first: COCO's largest limit."""


@dataclass(frozen=True)
class CategoryMatches:
    """The predictions of one category, by ascending image id, then in pycocotools' score order.

    n is the number of predictions, at most `DETECTIONS` an image. The areas are those of the
    matching; the first holds every size.

    Attributes:
        category_id: The category.
        image: int32[n], index into the matching's `image_ids`.
        prediction: int64[n], index in the results file.
        score: float64[n].
        matched: bool[areas, thresholds, n], found an object (a true positive if not `ignored`).
        ignored: bool[areas, thresholds, n], counts neither for nor against, under the skip rule
            chosen.
        positives: int32[areas, images], the objects to find, ignored ones not among them.
    """

    category_id: int
    image: np.ndarray
    prediction: np.ndarray
    score: np.ndarray
    matched: np.ndarray
    ignored: np.ndarray
    positives: np.ndarray


def category_matches(matching: Matching) -> list[CategoryMatches]:
    """The outcome of a matching, one entry a category in the order of `category_ids`."""
    ranges, images = len(matching.area_ranges), len(matching.image_ids)
    thresholds = len(matching.thresholds)
    pairs = matching.filled()
    found = []
    for category_id in matching.category_ids:
        positives = np.zeros((ranges, images), np.int32)
        image, prediction, score = [np.zeros(0, int)], [np.zeros(0, int)], [np.zeros(0)]
        matched = [np.zeros((ranges, thresholds, 0), bool)]
        ignored = [np.zeros((ranges, thresholds, 0), bool)]
        for place in pairs.get(category_id, ()):
            cells = matching.cells(matching.image_ids[place], category_id)
            kept = [cell for cell in cells if cell is not None]
            if not kept:
                continue
            positives[:, place] = [np.count_nonzero(np.equal(c["gtIgnore"], 0)) for c in kept]
            count = len(kept[0]["dtIds"])
            image.append(np.full(count, place))
            prediction.append(np.array(kept[0]["dtIds"], int) - 1)
            score.append(np.array(kept[0]["dtScores"], float))
            matched.append(np.array([cell["dtMatches"] for cell in kept]) != 0)
            ignored.append(np.array([cell["dtIgnore"] for cell in kept]).astype(bool))
        found.append(
            CategoryMatches(
                category_id=category_id,
                image=np.concatenate(image).astype(np.int32),
                prediction=np.concatenate(prediction).astype(np.int64),
                score=np.concatenate(score),
                matched=np.concatenate(matched, axis=2),
                ignored=np.concatenate(ignored, axis=2),
                positives=positives,
            )
        )
    return found
