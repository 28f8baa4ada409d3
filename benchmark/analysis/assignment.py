"""COCO's matching of one image and category, for many area ranges and thresholds at once.

For what pycocotools cannot be asked (areas relative to the image, errors by kind). Only predictions
that reach the lowest threshold with some truth are walked through; the rest find nothing anyway.
"""

import numpy as np


def assign(
    ious: np.ndarray, crowd: np.ndarray, ignored: np.ndarray, thresholds: np.ndarray
) -> np.ndarray:
    """The truth that each prediction is matched to by `COCOeval.evaluateImg`'s rule.

    In score order each prediction takes the truth of highest overlap among those still free; of
    equals the last. One that is ignored is taken only where no other reaches the threshold. A crowd
    is never used up.

    Args:
        ious: float64[predictions, truths] in score order; for crowds intersection over prediction.
        crowd: bool[truths].
        ignored: bool[areas, truths], crowds and truths outside the area range.
        thresholds: float64[thresholds].

    Returns:
        int64[areas, thresholds, predictions], index of the truth; −1 for none.
    """
    areas, levels = len(ignored), np.minimum(thresholds, 1 - 1e-10)
    predictions, truths = ious.shape
    taken = np.full((areas, len(levels), predictions), -1, np.int64)
    if truths == 0:
        return taken
    free = np.ones((areas, len(levels), truths), bool)
    for place in np.flatnonzero((ious >= levels.min()).any(axis=1)):
        within_reach = free & (ious[place] >= levels[:, None])
        chosen = taken[:, :, place]
        for sought in (~ignored, ignored):
            overlaps = np.where(within_reach & sought[:, None, :], ious[place], -1.0)
            best = truths - 1 - overlaps[:, :, ::-1].argmax(axis=2)
            found = np.take_along_axis(overlaps, best[:, :, None], axis=2)[:, :, 0] >= 0
            chosen[:] = np.where((chosen < 0) & found, best, chosen)
        a, t = np.nonzero(chosen >= 0)
        used = chosen[a, t]
        free[a, t, used] &= crowd[used]
    return taken
