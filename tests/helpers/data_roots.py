"""Tiny folders in the genuine layout of every data set of the catalogue, two images a split."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import savemat

HEIGHT, WIDTH = 24, 32
BOX = [4.0, 6.0, 10.0, 8.0]  # left, top, width, height of the one object of every image


def picture(path: Path, seed: int = 0) -> Path:
    """A photo-like file of WIDTH×HEIGHT."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def halves(top: int, bottom: int) -> np.ndarray:
    """A map whose upper half has one value and whose lower half the other."""
    return np.repeat([top, bottom], HEIGHT // 2)[:, None].repeat(WIDTH, 1)


def png(path: Path, values: np.ndarray, dtype: type = np.uint8) -> None:
    """A label map."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values.astype(dtype)).save(path)


def segments_png(path: Path, ids: np.ndarray) -> None:
    """A panoptic PNG of ids."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.stack([ids % 256, ids // 256, ids // 65536], -1).astype(np.uint8)).save(path)


def write(path: Path, value: object) -> None:
    """JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def box_mask() -> list[list[float]]:
    """The polygon of BOX."""
    x, y, w, h = BOX
    return [[x, y, x + w, y, x + w, y + h, x, y + h]]


def _panoptic(root: Path, json_name: str, images: str, stems: list, ids: list, cats: list) -> None:
    """A panoptic JSON with a thing (id 700) above a stuff segment (id 70001)."""
    records, annotations = [], []
    for number, (stem, image_id) in enumerate(zip(stems, ids, strict=True)):
        picture(root / images / f"{stem}.jpg", number)
        segments_png((root / json_name).with_suffix("") / f"{stem}.png", halves(700, 70001))
        size = {"height": HEIGHT, "width": WIDTH}
        records.append({"id": image_id, "file_name": f"{stem}.jpg", **size})
        info = [
            {"id": 700, "category_id": cats[0], "iscrowd": number, "area": 1, "bbox": [0, 0, 1, 1]},
            {"id": 70001, "category_id": cats[1], "iscrowd": 0, "area": 1, "bbox": [0, 0, 1, 1]},
        ]
        file_name = f"{stem}.png"
        annotations.append({"image_id": image_id, "file_name": file_name, "segments_info": info})
    categories = [
        {"id": cats[0], "name": "thing", "isthing": 1},
        {"id": cats[1], "name": "stuff", "isthing": 0},
    ]
    content = {"images": records, "annotations": annotations, "categories": categories}
    write(root / json_name, content)


def coco(root: Path) -> None:
    """Category 1 is person, 200 is rug-merged."""
    stems = ["000000000009", "000000000025"]
    for split in ("train", "val"):
        name = f"annotations/panoptic_{split}2017.json"
        _panoptic(root, name, f"{split}2017", stems, [9, 25], [1, 200])


def ade_panoptic(root: Path) -> None:
    """Category 7 is bed, 0 is wall."""
    for split, folder in (("train", "training"), ("val", "validation")):
        stems = [f"ADE_{split}_0000000{number}" for number in (1, 2)]
        name = f"ade20k_panoptic_{split}.json"
        _panoptic(root, name, f"images/{folder}", stems, stems, [7, 0])


def ade_semantic(root: Path) -> None:
    """Nothing above wall."""
    for split, folder in (("train", "training"), ("val", "validation")):
        for number in (1, 2):
            stem = f"ADE_{split}_0000000{number}"
            picture(root / "images" / folder / f"{stem}.jpg", number)
            png(root / "annotations" / folder / f"{stem}.png", halves(0, 1))


def cityscapes(root: Path) -> None:
    """Cars 0 and 1, a group of persons, road and what is not evaluated."""
    ids = np.repeat([26000, 26001, 24, 7, 4, 1], HEIGHT // 6)[:, None].repeat(WIDTH, 1)
    for split, city in (("train", "aachen"), ("val", "munster")):
        for number in (0, 1):
            stem = f"{city}_00000{number}_000019"
            picture(root / "leftImg8bit" / split / city / f"{stem}_leftImg8bit.png", number)
            file = root / "gtFine" / split / city / f"{stem}_gtFine_instanceIds.png"
            png(file, ids, np.uint16)


def voc(root: Path) -> None:
    """An outline above an aeroplane; the palette is VOC's habit."""
    for split in ("train", "val"):
        stems = [f"2007_00000{number}_{split}" for number in (1, 2)]
        for number, stem in enumerate(stems):
            picture(root / "JPEGImages" / f"{stem}.jpg", number)
            labels = Image.fromarray(halves(255, 1).astype(np.uint8), "P")
            labels.putpalette([value for grey in range(256) for value in (grey, 0, 255 - grey)])
            (root / "SegmentationClass").mkdir(exist_ok=True)
            labels.save(root / "SegmentationClass" / f"{stem}.png")
        listed = root / "ImageSets" / "Segmentation" / f"{split}.txt"
        listed.parent.mkdir(parents=True, exist_ok=True)
        listed.write_text("".join(f"{stem}\n" for stem in stems))


def context_mat(root: Path) -> None:
    """As downloaded: `air conditioner` (3), which is none of the 59, above `wood` (458)."""
    for split in ("train", "val"):
        stems = [f"2008_00000{number}_{split}" for number in (2, 3)]
        for number, stem in enumerate(stems):
            picture(root / "JPEGImages" / f"{stem}.jpg", number)
            (root / "trainval").mkdir(exist_ok=True)
            savemat(root / "trainval" / f"{stem}.mat", {"LabelMap": halves(3, 458)})
        listed = root / "ImageSets" / "Main" / f"{split}.txt"
        listed.parent.mkdir(parents=True, exist_ok=True)
        listed.write_text("".join(f"{stem}\n" for stem in stems))


def context_png(root: Path) -> None:
    """As mmsegmentation makes it: background above `wood` (59)."""
    for split in ("train", "val"):
        stems = [f"2008_00000{number}_{split}" for number in (2, 3)]
        for number, stem in enumerate(stems):
            picture(root / "JPEGImages" / f"{stem}.jpg", number)
            png(root / "SegmentationClassContext" / f"{stem}.png", halves(0, 59))
        listed = root / "ImageSets" / "SegmentationContext" / f"{split}.txt"
        listed.parent.mkdir(parents=True, exist_ok=True)
        listed.write_text("".join(f"{stem}\n" for stem in stems))


def _objects365(root: Path, json_name: str, split: str, masks: bool) -> None:
    images, annotations = [], []
    for number in (1, 2):
        name = f"objects365_v{number}_0000000{number}.jpg"
        picture(root / split / f"patch{number}" / name, number)
        size = {"height": HEIGHT, "width": WIDTH}
        file_name = f"images/v{number}/patch{number}/{name}"
        images.append({"id": number, "file_name": file_name, "license": 5, "url": "", **size})
        for place, crowd in enumerate((0, 1)):
            record = {
                "id": 10 * number + place, "image_id": number, "category_id": 365,
                "iscrowd": crowd, "isfake": 0, "isreflected": 0, "bbox": BOX, "area": 80.0,
            }  # fmt: skip
            if masks and not crowd and number == 1:
                record["segmentation"] = box_mask()
            elif masks and not crowd:
                record |= {"skipped": True, "skip_reason": "blurry", "ignore": 1}
            annotations.append(record)
    # Other names stay away: the shipped vocabulary has them all.
    categories = [{"id": 365, "name": "Table Tennis "}, {"id": 1, "name": "Person"}]
    content = {"images": images, "annotations": annotations, "categories": categories}
    write(root / json_name, content)


def objects365_boxes(root: Path) -> None:
    """An object of class 365 and a crowd of them in every image."""
    for split in ("train", "val"):
        _objects365(root, f"annotations/zhiyuan_objv2_{split}.json", split, masks=False)


def objects365_instances(root: Path) -> None:
    """Of the first image's object there is a mask, the second's was skipped."""
    _objects365(root, "annotations/o365_instance_seg_val.json", "val", masks=True)


ROOTS: dict[str, Callable[[Path], None]] = {
    "coco_panoptic": coco,
    "ade20k_semantic": ade_semantic,
    "ade20k_panoptic": ade_panoptic,
    "objects365_boxes": objects365_boxes,
    "objects365_instances": objects365_instances,
    "coco_semantic": coco,
    "cityscapes_panoptic": cityscapes,
    "pascal_context_59": context_png,
    "pascal_context_459": context_mat,
    "voc2012": voc,
}
"""What makes a data set's folder, by its name in the catalogue."""
