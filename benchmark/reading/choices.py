"""The choices of options; in a module of their own, so that --help loads nothing heavy."""

from enum import StrEnum


class Iou(StrEnum):
    """What is compared: masks (SEGM), boxes (BBOX), or masks and their boundaries (BOUNDARY).

    BOUNDARY takes the smaller of mask IoU and boundary IoU (`average_precision.boundary`).
    """

    SEGM = "segm"
    BBOX = "bbox"
    BOUNDARY = "boundary"

    @property
    def of_masks(self) -> bool:
        """Whether masks are compared, so that skipped instances need a rule."""
        return self is not Iou.BBOX


class SkipRule(StrEnum):
    """How a prediction on an instance that raters skipped counts.

    BOX: ignored if the box IoU reaches the threshold, one prediction per instance (the default).
    BOX50: the same with a box IoU of 0.5 at every threshold.
    IOA: ignored by the fraction of the prediction inside the box, any number, as for COCO crowds.
    NONE: a false positive.
    """

    BOX = "box"
    BOX50 = "box50"
    IOA = "ioa"
    NONE = "none"


class By(StrEnum):
    """How the numbers are broken down; SIZE is √(mask area / image area)."""

    CATEGORY = "category"
    SUPERCATEGORY = "supercategory"
    SIZE = "size"


class Cityscapes(StrEnum):
    """What predicted labels of Cityscapes are: its label ids (IDS), or train ids (TRAIN_IDS)."""

    IDS = "ids"
    TRAIN_IDS = "train-ids"
