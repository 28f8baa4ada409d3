"""What a user may choose between; apart from what uses it, so that --help loads nothing heavy."""

from enum import StrEnum


class Task(StrEnum):
    """What was predicted: masks of objects, all of an image in segments, or a class a pixel."""

    INSTANCE = "instance"
    PANOPTIC = "panoptic"
    SEMANTIC = "semantic"


class Iou(StrEnum):
    """What is compared: masks (SEGM) or boxes (BBOX)."""

    SEGM = "segm"
    BBOX = "bbox"


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


class RelativeSize(StrEnum):
    """How large a mask is in its image: ROOT of the ratio of their areas, or the plain RATIO."""

    ROOT = "root"
    RATIO = "ratio"


class By(StrEnum):
    """What the numbers are broken down by; SIZE is √(mask area / image area)."""

    CATEGORY = "category"
    SUPERCATEGORY = "supercategory"
    SIZE = "size"
