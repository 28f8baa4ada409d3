"""A seeded evaluation of any size: an annotation file and a results file, like a fair model's.

    python tests/performance/make_workload.py objects365 FOLDER
    python tests/performance/make_workload.py coco FOLDER

Masks are ellipse-like blobs with ragged edges; predictions are shifted and scaled copies of the
truth, doubles, wrong names and inventions. Records are written one at a time, so that the file may
be larger than memory.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HEIGHT, WIDTH = 480, 640


@dataclass(frozen=True)
class Scale:
    """How large a workload is; `truths` and `predictions` are a mean per image."""

    images: int
    categories: int
    truths: float
    predictions: int
    skipped: float = 0.0


SCALES = {
    "objects365": Scale(images=1_000, categories=365, truths=15, predictions=100, skipped=0.13),
    "coco": Scale(images=5_000, categories=80, truths=7.3, predictions=100),
    "objects365-full": Scale(
        images=80_000, categories=365, truths=15, predictions=100, skipped=0.13
    ),
    "small": Scale(images=20, categories=10, truths=6, predictions=30, skipped=0.2),
}


def blob(
    random: np.random.Generator, centre: np.ndarray, radii: np.ndarray
) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """Run lengths int64[runs] of a ragged ellipse, and its box (x, y, width, height)."""
    x0 = int(np.clip(centre[0] - radii[0], 0, WIDTH - 2))
    x1 = int(np.clip(centre[0] + radii[0], x0 + 1, WIDTH - 1))
    columns = np.arange(x0, x1 + 1)
    across = np.clip((columns - centre[0]) / radii[0], -1, 1)
    half = radii[1] * np.sqrt(1 - across**2)
    top = np.clip(centre[1] - half + random.normal(0, 1.2, len(columns)), 0, HEIGHT - 2)
    bottom = np.clip(centre[1] + half + random.normal(0, 1.2, len(columns)), 1, HEIGHT - 1)
    top, bottom = top.astype(int), np.maximum(bottom.astype(int), top.astype(int) + 1)
    edges = np.stack([columns * HEIGHT + top, columns * HEIGHT + bottom], axis=1).ravel()
    runs = np.diff(np.concatenate([[0], edges, [HEIGHT * WIDTH]]))
    height = int(bottom.max() - top.min())
    return runs, (x0, int(top.min()), x1 - x0 + 1, height)


def compress(runs: np.ndarray) -> str:
    """COCO's compressed text: differences to the run two before, five bits a character."""
    values = runs.copy()
    values[3:] -= runs[1:-2]
    characters = []
    for value in values.tolist():
        more = True
        while more:
            bits = value & 31
            value >>= 5
            more = value != (-1 if bits & 16 else 0)
            characters.append(chr(bits + 48 + (32 if more else 0)))
    return "".join(characters)


def mask_json(runs: np.ndarray) -> dict:
    return {"size": [HEIGHT, WIDTH], "counts": compress(runs)}


class Writer:
    """Writes a JSON list record by record."""

    def __init__(self, path: Path, head: str) -> None:
        self.file = path.open("w")
        self.file.write(head)
        self.first = True

    def add(self, record: dict) -> None:
        self.file.write("" if self.first else ", ")
        self.file.write(json.dumps(record))
        self.first = False

    def close(self, tail: str) -> None:
        self.file.write(tail)
        self.file.close()


def write_workload(folder: Path, scale: Scale, seed: int = 0) -> tuple[Path, Path]:
    """Write `truth.json` and `results.json`; equal seeds give equal bytes."""
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    truth_path, results_path = folder / "truth.json", folder / "results.json"
    share = 1 / np.arange(1, scale.categories + 1)  # few names are frequent, many rare
    share /= share.sum()
    images = [
        {"id": 1 + 7 * i, "width": WIDTH, "height": HEIGHT, "file_name": f"{i:012d}.jpg"}
        for i in range(scale.images)
    ]
    categories = [{"id": k + 1, "name": f"category {k + 1}"} for k in range(scale.categories)]
    head = json.dumps({"info": {"seed": seed}, "licenses": [], "images": images})[:-1]
    truth = Writer(truth_path, head + ', "annotations": [')
    results = Writer(results_path, "[")
    number = 0
    for image in images:
        objects = []
        for _ in range(max(1, random.poisson(scale.truths))):
            number += 1
            centre = random.random(2) * [WIDTH, HEIGHT]
            radii = np.exp(random.normal(3.7, 0.7, 2)).clip(4, 200)
            category = 1 + int(random.choice(scale.categories, p=share))
            runs, box = blob(random, centre, radii)
            area = int(runs[1::2].sum())
            crowd = random.random() < 0.01
            record = {
                "id": number,
                "image_id": image["id"],
                "category_id": category,
                "bbox": box,
                "area": area,
                "iscrowd": int(crowd),
            }
            if not crowd and random.random() < scale.skipped:
                record |= {"skipped": True, "skip_reason": "too blurry", "ignore": 1}
                record["area"] = box[2] * box[3]
            else:
                record["segmentation"] = mask_json(runs)
            truth.add(record)
            objects.append((centre, radii, category))
        for index in range(scale.predictions):
            centre, radii, category = objects[index % len(objects)]
            rival = random.random()
            if index >= len(objects) and rival < 0.75:  # an invention
                centre = random.random(2) * [WIDTH, HEIGHT]
                radii = np.exp(random.normal(3.7, 0.7, 2)).clip(4, 200)
                category = 1 + int(random.choice(scale.categories, p=share))
                score = random.beta(1, 6)
            else:
                wobble = random.choice([0.03, 0.1, 0.25])
                centre = centre + random.normal(0, wobble, 2) * radii
                radii = radii * np.exp(random.normal(0, wobble, 2))
                if random.random() < 0.15:
                    category = 1 + int(random.choice(scale.categories, p=share))
                score = random.beta(4, 2) if index < len(objects) else random.beta(2, 4)
            runs, _ = blob(random, centre, radii)
            results.add(
                {
                    "image_id": image["id"],
                    "category_id": category,
                    "segmentation": mask_json(runs),
                    "score": float(np.float32(score)),
                }
            )
    truth.close('], "categories": ' + json.dumps(categories) + "}")
    results.close("]")
    return truth_path, results_path


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a seeded workload.")
    parser.add_argument("scale", choices=SCALES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for path in write_workload(arguments.folder, SCALES[arguments.scale], arguments.seed):
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
