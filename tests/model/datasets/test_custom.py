"""Data sets of one's own, by a few lines of configuration."""

import json
from pathlib import Path

import numpy as np
import pytest
from data_roots import BOX, HEIGHT, WIDTH, box_mask, coco, halves, picture, png, write

from model.data.samples import VOID, BoxGroundTruth, ClassGroundTruth, SegmentGroundTruth
from model.datasets.checking import ground_truth_labels
from model.datasets.opening import open_from_table
from o365seg.errors import InputError
from o365seg.formats.task import Task


def open_table(tmp_path: Path, **table):
    return open_from_table(table, tmp_path, "my.toml: data[0]")


def instances(root: Path) -> dict:
    """A large object, a small one upon it, a crowd below both, and a box without a mask."""
    picture(root / "images" / "a.jpg")
    large = [[0, 0, 20, 0, 20, 20, 0, 20]]
    crowd = {"size": [HEIGHT, WIDTH], "counts": [0, HEIGHT * WIDTH]}
    rows = [
        {"id": 1, "category_id": 5, "segmentation": box_mask(), "bbox": BOX, "iscrowd": 0},
        {"id": 2, "category_id": 9, "segmentation": large, "bbox": [0, 0, 20, 20], "iscrowd": 0},
        {"id": 3, "category_id": 9, "segmentation": crowd, "bbox": [0, 0, 32, 24], "iscrowd": 1},
        {"id": 4, "category_id": 9, "bbox": [25, 5, 4, 4], "iscrowd": 0},
    ]
    value = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": WIDTH, "height": HEIGHT}],
        "annotations": [{"image_id": 1, "area": 1.0, **row} for row in rows],
        "categories": [{"id": 9, "name": "Tray"}, {"id": 5, "name": "Cup"}],
    }
    write(root / "a.json", value)
    return {"layout": "coco_instances", "images": "images", "annotations": "a.json"}


def test_of_overlapping_instances_the_smaller_lies_on_top_and_crowds_at_the_bottom(tmp_path: Path):
    dataset = open_table(tmp_path, **instances(tmp_path))
    assert dataset.task is Task.INSTANCE
    assert dataset.vocabulary.names == ("Tray", "Cup")
    truth = dataset[0].ground_truth
    assert isinstance(truth, SegmentGroundTruth)
    by_kind = {(s.label, s.crowd): s.id for s in truth.segments}
    cup, tray, crowd = by_kind[1, False], by_kind[0, False], by_kind[0, True]
    assert (truth.ids == cup).sum() == BOX[2] * BOX[3]
    assert (truth.ids == tray).sum() == 20 * 20 - BOX[2] * BOX[3]
    assert (truth.ids == crowd).sum() == HEIGHT * WIDTH - 20 * 20
    assert truth.ids[7, 26] == crowd  # the object without a mask is nowhere


def test_the_same_file_gives_boxes_where_only_those_are_wanted(tmp_path: Path):
    dataset = open_table(tmp_path, **instances(tmp_path), boxes_only=True)
    truth = dataset[0].ground_truth
    assert isinstance(truth, BoxGroundTruth)
    assert truth.labels.tolist() == [1, 0, 0]
    assert truth.boxes[2].tolist() == [25, 5, 29, 9]


@pytest.mark.parametrize("boxes_only", [True, False])
def test_an_image_may_have_a_url_instead_of_a_file_name(tmp_path: Path, boxes_only: bool):
    """As in LVIS."""
    table = instances(tmp_path) | {"boxes_only": boxes_only}
    value = json.loads((tmp_path / "a.json").read_text())
    del value["images"][0]["file_name"]
    value["images"][0]["coco_url"] = "http://images.cocodataset.org/train2017/a.jpg"
    write(tmp_path / "a.json", value)
    dataset = open_table(tmp_path, **table)
    assert dataset.image_name(0) == "train2017/a.jpg"
    assert dataset[0].path == tmp_path / "images" / "a.jpg"


@pytest.mark.parametrize("segmentation", [{"segmentation": []}, {"segmentation": None}, {}])
def test_boxes_alone_are_not_opened_as_masks(tmp_path: Path, segmentation: dict):
    """A detection export: every object would count as skipped, and a run learn nothing."""
    table = instances(tmp_path)
    value = json.loads((tmp_path / "a.json").read_text())
    for row in value["annotations"]:
        row.pop("segmentation", None)
        row |= segmentation
    write(tmp_path / "a.json", value)
    with pytest.raises(InputError, match=r"a\.json: has boxes but no masks; .*boxes_only = true"):
        open_table(tmp_path, **table)
    assert len(open_table(tmp_path, **table, boxes_only=True)) == 1
    write(tmp_path / "a.json", value | {"annotations": []})  # images without objects are valid
    assert len(open_table(tmp_path, **table)) == 1


@pytest.mark.parametrize("boxes_only", [True, False])
def test_a_vocabulary_of_ones_own_is_matched_by_name(tmp_path: Path, boxes_only: bool):
    table = instances(tmp_path) | {"boxes_only": boxes_only}
    dataset = open_table(tmp_path, **table, vocabulary=["cup", "spoon", "TRAY"])
    truth = dataset[0].ground_truth
    assert isinstance(truth, BoxGroundTruth if boxes_only else SegmentGroundTruth)
    labels = ground_truth_labels(truth)
    assert set(labels.tolist()) == {0, 2}
    with pytest.raises(InputError, match=r"categories\[0\] \(id 9\).*'Tray' is not in"):
        open_table(tmp_path, **table, vocabulary=["cup"])


def test_a_mask_that_is_none_is_named(tmp_path: Path):
    table = instances(tmp_path)
    path = tmp_path / "a.json"
    path.write_text(path.read_text().replace(f"[0, {HEIGHT * WIDTH}]", "[0, 7]"))
    with pytest.raises(InputError, match=r"annotations\[2\] \(id 3\), field 'segmentation'"):
        open_table(tmp_path, **table)[0]


def panoptic(root: Path) -> dict:
    coco(root)
    return {
        "layout": "coco_panoptic",
        "images": "train2017",
        "annotations": "annotations/panoptic_train2017.json",
    }


def test_a_panoptic_set_has_its_own_categories(tmp_path: Path):
    dataset = open_table(tmp_path, **panoptic(tmp_path))
    assert dataset.vocabulary.names == ("thing", "stuff")
    assert dataset.vocabulary.is_thing == (True, False)
    truth = dataset[0].ground_truth
    assert isinstance(truth, SegmentGroundTruth)
    assert [(s.id, s.label) for s in truth.segments] == [(700, 0), (70001, 1)]


def test_things_that_are_not_asked_for_are_void_and_no_classes(tmp_path: Path):
    table = panoptic(tmp_path)
    path = tmp_path / "annotations" / "panoptic_train2017.json"
    text = path.read_text().replace(
        '"categories": [', '"categories": [{"id": 2, "name": "other", "isthing": 1}, '
    )
    path.write_text(text)
    dataset = open_table(tmp_path, **table, only=["Other"])
    assert dataset.vocabulary.names == ("other", "stuff")
    truth = dataset[0].ground_truth
    assert isinstance(truth, SegmentGroundTruth)
    assert [(s.id, s.label) for s in truth.segments] == [(70001, 1)]
    for name in ("cat", "stuff"):
        with pytest.raises(InputError, match=f"{name!r} is not a thing class"):
            open_table(tmp_path, **table, only=[name])


def label_maps(root: Path) -> dict:
    for number, name in enumerate(["x", "deep/y"]):
        picture(root / "images" / f"{name}.jpg", number)
        png(root / "labels" / f"{name}.png", halves(0, 2))
    return {"layout": "label_maps", "images": "images", "labels": "labels"}


def test_label_maps_count_from_where_the_configuration_says(tmp_path: Path):
    table = label_maps(tmp_path) | {"vocabulary": ["sky:stuff", "road:stuff", "car"]}
    dataset = open_table(tmp_path, **table, first_label=0)
    truth = dataset[0].ground_truth
    assert len(dataset) == 2
    assert isinstance(truth, ClassGroundTruth)
    assert (truth.classes == halves(0, 2)).all()
    assert dataset.vocabulary.is_thing == (False, False, True)
    dataset = open_table(tmp_path, **table, void=[0])  # from 1 on, then
    truth = dataset[0].ground_truth
    assert isinstance(truth, ClassGroundTruth)
    assert (truth.classes == halves(VOID, 1)).all()
    with pytest.raises(InputError, match="the label 0 is not among the 3 classes of labels"):
        open_table(tmp_path, **table)[0]


def test_label_maps_may_be_a_list_of_names(tmp_path: Path):
    (tmp_path / "val.txt").write_text("deep/y\n")
    table = label_maps(tmp_path) | {"vocabulary": ["a", "b", "c"], "first_label": 0}
    dataset = open_table(tmp_path, **table, names="val.txt")
    assert [dataset[0].image_id] == ["deep/y"]
    assert dataset.image_name(0) == "deep/y.jpg"


def test_an_image_without_its_label_map_is_named(tmp_path: Path):
    table = label_maps(tmp_path) | {"vocabulary": ["a", "b", "c"]}
    (tmp_path / "labels" / "x.png").unlink()
    with pytest.raises(InputError, match="labels: contains no label map 'x'"):
        open_table(tmp_path, **table)
    picture(tmp_path / "images" / "x.png")
    with pytest.raises(InputError, match="only in the suffix"):
        open_table(tmp_path, **table)


def test_a_label_map_of_another_size_is_named(tmp_path: Path):
    table = label_maps(tmp_path) | {"vocabulary": ["a", "b", "c"], "first_label": 0}
    png(tmp_path / "labels" / "x.png", np.zeros((3, 4)))
    dataset = open_table(tmp_path, **table)
    with pytest.raises(InputError, match=r"x\.png: has 4×3 pixels, but its image 32×24"):
        _ = [dataset[index] for index in range(2)]
