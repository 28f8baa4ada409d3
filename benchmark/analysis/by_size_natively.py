"""AP by relative size by the native core, for input with nothing unusual in it.

The core's area ranges bound the relative size instead; it has room for four, so more bins take more
than one pass. The numbers are those of `by_size`, to the last bit.
"""

import itertools
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmark.analysis.by_size import SIZE_EDGES, SizeBin, half_open
from benchmark.average_precision import native_core, native_path
from benchmark.average_precision.accumulation import RECALLS, mean_known
from benchmark.average_precision.matches import DETECTIONS, CategoryMatches
from benchmark.average_precision.result import IOU_THRESHOLDS
from benchmark.reading.choices import Iou, SkipRule
from o365seg.errors import InputError

if TYPE_CHECKING:
    from benchmark import _native

_RANGES = 4


class NativeSizes:
    """Predictions matched in every bin.

    Args:
        passes: The core's evaluations, and how many bins each is for.
        rule: How predictions on skipped instances count.
        edges: Edges of the bins, ascending.
    """

    def __init__(
        self,
        passes: "Sequence[tuple[_native.Evaluation, int]]",
        rule: SkipRule,
        edges: Sequence[float],
    ) -> None:
        self._matched = [(native_path.NativeMatched(core, rule), bins) for core, bins in passes]
        self._category_ids = passes[0][0].ids(False)
        self._edges = edges

    def bins(self) -> list[SizeBin]:
        """The numbers of each bin."""
        found = []
        edges = itertools.pairwise(self._edges)
        for matched, bins in self._matched:
            curves = matched.curves()
            positives = np.empty((len(self._category_ids), _RANGES), np.int64)
            matched.core.positives(positives)
            for area, (low, high) in zip(range(bins), edges, strict=False):
                precision = curves.precision[:, :, :, area, -1]
                found.append(
                    SizeBin(
                        low=low,
                        high=high,
                        instances=int(positives[:, area].sum()),
                        ap=mean_known(precision),
                        ap50=mean_known(precision[0]),
                        ap75=mean_known(precision[5]),
                        ar=mean_known(curves.recall[:, :, area, -1].T),
                    )
                )
        return found

    def matches(self) -> list[CategoryMatches]:
        """What became of every prediction, a category each; the areas are the bins."""
        return [self._category(category_id) for category_id in self._category_ids]

    def _category(self, category_id: int) -> CategoryMatches:
        parts = [(matched.category_matches(category_id), bins) for matched, bins in self._matched]
        first = parts[0][0]
        return CategoryMatches(
            category_id,
            first.image,
            first.prediction,
            first.score,
            np.concatenate([part.matched[:bins] for part, bins in parts]),
            np.concatenate([part.ignored[:bins] for part, bins in parts]),
            np.concatenate([part.positives[:bins] for part, bins in parts]),
        )


def sizes_natively(
    predictions: str | Path,
    ground_truth: str | Path,
    iou: Iou,
    rule: SkipRule,
    edges: Sequence[float] = SIZE_EDGES,
) -> NativeSizes | None:
    """Match two files in bins of relative size; None where they need the general path.

    Args:
        predictions: A results file.
        ground_truth: A COCO-format file.
        iou: What is compared.
        rule: How predictions on skipped instances count; without effect for boxes.
        edges: Edges of the bins, ascending.
    """
    if not (native_core.is_wanted() and native_path.is_built()):
        return None
    from benchmark import _native

    ranges, passes = half_open(edges), []
    try:
        truth, results = native_path.text_of(ground_truth), native_path.text_of(predictions)
        for first in range(0, len(ranges), _RANGES):
            here = ranges[first : first + _RANGES]
            core = native_core.read(truth, results, iou=iou)
            core.configure(
                array("d", IOU_THRESHOLDS),
                array("d", here.ravel()),
                array("d", [DETECTIONS]),
                DETECTIONS,
                array("d", RECALLS),
            )
            core.compare_sizes()
            core.match()
            passes.append((core, len(here)))
    except (_native.Unusual, OSError, ValueError, InputError):
        return None
    return NativeSizes(passes, rule, edges)
