"""`real`: three small sets of photographs, partially supervised, from ImageNet weights on a CPU.

The folder of the data holds

    camvid/images/{train,val}, camvid/annotations/{train,val}     (CamVid, SegNet's split)
    coco128_panoptic/{train2017,annotations}                      (COCO's first 128 images)
    coco_tiny_instances                                           (other images of COCO)
    trio/coco_boxes_o365schema_train.json                         (their boxes, named as Objects365)
    clip_text_embeddings                                          (CLIP ViT-B/32, as in Detic)

CamVid's maps of classes stand for ADE, COCO's panoptic segments for COCO, boxes for Objects365. Of
COCO, only the things of PASCAL VOC keep their masks; other things are void, so that their masks
can come from boxes alone. Mask AP is over those 60 classes, on images that no set is trained on.

Batch norm is frozen: with the statistics of each batch, of one set, CamVid trained with its own and
was scored with a mixture of all three. The backbone learns at a tenth of the rate (as
Mask2Former's does), or else the sets' first gradients undo what it knows.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from model.experiments.columns import Column, Role
from model.experiments.imagenet_start import BACKBONE, write_imagenet_weights
from model.experiments.real_text import write_text
from model.experiments.recipe import Network, Recipe, Scored, TrainingSet
from model.experiments.tables import Backbone
from model.text.shipped_vocabularies import shipped_vocabulary
from model.text.vocabulary import Vocabulary, parse_vocabulary, read_vocabulary
from o365seg.formats.json_files import read_bytes, write_bytes_atomic, write_json_atomic

CAMVID = (
    "Sky:stuff", "Building:stuff", "Pole:stuff", "Road:stuff", "Pavement:stuff", "Tree:stuff",
    "SignSymbol:stuff", "Fence:stuff", "Car", "Pedestrian", "Bicyclist",
)  # fmt: skip
VOC_THINGS = (
    "person", "bird", "cat", "cow", "dog", "horse", "sheep", "airplane", "bicycle", "boat", "bus",
    "car", "motorcycle", "train", "bottle", "chair", "dining table", "potted plant", "couch", "tv",
)  # fmt: skip
_PANOPTIC = Path("coco128_panoptic/annotations/panoptic_train2017.json")
_INSTANCES = Path("coco128_panoptic/annotations/instances_train2017.json")
_BOXES = Path("trio/coco_boxes_o365schema_train.json")
_TRAINED = 80  # of the 100 panoptic images, by rising id


def real_recipe(data_root: Path, derived: Path) -> Recipe:
    """The real trio.

    Args:
        data_root: The folder of the data.
        derived: Folder for derived files: splits, the 60 classes' masks, text embeddings.

    Raises:
        InputError: a file is missing.
    """
    data_root, derived = data_root.resolve(), derived.resolve()
    derived.mkdir(parents=True, exist_ok=True)
    _write_splits(data_root, derived)
    text = write_text(data_root, _vocabularies(data_root), derived / "text.npz")
    coco: dict[str, Any] = {
        "layout": "coco_panoptic", "name": "coco128", "only": list(VOC_THINGS),
        "images": "coco128_panoptic/train2017", "annotations": str(_PANOPTIC),
    }  # fmt: skip
    scale = {"sampling_ratio": 1, "scale": [0.5, 2.0]}
    return Recipe(
        name="real",
        sets={
            Role.ADE: TrainingSet("camvid", _camvid("train") | scale),
            Role.COCO: TrainingSet(
                "coco128", coco | {"leave_out": str(derived / "scored.txt")} | scale
            ),
            Role.O365: TrainingSet(
                "trio_boxes",
                {
                    "layout": "coco_instances",
                    "name": "trio_boxes",
                    "images": ".",
                    "annotations": str(_BOXES),
                    "boxes_only": True,
                }
                | scale,
            ),
        },
        scored={
            Column.ADE_SEMANTIC: Scored(_camvid("val"), "mIoU", Role.ADE),
            Column.COCO_PANOPTIC: Scored(
                coco | {"leave_out": str(derived / "trained.txt")}, "PQ", Role.COCO
            ),
            Column.O365_INSTANCE: Scored(
                {
                    "layout": "coco_instances",
                    "name": "box_only_60",
                    "images": "coco128_panoptic/train2017",
                    "annotations": str(derived / "box_only_60.json"),
                },
                "AP",
                Role.O365,
            ),
        },
        networks={
            Backbone.R50: Network(
                {
                    "preset": "tiny",
                    "text_dim": 512,
                    "backbone": {"name": BACKBONE, "freeze_norm": True},
                    "backbone_weights": str(write_imagenet_weights(derived)),
                    "hidden_dim": 48,
                    "dim_feedforward": 96,
                },
                {"lr": 1e-3, "backbone_lr": 0.1, "clip_norm": 1.0, "warmup": 50},
                iterations=2700,
                batch_size=8,
            )
        },
        base=data_root,
        text={"file": str(text)},
        image_size=160,
        queries=30,
        confidence=0.5,
        settings={"workers": 0, "checkpoint_every": 150, "keep": 1, "log_every": 50},
        about="CamVid replaces ADE, 80 images of COCO replace COCO, boxes on 160 others replace "
        "O365, and EfficientNet-Lite0 from ImageNet weights replaces ResNet-50. Panoptic segments "
        "have a class probability above 0.5. Mask AP is over the 60 COCO classes without training "
        "masks.",
    )


def at_256_pixels(recipe: Recipe) -> Recipe:
    """The real trio with larger inputs: a pole is more than a pixel wide, and a step costs 2.6×."""
    return replace(recipe, name="real-256", image_size=256)


def tenth_of_camvid(recipe: Recipe, data_root: Path, derived: Path) -> Recipe:
    """The real trio with every tenth of CamVid's training images (37), scored on CamVid alone.

    The paper's semantic set is the small one, too: what the others teach should count most here.
    """
    names = sorted(path.name for path in (data_root / _camvid("train")["images"]).iterdir())
    left_out = derived.resolve() / "camvid_left_out.txt"
    others = [name for place, name in enumerate(names) if place % 10]
    write_bytes_atomic(left_out, ("\n".join(others) + "\n").encode())
    camvid = recipe.sets[Role.ADE]
    tenth = TrainingSet(camvid.name, camvid.entry | {"leave_out": str(left_out)})
    return replace(
        recipe,
        name="real-tenth",
        sets=recipe.sets | {Role.ADE: tenth},
        scored={Column.ADE_SEMANTIC: recipe.scored[Column.ADE_SEMANTIC]},
        about=recipe.about.replace("CamVid replaces", "A tenth of CamVid replaces"),
    )


def _camvid(split: str) -> dict[str, Any]:
    return {
        "layout": "label_maps", "name": "camvid", "images": f"camvid/images/{split}",
        "labels": f"camvid/annotations/{split}", "vocabulary": list(CAMVID), "first_label": 0,
        "void": [11],
    }  # fmt: skip


def _vocabularies(data_root: Path) -> list[Vocabulary]:
    return [
        replace(parse_vocabulary(", ".join(CAMVID)), source="camvid"),
        shipped_vocabulary("coco_panoptic"),
        read_vocabulary(data_root / _BOXES),
    ]


def _write_splits(data_root: Path, derived: Path) -> None:
    """Write the names of training and scored images, and the 60 classes' masks of the latter."""
    panoptic = json.loads(read_bytes(data_root / _PANOPTIC))
    images = sorted(panoptic["images"], key=lambda image: image["id"])
    trained = [image["file_name"] for image in images[:_TRAINED]]
    scored = [image["file_name"] for image in images[_TRAINED:]]
    for name, listed in (("trained", trained), ("scored", scored)):
        write_bytes_atomic(derived / f"{name}.txt", ("\n".join(listed) + "\n").encode())
    content = json.loads(read_bytes(data_root / _INSTANCES))
    content["categories"] = [c for c in content["categories"] if c["name"] not in VOC_THINGS]
    content["images"] = [i for i in content["images"] if i["file_name"] not in set(trained)]
    classes = {category["id"] for category in content["categories"]}
    kept = {image["id"] for image in content["images"]}
    content["annotations"] = [
        a for a in content["annotations"] if a["image_id"] in kept and a["category_id"] in classes
    ]
    write_json_atomic(derived / "box_only_60.json", content)
