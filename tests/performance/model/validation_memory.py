"""Peak memory of a training run with validation on 12-megapixel images, and without.

    PYTHONPATH=tests/helpers python tests/performance/model/validation_memory.py

Trains `tiny` for six steps on generated images and validates it twice, on images of 4000x3000
pixels with label maps (semantic) and run lengths (instances); then the same without validation.
Each run is a process of its own, so its peak resident memory is its own. This script tests nothing.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask

WIDTH, HEIGHT, BLOCK = 4000, 3000, 500
NAMES = ["arrowhead", "bracket", "hoop"]


def write_images(root: Path, count: int) -> None:
    """Photo-like noise in blocks, with a label map and an instance file."""
    random = np.random.default_rng(0)
    for kind in ("images", "labels"):
        (root / kind).mkdir()
    images, annotations = [], []
    for image in range(1, count + 1):
        labels = random.integers(0, len(NAMES), (HEIGHT // BLOCK, WIDTH // BLOCK), np.uint8)
        labels = labels.repeat(BLOCK, 0).repeat(BLOCK, 1)
        pixels = (labels[..., None] * 80 + random.integers(0, 60, (HEIGHT, WIDTH, 3))).astype("u1")
        Image.fromarray(pixels).save(root / "images" / f"{image}.jpg")
        Image.fromarray(labels).save(root / "labels" / f"{image}.png")
        images.append({"id": image, "file_name": f"{image}.jpg", "width": WIDTH, "height": HEIGHT})
        for category in range(1, len(NAMES) + 1):
            rle: Any = coco_mask.encode(np.asfortranarray(labels == category - 1))
            annotations.append(
                {"id": len(annotations) + 1, "image_id": image, "category_id": category}
                | {"bbox": coco_mask.toBbox(rle).tolist(), "area": int(coco_mask.area(rle))}
                | {"iscrowd": 0, "segmentation": rle | {"counts": rle["counts"].decode()}}
            )
    categories = [{"id": index + 1, "name": name} for index, name in enumerate(NAMES)]
    (root / "instances.json").write_text(
        json.dumps({"images": images, "annotations": annotations, "categories": categories})
    )


def configuration(root: Path, size: int, batch: int, validate: bool) -> dict[str, Any]:
    """A run's tables."""
    trained = [
        {"layout": "synthetic", "which": which, "size": size, "images": 16}
        for which in ("semantic", "panoptic")
    ]
    files = {"images": str(root / "images")}
    validated = [
        {"layout": "label_maps", "name": "large_maps", "labels": str(root / "labels")}
        | files | {"vocabulary": [f"{name}:stuff" for name in NAMES], "first_label": 0},
        {"layout": "coco_instances", "name": "large_instances"}
        | files | {"annotations": str(root / "instances.json")},
    ]  # fmt: skip
    tables = {
        "iterations": 6, "batch_size": batch, "image_size": size, "workers": 0,
        "checkpoint_every": 3, "log_every": 1, "data": trained, "text": {"synthetic": True},
        "optimizer": {"lr": 1e-4}, "model": {"preset": "tiny", "text_dim": 64},
    }  # fmt: skip
    if validate:
        tables["validation"] = {"every": 3, "data": validated, "best": "large_maps/mIoU"}
    return tables


def run_one(given: dict[str, Any], folder: Path) -> None:
    """Train in this process; print its peak resident memory in MB."""
    import torch
    from peak_memory import peak_mb

    from model.runtime.allocator import keep_freed_memory
    from model.training.config import train_config_from_dict
    from model.training.loop import train_run

    keep_freed_memory()  # as `dataseg train` does
    torch.set_num_threads(1)
    train_run(train_config_from_dict(given), Path(), "config.toml", folder, "cpu")
    print("peak", round(peak_mb()))


def main() -> None:
    """Compare both runs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--size", type=int, default=512, help="training size in pixels")
    parser.add_argument("--batch", type=int, default=4, help="images a batch")
    parser.add_argument("--images", type=int, default=3, help="12-megapixel images to validate on")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        place = Path(options.one)
        run_one(json.loads((place / "tables.json").read_text()), place / "run")
        return
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        write_images(root, options.images)
        for name in ("without validation", "with validation"):
            place = root / name.replace(" ", "_")
            place.mkdir()
            tables = configuration(root, options.size, options.batch, name.startswith("with "))
            (place / "tables.json").write_text(json.dumps(tables))
            done = subprocess.run(
                [sys.executable, __file__, "--one", place], capture_output=True, text=True
            )
            assert done.returncode == 0, done.stderr
            print(f"{name}: peak {done.stdout.split()[-1]} MB", flush=True)


if __name__ == "__main__":
    main()
