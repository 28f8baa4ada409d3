"""Time and memory of `benchmark stats` for a file of COCO-train size.

    python tests/performance/benchmark/coco_train_size.py /tmp/coco_train_size.json
    /usr/bin/time -v benchmark stats /tmp/coco_train_size.json --out /tmp/stats

Writes a seeded file of 118,287 images and 860,001 polygons (as in instances_train2017.json), then
measures the command in its own process: seconds and peak resident memory.
"""

import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

IMAGES, ANNOTATIONS, CATEGORIES = 118_287, 860_001, 80


def write(path: Path) -> None:
    """Write the file record by record; it is about as large as COCO's."""
    random = np.random.default_rng(0)
    with path.open("w") as file:
        images = (
            f'{{"id":{i},"width":640,"height":480,"file_name":"{i:012d}.jpg","license":1,'
            f'"coco_url":"http://images.cocodataset.org/train2017/{i:012d}.jpg"}}'
            for i in range(1, IMAGES + 1)
        )
        file.write('{"images":[' + ",".join(images) + '],"categories":[')
        file.write(",".join(f'{{"id":{c},"name":"category {c}"}}' for c in range(1, 81)))
        file.write('],"annotations":[')
        for number in range(ANNOTATIONS):
            corners = random.integers(4, 40)
            polygon = random.random((corners, 2)) * [640, 480]
            low, high = polygon.min(axis=0), polygon.max(axis=0)
            box = [*low, *(high - low)]
            skipped = random.random() < 0.05
            outline = ",".join(f"{value:.2f}" for value in polygon.ravel())
            file.write(
                f'{"," if number else ""}{{"id":{number + 1},'
                f'"image_id":{random.integers(1, IMAGES + 1)},'
                f'"category_id":{min(CATEGORIES, 1 + int(random.exponential(12)))},'
                f'"bbox":[{",".join(f"{value:.2f}" for value in box)}],"iscrowd":0,'
                f'"area":{box[2] * box[3] * random.random():.4f}'
                + ("}" if skipped else f',"segmentation":[[{outline}]]}}')
            )
        file.write("]}")


def main() -> None:
    """Write the file if it does not exist, and measure."""
    path = Path(sys.argv[1])
    if not path.exists():
        write(path)
    print(f"{path}: {path.stat().st_size / 1e6:.0f} MB")
    start = time.perf_counter()
    command = "from benchmark.commands.main import main; main()"
    out = path.with_suffix(".stats")
    subprocess.run(
        [sys.executable, "-c", command, "stats", str(path), "--out", str(out)],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    print(f"benchmark stats: {time.perf_counter() - start:.1f} s, {peak:.2f} GB")


if __name__ == "__main__":
    main()
