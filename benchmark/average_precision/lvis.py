"""AP by the rules of LVIS (Gupta et al., CVPR 2019), equal to lvis-api 0.5.3's.

LVIS marks in each image the objects of some categories only. So a prediction counts only where its
category has an object in the image or is listed as absent (`neg_category_ids`); where not all
objects of a category are marked (`not_exhaustive_category_ids`), a false positive is ignored. The
300 best predictions of an image count, of all categories together; there are no crowds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from benchmark.average_precision import native_core, native_path, notes
from benchmark.average_precision.accumulation import precision_at_recalls, rank, recall
from benchmark.average_precision.matches import CategoryMatches
from benchmark.average_precision.parameters import DEFAULT, FREQUENCIES, Parameters
from benchmark.average_precision.pycocotools_matching import Matching
from benchmark.average_precision.pycocotools_path import SlowMatched
from benchmark.average_precision.result import Counts, Curves, Result
from benchmark.average_precision.weighted_ap import category_precision
from benchmark.reading.choices import SkipRule
from benchmark.reading.input_text import InputText
from benchmark.reading.inputs import Inputs
from o365seg.formats.records import AnnotationFile

if TYPE_CHECKING:
    from benchmark.average_precision.result import Matched


def evaluate_lvis(inputs: Inputs, parameters: Parameters = DEFAULT) -> Result:
    """Evaluate by the rules of LVIS.

    Args:
        inputs: Predictions and ground truth; skip rules play no part.
        parameters: IoU thresholds, area ranges, and the limit of detections per image.
    """
    file, found = inputs.file, inputs.predictions
    limit = parameters.limits(lvis=True)[-1]
    best = _best_of_each_image(found.image_ids, found.scores, limit)
    judged = _judged_pairs(file)
    pairs = list(zip(found.image_ids, found.category_ids, strict=True))
    kept = [index for index in np.flatnonzero(best).tolist() if pairs[index] in judged]
    plain = _match(inputs, kept, parameters)
    matched = LvisMatched(file, plain, np.array(kept, np.int64), parameters)
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
            notes.lvis(int(best.sum()) - len(kept), len(found) - int(best.sum()), limit),
            *inputs.notes,
            *notes.of_counts(counts, masks=inputs.iou.of_masks),
        ],
        matched=matched,
        parameters=parameters,
        is_lvis=True,
    )


def _best_of_each_image(image_ids: Sequence[int], scores: np.ndarray, limit: int) -> np.ndarray:
    """bool[predictions]: among the best of its image; of equal scores the earlier."""
    images = np.array(image_ids, np.int64)
    order = np.lexsort((-scores, images))
    sorted_images = images[order]
    first = np.searchsorted(sorted_images, sorted_images)
    best = np.zeros(len(images), bool)
    best[order[np.arange(len(order)) - first < limit]] = True
    return best


def _judged_pairs(file: AnnotationFile) -> set[tuple[int, int]]:
    """(image id, category id) where LVIS knows whether there are objects."""
    judged = {(one.image_id, one.category_id) for one in file.annotations}
    for image in file.images:
        judged.update((image.id, category) for category in image.neg_category_ids or ())
    return judged


def _match(inputs: Inputs, kept: list[int], parameters: Parameters) -> "Matched":
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
    if native_core.is_wanted() and native_path.is_built():
        from benchmark import _native

        truth = InputText("ground truth", msgspec.json.encode(plain))
        results = InputText("predictions", msgspec.json.encode(_records(inputs, kept)))
        alone = parameters.with_max_dets(parameters.limits(lvis=True))
        try:
            core = native_core.match(truth, results, iou=inputs.iou, parameters=alone)
        except _native.Unusual:
            pass
        else:
            return native_path.NativeMatched(core, SkipRule.NONE, alone)
    records = [record | {"iscrowd": 0} for record in inputs.truth.without_skipped()]
    chosen = inputs.predictions.subset(kept)
    matching = Matching(plain, records, chosen, inputs.iou, parameters=parameters, lvis=True)
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
        parameters: What is measured.
    """

    file: AnnotationFile
    plain: "Matched"
    kept: np.ndarray
    parameters: Parameters

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
        ranges = len(self.parameters.area_ranges)
        shape = len(self.parameters.iou_thresholds), 101, len(self.category_ids), ranges
        precision, reached = np.full(shape, -1.0), np.full((shape[0], *shape[2:]), -1.0)
        for k, category_id in enumerate(self.category_ids):
            matches = self.category_matches(category_id)
            for area in range(ranges):
                if not matches.positives[area].any():
                    continue
                ranking = rank(matches, area)
                precision[:, :, k, area] = precision_at_recalls(ranking)
                reached[:, k, area] = recall(ranking)
        scores = np.full((*shape, 1), -1.0)
        return Curves(precision[..., None], reached[..., None], scores)

    def curves(self) -> Curves:
        """Precision and recall as lvis-api's, with a last axis of the one detection limit."""
        return self._found

    def numbers(self) -> tuple[float, ...]:
        """The numbers of LVIS: also those of rare, common and frequent categories."""
        named = {category.id: category.frequency for category in self.file.categories}
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

    def resampled_precision(self, weights: np.ndarray, thresholds: Sequence[int]) -> np.ndarray:
        """AP per resample and category, float64[resamples, categories]."""
        found = [
            category_precision(self.category_matches(category_id), weights.T, thresholds)
            for category_id in self.category_ids
        ]
        return np.stack(found, axis=1)
