"""Ground truth as COCO records for matching, with skipped instances marked."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from o365seg.errors import InputError
from o365seg.formats.masks import MaskError, Rle, rle_area, segmentation_to_rle
from o365seg.formats.pycocotools_variant import stock_annotation
from o365seg.formats.records import Annotation, AnnotationFile
from o365seg.terminal.progress_bar import progress


@dataclass(frozen=True)
class GroundTruth:
    """An annotation file as COCO records.

    Attributes:
        file: The file itself.
        records: One record per annotation, in the file's order. If masks are compared,
            `segmentation` holds compressed run lengths; a skipped instance, and a crowd without a
            mask, is in the form of `stock_annotation`.
        skipped: Whether each annotation was skipped.
        ignore_flags: How many annotations have `ignore` and are no crowds.
    """

    file: AnnotationFile
    records: list[dict[str, Any]]
    skipped: list[bool]
    ignore_flags: int = 0

    def count_without_pixels(self) -> int:
        """How many masks have no pixel."""
        masks = (
            Rle(tuple(record["segmentation"]["size"]), record["segmentation"]["counts"])
            for record, one in zip(self.records, self.file.annotations, strict=True)
            if one.has_segmentation and not one.is_skipped
        )
        return sum(rle_area(mask) == 0 for mask in masks)

    def without_skipped(self) -> list[dict[str, Any]]:
        """The records of all annotations that were not skipped."""
        return [
            record
            for record, skipped in zip(self.records, self.skipped, strict=True)
            if not skipped
        ]

    def skipped_boxes(self) -> dict[tuple[int, int], np.ndarray]:
        """Per (image id, category id) the skipped boxes, float64[n, 4], in a fixed order."""
        boxes: dict[tuple[int, int], list[list[float]]] = {}
        for record, skipped in zip(self.records, self.skipped, strict=True):
            if skipped:
                pair = record["image_id"], record["category_id"]
                boxes.setdefault(pair, []).append(record["bbox"])
        return {pair: sort_boxes(np.array(found, float)) for pair, found in boxes.items()}


def load_ground_truth(
    file: AnnotationFile, name: str | Path, *, masks: bool, ignore_flags: int = 0
) -> GroundTruth:
    """The annotations of a file as COCO records.

    Args:
        file: The file, read.
        name: The name that errors give it.
        masks: Whether masks are needed; if not, boxes are, and no mask is decoded.
        ignore_flags: As in `GroundTruth`, which cannot see it.

    Raises:
        InputError: a mask is invalid or not of its image's size, or a box is missing. Names the
            annotation and the field.
    """
    sizes = {image.id: (image.height, image.width) for image in file.images}
    records, skipped = [], []
    for index in progress(range(len(file.annotations)), "Reading ground truth"):
        annotation = file.annotations[index]
        skipped.append(annotation.is_skipped)
        try:
            records.append(
                _record(annotation, sizes[annotation.image_id], masks=masks, skipped=skipped[-1])
            )
        except (MaskError, KeyError) as error:
            absent = isinstance(error, KeyError)
            field = "bbox" if absent or skipped[-1] else error.field
            raise InputError(
                "missing" if absent else str(error),
                file=name,
                record=f"annotations[{index}] (id {annotation.id})",
                field=field,
            ) from None
    return GroundTruth(file, records, skipped, ignore_flags)


def _record(
    annotation: Annotation, size: tuple[int, int], *, masks: bool, skipped: bool
) -> dict[str, Any]:
    record: dict[str, Any] = {
        "id": annotation.id,
        "image_id": annotation.image_id,
        "category_id": annotation.category_id,
        "iscrowd": int(annotation.iscrowd),
        "area": annotation.area,
    }
    if annotation.bbox is not None:
        record["bbox"] = list(annotation.bbox)
    elif not masks:
        raise KeyError("bbox")
    with_mask = annotation.has_segmentation and not skipped
    if with_mask and (masks or annotation.area is None):
        rle = segmentation_to_rle(annotation.segmentation, size)
        record["segmentation"] = {"size": list(rle.size), "counts": rle.counts}
        if annotation.area is None:
            record["area"] = rle_area(rle)
    elif masks:
        return stock_annotation(record, size)
    if record["area"] is None:
        record["area"] = record["bbox"][2] * record["bbox"][3]
    return record


def sort_boxes(boxes: np.ndarray) -> np.ndarray:
    """Boxes float64[n, 4] in an order that does not depend on the file's: by x, y, width, height.

    The skip rule resolves a tie in favour of the earlier box, so sorting makes its outcome
    independent of the order of annotations.
    """
    return boxes[np.lexsort(boxes.T[::-1])]
