"""What tools without a rule for skipped instances can read: skips and crowds as COCO crowds."""

from pathlib import Path
from typing import Any

import msgspec

from o365seg.errors import InputError
from o365seg.formats.masks import (
    MaskError,
    Rle,
    box_to_rle,
    mask_box,
    rle_area,
    segmentation_to_rle,
)


def stock_annotation(record: dict[str, Any], size: tuple[int, int]) -> dict[str, Any]:
    """One annotation of a release in the form that stock COCO tools understand.

    A skipped instance (not a crowd, and without a mask) and a crowd without a mask become a COCO
    crowd: `iscrowd` 1, the box as run lengths, and their number of pixels as `area`. COCO's rule
    for crowds then applies to them: a prediction inside the region, as far as the IoU threshold
    asks, is ignored, and any number of predictions may be. Every other record stays as it is, but
    for an absent `iscrowd` (LVIS), which becomes 0 because stock tools ask for it.

    Args:
        record: The annotation as the file has it; not changed.
        size: The (height, width) of its image, in pixels.

    Returns:
        A new record with `record`'s keys in their order, and any that are added after them.

    Raises:
        KeyError: a skipped instance or crowd has no `bbox`.
        MaskError: its box reaches absurdly far beyond the image.
    """
    crowd = bool(record.get("iscrowd"))
    has_mask = bool(record.get("segmentation"))
    if has_mask and (crowd or not record.get("skipped")):
        return record | {"iscrowd": record.get("iscrowd", 0)}
    region = box_to_rle(record["bbox"], size)
    return record | {
        "iscrowd": 1,
        "segmentation": {"size": list(region.size), "counts": region.counts},
        "area": rle_area(region),
    }


def importable_annotation(record: dict[str, Any], size: tuple[int, int]) -> dict[str, Any]:
    """`stock_annotation` for tools that import annotations and not only score them.

    detectron2 refuses a record whose `ignore` is not 0, and mmdetection drops it before it looks at
    `iscrowd`, so the key is left out. Importers that crop a mask to `bbox` lose what was painted
    outside the detection box, so `bbox` is the tight box of the mask or region, and the box that
    raters saw is `detection_bbox`. A mask without a pixel has no tight box and keeps its `bbox`.

    Args:
        record: The annotation as the release has it; not changed.
        size: The (height, width) of its image, in pixels.

    Raises:
        KeyError: a skipped instance or crowd has no `bbox`.
        MaskError: the segmentation is invalid, or a box reaches absurdly far beyond the image.
    """
    made = stock_annotation(record, size)
    made.pop("ignore", None)
    tight = mask_box(_rle(made["segmentation"], size))
    if tight is None:
        return made
    if "bbox" in made:
        made.setdefault("detection_bbox", made["bbox"])
    made["bbox"] = list(tight)
    return made


def importable_file(content: dict[str, Any], source: str | Path) -> dict[str, Any]:
    """A release with each of its annotations as `importable_annotation`; `content` stays as it is.

    Raises:
        InputError: a skipped instance or crowd without a box, or an invalid segmentation; `source`
            is the name that it gives the file.
    """
    sizes = {image["id"]: (image["height"], image["width"]) for image in content["images"]}
    made = [
        importable_record(record, sizes[record["image_id"]], index, source)
        for index, record in enumerate(content["annotations"])
    ]
    return content | {"annotations": made}


def importable_record(
    record: dict[str, Any], size: tuple[int, int], index: int, source: str | Path
) -> dict[str, Any]:
    """`importable_annotation` of the record at `index` of a file.

    Raises:
        InputError: as `importable_file`.
    """
    try:
        return importable_annotation(record, size)
    except (KeyError, MaskError) as error:
        problem, field = "missing", error.args[0]
        if isinstance(error, MaskError):
            problem, field = str(error), error.field
        where = f"annotations[{index}] (id {record.get('id')})"
        raise InputError(problem, file=source, record=where, field=field) from None


def _rle(segmentation: Any, size: tuple[int, int]) -> Rle:
    return segmentation_to_rle(msgspec.Raw(msgspec.json.encode(segmentation)), size)
