"""The rules of LVIS around COCO's matching: which predictions count, and which are ignored."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import msgspec
import numpy as np

from benchmark.average_precision.matches import CategoryMatches
from benchmark.reading.input_text import InputText
from benchmark.reading.inputs import Inputs
from o365seg.formats.records import AnnotationFile


@dataclass(frozen=True)
class LvisRules:
    """The rules for one evaluation.

    Attributes:
        inputs: Predictions and ground truth.
        limit: Predictions that count per image, of all categories together.
    """

    inputs: Inputs
    limit: int

    @cached_property
    def best(self) -> np.ndarray:
        """bool[predictions]: within the limit of its image."""
        found = self.inputs.predictions
        return _best_of_each_image(found.image_ids, found.scores, self.limit)

    @cached_property
    def kept(self) -> list[int]:
        """The indices of the predictions that count: within the limit, of a category looked for."""
        found, judged = self.inputs.predictions, _judged_pairs(self.inputs.file)
        pairs = list(zip(found.image_ids, found.category_ids, strict=True))
        return [index for index in np.flatnonzero(self.best).tolist() if pairs[index] in judged]

    @cached_property
    def incomplete(self) -> dict[int, set[int]]:
        """By category id, the places of the images in which not all of its objects are marked."""
        place = {image_id: i for i, image_id in enumerate(self.inputs.image_ids)}
        found: dict[int, set[int]] = {}
        for image in self.inputs.file.images:
            for category in image.not_exhaustive_category_ids or ():
                found.setdefault(category, set()).add(place[image.id])
        return found

    @cached_property
    def plain_truth(self) -> AnnotationFile:
        """The ground truth for COCO's matching: without LVIS's marks and without crowds."""
        file, marks = self.inputs.file, ("neg_category_ids", "not_exhaustive_category_ids")
        return AnnotationFile(
            [msgspec.structs.replace(one, **dict.fromkeys(marks)) for one in file.images],
            [msgspec.structs.replace(one, iscrowd=0) for one in file.annotations],
            file.categories,
        )

    @cached_property
    def _truth_text(self) -> InputText:
        return InputText("ground truth", msgspec.json.encode(self.plain_truth))

    def texts(self, kept: Sequence[int]) -> tuple[InputText, InputText]:
        """The plain ground truth, and some of the predictions, for the core."""
        return (
            self._truth_text,
            InputText("predictions", msgspec.json.encode(_records(self.inputs, kept))),
        )

    def ignored(self, matches: CategoryMatches) -> CategoryMatches:
        """Matches with false positives ignored where not all objects are marked."""
        incomplete = np.isin(matches.image, [*self.incomplete.get(matches.category_id, ())])
        return replace(matches, ignored=matches.ignored | (~matches.matched & incomplete))


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


def _records(inputs: Inputs, kept: Sequence[int]) -> list[dict[str, Any]]:
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
