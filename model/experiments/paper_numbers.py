"""The paper's numbers in tables 1 to 9, kept only in this file.

None of them is ours. They are printed beside our results, marked as the paper's, and affect
nothing else. Read off "DaTaSeg: Taming a Universal Multi-Dataset Multi-Task Segmentation Model"
(Gu et al., NeurIPS 2023; arXiv 2306.01736), page by page; "Table" in a comment is its caption.

Rows are named as `model.experiments.tables` names its own, columns as `Column` does.
"""

from model.experiments.columns import Column

_FOUR = (Column.ADE_SEMANTIC, Column.COCO_PANOPTIC, Column.ADE_PANOPTIC, Column.O365_INSTANCE)
_TRANSFER = (
    Column.CONTEXT_59,
    Column.CONTEXT_459,
    Column.COCO_SEMANTIC,
    Column.CITYSCAPES_PANOPTIC,
)

_VOC = (Column.VOC, Column.VOC_UNSEEN, Column.VOC_SEEN)

Numbers = dict[Column, float | None]
"""Per cent; None for a dash in the paper."""


def _four(*values: float) -> Numbers:
    return dict(zip(_FOUR, values, strict=True))


def _transfer(*values: float | None) -> Numbers:
    return dict(zip(_TRANSFER, values, strict=True))


def _voc(*values: float) -> Numbers:
    return dict(zip(_VOC, values, strict=True))


# Rows with the backbone in their name are of the tables that compare backbones.
PAPER: dict[int, dict[str, Numbers]] = {
    # Table 1, section 4.1: "Comparing DaTaSeg and separate dataset-specific models".
    1: {
        "R50 separate": _four(42.0, 48.2, 26.9, 12.3),
        "R50 co-trained": _four(48.1, 49.0, 29.8, 14.3),
        "ViTDet-B separate": _four(46.3, 51.9, 27.5, 14.7),
        "ViTDet-B co-trained": _four(51.4, 52.8, 32.9, 16.1),
        "ViTDet-L co-trained": _four(54.0, 53.5, 33.4, 16.4),
    },
    # Table 2, section 4.4: "Importance of training on multiple datasets" (ResNet50). It has 26.7
    # for ADE panoptic after ADE alone, where table 1 has 26.9.
    2: {
        "ADE": _four(42.0, 8.4, 26.7, 1.0),
        "COCO": _four(15.3, 48.2, 11.6, 5.8),
        "O365": _four(11.0, 12.4, 5.8, 12.3),
        "ADE + O365": _four(46.3, 14.0, 26.4, 15.0),
        "COCO + O365": _four(18.3, 48.9, 12.3, 15.2),
        "ADE + COCO": _four(47.3, 49.0, 30.5, 5.6),
        "ADE + COCO + O365": _four(48.1, 49.0, 29.8, 14.3),
    },
    # Table 3, section 4.5: "Compare DaTaSeg to state-of-the-art open-vocabulary segmentation
    # models"; the others' rows as the paper quotes them.
    3: {
        "ODISE": _transfer(55.3, 13.8, 52.4, 23.9),
        "MaskCLIP": _transfer(45.9, 10.0, None, None),
        "OVSeg R101c": _transfer(53.3, 11.0, None, None),
        "OVSeg Swin-B": _transfer(55.7, 12.4, None, None),
        "OpenSeg R101": _transfer(42.1, 9.0, 36.1, None),
        "OpenSeg Eff-b7": _transfer(44.8, 11.5, 38.0, None),
        "R50 co-trained": _transfer(50.9, 11.1, 57.7, 30.0),
        "ViTDet-B co-trained": _transfer(51.1, 11.6, 62.7, 28.0),
        "ViTDet-L co-trained": _transfer(51.4, 11.1, 62.9, 29.8),
    },
    # Table 4, section 4.6: queries (ResNet50).
    4: {
        "50 queries": _four(47.4, 48.7, 30.7, 13.4),
        "100 queries": _four(48.1, 49.0, 29.8, 14.3),
        "150 queries": _four(48.7, 48.9, 29.1, 15.8),
    },
    # Table 5, section 4.7: "Adding dataset-specific (D-S) modules" (ResNet50).
    5: {
        "shared": _four(48.1, 49.0, 29.8, 14.3),
        "D-S modules": _four(48.1, 46.0, 26.9, 10.9),
    },
    # Table 6, appendix B: "Comparison with zero-shot segmentation methods on PASCAL VOC 2012"; the
    # others' numbers are DenseCLIP's, as the paper quotes them.
    6: {
        "SPNet": _voc(56.9, 0.0, 75.8),
        "SPNet-C": _voc(63.2, 15.6, 78.0),
        "ZS3Net": _voc(61.6, 17.7, 77.3),
        "CaGNet": _voc(65.5, 26.6, 78.4),
        "STRICT": _voc(70.9, 35.6, 82.7),
        "DenseCLIP+": _voc(88.1, 86.1, 88.8),
        "Fully supervised": _voc(88.2, 87.0, 88.6),
        "R50 co-trained": _voc(89.4, 87.7, 89.9),
        "ViTDet-B co-trained": _voc(92.8, 90.9, 93.4),
        "ViTDet-L co-trained": _voc(94.7, 94.3, 94.9),
    },
    # Table 7, appendix D: number of dataset-specific queries (ResNet50). Its row 0 is not table
    # 1's model, so the other dataset-specific modules were on.
    7: {
        "0 D-S queries": _four(47.8, 48.1, 28.6, 13.1),
        "10 D-S queries": _four(48.0, 46.2, 28.0, 11.2),
        "20 D-S queries": _four(48.6, 46.6, 28.5, 11.7),
        "30 D-S queries": _four(47.1, 45.8, 27.4, 11.7),
    },
    # Table 8, appendix D: dataset-specific classification (ResNet50, no other such module).
    8: {
        "D-S classification": _four(47.9, 48.5, 28.7, 12.9),
        "shared": _four(48.1, 49.0, 29.8, 14.3),
    },
    # Table 9, appendix D: all dataset-specific modules, by backbone.
    9: {
        "R50 D-S modules": _four(48.1, 46.0, 26.9, 10.9),
        "R50 shared": _four(48.1, 49.0, 29.8, 14.3),
        "ViTDet-B D-S modules": _four(51.0, 50.8, 31.0, 13.1),
        "ViTDet-B shared": _four(51.4, 52.8, 32.9, 16.1),
        "ViTDet-L D-S modules": _four(53.9, 52.3, 33.5, 13.7),
        "ViTDet-L shared": _four(54.0, 53.5, 33.4, 16.4),
    },
}
