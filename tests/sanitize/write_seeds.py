"""Small valid inputs for the fuzzer to damage: annotation file, a zero byte, results file; PNGs."""

import json
import sys
import zlib
from pathlib import Path

import numpy as np
from evaluation_cases import Case, Guess, Thing, rectangle
from make_workload import Scale, write_workload
from png_bytes import GREY, PALETTE, RGB, filtered, header, png


def pngs() -> list[bytes]:
    """PNGs of every kind, filter and sort of block."""
    random = np.random.default_rng(1)
    found = []
    for depth, colour, channels in ((8, RGB, 3), (16, GREY, 2), (8, GREY, 1), (8, PALETTE, 1)):
        rows = random.integers(0, 256, (12, 1, channels)).repeat(40, 1)
        rows[3:9, 5:30] = random.integers(0, 256, (6, 25, channels))
        data = filtered(rows.reshape(12, -1), [0, 1, 2, 3, 4, 4], channels)
        for level, strategy in ((9, zlib.Z_DEFAULT_STRATEGY), (6, zlib.Z_FIXED), (0, zlib.Z_RLE)):
            packer = zlib.compressobj(level, strategy=strategy)
            stream = packer.compress(data) + packer.flush()
            found.append(png(header(40, 12, depth, colour), stream, 300))
    return found


def write_seeds(folder: Path) -> None:
    """Write them into `folder`."""
    folder.mkdir(parents=True)
    mask, other = rectangle(0, 0, 9, 9), rectangle(2, 0, 60, 50)
    cases = [
        Case([Thing(mask), Thing(box=(1, 1, 9, 8)), Thing(box=(0, 0, 50, 50), crowd=True)],
             [Guess(mask, 0.9), Guess(other), Guess(mask, 0.1, image=2)], first_id=0),
        Case([Thing(other), Thing(mask, category=2)],
             [Guess(other, 0.9, box=(2, 0, 60, 50)), Guess(mask, box=(0, 0, 9, 9), category=2)]),
    ]  # fmt: skip
    pairs = [(json.dumps(case.truth()), json.dumps(case.results())) for case in cases]
    record = {"image_id": 1, "category_id": 1, "score": 0.5}
    forms = [
        [],
        [[0, 0, 9, 0, 9, 9]],
        [[2, 2, 90, 5.5, 40, 99], [x for i in range(12) for x in (i % 2 * 9.5, 4 * i)]],
        {"size": [110, 100], "counts": [0, 5, 0, 0, 10_995]},
    ]
    plain = [{**record, "segmentation": form} for form in forms]
    pairs.append((pairs[0][0], json.dumps(plain)))
    given = [r | {"area": 50 * i} for i, r in enumerate(cases[1].results())]
    pairs.append((pairs[1][0], json.dumps(given)))
    scale = Scale(images=2, categories=3, annotations=2, predictions=4, skipped=0.3)
    truth, results = write_workload(folder.parent / "workload", scale)
    pairs.append((truth.read_text(), results.read_text()))
    for number, (first, second) in enumerate(pairs):
        (folder / str(number)).write_bytes(first.encode() + b"\0" + second.encode())
    for number, data in enumerate(pngs()):
        (folder / f"{number}.png").write_bytes(data)


if __name__ == "__main__":
    write_seeds(Path(sys.argv[1]))
