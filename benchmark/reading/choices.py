"""What a user may choose between; apart from what uses it, so that --help loads nothing heavy."""

from enum import StrEnum


class Iou(StrEnum):
    """What is compared: masks (SEGM), boxes (BBOX), or masks and their boundaries (BOUNDARY).

    BOUNDARY takes the lesser of mask IoU and boundary IoU (`average_precision.boundary`).
    """

    SEGM = "segm"
    BBOX = "bbox"
    BOUNDARY = "boundary"

    @property
    def of_masks(self) -> bool:
        """Whether masks are compared, so that skipped instances need a rule."""
        return self is not Iou.BBOX


class SkipRule(StrEnum):
    """What becomes of a prediction on an instance that raters skipped.

    BOX: ignored where its box IoU reaches the threshold, one prediction an instance (the default).
    BOX50: the same with a box IoU of 0.5 at every threshold.
    IOA: the box is a COCO crowd: any number, by the part of the prediction inside it.
    NONE: counted as a false positive.
    """

    BOX = "box"
    BOX50 = "box50"
    IOA = "ioa"
    NONE = "none"


class By(StrEnum):
    """What the numbers are broken down by; SIZE is √(mask area / image area)."""

    CATEGORY = "category"
    SUPERCATEGORY = "supercategory"
    SIZE = "size"
