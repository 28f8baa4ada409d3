"""Errors by kind, and the AP gained if each kind alone were fixed.

After TIDE (Bolya et al., "TIDE: A General Toolbox for Identifying Object Detection Errors", ECCV
2020, sections 2.2 and 2.3). At a foreground overlap of 0.5 and a background overlap of 0.1 every
false positive is of the first kind that fits:

- localisation: 0.1 ≤ its best overlap with an object of its category ≤ 0.5
- classification: overlap ≥ 0.5 with an object of another category
- duplicate: overlap ≥ 0.5 with an object of its category that a better prediction found
- background: no overlap above 0.1 with anything
- both: what is left, somewhat on an object of another category

and an unmatched object is missed unless an error of the first two kinds points at it.
Fixing the first two makes the best prediction that points at a free object a true positive and
takes the others away; duplicates, background and both are taken away; a missed object is no longer
to be found (a category of which that leaves none counts as 0 where it is still predicted, and
leaves the mean where it is not, as in tidecv).

Skipped instances (rules `box` and `box50`): a prediction that one absorbs is no error. Any other
may still be about it, so its box replaces the mask when the kind is decided: a second prediction
on it is a duplicate and one of another category a classification error, not background. Fixed,
such a prediction would be ignored, so it is taken away. A skipped instance is never missed.

It differs from `tidecv` 1.0.1 thus: matching is COCO's (of equal overlaps the later object; at most
100 predictions an image *and category*); a prediction that a crowd ignores is no error and never
fixed (tidecv counts it and lets it become a true positive); categories without an object to find
leave the mean (tidecv counts them as 0 where there are predictions of them); precision is read at
pycocotools' recalls (tidecv's k / 100 is a bit lower for some k). All else is the same. As in
tidecv, areas play no part: AP is AP50 unless an `area`, or a prediction's box, is below 0 px² or
above 1e10 px², which COCO's range "all" leaves out.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from benchmark.analysis.core import matched_core
from benchmark.reading.choices import Iou, SkipRule

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from benchmark import _native
    from benchmark.reading.sources import GroundTruthSource, PredictionsSource

FOREGROUND = 0.5
"""Smallest overlap at which a prediction matches an object."""
BACKGROUND = 0.1
"""Largest overlap at which a prediction is background."""


class Kind(IntEnum):
    """The kind of an error; RIGHT is no error: a true positive."""

    RIGHT = 0
    CLASSIFICATION = 1
    LOCALISATION = 2
    BOTH = 3
    DUPLICATE = 4
    BACKGROUND = 5
    MISSED = 6


KINDS = tuple(kind for kind in Kind if kind is not Kind.RIGHT)


class Fate(IntEnum):
    """What became of an annotation of the ground truth."""

    NO_OBJECT = 0  # a crowd, or skipped
    FOUND = 1
    POINTED_AT = 2  # not found, but an error of the first two kinds is about it
    MISSED = 3


@dataclass(frozen=True)
class Judged:
    """Every prediction that counts, by image, then category, then falling score.

    Attributes:
        image: int64[n], index among the ascending image ids.
        prediction: int64[n], index among the predictions of known categories.
        category: int64[n], category id.
        score: float64[n].
        kind: int64[n], `Kind`; RIGHT for a true positive, all others are false positives.
        fixed_category: int64[n], the category in which the prediction is a true positive once its
            error is fixed; −1 if it is removed.
        about: int64[n], index among the annotations of the ground truth: the object that the
            prediction finds, or that its error of the first two kinds is about; else −1.
        iou: float64[n], of a false positive: its overlap with `about`, or else its highest.
        fate: uint8[annotations], `Fate`.
        image_ids: All image ids, ascending.
    """

    image: "np.ndarray"
    prediction: "np.ndarray"
    category: "np.ndarray"
    score: "np.ndarray"
    kind: "np.ndarray"
    fixed_category: "np.ndarray"
    about: "np.ndarray"
    iou: "np.ndarray"
    fate: "np.ndarray"
    image_ids: list[int]

    @property
    def true(self) -> "np.ndarray":
        """bool[n], true positives."""
        return self.kind == Kind.RIGHT


@dataclass(frozen=True)
class ErrorKinds:
    """Errors by kind at IoU 0.5.

    Attributes:
        ap: AP at IoU 0.5, as a fraction.
        counts: Number of errors of each kind.
        gains: AP gained if that kind alone were fixed, ≥ 0.
        false_positives_gain: AP gained if all false positives were removed.
        false_negatives_gain: AP gained if all missed objects were removed.
    """

    ap: float
    counts: dict[Kind, int]
    gains: dict[Kind, float]
    false_positives_gain: float
    false_negatives_gain: float

    def to_dataframe(self) -> "pd.DataFrame":
        """A row per kind: `kind`, `errors`, and `ap_gained` if it were fixed; needs pandas."""
        import pandas as pd

        return pd.DataFrame(
            {
                "kind": [kind.name.lower() for kind in self.counts],
                "errors": list(self.counts.values()),
                "ap_gained": [self.gains[kind] for kind in self.counts],
            }
        )


class Judgement:
    """Predictions judged by the native core.

    Args:
        predictions: As for `benchmark.evaluate`.
        ground_truth: As for `benchmark.evaluate`.
        iou: What is compared.
        skip_rule: How predictions on skipped instances count; without effect for boxes.
        least_score: Predictions below take no part in `confusion`; None for no confusion.

    Attributes:
        notes: Notes to the reader: what was odd about the input.
        is_lvis: Whether the ground truth is LVIS's.

    Raises:
        InputError: predictions or ground truth are invalid; names the file, record and field.
    """

    def __init__(
        self,
        predictions: "PredictionsSource",
        ground_truth: "GroundTruthSource",
        *,
        iou: Iou | str = Iou.SEGM,
        skip_rule: SkipRule | str = SkipRule.BOX,
        least_score: float | None = None,
    ) -> None:
        rule = SkipRule(skip_rule)
        score = float("nan") if least_score is None else least_score
        found = matched_core(
            predictions,
            ground_truth,
            Iou(iou),
            lambda core, of_core: core.judge(
                rule, score if least_score is None else of_core(score)
            ),
            at_half=True,
        )
        self._core, self.notes, self._kept = found.core, found.notes, found.kept
        self._inputs = found.inputs
        self.is_lvis = found.lvis is not None

    def errors(self) -> ErrorKinds:
        """Errors by kind, and the AP gained if they were fixed."""
        return errors_of(self._core)

    def judged(self) -> Judged:
        """The kind of every prediction."""
        import numpy as np

        core = self._core
        count = core.judged_count()
        dtypes = [np.int64] * 3 + [float] + [np.int64] * 3 + [float]
        arrays: list[Any] = [np.empty(count, dtype) for dtype in dtypes]
        arrays.append(np.empty(core.facts()["annotations"], np.uint8))
        core.judged(*arrays)
        if self._kept is not None:
            arrays[1] = np.array(self._kept, np.int64)[arrays[1]]
        if self._inputs is None:
            return Judged(*arrays, image_ids=core.ids(True))
        # The core has the numbers of `plain_inputs`.
        of_number = np.array([-1, *self._inputs.category_ids], np.int64)
        arrays[2] = of_number[arrays[2]]
        arrays[3] = self._inputs.predictions.scores[arrays[1]]
        arrays[5] = of_number[np.maximum(arrays[5], 0)]
        return Judged(*arrays, image_ids=self._inputs.image_ids)

    def confusion(self) -> "tuple[list[int], np.ndarray]":
        """Category ids, and the counts of `benchmark.analysis.confusion.Confusion`."""
        import numpy as np

        ids = self._core.ids(False) if self._inputs is None else self._inputs.category_ids
        counts = np.empty((len(ids) + 1, len(ids) + 1), np.int64)
        self._core.confusion(counts)
        return ids, counts


def errors_of(core: "_native.Evaluation") -> ErrorKinds:
    """The errors that a core has judged."""
    counts, precisions = core.errors()
    ap, *fixed, only_true, all_found = precisions
    gains = {kind: max(0.0, found - ap) for kind, found in zip(KINDS, fixed, strict=True)}
    return ErrorKinds(
        ap,
        {kind: counts[kind] for kind in KINDS},
        gains,
        max(0.0, only_true - ap),
        max(0.0, all_found - ap),
    )


def errors(
    predictions: "PredictionsSource",
    ground_truth: "GroundTruthSource",
    *,
    iou: Iou | str = Iou.SEGM,
    skip_rule: SkipRule | str = SkipRule.BOX,
) -> ErrorKinds:
    """Count errors and the AP gained if they were fixed; arguments and errors of `Judgement`."""
    return Judgement(predictions, ground_truth, iou=iou, skip_rule=skip_rule).errors()


def judge(
    predictions: "PredictionsSource",
    ground_truth: "GroundTruthSource",
    *,
    iou: Iou | str = Iou.SEGM,
    skip_rule: SkipRule | str = SkipRule.BOX,
) -> Judged:
    """Find the kind of every prediction; arguments and errors of `Judgement`."""
    return Judgement(predictions, ground_truth, iou=iou, skip_rule=skip_rule).judged()
