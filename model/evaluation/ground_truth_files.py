"""A data set's ground truth as files for `benchmark`, so that anybody can repeat the numbers.

| task | ground truth |
|---|---|
| panoptic | `truth.json` and `truth/NAME.png`, COCO's panoptic format |
| semantic | `truth/NAME.png`, label maps of category ids, and `classes.json` |
| instance | `truth.json`, COCO's format: masks where there are segments, or else boxes |

Instances from an annotation file are scored by that file: only the file contains skipped
instances and overlapping masks.
"""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from model.data.image_list import ListedImage
from model.data.samples import (
    VOID,
    BoxGroundTruth,
    ClassGroundTruth,
    Dataset,
    Sample,
    SegmentGroundTruth,
)
from model.datasets.chosen import ChosenImages
from model.datasets.instances import InstanceDataset, category_index
from model.inference.result_files import mask_box, panoptic_map, save_map
from model.text.vocabulary import Vocabulary
from o365seg.errors import InputError
from o365seg.formats.json_files import read_bytes, write_json_atomic
from o365seg.formats.masks import encode_rle
from o365seg.formats.task import Task

_MOST_IN_BYTES = 255


def ignore_label(vocabulary: Vocabulary) -> int:
    """Label of pixels without a class: no class id, and within the maps' integer type."""
    return _MOST_IN_BYTES if max(vocabulary.ids) < _MOST_IN_BYTES else 2**16 - 1


def write_truth(
    sample: Sample, image: ListedImage, task: Task, vocabulary: Vocabulary, folder: Path
) -> list[dict[str, Any]]:
    """Write an image's ground truth.

    Args:
        sample: The image and its ground truth.
        image: The name of its files and the id in its records.
        task: The task.
        vocabulary: The classes that labels are indices of.
        folder: The folder that contains `truth/`.

    Returns:
        The records of `truth.json`'s `annotations`, instances without ids yet; none for semantic.

    Raises:
        InputError: the ground truth does not fit the task: a semantic map has no instances.
    """
    truth, place = sample.ground_truth, folder / "truth" / f"{image.stem}.png"
    if task is Task.PANOPTIC and isinstance(truth, SegmentGroundTruth):
        ids, record = _panoptic(truth, image, vocabulary)
        save_map(ids, place)
        return [record]
    if task is Task.SEMANTIC and isinstance(truth, SegmentGroundTruth | ClassGroundTruth):
        save_map(_label_map(truth, vocabulary), place)
        return []
    if task is Task.INSTANCE and isinstance(truth, SegmentGroundTruth):
        return _masks(truth, image, vocabulary)
    if task is Task.INSTANCE and isinstance(truth, BoxGroundTruth):
        return _boxes(truth, image, vocabulary)
    kind = {
        SegmentGroundTruth: "segments",
        ClassGroundTruth: "a map of classes",
        BoxGroundTruth: "boxes",
    }[type(truth)]
    raise InputError(
        f"has {kind} as ground truth, which cannot score {task} results", file=sample.path
    )


def _panoptic(
    truth: SegmentGroundTruth, image: ListedImage, vocabulary: Vocabulary
) -> tuple[np.ndarray, dict[str, Any]]:
    """uint8 (H, W, 3) and the record. New ids, in the old ones' order; what is unlisted is void."""
    order = sorted(segment.id for segment in truth.segments)
    numbers = _renumbered(truth.ids, order)
    areas = np.bincount(numbers.ravel(), minlength=len(order) + 1)
    new_id = {old: number for number, old in enumerate(order, start=1)}
    segments = [
        {
            "id": new_id[segment.id],
            "category_id": vocabulary.ids[segment.label],
            "area": int(areas[new_id[segment.id]]),
            "iscrowd": int(segment.crowd),
        }
        for segment in truth.segments
    ]
    record = {"image_id": image.id, "file_name": f"{image.stem}.png", "segments_info": segments}
    return panoptic_map(numbers), record


def _renumbered(ids: np.ndarray, order: list[int]) -> np.ndarray:
    """int32 (H, W): places in `order` from 1 on, 0 for an id that is not there."""
    numbers = np.zeros(ids.shape, np.int32)
    known = np.array(order, ids.dtype)
    if not order:
        return numbers
    for own, row in zip(ids, numbers, strict=True):  # by rows: places are 8 bytes a pixel
        places = np.searchsorted(known, own).clip(max=len(known) - 1)
        row[:] = np.where(known[places] == own, places + 1, 0)
    return numbers


def _label_map(truth: SegmentGroundTruth | ClassGroundTruth, vocabulary: Vocabulary) -> np.ndarray:
    """Category ids (H, W), uint8 or uint16; `ignore_label` where there is no class."""
    void = ignore_label(vocabulary)
    values = np.array([*vocabulary.ids, void], np.uint8 if void == _MOST_IN_BYTES else np.uint16)
    if isinstance(truth, ClassGroundTruth):
        return values[truth.classes]  # VOID is the last
    known = sorted(truth.segments, key=lambda segment: segment.id)
    labels = values[[VOID, *(segment.label for segment in known)]]
    return labels[_renumbered(truth.ids, [segment.id for segment in known])]


def _masks(
    truth: SegmentGroundTruth, image: ListedImage, vocabulary: Vocabulary
) -> list[dict[str, Any]]:
    """COCO records of the things; a crowd stays one."""
    records = []
    for segment in truth.segments:
        mask = truth.ids == segment.id
        area = int(mask.sum())
        if vocabulary.is_thing[segment.label] and area:
            rle = encode_rle(mask)
            record = _record(image, vocabulary.ids[segment.label], area, int(segment.crowd))
            records.append(record | {"segmentation": rle, "bbox": mask_box(mask)})
    return records


def _boxes(
    truth: BoxGroundTruth, image: ListedImage, vocabulary: Vocabulary
) -> list[dict[str, Any]]:
    records = []
    for label, (left, top, right, bottom) in zip(
        truth.labels.tolist(), truth.boxes.tolist(), strict=True
    ):
        box = [left, top, right - left, bottom - top]
        record = _record(image, vocabulary.ids[label], box[2] * box[3], 0)
        records.append(record | {"bbox": box})
    return records


def _record(image: ListedImage, category: int, area: float, crowd: int) -> dict[str, Any]:
    return {"image_id": image.id, "category_id": category, "area": area, "iscrowd": crowd}


def annotated_instances(dataset: Dataset) -> InstanceDataset | None:
    """Return the data set if it is scored by its annotation file; None otherwise."""
    whole = dataset
    while isinstance(whole, ChosenImages):  # some images of some images, too
        whole = whole.whole
    return whole if isinstance(whole, InstanceDataset) else None


def annotation_truth(dataset: InstanceDataset, images: Collection[int], path: Path) -> Path:
    """Return the annotation file to score by.

    It is the data set's own if all its images were predicted and its category ids are those of the
    vocabulary; otherwise a copy with only these images and ids, and all else unchanged.

    Args:
        dataset: The data set.
        images: Ids of the images predicted.
        path: Where to write the copy.
    """
    places = category_index(dataset.file.categories, dataset.vocabulary, dataset.annotations)
    ids = {old: dataset.vocabulary.ids[place] for old, place in places.items()}
    wanted = set(images)
    if all(old == new for old, new in ids.items()) and len(wanted) == len(dataset.file.images):
        return dataset.annotations
    content = json.loads(read_bytes(dataset.annotations))
    content["images"] = [image for image in content["images"] if image["id"] in wanted]
    content["annotations"] = [
        record | {"category_id": ids[record["category_id"]]}
        for record in content["annotations"]
        if record["image_id"] in wanted
    ]
    content["categories"] = [
        category | {"id": ids[category["id"]]} for category in content["categories"]
    ]
    write_json_atomic(path, content)
    return path
