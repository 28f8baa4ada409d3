"""Ground truth that pycocotools scores although it is odd, rewritten as plain records.

What pycocotools does with it decides; nothing is guessed. What stays invalid is left as it is, for
the strict reader to name.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pycocotools import mask as coco_mask

from o365seg.errors import InputError


@dataclass
class Rewritten:
    """Rewritten ground truth.

    Attributes:
        content: The file's content; plain as far as this module knows.
        image_numbers: The number of each image id that was text; empty for ids that are numbers.
        category_numbers: Likewise, of categories.
        odd: What was odd, in words, with the number of records.
    """

    content: dict[str, Any]
    image_numbers: dict[str, int] = field(default_factory=dict)
    category_numbers: dict[str, int] = field(default_factory=dict)
    odd: Counter[str] = field(default_factory=Counter)


def rewrite_ground_truth(content: Any, name: str, *, masks: bool) -> Rewritten | None:
    """Rewrite what is odd in the content of a COCO-format file.

    Args:
        content: The decoded JSON; it is changed.
        name: The name that errors give the file.
        masks: Whether masks are compared; without masks, image sizes may be missing.

    Returns:
        None if it is not of COCO's form.

    Raises:
        InputError: it is something else: predictions, or a panoptic file; or ids are partly text.
    """
    _recognize(content, name)
    if not isinstance(content, dict):
        return None
    groups = [content.get(key) for key in ("images", "categories", "annotations")]
    if not all(isinstance(group, list) and all(map(_is_dict, group)) for group in groups):
        return None
    found = Rewritten(content)
    images, categories, annotations = groups
    assert images is not None and categories is not None and annotations is not None
    found.image_numbers = _number_ids(images, "images", name, found)
    found.category_numbers = _number_ids(categories, "categories", name, found)
    content["images"] = _last_of_each(images, "images", found.odd)
    content["categories"] = _last_of_each(categories, "categories", found.odd)
    _rewrite_annotations(annotations, found)
    _rewrite_images(content, found.odd, masks=masks)
    _rewrite_categories(content["categories"], found.odd)
    if masks:
        _rewrite_polygons(content, found.odd)
    return found


def _is_dict(value: object) -> bool:
    return isinstance(value, dict)


def _recognize(content: Any, name: str) -> None:
    """Say what a file is that is no ground truth for instances."""
    if isinstance(content, list) and content and isinstance(content[0], dict):
        if "score" in content[0]:
            raise InputError(
                "these are predictions, not ground truth; are the two files swapped?", file=name
            )
        return
    if not isinstance(content, dict):
        return
    annotations = content.get("annotations")
    if isinstance(annotations, list) and annotations and isinstance(annotations[0], dict):
        if "segments_info" in annotations[0]:
            raise InputError("is a panoptic file; use --task panoptic", file=name)
        if "keypoints" in annotations[0] and "bbox" not in annotations[0]:
            raise InputError("has keypoints alone, which are not evaluated", file=name)


def whole(value: Any) -> Any:
    """An id or size without a fraction as an integer; anything else as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _number_ids(
    records: list[dict[str, Any]], kind: str, name: str, found: Rewritten
) -> dict[str, int]:
    """Make integers of float ids; number ids that are text by their order, from 1."""
    ids = [record.get("id") for record in records]
    texts = sorted({one for one in ids if isinstance(one, str)})
    if texts and not all(isinstance(one, str) for one in ids):
        raise InputError(
            "some ids are text and some are not; use one kind", file=name, record=kind, field="id"
        )
    numbers = {text: number for number, text in enumerate(texts, 1)}
    if texts:
        found.odd[f"{kind} with text as id, numbered in sorted order"] = len(texts)
    for record in records:
        if texts:
            record["id"] = numbers[record["id"]]
        elif isinstance(record.get("id"), float):
            record["id"] = whole(record["id"])
            found.odd[f"{kind} with an id such as 1.0"] += 1
    return numbers


def _last_of_each(
    records: list[dict[str, Any]], kind: str, odd: Counter[str]
) -> list[dict[str, Any]]:
    """As in pycocotools' index: of records with the same id, the last one counts."""
    last = {_key(record): record for record in records}
    if len(last) < len(records):
        odd[f"{kind} given repeatedly"] = len(records) - len(last)
    return list(last.values())


def _key(record: dict[str, Any]) -> Any:
    value = record.get("id")
    return value if isinstance(value, int | float | None) else repr(value)


def _rewrite_annotations(annotations: list[dict[str, Any]], found: Rewritten) -> None:
    odd = found.odd
    texts = {one["id"] for one in annotations if isinstance(one.get("id"), str)}
    if texts and len(texts) == len(annotations):
        odd["annotations with text as id"] = len(texts)
        for number, one in enumerate(annotations, 1):
            one["id"] = number
    numbers = {"image_id": found.image_numbers, "category_id": found.category_numbers}
    for one in annotations:
        for key in ("id", "image_id", "category_id"):
            if isinstance(one.get(key), float):
                one[key] = whole(one[key])
                odd[f"annotations with {key} such as 1.0"] += 1
        for key, by_text in numbers.items():
            if isinstance(one.get(key), str):
                one[key] = by_text.get(one[key], one[key])
        if isinstance(one.get("iscrowd"), float):
            one["iscrowd"] = int(one["iscrowd"] != 0)
            odd["annotations with iscrowd such as 0.0"] += 1


def _rewrite_images(content: dict[str, Any], odd: Counter[str], *, masks: bool) -> None:
    absent = []
    for image in content["images"]:
        for key in ("width", "height"):
            if isinstance(image.get(key), float) and image[key].is_integer():
                image[key] = int(image[key])
                odd[f"images with {key} such as 20.0"] += 1
        for key in ("file_name", "coco_url"):
            if key in image and not isinstance(image[key], str):
                if image[key] is not None or key == "file_name":  # a coco_url may be null
                    odd[f"images with a {key} that is not text, left out"] += 1
                del image[key]
        if image.get("width") is None or image.get("height") is None:
            absent.append(image)
    if masks or not absent or any(one.get("area") is None for one in content["annotations"]):
        return
    extents: dict[Any, tuple[int, int]] = {}
    for one in content["annotations"]:
        x, y, width, height = _box(one)
        right, bottom = extents.get(one["image_id"], (1, 1))
        extents[one["image_id"]] = max(right, int(x + width) + 1), max(bottom, int(y + height) + 1)
    for image in absent:
        image["width"], image["height"] = extents.get(image.get("id"), (1, 1))
    odd["images without width and height, taken from their boxes"] = len(absent)


def _box(annotation: dict[str, Any]) -> tuple[float, ...]:
    box: Any = annotation.get("bbox") or []
    plain = isinstance(box, list) and len(box) == 4
    if plain and all(isinstance(one, int | float) and abs(one) < 1e6 for one in box):
        return tuple(box)
    return 0.0, 0.0, 0.0, 0.0


def _rewrite_categories(categories: list[dict[str, Any]], odd: Counter[str]) -> None:
    for category in categories:
        if not isinstance(category.get("name"), str):
            name = category.get("name")
            category["name"] = str(category.get("id") if name is None else name)
            said = "without a name, called by their id" if name is None else "with a name such as 5"
            odd[f"categories {said}"] += 1
        if not isinstance(category.get("supercategory"), str | None):
            category["supercategory"] = str(category["supercategory"])
            odd["categories with a supercategory that is not text"] += 1
        if not isinstance(category.get("frequency"), str | None):
            del category["frequency"]
            odd["categories with a frequency that is not text, left out"] += 1


def _rewrite_polygons(content: dict[str, Any], odd: Counter[str]) -> None:
    """Draw polygons of an odd number of coordinates, or of fewer than three points.

    pycocotools passes over the odd coordinate, and draws a polygon of one or two points as a point
    or a line. Where the first polygon has four coordinates, it takes all for boxes, or reads beyond
    the list; this, and a polygon without a point, stays invalid.
    """
    sizes = {one.get("id"): (one.get("height"), one.get("width")) for one in content["images"]}
    for one in content["annotations"]:
        polygons = one.get("segmentation") or []
        if not (polygons and isinstance(polygons, list) and all(map(_is_numbers, polygons))):
            continue
        lengths = [len(polygon) for polygon in polygons]
        if all(length >= 6 and length % 2 == 0 for length in lengths):
            continue
        size: Any = sizes.get(one["image_id"], (0, 0))
        valid = all(isinstance(side, int) and 0 < side < 1 << 15 for side in size)
        if not valid or lengths[0] < 5 or min(lengths) < 2:
            continue
        drawn: Any = coco_mask.merge(coco_mask.frPyObjects(polygons, *size))
        one["segmentation"] = {"size": list(size), "counts": drawn["counts"].decode("ascii")}
        odd["annotations with a polygon of an odd number of coordinates or of few points"] += 1


def _is_numbers(polygon: object) -> bool:
    return isinstance(polygon, list) and all(
        isinstance(one, int | float) and abs(one) < 1e5 for one in polygon
    )
