"""The columns of the paper's tables: training sets and metrics."""

from enum import StrEnum


class Role(StrEnum):
    """A training set of the paper (section 4), or its substitute at a smaller size.

    ADE has class maps and few images, COCO has segments, O365 has only boxes.
    """

    ADE = "ADE"
    COCO = "COCO"
    O365 = "O365"


class Column(StrEnum):
    """A column of a table: what is evaluated, and the metric."""

    ADE_SEMANTIC = "ADE semantic mIoU"
    COCO_PANOPTIC = "COCO panoptic PQ"
    ADE_PANOPTIC = "ADE panoptic PQ"
    O365_INSTANCE = "O365 mask AP"
    CONTEXT_59 = "PC-59 mIoU"
    CONTEXT_459 = "PC-459 mIoU"
    COCO_SEMANTIC = "COCO mIoU"
    CITYSCAPES_PANOPTIC = "Cityscapes PQ"
    VOC = "VOC mIoU"
    VOC_UNSEEN = "VOC mIoU unseen"
    VOC_SEEN = "VOC mIoU seen"


TRAINED_ON = {
    Column.ADE_SEMANTIC: Role.ADE,
    Column.COCO_PANOPTIC: Role.COCO,
    Column.ADE_PANOPTIC: Role.ADE,
    Column.O365_INSTANCE: Role.O365,
}
"""The training set of the separate model in each column of tables 1 and 2."""
