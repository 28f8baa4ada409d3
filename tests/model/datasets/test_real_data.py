"""The loaders on real bytes: pieces of the data sets themselves, where this machine has them."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.data.augment import Augmentation, augment
from model.data.samples import VOID, BoxGroundTruth, ClassGroundTruth, SegmentGroundTruth
from model.datasets.checking import check_dataset
from model.datasets.opening import open_dataset, open_from_table
from model.objective.targets import MaskTarget
from o365seg.formats.masks import decode_rle, segmentation_to_rle
from o365seg.formats.records import read_annotations
from o365seg.formats.task import Task


def no_progress(items, _label):
    return items


def real(path: Path) -> Path:
    if not path.exists():
        pytest.skip(f"no {path}")
    return path


def test_coco_panoptic_has_no_fault_and_the_areas_that_its_json_says(real_data: Path):
    root = real(real_data / "coco128_panoptic")
    dataset = open_dataset("coco_panoptic", root)
    report = check_dataset(dataset, read=100, progress=no_progress)
    assert (report.images, report.faults, report.empty) == (100, [], [])
    file = json.loads((root / "annotations" / "panoptic_train2017.json").read_text())
    for index, annotation in enumerate(file["annotations"][:20]):
        sample = dataset[index]
        assert sample.image_id == annotation["image_id"]
        assert isinstance(sample.ground_truth, SegmentGroundTruth)
        listed = {info["id"]: info for info in annotation["segments_info"]}
        for segment in sample.ground_truth.segments:
            info = listed.pop(segment.id)
            assert (sample.ground_truth.ids == segment.id).sum() == info["area"]
            assert dataset.vocabulary.ids[segment.label] == info["category_id"]
            assert segment.crowd == bool(info["iscrowd"])
        assert not listed


def test_coco_semantic_is_the_same_pixels_by_class(real_data: Path):
    root = real(real_data / "coco128_panoptic")
    panoptic, semantic = (open_dataset(f"coco_{task}", root) for task in ("panoptic", "semantic"))
    for index in range(5):
        segments, classes = panoptic[index].ground_truth, semantic[index].ground_truth
        assert isinstance(segments, SegmentGroundTruth)
        assert isinstance(classes, ClassGroundTruth)
        expected = np.full(segments.ids.shape, VOID)
        for segment in segments.segments:
            expected[segments.ids == segment.id] = segment.label
        assert (classes.classes == expected).all()


def test_coco_instances_are_the_masks_that_pycocotools_decodes(real_data: Path):
    root = real(real_data / "coco128_panoptic")
    annotations = root / "annotations" / "instances_train2017.json"
    table = {"layout": "coco_instances", "annotations": str(annotations)}
    table["images"] = str(root / "train2017")
    dataset = open_from_table(table, root, "test")
    boxes = open_from_table(table | {"boxes_only": True}, root, "test")
    file = read_annotations(annotations)
    assert len(dataset) == len(boxes) == len(file.images)
    for index, image in enumerate(file.images[:20]):
        truth, boxed = dataset[index].ground_truth, boxes[index].ground_truth
        assert isinstance(truth, SegmentGroundTruth)
        assert isinstance(boxed, BoxGroundTruth)
        of_image = [a for a in file.annotations if a.image_id == image.id]
        assert len(truth.segments) == len(of_image)
        assert len(boxed.boxes) == sum(not a.iscrowd for a in of_image)
        union = np.zeros((image.height, image.width), bool)
        for annotation in of_image:
            rle = segmentation_to_rle(annotation.segmentation, (image.height, image.width))
            union |= decode_rle(rle) != 0
        assert ((truth.ids != 0) == union).all()
        visible = np.bincount(truth.ids.ravel(), minlength=len(of_image) + 1)[1:]
        assert (visible > 0).mean() > 0.9  # what lies below another still shows somewhere


def test_ade20k_label_maps_are_its_classes(real_data: Path):
    root = real(real_data / "ade20k" / "ADEChallengeData2016")
    dataset = open_dataset("ade20k_semantic", root, "val")
    assert check_dataset(dataset, 10, no_progress).faults == []
    for index in range(len(dataset)):
        sample = dataset[index]
        file = root / "annotations" / "validation" / f"{sample.image_id}.png"
        assert isinstance(sample.ground_truth, ClassGroundTruth)
        assert (sample.ground_truth.classes == np.asarray(Image.open(file)).astype(int) - 1).all()


def test_cityscapes_segments_are_its_instances_and_stuff(real_data: Path):
    root = real(real_data / "cityscapes")
    dataset = open_dataset("cityscapes_panoptic", root)
    assert len(dataset) >= 3
    sample = dataset[0]
    truth = sample.ground_truth
    assert isinstance(truth, SegmentGroundTruth)
    labels = root / "gtFine/train/aachen" / f"{sample.image_id}_gtFine_labelIds.png"
    by_label = np.asarray(Image.open(labels))
    for segment in truth.segments:
        number = dataset.vocabulary.ids[segment.label]
        assert (by_label[truth.ids == segment.id] == number).all()
    listed = np.isin(truth.ids, [segment.id for segment in truth.segments])
    assert (listed == np.isin(by_label, dataset.vocabulary.ids)).all()


def test_voc_outlines_and_background_are_void(real_data: Path, tmp_path: Path):
    root = real(real_data / "pascal_voc2012")
    stems = sorted(path.stem for path in (root / "JPEGImages").glob("*.jpg"))
    for folder in ("JPEGImages", "SegmentationClass"):
        (tmp_path / folder).symlink_to(root / folder)
    (tmp_path / "ImageSets" / "Segmentation").mkdir(parents=True)
    (tmp_path / "ImageSets" / "Segmentation" / "val.txt").write_text("\n".join(stems))
    dataset = open_dataset("voc2012", tmp_path, "val")
    assert check_dataset(dataset, 99, no_progress).faults == []
    for index, stem in enumerate(stems):
        truth = dataset[index].ground_truth
        assert isinstance(truth, ClassGroundTruth)
        labels = np.asarray(Image.open(root / "SegmentationClass" / f"{stem}.png")).astype(int)
        expected = np.where((labels == 0) | (labels == 255), VOID, labels - 1)
        assert (truth.classes == expected).all()


def test_pascal_context_in_the_original_order_is_a_set_of_ones_own(real_data: Path, tmp_path: Path):
    root = real(real_data / "pascal_context")
    lines = (root / "label_lists" / "fcn_classes-59.txt").read_text().splitlines()
    names = [line.split(":")[1].strip() for line in lines if line.strip()][1:]
    table = {
        "layout": "label_maps",
        "images": str(root / "JPEGImages"),
        "labels": str(root / "SegmentationClassContext_orig59order"),
        "vocabulary": names,
        "void": [0, 255],
    }
    dataset = open_from_table(table, tmp_path, "test")
    assert check_dataset(dataset, 9, no_progress).faults == []
    seen = set()
    for index in range(len(dataset)):
        truth = dataset[index].ground_truth
        assert isinstance(truth, ClassGroundTruth)
        seen |= {names[label] for label in np.unique(truth.classes) if label >= 0}
    assert seen & {"person", "sky", "grass", "tree", "building", "floor", "wall"}


def test_an_objects365_image_is_found_without_its_leading_folder(real_data: Path, tmp_path: Path):
    source = real(real_data / "objects365")
    record = json.loads((source / "real_snippets.json").read_text())["v2_val_image_record"]["image"]
    categories = json.loads((source / "categories_v2.json").read_text())
    image = source / "val" / record["file_name"]
    for place in ("val/patch4", "images/v1/patch4", "val/images/v1/patch4"):
        root = tmp_path / place.replace("/", "_")
        (root / place).mkdir(parents=True)
        (root / place / image.name).symlink_to(image)
        box = {"id": 1, "image_id": record["id"], "category_id": 78, "iscrowd": 0, "isfake": 0}
        box |= {"isreflected": 0, "area": 6.0, "bbox": [1.5, 2.5, 3.0, 2.0]}
        file = {"images": [record], "annotations": [box], "categories": categories}
        (root / "zhiyuan_objv2_val.json").write_text(json.dumps(file))
        sample = open_dataset("objects365_boxes", root, "val")[0]
        assert sample.image.shape == (record["height"], record["width"], 3)
        assert isinstance(sample.ground_truth, BoxGroundTruth)
        assert sample.ground_truth.boxes.tolist() == [[1.5, 2.5, 4.5, 4.5]]


def test_the_trio_for_co_training_opens_by_a_few_lines(real_data: Path):
    """Few masks, many boxes and a small semantic set, as `trio`'s README proposes."""
    real(real_data / "trio")
    coco = real_data / "coco128_panoptic"
    voc = ["person", "bicycle", "car", "dog", "cat", "bus", "train", "boat", "bird", "horse"]
    tables = [
        {"layout": "label_maps", "images": "camvid/images/train", "void": [11],
         "labels": "camvid/annotations/train", "first_label": 0,
         "vocabulary": ["sky:stuff", "building:stuff", "pole:stuff", "road:stuff",
                        "pavement:stuff", "tree:stuff", "sign", "fence:stuff", "car",
                        "pedestrian", "bicyclist"]},
        {"layout": "coco_panoptic", "images": "coco128_panoptic/train2017", "only": voc,
         "annotations": "coco128_panoptic/annotations/panoptic_train2017.json"},
        {"layout": "coco_instances", "images": ".", "boxes_only": True,
         "annotations": "trio/coco_boxes_o365schema_train.json"},
        {"layout": "coco_instances", "images": ".", "boxes_only": True,
         "annotations": "trio/pennfudan_boxes_train.json"},
    ]  # fmt: skip
    opened = [open_from_table(table, real_data, "t") for table in tables]
    assert [len(dataset) for dataset in opened] == [367, 100, 160, 128]
    assert [len(d.vocabulary) for d in opened] == [11, len(voc) + 53, 365, 1]
    assert [d.task for d in opened] == [Task.SEMANTIC, Task.PANOPTIC, *2 * [Task.INSTANCE]]
    for dataset in opened[1:]:
        assert check_dataset(dataset, 20, no_progress).faults == []
    whole = open_dataset("coco_panoptic", coco)
    for index in range(20):
        few, all_of_them = opened[1][index].ground_truth, whole[index].ground_truth
        assert isinstance(few, SegmentGroundTruth)
        assert isinstance(all_of_them, SegmentGroundTruth)
        names, all_names = opened[1].vocabulary.names, whole.vocabulary.names
        is_thing = whole.vocabulary.is_thing
        expected = {
            (s.id, all_names[s.label])
            for s in all_of_them.segments
            if not is_thing[s.label] or all_names[s.label] in voc
        }
        assert {(s.id, names[s.label]) for s in few.segments} == expected


def test_a_real_example_shows_every_segment_that_is_large_enough(real_data: Path):
    dataset = open_dataset("coco_panoptic", real(real_data / "coco128_panoptic"))
    mergeable = ~np.array(dataset.vocabulary.is_thing)
    whole = Augmentation(size=640, scale=(1.0, 1.0))
    for index in range(5):
        sample = dataset[index]
        assert isinstance(sample.ground_truth, SegmentGroundTruth)
        example = augment(sample, whole, mergeable, np.random.default_rng(index))
        assert isinstance(example.target, MaskTarget)
        areas = np.bincount(sample.ground_truth.ids.ravel() % 2**22)
        large = {
            s.label
            for s in sample.ground_truth.segments
            if areas[s.id % 2**22] > 300 and not s.crowd
        }
        assert large <= set(example.target.labels.tolist())
