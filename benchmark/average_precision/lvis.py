"""AP by the rules of LVIS (Gupta et al., CVPR 2019), equal to lvis-api 0.5.3's.

LVIS marks in each image the objects of some categories only. So a prediction counts only where its
category has an object in the image or is listed as absent (`neg_category_ids`); where not all
objects of a category are marked (`not_exhaustive_category_ids`), a false positive is ignored. The
300 best predictions of an image count, of all categories together; there are no crowds.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from benchmark.average_precision import native_core, native_path, notes
from benchmark.average_precision.accumulation import mean_known, precision_at_recalls, rank, recall
from benchmark.average_precision.matches import CategoryMatches
from benchmark.average_precision.pycocotools_matching import Matching
from benchmark.average_precision.pycocotools_path import SlowMatched
from benchmark.average_precision.result import (
    AREA_RANGES,
    IOU_THRESHOLDS,
    LVIS_NAMES,
    Counts,
    Curves,
    Result,
)
from benchmark.average_precision.weighted_ap import category_precision
from benchmark.reading.choices import Iou, SkipRule
from benchmark.reading.input_text import InputText
from benchmark.reading.inputs import Inputs
from o365seg.formats.records import AnnotationFile

if TYPE_CHECKING:
    from benchmark.average_precision.result import Matched

DETECTIONS = 300
"""Predictions that count per image, over all categories."""

FREQUENCIES = "rcf"
"""Rare, common, frequent."""


def evaluate_lvis(inputs: Inputs) -> Result:
    """Evaluate by the rules of LVIS.

    The numbers are those of `LVIS_NAMES`.

    Args:
        inputs: Predictions and ground truth; skip rules play no part.
    """
    file, found = inputs.file, inputs.predictions
    best = _best_of_each_image(found.image_ids, found.scores)
    judged = _judged_pairs(file)
    pairs = list(zip(found.image_ids, found.category_ids, strict=True))
    kept = [index for index in np.flatnonzero(best).tolist() if pairs[index] in judged]
    matched = LvisMatched(file, _match(inputs, kept), np.array(kept, np.int64))
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
        absorbed_counts=(0,) * len(IOU_THRESHOLDS),
        ap_by_rule={},
        counts=counts,
        notes=[
            notes.lvis(int(best.sum()) - len(kept), len(found) - int(best.sum())),
            *inputs.notes,
            *notes.of_counts(counts, masks=inputs.iou.of_masks),
        ],
        matched=matched,
        names=LVIS_NAMES,
    )


def _best_of_each_image(image_ids: Sequence[int], scores: np.ndarray) -> np.ndarray:
    """bool[predictions]: among the best of its image; of equal scores the earlier."""
    images = np.array(image_ids, np.int64)
    order = np.lexsort((-scores, images))
    sorted_images = images[order]
    first = np.searchsorted(sorted_images, sorted_images)
    best = np.zeros(len(images), bool)
    best[order[np.arange(len(order)) - first < DETECTIONS]] = True
    return best


def _judged_pairs(file: AnnotationFile) -> set[tuple[int, int]]:
    """(image id, category id) where LVIS knows whether there are objects."""
    judged = {(one.image_id, one.category_id) for one in file.annotations}
    for image in file.images:
        judged.update((image.id, category) for category in image.neg_category_ids or ())
    return judged


def _match(inputs: Inputs, kept: list[int]) -> "Matched":
    """COCO's matching of the predictions that count, without crowds and by the core if it can."""
    file = inputs.file
    plain = AnnotationFile(
        [
            msgspec.structs.replace(image, neg_category_ids=None, not_exhaustive_category_ids=None)
            for image in file.images
        ],
        [msgspec.structs.replace(one, iscrowd=0) for one in file.annotations],
        file.categories,
    )
    if native_core.is_wanted() and native_path.is_built() and inputs.iou is not Iou.BOUNDARY:
        from benchmark import _native

        truth = InputText("ground truth", msgspec.json.encode(plain))
        results = InputText("predictions", msgspec.json.encode(_records(inputs, kept)))
        try:
            core = native_core.read(truth, results, iou=inputs.iou)
        except _native.Unusual:
            pass
        else:
            core.configure(
                array("d", IOU_THRESHOLDS),
                array("d", [bound for bounds in AREA_RANGES for bound in bounds]),
                array("d", [DETECTIONS]),
                DETECTIONS,
                array("d", np.linspace(0, 1, 101)),
            )
            core.match()
            return native_path.NativeMatched(core, SkipRule.NONE)
    records = [record | {"iscrowd": 0} for record in inputs.truth.without_skipped()]
    chosen = inputs.predictions.subset(kept)
    matching = Matching(plain, records, chosen, inputs.iou, limit=DETECTIONS)
    nothing = np.zeros(0)
    return SlowMatched(matching, Curves(nothing, nothing, nothing), {})


def _records(inputs: Inputs, kept: list[int]) -> list[dict[str, Any]]:
    found = inputs.predictions
    scores, boxes, records = found.scores.tolist(), found.boxes.tolist(), []
    for index in kept:
        record: dict[str, Any] = {
            "image_id": found.image_ids[index],
            "category_id": found.category_ids[index],
            "score": scores[index],
        }
        if found.masks is not None:
            record["segmentation"] = found.masks[index]
        if found.areas_of_boxes:
            record["bbox"] = boxes[index]
        records.append(record)
    return records


@dataclass(frozen=True)
class LvisMatched:
    """What was matched; see `benchmark.average_precision.result.Matched`.

    Attributes:
        file: The ground truth.
        plain: COCO's matches of the predictions that count.
        kept: int64, the place of each of those among all predictions.
    """

    file: AnnotationFile
    plain: "Matched"
    kept: np.ndarray

    @property
    def category_ids(self) -> list[int]:
        """All category ids, ascending."""
        return sorted(category.id for category in self.file.categories)

    def image_ids(self) -> list[int]:
        """All image ids, ascending."""
        return sorted(image.id for image in self.file.images)

    @cached_property
    def _incomplete(self) -> dict[int, set[int]]:
        """By category id, the places of the images in which not all of its objects are marked."""
        place = {image_id: i for i, image_id in enumerate(self.image_ids())}
        found: dict[int, set[int]] = {}
        for image in self.file.images:
            for category in image.not_exhaustive_category_ids or ():
                found.setdefault(category, set()).add(place[image.id])
        return found

    def category_matches(self, category_id: int) -> CategoryMatches:
        """A category's matches, with false positives ignored where objects are not all marked."""
        found = self.plain.category_matches(category_id)
        incomplete = np.isin(found.image, [*self._incomplete.get(category_id, ())])
        return replace(
            found,
            prediction=self.kept[found.prediction],
            ignored=found.ignored | (~found.matched & incomplete),
        )

    @cached_property
    def _found(self) -> Curves:
        shape = len(IOU_THRESHOLDS), 101, len(self.category_ids), len(AREA_RANGES)
        precision, reached = np.full(shape, -1.0), np.full((shape[0], *shape[2:]), -1.0)
        for k, category_id in enumerate(self.category_ids):
            matches = self.category_matches(category_id)
            for area in range(len(AREA_RANGES)):
                if not matches.positives[area].any():
                    continue
                ranking = rank(matches, area)
                precision[:, :, k, area] = precision_at_recalls(ranking)
                reached[:, k, area] = recall(ranking)
        return Curves(precision, reached, np.zeros(0))

    def curves(self) -> Curves:
        """Precision and recall as lvis-api's, with a last axis of the one detection limit."""
        scores = np.full((*self._found.precision.shape, 1), -1.0)
        return Curves(self._found.precision[..., None], self._found.recall[..., None], scores)

    def numbers(self) -> tuple[float, ...]:
        """The numbers of `LVIS_NAMES`."""
        precision, reached = self._found.precision, self._found.recall
        named = {category.id: category.frequency for category in self.file.categories}
        groups = [
            [k for k, category_id in enumerate(self.category_ids) if named[category_id] == one]
            for one in FREQUENCIES
        ]
        return (
            mean_known(precision[..., 0]),
            mean_known(precision[0, ..., 0]),
            mean_known(precision[5, ..., 0]),
            *(mean_known(precision[..., area]) for area in (1, 2, 3)),
            *(mean_known(precision[:, :, group, 0]) for group in groups),
            *(mean_known(reached[..., area]) for area in range(4)),
        )

    def absorbed_at_half(self, category_id: int) -> int:
        """None: LVIS has no skipped instances."""
        return 0

    def resampled_precision(self, weights: np.ndarray, thresholds: Sequence[int]) -> np.ndarray:
        """AP per resample and category, float64[resamples, categories]."""
        found = [
            category_precision(self.category_matches(category_id), weights.T, thresholds)
            for category_id in self.category_ids
        ]
        return np.stack(found, axis=1)
