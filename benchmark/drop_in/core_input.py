"""What the core reads of two indices: their files' text, or their dictionaries as JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from benchmark.drop_in.index import COCO, records_to_json

_OF_MASKS = ("segmentation", "bbox", "skipped")
_OF_TRUTH = ("id", "image_id", "category_id", "iscrowd", "area")


@dataclass(frozen=True)
class CoreInput:
    """Both sides of an evaluation.

    Attributes:
        truth: JSON of a COCO file.
        results: JSON of a results file.
        iou: What is compared, one of `benchmark.reading.choices.Iou`.
        areas: Whether every result gives its area; else it is derived as `loadRes` does.
        result_ids: The id of each result; None where it is its place plus one.
    """

    truth: bytes
    results: bytes
    iou: str
    areas: bool = False
    result_ids: list[int] | None = None


def untouched_input(truth: Any, found: Any, *, iou: str) -> CoreInput | None:
    """The texts of two indices that nobody has changed; None where one is in memory."""
    left, right = _untouched_text(truth), _untouched_text(found)
    return None if left is None or right is None else CoreInput(left, right, iou)


def input_of(
    truth: Any, found: Any, image_ids: Sequence[int], category_ids: Sequence[int], *, iou: str
) -> CoreInput | None:
    """What takes part of two indices, from their dictionaries where they have been asked for.

    Args:
        truth: The index of the ground truth.
        found: The index of the predictions.
        image_ids: pycocotools' `params.imgIds`.
        category_ids: pycocotools' `params.catIds`.
        iou: What is compared, one of `benchmark.reading.choices.Iou`.

    Returns:
        None where the dictionaries are not what the core could take.
    """
    try:
        results = _untouched_text(found)
        wanted = (list(image_ids), set(category_ids))
        text = _untouched_text(truth)
        if text is None:
            # A file of results may name images and categories that do not take part.
            unknown = [one for one in image_ids if one not in truth.imgs]
            everything = ([*truth.imgs, *unknown], {*truth.cats, *category_ids})
            text = _truth_text(
                truth, *(wanted if results is None else everything), masks=iou != "bbox"
            )
        if results is not None:
            return CoreInput(text, results, iou)
        return _results(found, *wanted, text, iou=iou)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _untouched_text(index: Any) -> bytes | None:
    if not (isinstance(index, COCO) and index.is_untouched):
        return None
    try:
        return index.source_text()
    except (TypeError, ValueError, AttributeError):
        return None


def _truth_text(
    index: Any, image_ids: Sequence[int], categories: set[int], *, masks: bool
) -> bytes:
    images = [index.imgs[image_id] for image_id in image_ids if image_id in index.imgs]
    if not masks:  # boxes need no size
        images = [{"width": 1, "height": 1} | image for image in images]
    sizes = [{"id": i["id"], "width": i["width"], "height": i["height"]} for i in images]
    keys = (*_OF_TRUTH, *(_OF_MASKS if masks else ("bbox",)))
    records = [
        {key: one[key] for key in keys if key in one}
        for one in _records(index, image_ids, categories)
    ]
    # What `classify` in the core would take a missing area for is not what pycocotools does.
    if not all("area" in record and "iscrowd" in record for record in records):
        raise KeyError("area")
    if not all(isfinite(record["area"]) for record in records):
        raise ValueError("JSON has no such area")
    parts = {
        "images": records_to_json(sizes),
        "categories": records_to_json({"id": k, "name": ""} for k in {*index.cats, *categories}),
        "annotations": records_to_json(records),
    }
    return b"{%s}" % b",".join(b'"%s":%s' % (k.encode(), text) for k, text in parts.items())


def _results(
    index: Any, image_ids: Sequence[int], categories: set[int], truth: bytes, *, iou: str
) -> CoreInput:
    mask_or_box = "segmentation" if iou != "bbox" else "bbox"
    records = list(_records(index, image_ids, categories))
    ids = [record["id"] for record in records]
    if not all(type(number) is int and number > 0 for number in ids):
        raise ValueError("pycocotools takes an id of 0 for no match")
    kept = [
        {
            "image_id": one["image_id"],
            "category_id": one["category_id"],
            "score": one["score"],
            "area": one["area"],
            mask_or_box: one[mask_or_box],
        }
        for one in records
    ]
    return CoreInput(truth, records_to_json(kept), iou, areas=True, result_ids=ids)


def _records(index: Any, image_ids: Sequence[int], categories: set[int]) -> Iterable[Any]:
    """The annotations of some images and categories, as pycocotools looks them up."""
    by_image, by_id = index.imgToAnns, index.anns
    for image_id in image_ids:
        for one in by_image.get(image_id, ()):
            if one["category_id"] in categories:
                yield by_id[one["id"]]
