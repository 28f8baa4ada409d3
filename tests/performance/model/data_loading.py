"""Images per second and core: reading samples and converting them to the network's input.

Without a configuration, uses generated photographs of 640×480 pixels (smooth noise, JPEG) with as
many segments or boxes as COCO; with one, the data sets of its [[data]] entries. Runs one process
with one thread, like a worker of the loader, and measures processor time. `--shards` measures each
data set also as shards, in turn with its files.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image

from model.data.augment import Augmentation, augment
from model.data.file_dataset import FileDataset
from model.datasets.configured import open_configured
from model.datasets.opening import open_from_table
from model.datasets.shard_writing import write_shards
from model.datasets.shards import ShardDataset, Shards
from model.objective.merge import mergeable_classes
from model.text.vocabulary import Vocabulary
from o365seg.formats.task import Task

SIZE = (480, 640)


def write_root(root: Path, images: int, segments: int = 11, boxes: int = 16) -> None:
    """Write photographs, panoptic PNGs, label maps and their JSON files."""
    random = np.random.default_rng(0)
    for folder in ("images", "panoptic", "labels"):
        (root / folder).mkdir()
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    records, panoptic, objects = [], [], []
    for number in range(images):
        noise = random.normal(128, 90, (*SIZE, 3)).astype(np.float32)
        fine, coarse = cv2.GaussianBlur(noise, (0, 0), 1.5), cv2.GaussianBlur(noise, (0, 0), 20)
        photo = ((fine - 128) + 8 * (coarse - 128) + 128).clip(0, 255).astype(np.uint8)
        Image.fromarray(photo).save(root / "images" / f"{number}.jpg", quality=92)
        seeds = random.uniform(0, SIZE, (segments, 2))
        distances = [np.hypot(rows - y, columns - x) + 20 * fine[..., 0] / 128 for y, x in seeds]
        places = np.argmin(distances, axis=0)
        ids = random.choice(2**24 - 1, segments, replace=False) + 1
        image = ids[places]
        colours = np.stack([image % 256, image // 256 % 256, image // 65536], -1)
        Image.fromarray(colours.astype(np.uint8)).save(root / "panoptic" / f"{number}.png")
        labels = random.integers(0, 133, segments)
        Image.fromarray(labels[places].astype(np.uint8)).save(root / "labels" / f"{number}.png")
        size = {"height": SIZE[0], "width": SIZE[1]}
        records.append({"id": number, "file_name": f"{number}.jpg", **size})
        info = [{"id": int(i), "category_id": int(c)} for i, c in zip(ids, labels, strict=True)]
        name = f"{number}.png"
        panoptic.append({"image_id": number, "file_name": name, "segments_info": info})
        corners = random.uniform(0, 300, (boxes, 4)).tolist()
        objects += [
            {"id": len(objects) + n, "image_id": number, "category_id": n, "bbox": box}
            for n, box in enumerate(corners)
        ]
    classes = [{"id": n, "name": f"class {n}", "isthing": int(n < 80)} for n in range(133)]
    for name, annotations in (("panoptic", panoptic), ("boxes", objects)):
        content = {"images": records, "annotations": annotations, "categories": classes}
        (root / f"{name}.json").write_text(json.dumps(content))


def generated(root: Path) -> list[FileDataset]:
    """Data sets with the three kinds of ground truth over the same photographs."""
    names = [f"class {n}" for n in range(133)]
    tables = [
        {"layout": "coco_panoptic", "images": "images", "annotations": "panoptic.json"},
        {"layout": "label_maps", "images": "images", "labels": "labels", "vocabulary": names}
        | {"first_label": 0},
        {"layout": "coco_instances", "images": "images", "annotations": "boxes.json"}
        | {"boxes_only": True},
    ]
    return [open_from_table(table, root, "generated") for table in tables]


def mergeable(vocabulary: Vocabulary, task: Task) -> np.ndarray:
    """The mergeable classes of a data set, as in the loader."""
    return mergeable_classes(task, torch.tensor(vocabulary.is_thing)).numpy()


def measure(dataset: FileDataset, augmentation: Augmentation, samples: int) -> tuple[float, float]:
    """Mean processor time in ms of reading and of augmenting a sample, over `samples` samples."""
    random = np.random.default_rng(0)
    merged = mergeable(dataset.vocabulary, dataset.task)
    augment(dataset[0], augmentation, merged, random)  # one-time work
    read = change = 0.0
    for number in range(samples):
        began = time.process_time()
        sample = dataset[number % len(dataset)]
        between = time.process_time()
        augment(sample, augmentation, merged, random)
        read += between - began
        change += time.process_time() - between
    return 1000 * read / samples, 1000 * change / samples


def as_shards(dataset: FileDataset, folder: Path) -> FileDataset:
    """The same data set as shards below a folder."""
    out = folder / "shards" / dataset.name
    write_shards(dataset, out, 2**28, lambda items, _: items)
    return ShardDataset(Shards(out, f"{dataset.name} in shards"))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--shards", action="store_true")
    parser.add_argument("--size", type=int, default=1024)
    arguments = parser.parse_args()
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    augmentation = Augmentation(size=arguments.size)
    with tempfile.TemporaryDirectory() as folder:
        if arguments.config:
            datasets = open_configured(arguments.config)
        else:
            write_root(Path(folder), images=20)
            datasets = generated(Path(folder))
        if arguments.shards:
            datasets = [each for one in datasets for each in (one, as_shards(one, Path(folder)))]
        print(f"{'':30} read ms  augment ms  images/s and core")
        for dataset in datasets:
            read, change = measure(dataset, augmentation, arguments.samples)
            speed = 1000 / (read + change)
            print(f"{dataset.name:30} {read:7.1f} {change:11.1f} {speed:18.0f}")


if __name__ == "__main__":
    main()
