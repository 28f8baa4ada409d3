"""Evaluate 100 million generated predictions in pieces, with a cap on memory.

    python tests/performance/benchmark/many_predictions.py
    python tests/performance/benchmark/many_predictions.py --predictions 2_000_000   # to try it

Objects365's validation set in size: 80,000 images of 365 categories with 15 objects each, and as
many predictions an image as are asked for (1,250). Predictions are made image by image, given to
`Evaluator.update`, and forgotten. The cap is the system's (RLIMIT_DATA: whatever the process has
allocated, used or not). Masks come from a pool of ragged ellipses, so that making them costs
little; each is decoded, compared and matched like any other. Prints progress, AP, peak memory, and
the bytes that a prediction costs. This script tests nothing.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from make_workload import HEIGHT, WIDTH, blob
from pycocotools.mask import area, frPyObjects

from benchmark import Evaluator

CATEGORIES, OBJECTS = 365, 15
POOL = 500
"""Different objects; each has a fair prediction, too."""


def mask_pool(random: np.random.Generator) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Run lengths of objects, and of a prediction of each: shifted by a few pixels."""
    pairs = []
    for _ in range(POOL):
        centre = random.uniform((40, 40), (HEIGHT - 40, WIDTH - 40))
        radii = random.uniform(8, 40, 2)
        runs = [blob(random, centre + shift, radii)[0] for shift in (0, random.normal(0, 3, 2))]
        pairs.append([compressed(one) for one in runs])
    return [one for one, _ in pairs], [one for _, one in pairs]


def compressed(runs: np.ndarray) -> dict[str, Any]:
    """Run lengths as a results file has them."""
    found: Any = frPyObjects({"size": [HEIGHT, WIDTH], "counts": runs.tolist()}, HEIGHT, WIDTH)
    return {"size": [HEIGHT, WIDTH], "counts": found["counts"].decode("ascii")}


def objects_of(seed: int, image: int) -> tuple[np.ndarray, np.ndarray]:
    """An image's objects: places in the pool, and categories from 1."""
    random = np.random.default_rng((seed, image))
    return random.integers(POOL, size=OBJECTS), random.integers(1, CATEGORIES + 1, OBJECTS)


def write_ground_truth(path: Path, seed: int, images: int, pool: list[dict[str, Any]]) -> None:
    """Write the annotation file, an image at a time."""
    import json

    masks = [json.dumps(mask) for mask in pool]
    stock: Any = [mask | {"counts": mask["counts"].encode()} for mask in pool]
    areas = [int(area(mask)) for mask in stock]
    with path.open("w", encoding="utf-8") as file:
        file.write('{"categories":[')
        file.write(",".join(f'{{"id":{k},"name":"c{k}"}}' for k in range(1, CATEGORIES + 1)))
        file.write('],"images":[')
        size = f'"width":{WIDTH},"height":{HEIGHT}'
        file.write(",".join(f'{{"id":{i},"file_name":"{i}.jpg",{size}}}' for i in range(images)))
        file.write('],"annotations":[')
        for image in range(images):
            places, categories = objects_of(seed, image)
            file.write(
                ",\n"[: image > 0]
                + ",".join(
                    f'{{"id":{image * OBJECTS + i + 1},"image_id":{image},"category_id":{k},'
                    f'"iscrowd":0,"area":{areas[p]},"segmentation":{masks[p]}}}'
                    for i, (p, k) in enumerate(
                        zip(places.tolist(), categories.tolist(), strict=True)
                    )
                )
            )
        file.write("]}")


def main() -> None:
    """Evaluate, and print what it took."""
    parser = argparse.ArgumentParser(description="Evaluate very many predictions in pieces.")
    parser.add_argument("--predictions", type=int, default=100_000_000)
    parser.add_argument("--images", type=int, default=80_000)
    parser.add_argument("--gigabytes", type=float, default=2, help="the cap")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    cap = int(arguments.gigabytes * 1e9)
    resource.setrlimit(resource.RLIMIT_DATA, (cap, cap))
    images, seed = arguments.images, arguments.seed
    random = np.random.default_rng(seed)
    pool, near = mask_pool(random)
    with tempfile.TemporaryDirectory() as folder:
        truth = Path(folder) / "truth.json"
        write_ground_truth(truth, seed, images, pool)
        print(f"ground truth: {truth.stat().st_size / 1e6:,.0f} MB", flush=True)
        evaluator = Evaluator(truth)
        before = peak()
        print(f"ground truth read: {before:,.0f} MB at the peak", flush=True)
        done, told = 0, time.monotonic()
        for image in range(images):
            count = arguments.predictions * (image + 1) // images - done
            places, labels = objects_of(seed, image)
            fair = min(count, OBJECTS)
            chosen = random.integers(POOL, size=count - fair).tolist()
            masks = [near[p] for p in places[:fair].tolist()] + [pool[p] for p in chosen]
            labels = np.append(labels[:fair], random.integers(1, CATEGORIES + 1, count - fair))
            scores = random.uniform(size=count)
            scores[:fair] = 1 - scores[:fair] ** 2
            evaluator.update(image, rles=masks, scores=scores, labels=labels)
            done += count
            if time.monotonic() - told > 30:
                told = time.monotonic()
                print(f"{done:>12,} predictions, {peak():,.0f} MB, {used():,.0f} s", flush=True)
        evaluator.flush()
        print(f"{done:>12,} predictions matched, {peak():,.0f} MB, {used():,.0f} s", flush=True)
        result = evaluator.result()
        print(f"{result.counts.predictions:,} predictions of {result.counts.images:,} images")
        print(f"AP {result.metrics['AP']:.12f}")
        print(f"{evaluator.outcomes.kind.itemsize} bytes a prediction, on disk beyond 256 MiB")
        print(f"processor time {used():,.0f} s")
        print(f"peak memory {peak():,.0f} MB of {cap / 1e6:,.0f} MB")


def peak() -> float:
    """Peak resident memory in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def used() -> float:
    """Processor seconds."""
    return time.process_time()


if __name__ == "__main__":
    main()
