"""The human ceiling: the AP that raters reach against each other, with its interval.

The paper has no such number. It is defined here, on questions that several raters painted without
seeing each other's work (`store.quality.agreement`): of every two raters, each one's mask is the
ground truth for the other's. Mask IoU is symmetric, so both ways have the same result. It is AP as
`benchmark evaluate` finds it, with these choices:

- A mask is compared with the other rater's mask of the same question, and with no other.
- Raters give no scores, so all their masks have the same one: the precision-recall curve is a
  single point. Of n masks of a category, k reach the IoU threshold: precision and recall are k / n,
  and the 101 recalls up to k / n have that precision. A model that ranks its masks well can
  therefore score higher.
- A question counts once, however many raters painted it: k / n is over questions, each with the
  share of its pairs that reach the threshold.
- Skips are ignored: a pair of which one rater or both skipped is left out.

AP is the mean over categories and over the IoU thresholds 0.50 to 0.95. The interval is that of
`benchmark evaluate --interval`: a bootstrap over images and Student's t (`t_intervals`).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from o365seg.statistics.t_intervals import (
    Interval,
    correction_of_mean,
    image_weights,
    interval,
)
from o365seg.store.quality.agreement import Pair

_THRESHOLDS = np.linspace(0.5, 0.95, 10)
_RECALLS = 100  # recalls 0, 0.01, …, 1
_RESAMPLES, _SEED = 1000, 0
_DIGITS = 6  # of what a release says, the same on every machine


@dataclass(frozen=True)
class HumanCeiling:
    """Mask AP of raters against each other; fractions.

    Attributes:
        ap: Mean over the IoU thresholds 0.50 to 0.95; `ap50` and `ap75`, at one of them.
        interval: The 95 % interval of `ap` over images; None for fewer than 10 images.
        questions: Painted by two raters or more.
        images: Those that the questions are in.
        categories: Those that the questions have.
        raters: Who painted them.
        skipped: Questions that several raters answered, but fewer than two painted.
    """

    ap: float
    ap50: float
    ap75: float
    interval: Interval | None
    questions: int
    images: int
    categories: int
    raters: int
    skipped: int


def human_ceiling(pairs: Sequence[Pair]) -> HumanCeiling | None:
    """The AP of raters against each other; None where no two painted the same question.

    Args:
        pairs: What `agreement.list_pairs` lists.
    """
    return _measured(tuple(pairs))


def released_ceiling(ceiling: HumanCeiling | None) -> dict[str, Any] | None:
    """What the `info` of a release says of it; the interval as its two ends."""
    if ceiling is None:
        return None
    within = ceiling.interval
    return {
        "AP": round(ceiling.ap, _DIGITS),
        "AP_interval": within and [round(within.low, _DIGITS), round(within.high, _DIGITS)],
        "AP50": round(ceiling.ap50, _DIGITS),
        "AP75": round(ceiling.ap75, _DIGITS),
        "questions": ceiling.questions,
        "images": ceiling.images,
        "categories": ceiling.categories,
        "raters": ceiling.raters,
        "skipped": ceiling.skipped,
    }


def average_precision(shares: np.ndarray) -> np.ndarray:
    """AP where all scores are equal, from the share of masks that reach the threshold.

    Args:
        shares: float64[…], 0 to 1: precision and recall of the curve's only point.

    Returns:
        float64[…]: the mean of the precision over 101 recalls, 0 beyond the recall reached.
    """
    reached = np.floor(shares * _RECALLS + 1e-9) + 1
    return shares * reached / (_RECALLS + 1)


@lru_cache(maxsize=8)  # the page of progress asks every few seconds
def _measured(pairs: tuple[Pair, ...]) -> HumanCeiling | None:
    painted: dict[int, list[Pair]] = defaultdict(list)
    for pair in pairs:
        if pair.iou is not None:
            painted[pair.question_id].append(pair)
    if not painted:
        return None
    ious = [np.array([pair.iou for pair in of_one]) for of_one in painted.values()]
    # float64[questions, thresholds]: the share of a question's pairs that reach each
    reached = np.stack([(one[:, None] >= _THRESHOLDS).mean(axis=0) for one in ious])
    image_ids, image = np.unique(
        [of_one[0].image_id for of_one in painted.values()], return_inverse=True
    )
    names, category = np.unique(
        [of_one[0].category for of_one in painted.values()], return_inverse=True
    )
    members = [np.flatnonzero(category == index) for index in range(len(names))]
    by_threshold = average_precision(np.stack([reached[one].mean(axis=0) for one in members]))
    ap = float(by_threshold.mean())
    return HumanCeiling(
        ap=ap,
        ap50=float(by_threshold[:, 0].mean()),
        ap75=float(by_threshold[:, 5].mean()),
        interval=_interval(ap, reached, image, len(image_ids), members),
        questions=len(painted),
        images=len(image_ids),
        categories=len(names),
        raters=len({name for of_one in painted.values() for p in of_one for name in p.raters}),
        skipped=len({pair.question_id for pair in pairs} - painted.keys()),
    )


def _interval(
    ap: float, reached: np.ndarray, image: np.ndarray, images: int, members: list[np.ndarray]
) -> Interval | None:
    """The interval of `ap`.

    Args:
        ap: The estimate.
        reached: float64[questions, thresholds].
        image: int[questions], the index of each question's image.
        images: Their number.
        members: The questions of each category, by index.
    """
    weights = image_weights(images, _RESAMPLES, _SEED)
    found = np.full((_RESAMPLES, len(members)), np.nan)
    objects = np.zeros((len(members), images), bool)
    for column, one in enumerate(members):
        objects[column, image[one]] = True
        drawn = weights[image[one]].astype(float)  # [questions, resamples]
        number = drawn.sum(axis=0)
        known = number > 0
        shares = reached[one].T @ drawn[:, known] / number[known]
        found[known, column] = average_precision(shares).mean(axis=0)
    corrected = correction_of_mean(found, objects)
    return None if corrected is None else interval(ap, np.nanmean(found, axis=1), corrected)
