"""Write a seeded evaluation of any size: an annotation file and the results of a fair model.

    python tests/performance/benchmark/make_workload.py objects365 FOLDER
    python tests/performance/benchmark/make_workload.py coco FOLDER
    python tests/performance/benchmark/make_workload.py objects365-full FOLDER  # 3 GB

Masks are ellipse-like blobs with ragged edges. Predictions are shifted and scaled copies of the
ground truth, duplicates, wrong categories and false positives. Blocks of images are written one
after the other, so that the file can be larger than memory.
"""

import argparse
import json
import os
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from pycocotools.mask import frPyObjects

HEIGHT, WIDTH = 480, 640
BLOCK = 50  # images written at a time
MOST_ANNOTATIONS = 1_000  # per image, so that annotation ids do not collide


@dataclass(frozen=True)
class Scale:
    """The size of a workload; `annotations` and `predictions` are means per image.

    After `distinct` images, the same images repeat with other ids and slightly lower scores.
    """

    images: int
    categories: int
    annotations: float
    predictions: int
    skipped: float = 0.0
    distinct: int = 5_000


SCALES = {
    "objects365": Scale(
        images=1_000, categories=365, annotations=15, predictions=100, skipped=0.13
    ),
    "coco": Scale(images=5_000, categories=80, annotations=7.3, predictions=100),
    "objects365-full": Scale(
        images=80_000, categories=365, annotations=15, predictions=100, skipped=0.13, distinct=4_000
    ),
    "small": Scale(images=20, categories=10, annotations=6, predictions=30, skipped=0.2),
}


def blob(
    random: np.random.Generator, centre: np.ndarray, radii: np.ndarray
) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """Run lengths int64[runs] of a ragged ellipse, and its box (x, y, width, height)."""
    (x, y), (across, up) = centre.tolist(), radii.tolist()
    x0 = int(min(max(x - across, 0), WIDTH - 2))
    x1 = int(min(max(x + across, x0 + 1), WIDTH - 1))
    columns = np.arange(x0, x1 + 1)
    part = np.minimum(np.abs(columns - x) / across, 1)
    half = up * np.sqrt(1 - part * part)
    noise = random.normal(0, 1.2, (2, len(columns)))
    top = np.minimum(np.maximum(y - half + noise[0], 0), HEIGHT - 2).astype(int)
    bottom = np.minimum(np.maximum(y + half + noise[1], 1), HEIGHT - 1).astype(int)
    edges = np.zeros(2 * len(columns) + 2, int)
    edges[1:-1:2] = columns * HEIGHT + top
    edges[2:-1:2] = columns * HEIGHT + np.maximum(bottom, top + 1)
    edges[-1] = HEIGHT * WIDTH
    height = int(bottom.max() - top.min())
    return np.diff(edges), (x0, int(top.min()), x1 - x0 + 1, max(height, 1))


def mask_json(runs: np.ndarray) -> dict:
    rle = frPyObjects({"size": [HEIGHT, WIDTH], "counts": runs.tolist()}, HEIGHT, WIDTH)
    counts: bytes | str = rle["counts"]  # the type stub says str
    return {
        "size": [HEIGHT, WIDTH],
        "counts": counts if isinstance(counts, str) else counts.decode(),
    }


@dataclass(frozen=True)
class Block:
    """Records of some images as JSON text, without `{`, ids and scores, which come first.

    Attributes:
        annotations: (image, number in the image, rest) of each annotation.
        results: (image, score, rest) of each prediction.
    """

    annotations: list[tuple[int, int, str]]
    results: list[tuple[int, float, str]]

    def texts(self, copy: int, scale: Scale) -> tuple[list[str], list[str]]:
        """The annotations and predictions of one copy, up to the last image."""
        first = copy * scale.distinct
        annotations = [
            f'{{"id": {(first + i) * MOST_ANNOTATIONS + number + 1}, '
            f'"image_id": {image_id(first + i)}, {rest}'
            for i, number, rest in self.annotations
            if first + i < scale.images
        ]
        results = [
            f'{{"image_id": {image_id(first + i)}, "score": {score * (1 - 1e-3 * copy)}, {rest}'
            for i, score, rest in self.results
            if first + i < scale.images
        ]
        return annotations, results


def make_block(scale: Scale, seed: int, block: int) -> Block:
    """Make a block, independently of other blocks, so that processes can run in parallel."""
    random = np.random.default_rng([seed, block])
    share = 1 / np.arange(1, scale.categories + 1)  # few categories are frequent, many are rare
    up_to = np.cumsum(share / share.sum())

    def any_category() -> int:
        return 1 + min(int(np.searchsorted(up_to, random.random())), scale.categories - 1)

    def anywhere() -> tuple[np.ndarray, np.ndarray]:
        radii = np.exp(random.normal(3.7, 0.7, 2))
        return random.random(2) * (WIDTH, HEIGHT), np.minimum(np.maximum(radii, 4), 200)

    annotations, results = [], []
    for i in range(block * BLOCK, min((block + 1) * BLOCK, scale.images, scale.distinct)):
        objects = []
        for number in range(max(1, min(random.poisson(scale.annotations), MOST_ANNOTATIONS))):
            centre, radii = anywhere()
            category = any_category()
            runs, box = blob(random, centre, radii)
            crowd = random.random() < 0.01
            record = {
                "category_id": category,
                "bbox": box,
                "area": int(runs[1::2].sum()),
                "iscrowd": int(crowd),
            }
            if not crowd and random.random() < scale.skipped:
                record |= {"skipped": True, "skip_reason": "too blurry", "ignore": 1}
                record["area"] = box[2] * box[3]
            else:
                record["segmentation"] = mask_json(runs)
            annotations.append((i, number, json.dumps(record)[1:]))
            objects.append((centre, radii, category))
        for index in range(scale.predictions):
            centre, radii, category = objects[index % len(objects)]
            if index >= len(objects) and random.random() < 0.75:  # a false positive
                centre, radii = anywhere()
                category = any_category()
                score = random.beta(1, 6)
            else:
                wobble = (0.03, 0.1, 0.25)[random.integers(3)]
                centre = centre + random.normal(0, wobble, 2) * radii
                radii = radii * np.exp(random.normal(0, wobble, 2))
                if random.random() < 0.15:
                    category = any_category()
                score = random.beta(4, 2) if index < len(objects) else random.beta(2, 4)
            runs, _ = blob(random, centre, radii)
            record = {"category_id": category, "segmentation": mask_json(runs)}
            results.append((i, float(np.float32(score)), json.dumps(record)[1:]))
    return Block(annotations, results)


def image_id(number: int) -> int:
    return 1 + 7 * number


def write_workload(
    folder: Path, scale: Scale, seed: int = 0, processes: int = 1
) -> tuple[Path, Path]:
    """Write `truth.json` and `results.json`; equal seeds give equal bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    truth_path, results_path = folder / "truth.json", folder / "results.json"
    images = [
        {"id": image_id(i), "width": WIDTH, "height": HEIGHT, "file_name": f"{i:012d}.jpg"}
        for i in range(scale.images)
    ]
    categories = [{"id": k + 1, "name": f"category {k + 1}"} for k in range(scale.categories)]
    with truth_path.open("w") as truth, results_path.open("w") as results:
        head = json.dumps({"info": {"seed": seed}, "licenses": [], "images": images})[:-1]
        truth.write(head + ', "annotations": [')
        results.write("[")
        separator = ""
        for annotations, found in texts(scale, seed, processes):
            truth.write((separator if annotations else "") + ", ".join(annotations))
            results.write((separator if found else "") + ", ".join(found))
            separator = ", "
        truth.write('], "categories": ' + json.dumps(categories) + "}")
        results.write("]")
    return truth_path, results_path


def texts(scale: Scale, seed: int, processes: int) -> Iterator[tuple[list[str], list[str]]]:
    """Annotations and predictions, a block of images at a time."""
    make = partial(make_block, scale, seed)
    numbers = range(-(-min(scale.images, scale.distinct) // BLOCK))
    copies = -(-scale.images // scale.distinct)
    kept: list[Block] = []
    with get_context("spawn").Pool(processes) if processes > 1 else nullcontext() as pool:
        for block in pool.imap(make, numbers) if pool else map(make, numbers):
            yield block.texts(0, scale)
            kept += [block] if copies > 1 else []
    for copy in range(1, copies):
        for block in kept:
            yield block.texts(copy, scale)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a seeded workload.")
    parser.add_argument("scale", choices=SCALES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    scale = SCALES[arguments.scale]
    for path in write_workload(arguments.folder, scale, arguments.seed, os.cpu_count() or 1):
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
