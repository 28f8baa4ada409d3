"""`paper`: the paper's data sets, backbones and schedules (section 4, appendix F).

The folder of the data holds `coco`, `ADEChallengeData2016`, `objects365`, `cityscapes`,
`VOCdevkit/VOC2010` (Pascal Context) and `VOCdevkit/VOC2012`. One run is 192 million images: this
wants a cluster, as the paper's 64 or 128 TPU chips, under torchrun.
"""

from pathlib import Path
from typing import Any

from model.experiments.columns import Column, Role
from model.experiments.recipe import Network, Recipe, Scored, TrainingSet
from model.experiments.tables import Backbone
from model.text.shipped_vocabularies import VOC_UNSEEN, voc_seen

_FULL, _ADE_SCALE = [0.1, 2.0], [0.5, 2.0]
# Name, folder, sampling ratio, learning rate multiplier and random scaling (appendix F).
_SETS = {
    Role.ADE: ("ade20k_semantic", "ADEChallengeData2016", 1, 3, _ADE_SCALE),
    Role.COCO: ("coco_panoptic", "coco", 4, 5, _FULL),
    Role.O365: ("objects365_boxes", "objects365", 4, 2, _FULL),
}
_CONTEXT, _VOC = "VOCdevkit/VOC2010", "VOCdevkit/VOC2012"
_SCORED: dict[Column, tuple[str, str, str, Role, tuple[str, ...]]] = {
    Column.ADE_SEMANTIC: ("ade20k_semantic", "ADEChallengeData2016", "mIoU", Role.ADE, ()),
    Column.COCO_PANOPTIC: ("coco_panoptic", "coco", "PQ", Role.COCO, ()),
    Column.ADE_PANOPTIC: ("ade20k_panoptic", "ADEChallengeData2016", "PQ", Role.ADE, ()),
    Column.O365_INSTANCE: ("objects365_instances", "objects365", "AP", Role.O365, ()),
    Column.CONTEXT_59: ("pascal_context_59", _CONTEXT, "mIoU", Role.COCO, ()),
    Column.CONTEXT_459: ("pascal_context_459", _CONTEXT, "mIoU", Role.COCO, ()),
    Column.COCO_SEMANTIC: ("coco_semantic", "coco", "mIoU", Role.COCO, ()),
    Column.CITYSCAPES_PANOPTIC: ("cityscapes_panoptic", "cityscapes", "PQ", Role.COCO, ()),
    Column.VOC: ("voc2012", _VOC, "mIoU", Role.COCO, ()),
    Column.VOC_UNSEEN: ("voc2012", _VOC, "mIoU", Role.COCO, VOC_UNSEEN),
    Column.VOC_SEEN: ("voc2012", _VOC, "mIoU", Role.COCO, voc_seen()),
}


def paper_recipe(data_root: Path) -> Recipe:
    """The paper's own experiments on data below `data_root`."""
    vitdet: dict[str, Any] = {"drops": [0.9, 0.95]}
    return Recipe(
        name="paper",
        sets={
            role: TrainingSet(
                name,
                {"name": name, "root": root, "sampling_ratio": ratio, "lr": lr, "scale": scale},
            )
            for role, (name, root, ratio, lr, scale) in _SETS.items()
        },
        scored={
            column: Scored({"name": name, "root": root, "split": "val"}, metric, role, only)
            for column, (name, root, metric, role, only) in _SCORED.items()
        },
        networks={  # from ImageNet-1K for ResNet, from MAE on ImageNet-1K for ViTDet (section 4)
            Backbone.R50: Network(
                {"preset": "dataseg_r50", "backbone_weights": "resnet50.tv_in1k"},
                {"lr": 3e-5, "backbone_lr": 0.1},
                500_000,
                384,
            ),
            Backbone.VITDET_B: Network(
                {"preset": "dataseg_vitdet_b", "backbone_weights": "vit_base_patch16_224.mae"},
                vitdet | {"lr": 6e-5, "layer_decay": 0.7},
                600_000,
                384,
            ),
            Backbone.VITDET_L: Network(
                {"preset": "dataseg_vitdet_l", "backbone_weights": "vit_large_patch16_224.mae"},
                vitdet | {"lr": 4e-5, "layer_decay": 0.8},
                540_500,
                256,
            ),
        },
        base=data_root,
        text={},
        image_size=1024,
        queries=100,
        settings={"precision": "bf16", "workers": 8, "checkpoint_every": 5000},
    )
