"""AP by relative size: the size of a mask in its image, as in the paper.

The size is √(mask area / image area) (figure 5c), so that it means the same in a photo of 400 and
of 4,000 pixels, which COCO's 32² and 96² do not. Bins double from one to the next: an octave of
length each, as wide for small objects as for large ones. The first two edges frame COCO's own
"small" in its 640 × 480 images (0.058), and every edge is one of figure 5's 20.

As with COCO's area ranges, an object outside a bin is ignored, and so is an unmatched prediction
whose own size is outside. A bin holds its lower edge and not its upper one (the last
holds both), so that every object is in exactly one.

The core matches in ranges of the relative size beside its area ranges, in one pass: a view of up to
four bins each.
"""

import itertools
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, nextafter
from typing import TYPE_CHECKING

from benchmark.analysis.core import MatchedCore, matched_core
from benchmark.average_precision.native_core import RANGES
from benchmark.average_precision.native_path import NativeMatched
from benchmark.average_precision.parameters import IOU_THRESHOLDS
from benchmark.reading.choices import Iou, SkipRule

if TYPE_CHECKING:
    import numpy as np

    from benchmark import _native
    from benchmark.average_precision.matches import CategoryMatches
    from benchmark.reading.sources import GroundTruthSource, PredictionsSource

SIZE_EDGES = (0.0, 0.05, 0.1, 0.2, 0.4, 1.0)
"""Edges of the bins of relative size."""


@dataclass(frozen=True)
class SizeBin:
    """Numbers of one bin, fractions; −1 if there are no objects.

    Attributes:
        low: Smallest relative size, included.
        high: Largest relative size, excluded unless it is 1.
        instances: Number of objects of that size.
        ap: Mean AP at IoU 0.5:0.95 over the categories with such objects.
        ap50: The same at IoU 0.5.
        ap75: The same at IoU 0.75.
        ar: Mean recall at 100 detections.
    """

    low: float
    high: float
    instances: int
    ap: float
    ap50: float
    ap75: float
    ar: float


class Sizes:
    """Predictions matched in every bin by the native core, under a rule for skipped instances.

    For boxes, sizes are those of the boxes. Having no mask, a skipped instance has no size and may
    absorb a prediction of any.

    Args:
        views: The core's views of `size_ranges(edges)`.
        rule: How predictions on skipped instances count; without effect for boxes.
        edges: Edges of the bins, ascending.
    """

    def __init__(
        self, views: Sequence[MatchedCore], rule: SkipRule, edges: Sequence[float] = SIZE_EDGES
    ) -> None:
        self._views = views
        self._edges = edges
        self._rule = rule

    def bins(self) -> list[SizeBin]:
        """The numbers of each bin."""
        found = []
        edges = itertools.pairwise(self._edges)
        for passed in self._views:
            core = passed.core
            instances = array("q", bytes(8 * RANGES * len(core.ids(False))))
            core.positives(instances)
            for area, (low, high), means in zip(
                range(RANGES), edges, self._means(passed), strict=False
            ):
                found.append(SizeBin(low, high, sum(instances[area::RANGES]), *means))
        return found

    def _means(self, passed: MatchedCore) -> Sequence[tuple[float, ...]]:
        """AP, AP50, AP75 and AR of each bin of a view."""
        if not passed.lvis:
            return passed.core.range_means(self._rule)
        import numpy as np

        from benchmark.average_precision.accumulation import mean_known, precisions, rank, recall

        matches, found = _lvis_matches(passed), []
        for area in range(RANGES):
            precision = precisions(matches, area)
            reached = np.stack([recall(rank(one, area)) for one in matches])
            means = map(mean_known, (precision, precision[0], precision[5], reached))
            found.append(tuple(means))
        return found

    def resampled(self, weights: "np.ndarray") -> "list[tuple[np.ndarray, int]]":
        """Each bin under resamples of the images.

        Args:
            weights: Whole numbers [resamples, images], none negative: how often each image counts.

        Returns:
            For each bin AP by category, float64[resamples, categories] with −1 if there are no
            objects, and the number of images that have objects of that size.
        """
        import numpy as np

        found = []
        edges = itertools.pairwise(self._edges)
        thresholds = range(len(IOU_THRESHOLDS))
        for passed in self._views:
            core = passed.core
            positives = np.empty((RANGES, len(core.ids(True))), np.int64)
            core.image_positives(positives)
            matched = NativeMatched(core, self._rule)
            of_lvis = _lvis_matches(passed) if passed.lvis else []
            for area, _ in zip(range(RANGES), edges, strict=False):
                precision = (
                    _lvis_resampled(of_lvis, weights, area)
                    if passed.lvis
                    else matched.resampled_precisions(weights, [thresholds], area)[0]
                )
                found.append((precision, np.count_nonzero(positives[area])))
        return found


def _lvis_matches(passed: MatchedCore) -> "list[CategoryMatches]":
    """What became of every prediction by the rules of LVIS, a category each."""
    assert passed.lvis
    matched = NativeMatched(passed.core, SkipRule.NONE)
    return [
        passed.lvis.ignored(matched.category_matches(category_id))
        for category_id in passed.core.ids(False)
    ]


def _lvis_resampled(
    matches: "list[CategoryMatches]", weights: "np.ndarray", area: int
) -> "np.ndarray":
    """AP per resample and category in a bin, float64[resamples, categories]."""
    from benchmark.average_precision.weighted_ap import precisions_by_category

    here = slice(area, area + 1)
    in_bin = (
        replace(
            one, matched=one.matched[here], ignored=one.ignored[here], positives=one.positives[here]
        )
        for one in matches
    )
    return precisions_by_category(in_bin, weights, [range(len(IOU_THRESHOLDS))])[0]


def half_open(edges: Sequence[float]) -> list[tuple[float, float]]:
    """Disjoint bins with both ends inclusive; the last has no upper end."""
    bins = [(low, nextafter(high, -inf)) for low, high in itertools.pairwise(edges)]
    bins[-1] = bins[-1][0], inf  # an `area` beyond the image's own is still of the largest
    return bins


def size_ranges(edges: Sequence[float] = SIZE_EDGES) -> "list[array[float]]":
    """What the core needs for bins with those edges: up to four ranges a view."""
    ranges = half_open(edges)
    return [
        array("d", itertools.chain(*ranges[first : first + RANGES]))
        for first in range(0, len(ranges), RANGES)
    ]


def match_in_sizes(
    predictions: "PredictionsSource",
    ground_truth: "GroundTruthSource",
    *,
    iou: Iou | str = Iou.SEGM,
    skip_rule: SkipRule | str = SkipRule.BOX,
    edges: Sequence[float] = SIZE_EDGES,
) -> Sizes:
    """Match predictions in bins of relative size.

    Args:
        predictions: As for `benchmark.evaluate`.
        ground_truth: As for `benchmark.evaluate`.
        iou: What is compared.
        skip_rule: How predictions on skipped instances count; without effect for boxes.
        edges: Edges of the bins, ascending.

    Raises:
        InputError: predictions or ground truth are invalid; names the file, record and field.
    """
    wanted = size_ranges(edges)

    def prepare(core: "_native.Evaluation", _: object) -> None:
        for ranges in wanted:
            core.add_sizes(ranges)

    found = matched_core(predictions, ground_truth, Iou(iou), prepare, at_half=False)
    views = [replace(found, core=found.core.view(place)) for place in range(len(wanted))]
    return Sizes(views, SkipRule(skip_rule), edges)
