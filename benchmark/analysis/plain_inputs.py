"""Inputs in numbers that the native core takes, for input that it leaves to others.

The core takes ids, scores, areas and boxes of ordinary size only. Matching needs no more of ids
than which are equal and which is smaller, of scores than their order, and of areas than their
range. So these are replaced; whoever asks for ids or scores gets those of the original inputs.
"""

from dataclasses import replace

import msgspec
import numpy as np

from benchmark.reading.inputs import Inputs
from o365seg.errors import InputError
from o365seg.formats.records import Annotation, AnnotationFile, Category, Image

_LARGEST_AREA = 1e19  # beyond every range, and every image
_SMALLEST_AREA = 1e-6  # below every lower bound but 0
_FARTHEST = 1e9  # of the coordinates of boxes
_FARTHEST_REGION, _LONGEST_REGION = 1e6, 1e5  # of a box that stands for a mask
_NEGLIGIBLE = 1e-9  # pixels


def plain_inputs(inputs: Inputs) -> Inputs:
    """The same inputs with dense ids in the same order, scores by rank, and plain areas.

    Images and categories are numbered from 1 in the order of their ids; annotations in that of the
    file, of which 0 alone stays 0, since pycocotools never counts it as found. A coordinate of less
    than 1e-9 pixels becomes 0.
    """
    found = inputs.predictions
    image, category = _numbers(inputs.image_ids), _numbers(inputs.category_ids)
    images = [
        Image(
            image[one.id],
            one.width,
            one.height,
            neg_category_ids=_renumbered(one.neg_category_ids, category),
            not_exhaustive_category_ids=_renumbered(one.not_exhaustive_category_ids, category),
        )
        for one in inputs.file.images
    ]
    annotations = [
        _annotation(inputs, index, image, category) for index in range(len(inputs.truth.records))
    ]
    categories = [
        Category(category[one.id], "", frequency=one.frequency) for one in inputs.file.categories
    ]
    file = AnnotationFile(images, annotations, categories)
    boxes = np.where(np.abs(found.boxes) < _NEGLIGIBLE, 0.0, found.boxes)
    predictions = replace(
        found,
        image_ids=[image[one] for one in found.image_ids],
        category_ids=[category[one] for one in found.category_ids],
        scores=np.unique(found.scores, return_inverse=True)[1].reshape(-1).astype(float),
        boxes=boxes,
    )
    return replace(inputs, truth=replace(inputs.truth, file=file), predictions=predictions)


def rank_of_score(inputs: Inputs, score: float) -> float:
    """The least of the scores of `plain_inputs` whose original is at least `score`."""
    return float(np.searchsorted(np.unique(inputs.predictions.scores), score))


def refusal(inputs: Inputs, truth_name: object, predictions_name: object) -> InputError:
    """What to say of inputs that the core does not take even as plain ones."""
    message = "is too far out, or has a negative side, so this analysis cannot use it"
    for index, one in enumerate(inputs.file.annotations):
        if one.bbox is None or not _needs_box(inputs, index):
            continue
        is_far = max(map(abs, one.bbox)) > _FARTHEST
        if is_far or (inputs.iou.of_masks and _is_odd_region(one.bbox)):
            return InputError(
                message,
                file=str(truth_name),
                record=f"annotations[{index}] (id {one.id})",
                field="bbox",
            )
    found = inputs.predictions
    odd = (np.abs(found.boxes) > _FARTHEST).any(1) | (found.boxes[:, 2:] < 0).any(1)
    for index in np.flatnonzero(odd).tolist():
        record = f"record [{found.places[index]}]"
        return InputError(message, file=str(predictions_name), record=record, field="bbox")
    return InputError("has numbers that are too large for this analysis", file=str(truth_name))


def _numbers(ids: list[int]) -> dict[int, int]:
    return {one: number for number, one in enumerate(ids, 1)}


def _renumbered(ids: list[int] | None, numbers: dict[int, int]) -> list[int] | None:
    return None if ids is None else [numbers[one] for one in ids if one in numbers]


def _needs_box(inputs: Inputs, index: int) -> bool:
    """Whether an annotation's box stands for its mask, or is what is compared."""
    one = inputs.file.annotations[index]
    return not inputs.iou.of_masks or inputs.truth.skipped[index] or not one.has_segmentation


def _annotation(
    inputs: Inputs, index: int, image: dict[int, int], category: dict[int, int]
) -> Annotation:
    one, record = inputs.file.annotations[index], inputs.truth.records[index]
    made = Annotation(
        0 if one.id == 0 else index + 1,
        image[one.image_id],
        category[one.category_id],
        iscrowd=int(one.iscrowd != 0),
        area=None if record["area"] is None else _plain_area(record["area"]),
        skipped=one.skipped,
        unanswered=one.unanswered,
    )
    if _needs_box(inputs, index):
        left, top, width, height = (
            side if abs(side) >= _NEGLIGIBLE else 0.0 for side in record["bbox"]
        )
        made.bbox = left, top, width, height
    else:
        made.segmentation = msgspec.Raw(msgspec.json.encode(record["segmentation"]))
    return made


def _plain_area(area: float) -> float:
    size = min(max(abs(area), _SMALLEST_AREA), _LARGEST_AREA)
    return 0.0 if area == 0 else size if area > 0 else -size


def _is_odd_region(box: tuple[float, ...]) -> bool:
    left, top, width, height = box
    return (
        min(width, height) < 0
        or width + height >= _LONGEST_REGION
        or max(abs(left), abs(top)) >= _FARTHEST_REGION
    )
