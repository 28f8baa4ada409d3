"""What is odd in a file of ground truth or predictions, beyond what stops an evaluation.

Reads plain JSON values, not checked records, so that one fault does not hide the others. A fault
is what changes numbers or stops a tool; a note is what may be meant.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

import msgspec
import numpy as np

from o365seg.errors import InputError
from o365seg.formats.json_files import read_json
from o365seg.formats.masks import MaskError, mask_box, rle_area, segmentation_to_rle
from o365seg.terminal.progress_bar import progress

EXAMPLES = 5
"""Records that a finding names."""
AREA_TOLERANCE = 0.1
"""Relative: COCO's own areas are of polygons, not of pixels, and differ by some percent."""
AREA_PIXELS = 20
"""And pixels: a rounded outline moves small masks by more than 10%."""
DETECTIONS = 100
"""Predictions that count per image and category."""


@dataclass
class Finding:
    """One kind of oddity.

    Attributes:
        what: In words, with the field.
        is_fault: Whether it changes numbers or stops tools; else a note.
        count: Number of records.
        examples: The first of them, named.
    """

    what: str
    is_fault: bool
    count: int = 0
    examples: list[str] = field(default_factory=list)


class Findings:
    """Findings in the order in which their kinds were first met."""

    def __init__(self) -> None:
        self._by_what: dict[str, Finding] = {}

    def add(self, what: str, record: str, *, fault: bool = True) -> None:
        """Count one record."""
        found = self._by_what.setdefault(what, Finding(what, fault))
        found.count += 1
        if len(found.examples) < EXAMPLES:
            found.examples.append(record)

    def listed(self) -> list[Finding]:
        """Faults first."""
        return sorted(self._by_what.values(), key=lambda one: not one.is_fault)


@dataclass(frozen=True)
class Checked:
    """What a file is, what it holds, and what is odd in it.

    Attributes:
        kind: "ground truth" or "predictions".
        counts: Records by name.
        findings: Faults first.
    """

    kind: str
    counts: dict[str, int]
    findings: list[Finding]

    @property
    def faults(self) -> int:
        """Number of kinds of faults."""
        return sum(one.is_fault for one in self.findings)


def check_file(path: str | Path, ground_truth: str | Path | None = None) -> Checked:
    """Check a file in COCO's format, or predictions in COCO's results format.

    Args:
        path: The file.
        ground_truth: For predictions: their ground truth, to check ids, boxes and sizes against.

    Raises:
        InputError: not readable, not JSON, or neither of the two.
    """
    content: Any = read_json(path, object)
    found = Findings()
    if isinstance(content, list):
        truth = None if ground_truth is None else _truth_of(ground_truth)
        counts = check_predictions(content, truth, found)
        return Checked("predictions", counts, found.listed())
    if not _is_truth(content):
        raise InputError("neither ground truth (images, annotations) nor a list of predictions",
                         file=path)  # fmt: skip
    return Checked("ground truth", check_ground_truth(content, found), found.listed())


def _is_truth(content: object) -> bool:
    return isinstance(content, dict) and all(
        isinstance(content.get(name), list) for name in ("images", "annotations", "categories")
    )


def _truth_of(path: str | Path) -> dict[str, Any]:
    content: Any = read_json(path, object)
    if not _is_truth(content):
        raise InputError("no ground truth: images, annotations and categories expected", file=path)
    return content


def check_ground_truth(content: dict[str, Any], found: Findings) -> dict[str, int]:
    """Check a ground truth; returns the number of its records by name."""
    lists: dict[str, list[Any]] = {k: content[k] for k in ("images", "annotations", "categories")}
    for name, records in lists.items():
        _check_ids(records, name, found)
    sizes = _sizes(lists["images"], found)
    categories = {one.get("id") for one in lists["categories"] if isinstance(one, dict)}
    names = Counter(str(one.get("name")) for one in lists["categories"] if isinstance(one, dict))
    for name, times in names.items():
        if times > 1:
            found.add("category name used more than once", repr(name))
    used_images, used_categories, seen = set(), set(), Counter()
    for index, one in _records(lists["annotations"], "Checking"):
        record = f"annotations[{index}] (id {one.get('id')})"
        image, category = _known(one, sizes, categories, record, found)
        used_images.add(image)
        used_categories.add(category)
        size = sizes.get(image)
        box = _check_box(one.get("bbox"), size, record, found, of_truth=True)
        crowd = bool(one.get("iscrowd"))
        area = _check_mask(one.get("segmentation"), size, box, record, found)
        stated = one.get("area")
        if area is not None and not _is_close(stated, area):
            found.add("area is not the mask's number of pixels (off by over 10%)",
                      f"{record}: {stated}, mask {area}")  # fmt: skip
        if one.get("id") == 0:
            found.add("annotation id 0, which pycocotools never counts as found", record)
        if one.get("ignore") and not crowd:
            found.add("'ignore' is set, which pycocotools overwrites", record, fault=False)
        key = (image, category, repr(one.get("bbox")), repr(one.get("segmentation")))
        seen[key] += 1
        if seen[key] == 2:
            found.add("object listed more than once (same image, category, box and mask)", record)
    for one in lists["categories"]:
        if isinstance(one, dict) and one.get("id") not in used_categories:
            found.add("category without objects", repr(one.get("name")), fault=False)
    for image in sizes:
        if image not in used_images:
            found.add("image without objects", f"image {image!r}", fault=False)
    return {name: len(records) for name, records in lists.items()}


def check_predictions(
    records: list[Any], truth: dict[str, Any] | None, found: Findings
) -> dict[str, int]:
    """Check predictions; returns the number of records, images and categories."""
    sizes: dict[Any, tuple[float, float] | None] | None = None
    categories: set[Any] | None = None
    if truth is not None:
        sizes = _sizes(truth["images"], Findings())
        categories = {one.get("id") for one in truth["categories"] if isinstance(one, dict)}
    per_group: Counter[tuple[Any, Any]] = Counter()
    scores: Counter[Any] = Counter()
    seen: Counter[tuple[Any, ...]] = Counter()
    images = set()
    for index, one in enumerate(records):
        if not isinstance(one, dict):
            found.add("record is not an object", f"[{index}]")
    for index, one in _records(records, "Checking"):
        record = f"[{index}] (image_id {one.get('image_id')})"
        image, category = _known(one, sizes, categories, record, found)
        images.add(image)
        size = None if sizes is None else sizes.get(image)
        score = one.get("score")
        if not _is_finite(score):
            found.add("score is missing or not a finite number", record)
        elif not 0 <= score <= 1:
            found.add("score outside 0 to 1", f"{record}: {score}", fault=False)
        scores[repr(score)] += 1
        box = _check_box(one.get("bbox"), size, record, found, of_truth=False)
        mask = one.get("segmentation")
        if mask is None and box is None and "bbox" not in one:
            found.add("neither segmentation nor bbox", record)
        if mask == []:
            found.add("mask without a pixel", record)
        _check_mask(mask, size, None, record, found)
        per_group[image, category] += 1
        key = (image, category, repr(one.get("bbox")), repr(mask), repr(score))
        seen[key] += 1
        if seen[key] == 2:
            found.add("prediction listed more than once", record)
    for (image, category), count in per_group.items():
        if count > DETECTIONS:
            found.add(f"more than {DETECTIONS} predictions of an image and category",
                      f"image {image!r}, category {category!r}: {count}", fault=False)  # fmt: skip
    if len(scores) == 1 and len(records) > 1:
        found.add("all scores are equal, so AP depends on the order", next(iter(scores)))
    if sizes is not None:
        for image in sizes:
            if image not in images:
                found.add("image without predictions", f"image {image!r}", fault=False)
    return {"predictions": len(records), "images": len(images),
            "categories": len({category for _, category in per_group})}  # fmt: skip


def _records(records: list[Any], label: str) -> list[tuple[int, dict[str, Any]]]:
    return [(i, records[i]) for i in progress(range(len(records)), label)
            if isinstance(records[i], dict)]  # fmt: skip


def _check_ids(records: Sequence[Any], name: str, found: Findings) -> None:
    seen = Counter()
    for index, one in enumerate(records):
        if not isinstance(one, dict) or "id" not in one:
            found.add(f"{name}: record without id", f"{name}[{index}]")
            continue
        seen[_hashable(one["id"])] += 1
        if seen[_hashable(one["id"])] == 2:
            found.add(f"{name}: id used more than once", f"{name}[{index}] (id {one['id']})")
        if isinstance(one["id"], str | float):
            found.add(f"{name}: id is not a whole number", f"{name}[{index}] (id {one['id']!r})")


def _sizes(images: Sequence[Any], found: Findings) -> dict[Any, tuple[float, float] | None]:
    """(width, height) by image id; None where it is missing."""
    sizes = {}
    for index, one in enumerate(images):
        if not isinstance(one, dict):
            continue
        width, height = one.get("width"), one.get("height")
        sound = all(_is_finite(side) and side > 0 for side in (width, height))
        if not sound:
            found.add("images: width or height is missing or not positive",
                      f"images[{index}] (id {one.get('id')})")  # fmt: skip
        sizes[_hashable(one.get("id"))] = (width, height) if sound else None
    return sizes


def _known(
    one: dict[str, Any], images: Any, categories: Any, record: str, found: Findings
) -> tuple[Any, Any]:
    """The ids of image and category, which must be known where the known ones are given."""
    ids = _hashable(one.get("image_id")), _hashable(one.get("category_id"))
    for name, value, known in zip(("image_id", "category_id"), ids, (images, categories),
                                  strict=True):  # fmt: skip
        if value is None:
            found.add(f"{name} is missing", record)
        elif known is not None and value not in known:
            found.add(f"unknown {name}", f"{record}: {value!r}")
    return ids


def _check_box(
    box: Any, size: tuple[float, float] | None, record: str, found: Findings, *, of_truth: bool
) -> tuple[float, float, float, float] | None:
    if box is None:
        return None
    numbers = isinstance(box, list) and len(box) == 4
    if not numbers or not all(map(_is_finite, box)):
        found.add("bbox is not 4 finite numbers", f"{record}: {box}")
        return None
    x, y, width, height = box
    if width <= 0 or height <= 0:
        found.add("bbox without extent", f"{record}: {box}")
    elif size is not None:
        if x >= size[0] or y >= size[1] or x + width <= 0 or y + height <= 0:
            found.add("bbox wholly outside its image", f"{record}: {box}")
        elif x < -1 or y < -1 or x + width > size[0] + 1 or y + height > size[1] + 1:
            found.add(
                "bbox reaches beyond its image by more than a pixel", f"{record}: {box}",
                fault=of_truth,
            )  # fmt: skip
    return x, y, width, height


def _check_mask(
    mask: Any,
    size: tuple[float, float] | None,
    box: tuple[float, float, float, float] | None,
    record: str,
    found: Findings,
) -> int | None:
    """The mask's number of pixels; None where there is no sound mask."""
    if not mask:  # none, or a skipped instance's empty list
        return None
    if isinstance(mask, dict) and isinstance(mask.get("size"), list) and len(mask["size"]) == 2:
        height, width = mask["size"]
        if size is not None and (width, height) != size:
            found.add("mask of another size than its image",
                      f"{record}: {width}×{height}, image {size[0]}×{size[1]}")  # fmt: skip
    elif size is not None:
        width, height = size
    else:
        return None  # polygons of an image whose size is not known
    try:
        rle = segmentation_to_rle(msgspec.Raw(msgspec.json.encode(mask)), (int(height), int(width)))
        area, tight = rle_area(rle), mask_box(rle)
    except (MaskError, ValueError, TypeError, OverflowError) as error:
        found.add("segmentation is not a valid mask", f"{record}: {error}")
        return None
    if tight is None:
        found.add("mask without a pixel", record)
    elif box is not None and min(box[2:]) > 0:
        far = np.abs(np.array(box) - tight)[:2].max()
        ends = np.abs(np.array([box[0] + box[2], box[1] + box[3]])
                      - (tight[0] + tight[2], tight[1] + tight[3])).max()  # fmt: skip
        if max(far, ends) > max(5, 0.1 * max(box[2:])):
            found.add("bbox is not the mask's (off by over 10%)",
                      f"{record}: {list(box)}, mask {list(tight)}", fault=False)  # fmt: skip
    return area


def _is_close(stated: Any, area: int) -> bool:
    if not _is_finite(stated):
        return False
    return abs(stated - area) <= max(AREA_PIXELS, AREA_TOLERANCE * area)


def _is_finite(value: Any) -> TypeGuard[float]:
    """Whether a value is a number that a float can hold."""
    try:
        return isinstance(value, int | float) and math.isfinite(value)
    except OverflowError:
        return False


def _hashable(value: Any) -> Any:
    return repr(value) if isinstance(value, list | dict) else value
