"""What became of each prediction of a category, as arrays; and AP of resampled images from them."""

from dataclasses import dataclass

import numpy as np

RECALLS = np.linspace(0.0, 1.0, 101)

DETECTIONS = 100
"""Predictions that count per image and category, best score first: COCO's largest limit."""


@dataclass(frozen=True)
class CategoryMatches:
    """The n predictions of a category that take part, at most 100 an image.

    By ascending image id, then in pycocotools' order: best score first, of equals the earlier in
    the file. At threshold t and area range a a prediction is a true positive where
    `matched & ~ignored`, a false one where `~matched & ~ignored`, and else counts for nothing.

    Attributes:
        category_id: The category.
        image: int32[n], the image's place among `Result.image_ids`.
        prediction: int64[n], the prediction's place in the results file.
        score: float64[n].
        matched: bool[area ranges, thresholds, n].
        ignored: bool[area ranges, thresholds, n].
        positives: int32[area ranges, images], how many instances there are to find.
    """

    category_id: int
    image: np.ndarray
    prediction: np.ndarray
    score: np.ndarray
    matched: np.ndarray
    ignored: np.ndarray
    positives: np.ndarray


def resampled_precision(matches: CategoryMatches, weights: np.ndarray) -> np.ndarray:
    """AP of one category for resamples of the images: pycocotools' rule on repeated predictions.

    Slow and plain; the native core computes the same (up to the order of additions).

    Args:
        matches: The category's.
        weights: int32[resamples, images], how often each image counts.

    Returns:
        float64[resamples], over all areas, 100 detections and the ten thresholds; −1 where there
        is nothing to find.
    """
    ranked = np.argsort(-matches.score, kind="stable")
    right = (matches.matched[0] & ~matches.ignored[0])[:, ranked]
    wrong = (~matches.matched[0] & ~matches.ignored[0])[:, ranked]
    found = np.full(len(weights), -1.0)
    for place, weight in enumerate(weights):
        positives = int(weight @ matches.positives[0])
        if positives:
            times = weight[matches.image[ranked]]
            values = [
                _average_precision(np.repeat(true, times), np.repeat(false, times), positives)
                for true, false in zip(right, wrong, strict=True)
            ]
            found[place] = np.mean(values)
    return found


def _average_precision(right: np.ndarray, wrong: np.ndarray, positives: int) -> float:
    """Of ranked predictions, bool[n] each: `COCOeval.accumulate`."""
    true, false = np.cumsum(right), np.cumsum(wrong)
    precision = true / (false + true + np.spacing(1))
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(true / positives, RECALLS, side="left")
    places = places[places < len(envelope)]
    return float(envelope[places].sum() / len(RECALLS))
