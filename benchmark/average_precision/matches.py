"""What became of each prediction of a category, as arrays."""

from dataclasses import dataclass

import numpy as np

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
        image: int32[n], the image's index in `Result.image_ids`.
        prediction: int64[n], the prediction's index in the results file.
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
