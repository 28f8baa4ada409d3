"""AP by the rules of LVIS (Gupta et al., CVPR 2019), equal to lvis-api 0.5.3's.

LVIS marks in each image the objects of some categories only. So a prediction counts only where its
category has an object in the image or is listed as absent (`neg_category_ids`); where not all
objects of a category are marked (`not_exhaustive_category_ids`), a false positive is ignored. The
300 best predictions of an image count, of all categories together; there are no crowds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from benchmark.average_precision import native_core, native_path, notes
from benchmark.average_precision.accumulation import (
    precision_at_recalls,
    rank,
    recall,
    scores_at_recalls,
)
from benchmark.average_precision.lvis_rules import LvisRules
from benchmark.average_precision.matches import CategoryMatches
from benchmark.average_precision.parameters import DEFAULT, FREQUENCIES, Parameters
from benchmark.average_precision.pycocotools_matching import Matching
from benchmark.average_precision.pycocotools_path import SlowMatched
from benchmark.average_precision.result import Counts, Curves, Result
from benchmark.average_precision.weighted_ap import precisions_by_category
from benchmark.reading.choices import SkipRule
from benchmark.reading.inputs import Inputs

if TYPE_CHECKING:
    from benchmark.average_precision.result import Matched


def evaluate_lvis(inputs: Inputs, parameters: Parameters = DEFAULT) -> Result:
    """Evaluate by the rules of LVIS.

    Args:
        inputs: Predictions and ground truth; skip rules play no part.
        parameters: IoU thresholds, area ranges, and the limit of detections per image.
    """
    file, found = inputs.file, inputs.predictions
    rules = LvisRules(inputs, parameters.limits(lvis=True)[-1])
    matched = LvisMatched(rules, _match(rules, parameters), parameters)
    best = int(rules.best.sum())
    counts = Counts(
        images=len(file.images),
        categories=len(file.categories),
        instances=len(file.annotations),
        skipped=0,
        unanswered=0,
        crowds=0,
        predictions=len(found),
    )
    return Result(
        iou=inputs.iou,
        skip_rule=None,
        numbers=matched.numbers(),
        category_ids=matched.category_ids,
        absorbed_counts=(0,) * len(parameters.iou_thresholds),
        ap_by_rule={},
        counts=counts,
        notes=[
            notes.lvis(best - len(rules.kept), len(found) - best, rules.limit),
            *inputs.notes,
            *notes.of_counts(counts, masks=inputs.iou.of_masks),
        ],
        matched=matched,
        parameters=parameters,
        is_lvis=True,
    )


def _match(rules: LvisRules, parameters: Parameters) -> "Matched":
    """COCO's matching of the predictions that count, by the core if it can."""
    inputs = rules.inputs
    if native_core.is_wanted() and native_path.is_built():
        from benchmark import _native

        alone = parameters.with_max_dets(parameters.limits(lvis=True))
        try:
            core = native_core.match(*rules.texts(rules.kept), iou=inputs.iou, parameters=alone)
        except _native.Unusual:
            pass
        else:
            return native_path.NativeMatched(core, SkipRule.NONE, alone)
    records = [record | {"iscrowd": 0} for record in inputs.truth.without_skipped()]
    chosen = inputs.predictions.subset(rules.kept)
    matching = Matching(
        rules.plain_truth, records, chosen, inputs.iou, parameters=parameters, lvis=True
    )
    nothing = np.zeros(0)
    return SlowMatched(matching, Curves(nothing, nothing, nothing), {})


@dataclass(frozen=True)
class LvisMatched:
    """What was matched; see `benchmark.average_precision.result.Matched`.

    Attributes:
        rules: Which predictions count.
        plain: COCO's matches of them.
        parameters: What is measured.
    """

    rules: LvisRules
    plain: "Matched"
    parameters: Parameters

    @property
    def category_ids(self) -> list[int]:
        """All category ids, ascending."""
        return self.rules.inputs.category_ids

    def image_ids(self) -> list[int]:
        """All image ids, ascending."""
        return self.rules.inputs.image_ids

    def category_matches(self, category_id: int) -> CategoryMatches:
        """A category's matches; predictions are those of the whole file."""
        found = self.rules.ignored(self.plain.category_matches(category_id))
        return replace(found, prediction=self._kept[found.prediction])

    @cached_property
    def _kept(self) -> np.ndarray:
        return np.array(self.rules.kept, np.int64)

    @cached_property
    def _found(self) -> Curves:
        ranges = len(self.parameters.area_ranges)
        shape = len(self.parameters.iou_thresholds), 101, len(self.category_ids), ranges
        precision, scores = np.full(shape, -1.0), np.full(shape, -1.0)
        reached = np.full((shape[0], *shape[2:]), -1.0)
        for k, category_id in enumerate(self.category_ids):
            matches = self.category_matches(category_id)
            for area in range(ranges):
                if not matches.positives[area].any():
                    continue
                ranking = rank(matches, area)
                precision[:, :, k, area] = precision_at_recalls(ranking)
                scores[:, :, k, area] = scores_at_recalls(ranking)
                reached[:, k, area] = recall(ranking)
        return Curves(precision[..., None], reached[..., None], scores[..., None])

    def curves(self) -> Curves:
        """As lvis-api's, with a last axis of the one detection limit."""
        return self._found

    def numbers(self) -> tuple[float, ...]:
        """The numbers of LVIS: also those of rare, common and frequent categories."""
        named = {category.id: category.frequency for category in self.rules.inputs.file.categories}
        groups = {
            key: [k for k, category_id in enumerate(self.category_ids) if named[category_id] == key]
            for key in FREQUENCIES
        }
        return tuple(
            measure.of(self._found, groups[measure.frequency] if measure.frequency else slice(None))
            for measure in self.parameters.measures(lvis=True)
        )

    def absorbed_at_half(self, category_id: int) -> int:
        """None: LVIS has no skipped instances."""
        return 0

    def resampled_precisions(
        self, weights: np.ndarray, means: Sequence[Sequence[int]]
    ) -> np.ndarray:
        """See `Result.resampled_precisions`."""
        matches = map(self.category_matches, self.category_ids)
        return precisions_by_category(matches, weights, means)
