"""COCO's matching of one image and category, for many area ranges and thresholds at once.

For what pycocotools does not offer: areas relative to the image, errors by kind. Only predictions
that reach the lowest threshold with some annotation are visited; the rest match nothing.
"""

import numpy as np


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
