"""Time panoptic quality and mean IoU, and decoding the PNGs alone.

    python tests/performance/benchmark/panoptic_and_semantic.py 5000
    python tests/performance/benchmark/panoptic_and_semantic.py 5000 panopticapi

Writes that many seeded images of 640 × 480 (about 12 segments each with wavy borders, as in COCO
panoptic val2017) to a temporary folder, and measures each task in its own process: wall seconds,
processor seconds and peak resident memory. The second form also measures panopticapi, if it is
installed.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

HEIGHT, WIDTH, SEGMENTS, CATEGORIES = 480, 640, 12, 133

DECODE = """
import sys
from pathlib import Path
from benchmark.pixels.ordered_threads import map_in_order
from benchmark.pixels.png_maps import read_labels, read_segment_ids
read = read_segment_ids if sys.argv[1] == "panoptic" else read_labels
paths = [path for folder in sys.argv[2:] for path in sorted(Path(folder).glob("*.png"))]
list(map_in_order(lambda path: read(path).shape, paths, "Decoding"))
"""
COMMAND = "from benchmark.commands.main import main; main()"
PANOPTICAPI = """
import sys
from panopticapi.evaluation import pq_compute
pq_compute(sys.argv[2], sys.argv[1])
"""


def write_image(folder: Path, number: int) -> dict[str, list[dict[str, int]]]:
    """Write one image's PNGs of ids and labels, true and predicted; return the JSON segments."""
    random = np.random.default_rng(number)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    centres = random.random((SEGMENTS, 2)) * [HEIGHT, WIDTH]
    waves = 8 * np.sin(x / 9 + 5 * random.random()) + 6 * np.sin(y / 7 + x / 23)
    listed = {}
    categories = random.integers(1, CATEGORIES + 1, SEGMENTS)
    for side, shift in (("true", 0), ("predicted", 5)):
        nearest = np.full((HEIGHT, WIDTH), np.inf, np.float32)
        owner = np.zeros((HEIGHT, WIDTH), np.int64)
        for index, (cy, cx) in enumerate(centres + shift):
            distance = np.hypot(y - cy, x - cx) + waves * ((index % 3) - 1)
            owner[distance < nearest] = index
            nearest = np.minimum(nearest, distance)
        ids = (owner + 1) * (65_793 if side == "true" else 70_001)
        if side == "true":
            ids[random.random((HEIGHT // 8, WIDTH // 8)).repeat(8, 0).repeat(8, 1) < 0.01] = 0
        colours = np.stack([ids % 256, ids // 256 % 256, ids // 65536], -1).astype(np.uint8)
        name = f"{number:012d}.png"
        Image.fromarray(colours).save(folder / side / name)
        Image.fromarray(categories[owner].astype(np.uint8)).save(folder / f"{side}_labels" / name)
        there, areas = np.unique(ids[ids > 0], return_counts=True)
        step = 65_793 if side == "true" else 70_001
        listed[side] = [
            {"id": int(i), "category_id": int(categories[i // step - 1]), "iscrowd": 0,
             "area": int(area)}
            for i, area in zip(there, areas, strict=True)
        ]  # fmt: skip
    return listed


def write(folder: Path, images: int) -> None:
    """Write all images and both JSON files."""
    for name in ("true", "predicted", "true_labels", "predicted_labels"):
        (folder / name).mkdir()
    with ProcessPoolExecutor() as pool:
        listed = list(pool.map(write_image, [folder] * images, range(images), chunksize=20))
    categories = [
        {"id": c, "name": f"category {c}", "isthing": int(c <= 80)}
        for c in range(1, CATEGORIES + 1)
    ]
    for side in ("true", "predicted"):
        annotations = [
            {"image_id": n, "file_name": f"{n:012d}.png", "segments_info": found[side]}
            for n, found in enumerate(listed)
        ]
        content = {"annotations": annotations, "categories": categories}
        (folder / f"{side}.json").write_text(json.dumps(content))


def measure(name: str, code: str, *arguments: str) -> None:
    """Run code in its own process and print time and memory."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    script = f"import resource, sys\n{code}\n"
    done = subprocess.run(
        [sys.executable, "-c", _REPORTING.format(code=script), *arguments],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    memory = int(done.stderr.splitlines()[-1]) / 1000
    print(f"{name:28} {wall:7.1f} s wall {cpu:7.1f} s processor {memory:7.0f} MB")


_REPORTING = """
import atexit, resource, sys
atexit.register(lambda: sys.stderr.write(
    "\\n" + str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)))
{code}
"""


def main() -> None:
    """Write the files and measure each in turn."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, int(sys.argv[1]))
        true, predicted = str(folder / "true.json"), str(folder / "predicted.json")
        maps = str(folder / "true_labels"), str(folder / "predicted_labels")
        measure("panoptic PNGs, decoding", DECODE, "panoptic", true[:-5], predicted[:-5])
        measure("panoptic quality", COMMAND, "evaluate", predicted, "--task", "panoptic",
                "--gt", true)  # fmt: skip
        measure("label maps, decoding", DECODE, "semantic", *maps)
        measure("mean IoU", COMMAND, "evaluate", maps[1], "--task", "semantic", "--gt", maps[0])
        if "panopticapi" in sys.argv:
            measure("panopticapi", PANOPTICAPI, predicted, true)


if __name__ == "__main__":
    main()
