"""Repeat a small evaluation until it is large enough to measure: real masks, say.

    python examples/real_predictions.py instances.json images/ u2netp.onnx preds.json
    python tests/performance/benchmark/repeat_workload.py instances.json preds.json /tmp/real

Every image appears `--copies` times with other ids; each copy's scores are slightly lower, so that
no two are equal. Writes what `evaluator_rows.py` and `compare.py` read.
"""

import argparse
import json
from pathlib import Path
from typing import Any

STEP = 1_000_000_000
"""Between the ids of copies: above those of COCO's files."""


def repeat(
    truth: dict[str, Any], results: list[dict[str, Any]], copies: int
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Both sides with every image a number of times; annotations are numbered anew from 1."""
    images, annotations, found = [], [], []
    for copy in range(copies):
        images += [one | {"id": one["id"] + copy * STEP} for one in truth["images"]]
        annotations += [
            one | {"id": len(annotations) + place, "image_id": one["image_id"] + copy * STEP}
            for place, one in enumerate(truth["annotations"], 1)
        ]
        found += [
            one
            | {"image_id": one["image_id"] + copy * STEP, "score": one["score"] * (1 - copy / 1e6)}
            for one in results
        ]
    return truth | {"images": images, "annotations": annotations}, found


def main() -> None:
    """Read both files and write the folder."""
    parser = argparse.ArgumentParser(description="Repeat a small evaluation.")
    parser.add_argument("truth", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--copies", type=int, default=500)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    truth, results = (json.loads(path.read_text()) for path in (arguments.truth, arguments.results))
    repeated = repeat(truth, results, arguments.copies)
    for name, content in zip(("truth", "results"), repeated, strict=True):
        (arguments.folder / f"{name}.json").write_text(json.dumps(content))


if __name__ == "__main__":
    main()
