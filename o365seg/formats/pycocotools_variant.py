"""What tools without a rule for skipped instances can read: skips and crowds as COCO crowds."""

from typing import Any

from o365seg.formats.masks import box_to_rle, rle_area


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
