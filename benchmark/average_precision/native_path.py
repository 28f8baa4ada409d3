"""The evaluation by the native core (benchmark/native), for input with nothing unusual in it.

The core says whether it takes the input for sound and plain; if not, there is no result here and
`pycocotools_path` evaluates, with its own errors or numbers. Nothing here decides a number.
"""

import os
from functools import cached_property

from benchmark.average_precision import notes
from benchmark.average_precision.native_core import (
    LIMITS,
    RANGES,
    THRESHOLDS,
    is_built,
    match,
)
from benchmark.average_precision.parameters import DEFAULT, Parameters
from benchmark.average_precision.result import Counts, Curves, Result
from benchmark.reading.choices import Iou, SkipRule
from benchmark.reading.input_text import InputText, read_file
from o365seg.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    import numpy as np

    from benchmark import _native
    from benchmark.average_precision.matches import CategoryMatches
    from o365seg.formats.records import AnnotationFile

__all__ = ["NativeMatched", "evaluate", "is_built", "result_of", "text_of"]

_RECALLS = 101


def evaluate(
    predictions: "str | Path | InputText",
    ground_truth: "str | Path | InputText | AnnotationFile",
    iou: Iou,
    rule: SkipRule,
    threads: int | None = None,
    parameters: Parameters = DEFAULT,
    size_ranges: "Sequence[array[float]]" = (),
) -> Result | None:
    """The result, or None where the input needs the general path.

    Args:
        predictions: A results file or its text.
        ground_truth: A COCO-format file, its text, or what `read_annotations` made of it.
        iou: What is compared.
        rule: How predictions on skipped instances count.
        threads: How many to use, for any result; None for one a processor.
        parameters: What is measured.
        size_ranges: As in `native_core.match`.
    """
    from benchmark import _native

    try:
        truth, results = text_of(ground_truth), text_of(predictions)
        core = match(
            truth,
            results,
            iou=iou,
            threads=threads,
            parameters=parameters,
            size_ranges=size_ranges,
        )
    except (_native.Unusual, OSError, ValueError, InputError):
        return None
    return result_of(core, iou, rule, parameters, len(size_ranges))


def text_of(source: "str | Path | InputText | AnnotationFile") -> InputText:
    """The JSON of a file or of records."""
    if isinstance(source, InputText):
        return source
    if isinstance(source, str | os.PathLike):
        return read_file(source)
    import msgspec

    return InputText("ground truth", msgspec.json.encode(source))


def result_of(
    core: "_native.Evaluation",
    iou: Iou,
    rule: SkipRule,
    parameters: Parameters = DEFAULT,
    views: int = 0,
) -> Result:
    """The numbers of what the core has matched with these parameters, also in some views."""
    facts = core.facts()
    masks = iou.of_masks
    matched = NativeMatched(core, rule, parameters, views)
    if parameters.is_default:
        numbers, by_rule = core.stats(rule)
    else:
        measures = parameters.measures()
        curves = matched.curves()
        numbers = tuple(measure.of(curves) for measure in measures)
        by_rule = {
            each: measures[0].of(NativeMatched(core, each, parameters).curves())
            for each in (SkipRule if masks else ())
        }
    ap_by_rule = {each: by_rule[each] for each in SkipRule} if masks else {}
    others = facts["annotations"] - facts["crowds"]
    tallies = notes.Tallies(
        stock=bool(facts["marked_crowds"] and not facts["skipped"]),
        ignore_flags=facts["ignore_flags"],
        gt_no_pixels=facts["gt_no_pixels"],
        no_pixels=facts["no_pixels"],
        moved=facts["moved"] if masks else 0,
        lost=facts["lost_at"] if facts["lost"] else None,
    )
    counts = Counts(
        images=facts["images"],
        categories=facts["categories"],
        instances=others - facts["skipped"] if masks else others,
        skipped=facts["skipped"] - facts["unanswered"],
        unanswered=facts["unanswered"],
        crowds=facts["crowds"],
        predictions=facts["predictions"],
    )
    return Result(
        iou=iou,
        skip_rule=rule if masks else None,
        numbers=numbers,
        category_ids=core.ids(False),
        absorbed_counts=core.absorbed(rule)[: len(parameters.iou_thresholds)],
        ap_by_rule=ap_by_rule,
        counts=counts,
        tallies=tallies,
        notes=notes.tell(tallies, counts, masks=masks),
        matched=matched,
        parameters=parameters,
    )


class NativeMatched:
    """What the core matched, under one rule; see `benchmark.average_precision.result.Matched`.

    Attributes:
        core: The core.
        rule: The rule for skipped instances.
        views: The same predictions in ranges of relative size, where they were asked for.
    """

    def __init__(
        self,
        core: "_native.Evaluation",
        rule: SkipRule,
        parameters: Parameters = DEFAULT,
        views: int = 0,
    ) -> None:
        self.core = core
        self.rule = rule
        self.views = [core.view(place) for place in range(views)]
        # The core has room for this many, and fills all of it.
        self._kept = (
            slice(len(parameters.iou_thresholds)),
            slice(len(parameters.area_ranges)),
            slice(len(parameters.limits())),
        )

    def image_ids(self) -> list[int]:
        """All image ids, ascending."""
        return self.core.ids(True)

    def curves(self) -> Curves:
        """pycocotools' arrays."""
        import numpy as np

        tail = (len(self.core.ids(False)), RANGES, LIMITS)
        precision = np.zeros((THRESHOLDS, _RECALLS, *tail))
        recall = np.zeros((THRESHOLDS, *tail))
        self.core.curves(self.rule, precision, recall)
        t, a, m = self._kept

        def scores() -> "np.ndarray":
            found = np.zeros(precision.shape)
            self.core.curves(self.rule, np.zeros(precision.shape), np.zeros(recall.shape), found)
            return found[t, ..., a, m]

        return Curves(precision[t, ..., a, m], recall[t, ..., a, m], scores)

    def absorbed_at_half(self, category_id: int) -> int:
        """False positives at IoU 0.5 that are ignored because of a skipped instance."""
        return self._absorbed[self._places[category_id]]

    @cached_property
    def _places(self) -> dict[int, int]:
        """The core's number of each category id."""
        return {category_id: place for place, category_id in enumerate(self.core.ids(False))}

    @cached_property
    def _absorbed(self) -> "array[int]":
        from array import array

        counts = array("q", bytes(8 * len(self.core.ids(False))))
        self.core.absorbed_by_category(self.rule, counts)
        return counts

    def counts_by_category(self) -> list[tuple[int, int]]:
        """Objects, and predictions that count, of each category."""
        from array import array

        categories = range(len(self.core.ids(False)))
        positives = array("q", bytes(8 * RANGES * len(categories)))
        self.core.positives(positives)
        return [(positives[RANGES * k], self.core.match_count(k)) for k in categories]

    def images_with_objects(self) -> "np.ndarray":
        """Which images have objects of which category: bool[categories, images]."""
        import numpy as np

        found = np.zeros((len(self.core.ids(False)), self.core.facts()["images"]), bool)
        self.core.images_with_objects(found)
        return found

    def category_matches(self, category_id: int) -> "CategoryMatches":
        """A category's matches."""
        import numpy as np

        from benchmark.average_precision.matches import CategoryMatches

        category = self._places[category_id]
        count = self.core.match_count(category)
        arrays: list[Any] = [
            np.empty(count, np.int32),
            np.empty(count, np.int64),
            np.empty(count),
            np.empty((RANGES, THRESHOLDS, count), bool),
            np.empty((RANGES, THRESHOLDS, count), bool),
            np.empty((RANGES, self.core.facts()["images"]), np.int32),
        ]
        self.core.matches(self.rule, category, *arrays)
        image, prediction, score, matched, ignored, positives = arrays
        t, a, _ = self._kept
        return CategoryMatches(
            category_id, image, prediction, score, matched[a, t], ignored[a, t], positives[a]
        )

    def resampled_precisions(
        self, weights: "np.ndarray", means: "Sequence[Sequence[int]]", area: int = 0
    ) -> "np.ndarray":
        """In an area range; see `Result.resampled_precisions`."""
        import numpy as np

        from benchmark import _native

        bits = np.array([sum(1 << place for place in mean) for mean in means], np.uint32)
        found = np.empty((len(means), len(weights), len(self.core.ids(False))))
        try:
            self.core.resample(self.rule, bits, area, len(weights), weights, found)
        except _native.Unusual:
            raise ValueError("weights are too large for 32-bit counts") from None
        return found
