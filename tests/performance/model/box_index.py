"""Time and memory of the box index (`model.datasets.box_index`) on a generated file.

The records have the keys and the number format of `zhiyuan_objv2_train.json`. Each measurement runs
in its own process.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np


def write_annotations(path: Path, images: int, boxes: int, seed: int = 0) -> None:
    """Write that many records in Objects365's schema, annotations in random order."""
    random = np.random.default_rng(seed)
    categories = [{"id": number, "name": f"class {number}"} for number in range(1, 366)]
    with path.open("w") as file:
        file.write('{"images": [')
        for first in range(0, images, 100_000):
            count = min(100_000, images - first)
            sizes = random.integers(400, 1200, (count, 2)).tolist()
            rows = [
                f'{{"height": {height}, "id": {number}, "license": 5, "width": {width}, '
                f'"file_name": "images/v1/patch{number % 51}/objects365_v1_{number:08d}.jpg", '
                '"url": ""}'
                for number, (height, width) in enumerate(sizes, start=first)
            ]
            file.write(", " * (first > 0) + ", ".join(rows))
        file.write('], "annotations": [')
        for first in range(0, boxes, 100_000):
            count = min(100_000, boxes - first)
            owners = random.integers(0, images, count).tolist()
            kinds = random.integers(1, 366, count).tolist()
            corners = random.uniform(0, 400, (count, 4)).round(10).tolist()
            rows = [
                f'{{"id": {number}, "iscrowd": {int(number % 40 == 0)}, "isfake": 0, '
                f'"area": {w * h:.10f}, "isreflected": 0, "bbox": [{x}, {y}, {w}, {h}], '
                f'"image_id": {owner}, "category_id": {kind}}}'
                for number, (owner, kind, (x, y, w, h)) in enumerate(
                    zip(owners, kinds, corners, strict=True), start=first
                )
            ]
            file.write(", " * (first > 0) + ", ".join(rows))
        file.write(f'], "categories": {json.dumps(categories)}}}')


def memory() -> dict[str, float]:
    """Memory of this process in MB: peak, resident, and resident but not in files."""
    lines = Path("/proc/self/status").read_text().splitlines()
    values = {line.split(":")[0]: line.split()[1] for line in lines if line.endswith(" kB")}
    return {key: int(values[key]) / 1000 for key in ("VmHWM", "VmRSS", "RssAnon")}


def use(path: Path, cache: Path, drop: bool) -> None:
    """Open the index and read all of it, as an epoch of training does; print time and memory."""
    from model.datasets.box_index import open_box_index

    highest = 0.0
    done = threading.Event()

    def watch() -> None:
        nonlocal highest
        while not done.wait(0.05):
            highest = max(highest, memory()["RssAnon"])

    watcher = threading.Thread(target=watch)
    watcher.start()
    began, cpu = time.perf_counter(), time.process_time()
    index = open_box_index(path, cache)
    opened = {"open s": time.perf_counter() - began, "open CPU s": time.process_time() - cpu}
    done.set()
    watcher.join()
    opened["highest RssAnon"] = highest
    if not drop:
        order = np.random.default_rng(0).permutation(len(index))
        total = 0.0
        for place in order.tolist():
            part = slice(int(index.starts[place]), int(index.starts[place + 1]))
            total += float(index.boxes[part].sum()) + len(index.file_name(place))
    print(json.dumps(opened | memory() | {"images": len(index), "boxes": len(index.boxes)}))


def main() -> None:
    """Generate a file, then build and open its index."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=200_000)
    parser.add_argument("--boxes", type=int, default=3_000_000)
    parser.add_argument("--use", choices=["build", "open"])
    arguments = parser.parse_args()
    path = arguments.folder / f"zhiyuan_objv2_{arguments.images}.json"
    if arguments.use:
        use(path, arguments.folder / "cache", arguments.use == "build")
        return
    arguments.folder.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        write_annotations(path, arguments.images, arguments.boxes)
    shutil.rmtree(arguments.folder / "cache", ignore_errors=True)
    print(f"{path}: {path.stat().st_size / 1e6:,.0f} MB")
    for step in ("build", "open", "open"):
        command = [sys.executable, __file__, *sys.argv[1:], "--use", step]
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
        found = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        values = json.loads(found.stdout)
        print(step, " ".join(f"{key} {value:,.2f}" for key, value in values.items()))


if __name__ == "__main__":
    main()
