"""How well masks fill the boxes that their questions showed: a check of both."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from pycocotools import mask as coco_mask

from o365seg.errors import InputError
from o365seg.formats.masks import MaskError, segmentation_to_rle
from o365seg.formats.records import AnnotationFile
from o365seg.statistics.contents import kind_of


@dataclass(frozen=True)
class BoxAgreement:
    """Of each mask that has a box, in the file's order.

    Attributes:
        ids: int64[n], the annotations' ids.
        ious: float64[n], IoU of the mask's tight box with the given box.
        beyond: float64[n], how far the mask reaches beyond the given box, in pixels; 0 for none.
    """

    ids: np.ndarray
    ious: np.ndarray
    beyond: np.ndarray


def box_agreement(file: AnnotationFile, source: str | Path) -> BoxAgreement:
    """Compare the masks of a file with its boxes; crowds and skipped objects are left out.

    Raters should stay in the box and may leave it where the object clearly does (paper, appendix
    C); so a low IoU is a reason to look at a mask, not a fault.

    Raises:
        InputError: a segmentation is unsound; `source` is the name that it gives the file.
    """
    sizes = {image.id: (image.height, image.width) for image in file.images}
    ids, given, rles = [], [], []
    for index, annotation in enumerate(file.annotations):
        if annotation.bbox is None or kind_of(annotation) != "mask":
            continue
        try:
            rle = segmentation_to_rle(annotation.segmentation, sizes[annotation.image_id])
        except MaskError as error:
            record = f"annotations[{index}] (id {annotation.id})"
            raise InputError(str(error), file=source, record=record, field=error.field) from None
        ids.append(annotation.id)
        given.append(annotation.bbox)
        rles.append({"size": list(rle.size), "counts": rle.counts})
    boxes = np.array(given, float).reshape(-1, 4)
    tight = coco_mask.toBbox(cast("Any", rles)).reshape(-1, 4) if rles else np.zeros((0, 4))
    start, end = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    tight_start, tight_end = tight[:, :2], tight[:, :2] + tight[:, 2:]
    sides = np.maximum(np.minimum(end, tight_end) - np.maximum(start, tight_start), 0)
    inter = sides.prod(axis=1)
    union = boxes[:, 2:].prod(axis=1) + tight[:, 2:].prod(axis=1) - inter
    # An empty mask reaches nowhere, and its tight box is no box.
    reach = np.concatenate([start - tight_start, tight_end - end], axis=1).max(axis=1, initial=0)
    beyond = np.where(tight[:, 2:].prod(axis=1) > 0, reach, 0)
    ious = np.divide(inter, union, out=np.zeros(len(inter)), where=union > 0)
    return BoxAgreement(np.array(ids, np.int64), ious, beyond)
