"""The catalogue: the paper's data sets, each opened from its folder as downloaded."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from model.data.file_dataset import FileDataset
from model.datasets.box_index import open_box_index
from model.datasets.boxes import BoxDataset
from model.datasets.cityscapes import CityscapesPanoptic
from model.datasets.instances import InstanceDataset
from model.datasets.label_maps import LabelMapDataset, listed_pairs, read_names
from model.datasets.layout import Layout
from model.datasets.panoptic import PanopticDataset, read_panoptic_records
from model.datasets.pascal_context import open_pascal_context
from model.text.shipped_vocabularies import index_by_label, shipped_vocabulary
from o365seg.formats.records import read_annotations


@dataclass(frozen=True)
class Entry:
    """A data set of the catalogue.

    Attributes:
        open: Opens it from its name, folder, split and layout.
        splits: Its splits.
        tree: The layout of its folder.
    """

    open: Callable[[str, Path, str, Layout], FileDataset]
    splits: tuple[str, ...]
    tree: str


def _coco(name: str, root: Path, split: str, layout: Layout) -> FileDataset:
    path = layout.file(root / "annotations" / f"panoptic_{split}2017.json")
    return PanopticDataset(
        name,
        shipped_vocabulary("coco_panoptic"),
        read_panoptic_records(path),
        layout.folder(root / f"{split}2017"),
        layout.folder(path.with_suffix("")),
        semantic=name == "coco_semantic",
    )


def _ade_panoptic(name: str, root: Path, split: str, layout: Layout) -> FileDataset:
    path = layout.file(root / f"ade20k_panoptic_{split}.json")
    vocabulary = shipped_vocabulary("ade20k")
    # The label maps reserve 0 for other classes; the panoptic files do not.
    vocabulary = replace(vocabulary, ids=tuple(number - 1 for number in vocabulary.ids))
    return PanopticDataset(
        name,
        vocabulary,
        read_panoptic_records(path),
        layout.folder(root / "images" / _ADE_SPLITS[split]),
        layout.folder(path.with_suffix("")),
    )


def _ade_semantic(name: str, root: Path, split: str, layout: Layout) -> FileDataset:
    vocabulary = shipped_vocabulary("ade20k")
    images = layout.folder(root / "images" / _ADE_SPLITS[split])
    labels = layout.folder(root / "annotations" / _ADE_SPLITS[split])
    names = sorted(path.stem for path in labels.glob("*.png"))
    if not names:
        raise layout.fault("contains no PNG files", labels)
    pairs = listed_pairs(names, images, labels, ".jpg", ".png")
    return LabelMapDataset(name, vocabulary, pairs, index_by_label(vocabulary.ids, (0,)))


def _voc(name: str, root: Path, split: str, layout: Layout) -> FileDataset:
    vocabulary = shipped_vocabulary("voc2012")
    listed = layout.file(root / "ImageSets" / "Segmentation" / f"{split}.txt")
    images = layout.folder(root / "JPEGImages")
    labels = layout.folder(root / "SegmentationClass")
    pairs = listed_pairs(read_names(listed), images, labels, ".jpg", ".png")
    # Background (0) does not count (section B), nor do the outlines (255).
    return LabelMapDataset(name, vocabulary, pairs, index_by_label(vocabulary.ids, (0, 255)))


def _objects365_boxes(name: str, root: Path, split: str, layout: Layout) -> FileDataset:
    file = f"zhiyuan_objv2_{split}.json"
    path = layout.file(root / "annotations" / file, root / split / file, root / file)
    index = open_box_index(path)
    return BoxDataset(name, shipped_vocabulary("objects365"), index, _o365_images(root, split))


def _objects365_instances(name: str, root: Path, split: str, layout: Layout) -> FileDataset:
    file = "o365_instance_seg_val.json"
    path = layout.file(root / "annotations" / file, root / file)
    annotations = read_annotations(path)
    folders = _o365_images(root, split)
    return InstanceDataset(name, shipped_vocabulary("objects365"), annotations, path, folders)


def _o365_images(root: Path, split: str) -> tuple[Path, ...]:
    """Folders that records' paths, like `images/v1/patch0/x.jpg`, may be relative to."""
    candidates = (root / split, root / "images" / split, root / "images", root)
    return tuple(folder for folder in candidates if folder.is_dir())


_ADE_SPLITS = {"train": "training", "val": "validation"}
_BOTH = ("train", "val")

_COCO_TREE = """
ROOT/annotations/panoptic_train2017.json     (and val2017, here and below)
ROOT/annotations/panoptic_train2017/000000000009.png …
ROOT/train2017/000000000009.jpg …
"""
_ADE_TREE = """
ROOT/images/training/ADE_train_00000001.jpg …       (and validation, here and below)
ROOT/annotations/training/ADE_train_00000001.png …
"""
_ADE_PANOPTIC_TREE = """
ROOT/images/training/ADE_train_00000001.jpg …       (and validation)
ROOT/ade20k_panoptic_train.json                     (and val, here and below)
ROOT/ade20k_panoptic_train/ADE_train_00000001.png …
"""
_CITYSCAPES_TREE = """
ROOT/leftImg8bit/train/aachen/aachen_000000_000019_leftImg8bit.png …     (and val, here and below)
ROOT/gtFine/train/aachen/aachen_000000_000019_gtFine_instanceIds.png …
"""
_OBJECTS365_TREE = """
ROOT/annotations/zhiyuan_objv2_train.json    (or in ROOT/train or ROOT; and val)
ROOT/train/patch0/objects365_v1_00000000.jpg …    (or below ROOT/images/train, ROOT/images or ROOT)
"""
_RELEASE_TREE = """
ROOT/annotations/o365_instance_seg_val.json    (or in ROOT)
ROOT/val/patch0/objects365_v1_00000000.jpg …    (or below ROOT/images/val, ROOT/images or ROOT)
"""
_CONTEXT_59_TREE = """
ROOT (VOCdevkit/VOC2010)
ROOT/JPEGImages/2007_000032.jpg …
ROOT/SegmentationClassContext/2008_000002.png …    (1 to 59 by the alphabet), or
ROOT/trainval/2008_000002.mat …                    (as downloaded, 459 classes)
ROOT/ImageSets/SegmentationContext/train.txt       (or ImageSets/Main/train.txt; and val)
"""
_CONTEXT_459_TREE = """
ROOT (VOCdevkit/VOC2010)
ROOT/JPEGImages/2007_000032.jpg …
ROOT/trainval/2008_000002.mat …
ROOT/ImageSets/SegmentationContext/train.txt       (or ImageSets/Main/train.txt; and val)
"""
_VOC_TREE = """
ROOT (VOCdevkit/VOC2012)
ROOT/JPEGImages/2007_000032.jpg …
ROOT/SegmentationClass/2007_000032.png …
ROOT/ImageSets/Segmentation/train.txt    (and val.txt)
"""

ENTRIES = {
    "coco_panoptic": Entry(_coco, _BOTH, _COCO_TREE),
    "ade20k_semantic": Entry(_ade_semantic, _BOTH, _ADE_TREE),
    "ade20k_panoptic": Entry(_ade_panoptic, _BOTH, _ADE_PANOPTIC_TREE),
    "objects365_boxes": Entry(_objects365_boxes, _BOTH, _OBJECTS365_TREE),
    "objects365_instances": Entry(_objects365_instances, ("val",), _RELEASE_TREE),
    "coco_semantic": Entry(_coco, _BOTH, _COCO_TREE),
    "cityscapes_panoptic": Entry(CityscapesPanoptic, _BOTH, _CITYSCAPES_TREE),
    "pascal_context_59": Entry(open_pascal_context, _BOTH, _CONTEXT_59_TREE),
    "pascal_context_459": Entry(open_pascal_context, _BOTH, _CONTEXT_459_TREE),
    "voc2012": Entry(_voc, _BOTH, _VOC_TREE),
}
