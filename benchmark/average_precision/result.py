"""The outcome of an evaluation: plain numbers at once, arrays when they are asked for.

numpy is only imported for the arrays, so that the command does without it. Nor are there data
classes on the way of a plain evaluation, or paths from pathlib: importing `dataclasses`, `typing`
and `pathlib` takes a third of the time that all of Objects365's evaluation does.
"""

from functools import cached_property

from benchmark.average_precision.parameters import DEFAULT, IOU_THRESHOLDS, Parameters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Protocol

    import numpy as np
    import pandas as pd

    from benchmark.average_precision.matches import CategoryMatches
    from benchmark.average_precision.notes import Tallies
    from benchmark.average_precision.parameters import Measure
    from benchmark.reading.choices import Iou, SkipRule
    from benchmark.reading.sources import GroundTruthSource
else:
    Protocol = object


class Counts:
    """What took part: `instances` have a mask (for boxes: every one that is not a crowd).

    `skipped` have none, and `unanswered` neither: those of an interim release that no rater has
    answered yet, for which the rule for skipped ones holds as well.
    """

    def __init__(
        self,
        *,
        images: int,
        categories: int,
        instances: int,
        skipped: int,
        unanswered: int,
        crowds: int,
        predictions: int,
    ) -> None:
        self.images = images
        self.categories = categories
        self.instances = instances
        self.skipped = skipped
        self.unanswered = unanswered
        self.crowds = crowds
        self.predictions = predictions

    def __eq__(self, other: object) -> bool:
        """Equal counts are equal."""
        return isinstance(other, Counts) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]


class Curves:
    """What pycocotools accumulates over the images; -1 where a category has no ground truth.

    Attributes:
        precision: float64[thresholds, recalls, categories, area ranges, detection limits].
        recall: float64[thresholds, categories, area ranges, detection limits].
    """

    def __init__(
        self,
        precision: "np.ndarray",
        recall: "np.ndarray",
        scores: "np.ndarray | Callable[[], np.ndarray]",
    ) -> None:
        self.precision = precision
        self.recall = recall
        self._scores = scores

    def __getstate__(self) -> "dict[str, Any]":
        """What is pickled and copied: arrays alone."""
        return {"precision": self.precision, "recall": self.recall, "_scores": self.scores}

    @cached_property
    def scores(self) -> "np.ndarray":
        """float64, of `precision`'s shape: the score at which each recall is reached."""
        return self._scores() if callable(self._scores) else self._scores


class Matched(Protocol):
    """Predictions matched under one rule for skipped instances, by either path."""

    def image_ids(self) -> list[int]:
        """All image ids, ascending."""
        ...

    def curves(self) -> Curves:
        """See `Curves`."""
        ...

    def category_matches(self, category_id: int) -> "CategoryMatches":
        """A category's matches; see `Result.category_matches`."""
        ...

    def absorbed_at_half(self, category_id: int) -> int:
        """A category's part of `Result.absorbed_counts[0]`."""
        ...

    def resampled_precisions(
        self, weights: "np.ndarray", means: "Sequence[Sequence[int]]"
    ) -> "np.ndarray":
        """See `Result.resampled_precisions`."""
        ...


class Result:
    """The outcome of an evaluation. Fractions from 0 to 1, and −1 if there are no objects.

    Attributes:
        iou: What was compared.
        skip_rule: The rule that all numbers follow; None for boxes, which need none.
        numbers: pycocotools' 12 numbers, those of LVIS or of other parameters, in the order of
            `measures`.
        parameters: IoU thresholds, area ranges and limits of detections.
        is_lvis: Whether the rules of LVIS were applied.
        category_ids: The categories along the arrays of `curves`.
        absorbed_counts: Per threshold, the predictions that are ignored because of a skipped
            instance and would otherwise count as false positives (all areas, largest limit).
        ap_by_rule: AP under each treatment of skipped instances; empty for boxes.
        counts: What took part.
        notes: Notes to the reader about the numbers, one line each.
        matched: What the arrays are made from.
        tallies: The counts that the notes are made from; None for LVIS.
        ground_truth: What was evaluated against; `to_dataframe` takes names from it.
    """

    def __init__(
        self,
        *,
        iou: "Iou",
        skip_rule: "SkipRule | None",
        numbers: tuple[float, ...],
        category_ids: list[int],
        absorbed_counts: tuple[int, ...],
        ap_by_rule: "dict[SkipRule, float]",
        counts: Counts,
        notes: list[str],
        matched: Matched,
        tallies: "Tallies | None" = None,
        parameters: Parameters = DEFAULT,
        is_lvis: bool = False,
        ground_truth: "GroundTruthSource | None" = None,
    ) -> None:
        self.iou = iou
        self.skip_rule = skip_rule
        self.numbers = numbers
        self.category_ids = category_ids
        self.absorbed_counts = absorbed_counts
        self.ap_by_rule = ap_by_rule
        self.counts = counts
        self.notes = notes
        self.matched = matched
        self.tallies = tallies
        self.parameters = parameters
        self.is_lvis = is_lvis
        self.ground_truth = ground_truth

    def __repr__(self) -> str:
        """The main numbers, in percent."""
        shown = ", ".join(f"{name} {100 * self.metrics[name]:.2f}" for name in self.names[:3])
        return f"<Result: {self.iou} {shown}>"

    def __getstate__(self) -> "dict[str, Any]":
        """What is pickled and copied: arrays in place of the core's memory."""
        from benchmark.average_precision.matches import StoredMatched

        stored = StoredMatched(
            self.image_ids,
            self.curves,
            {one.category_id: one for one in self.matches},
            {category: self.matched.absorbed_at_half(category) for category in self.category_ids},
        )
        return vars(self) | {"matched": stored, "ground_truth": self._names_alone()}

    def _names_alone(self) -> "GroundTruthSource | None":
        """The ground truth without its masks; a path as it is."""
        from os import PathLike

        if self.ground_truth is None or isinstance(self.ground_truth, str | PathLike):
            return self.ground_truth
        from benchmark.reading.inputs import read_truth
        from o365seg.formats.records import AnnotationFile

        file = read_truth(self.ground_truth, self.iou)
        return AnnotationFile([], [one for one in file.annotations if one.is_skipped],
                              file.categories)  # fmt: skip

    @property
    def measures(self) -> "list[Measure]":
        """What each of `numbers` is."""
        return self.parameters.measures(lvis=self.is_lvis)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of `numbers`."""
        return tuple(one.name for one in self.measures)

    def require_default_parameters(self) -> None:
        """Refuse to go on with other IoU thresholds, area ranges or limits.

        Raises:
            InputError: they are other than COCO's or LVIS's own.
        """
        if not self.parameters.is_default:
            from o365seg.errors import InputError

            raise InputError(
                "this analysis needs COCO's own IoU thresholds, area ranges and limits of "
                "detections"
            )

    def to_dataframe(self, ground_truth: "GroundTruthSource | None" = None) -> "pd.DataFrame":
        """A row per category, as in `benchmark evaluate --csv`; needs pandas.

        Columns: `category_id`, `name`, `supercategory`, AP and AR as fractions (`ap`, `ap50`,
        `ap75`, `ap_small`, `ap_medium`, `ap_large`, `ar100`, or those of `parameters`; NaN where
        there are no objects), `instances`, `predictions`, `skipped` and `absorbed`.

        Args:
            ground_truth: Where to read names; None for what was evaluated against, which a result
                of `benchmark merge` does not know.

        Raises:
            InputError: the ground truth cannot be read, or has other categories.
        """
        from benchmark.average_precision.breakdown import category_table

        return category_table(self, ground_truth)

    @property
    def metrics(self) -> dict[str, float]:
        """The numbers by name."""
        return dict(zip(self.names, self.numbers, strict=True))

    @cached_property
    def stats(self) -> "np.ndarray":
        """The numbers as float64, 12 by default and 13 of LVIS."""
        return _array(self.numbers)

    @cached_property
    def thresholds(self) -> "np.ndarray":
        """The IoU thresholds, float64, 10 by default."""
        return _array(self.parameters.iou_thresholds)

    @cached_property
    def absorbed(self) -> "np.ndarray":
        """`absorbed_counts` as int64."""
        return _array(self.absorbed_counts)

    @cached_property
    def curves(self) -> Curves:
        """pycocotools' precision, recall and scores."""
        return self.matched.curves()

    @cached_property
    def image_ids(self) -> list[int]:
        """The ids of all images, ascending."""
        return self.matched.image_ids()

    @cached_property
    def matches(self) -> list["CategoryMatches"]:
        """What became of every prediction, a category each, in the order of `category_ids`."""
        return [self.matched.category_matches(category_id) for category_id in self.category_ids]

    def category_matches(self, category_id: int) -> "CategoryMatches":
        """What became of each prediction of a category.

        Raises:
            KeyError: no such category.
        """
        if category_id not in self.category_ids:
            raise KeyError(category_id)
        return self.matched.category_matches(category_id)

    def resampled_precision(
        self, weights: "np.ndarray", thresholds: "Sequence[int] | None" = None
    ) -> "np.ndarray":
        """AP per category for resamples of the images, from this one matching.

        A resample in which an image has weight w is a data set with w copies of it; equal scores
        come in the order of the evaluation itself: by image id, then by rank in the image, the
        copies of a prediction one after the other. AP is over all areas, 100 detections. Over 300
        to 1,000 resamples this costs about as much as one evaluation.

        Args:
            weights: Whole numbers [resamples, images], none negative, images as in `image_ids`.
            thresholds: The IoU thresholds that AP is the mean over, by their distinct places in
                `thresholds` ([0]: AP50); None for all.

        Returns:
            float64[resamples, categories]; −1 if a resample has no object of the
            category. The AP of a resample is the mean of its others.

        Raises:
            ValueError: not of that shape, negative, or too large to count with 32 bits; or no
                such thresholds.
            InputError: the result has other than the default parameters.
        """
        return self.resampled_precisions(weights, [thresholds])[0]

    def resampled_precisions(
        self, weights: "np.ndarray", means: "Sequence[Sequence[int] | None]"
    ) -> "np.ndarray":
        """`resampled_precision` over several sets of thresholds, in little more time than of one.

        Args:
            weights: As there.
            means: The `thresholds` of each mean.

        Returns:
            float64[means, resamples, categories].
        """
        import numpy as np

        self.require_default_parameters()
        checked = np.asarray(weights)
        if checked.ndim != 2 or checked.shape[1] != len(self.image_ids):
            raise ValueError(
                f"weights must have shape (…, {self.counts.images}), not {checked.shape}"
            )
        if checked.dtype.kind not in "iu":
            raise ValueError(f"weights must be integers, not {checked.dtype}")
        if checked.size and (checked.min() < 0 or checked.sum(axis=1, dtype=float).max() > 2e7):
            raise ValueError("weights must not be negative or add up to more than 20 million")
        every = range(len(IOU_THRESHOLDS))
        chosen = [every if mean is None else mean for mean in means]
        for places in chosen:
            if not places or len({*places}) < len(places) or not {*places} <= {*every}:
                raise ValueError(f"thresholds must be distinct indices from 0 to 9, not {places}")
        return self.matched.resampled_precisions(np.ascontiguousarray(checked, np.int32), chosen)


def _array(values: tuple) -> "np.ndarray":
    import numpy as np

    return np.array(values)
