"""Predictions made out of real ground truth, as there are none to be had with it."""

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from evaluation_cases import coded

from o365seg.formats.masks import decode_rle, segmentation_to_rle


def coco_content(path: Path) -> dict[str, Any]:
    """A file's content without LVIS's marks, so that COCO's rules apply."""
    content = json.loads(path.read_text())
    for image in content["images"]:
        image.pop("neg_category_ids", None)
        image.pop("not_exhaustive_category_ids", None)
    return content


def jittered(truth: dict[str, Any], seed: int) -> list[dict[str, Any]]:
    """Predictions in the manner of a fair model: shifted, doubled, missed and misnamed masks."""
    random = np.random.default_rng(seed)
    sizes = {image["id"]: (image["height"], image["width"]) for image in truth["images"]}
    categories = [category["id"] for category in truth["categories"]]
    results = []
    for annotation in truth["annotations"]:
        height, width = sizes[annotation["image_id"]]
        text = msgspec.Raw(json.dumps(annotation["segmentation"]).encode())
        mask = decode_rle(segmentation_to_rle(text, (height, width)))
        for _ in range(random.choice([0, 1, 1, 1, 2])):
            shift = np.round(random.normal(0, 0.04, 2) * [height, width] * 0.5).astype(int)
            category = annotation["category_id"]
            if random.random() < 0.1:
                category = int(random.choice(categories))
            results.append(
                {
                    "image_id": annotation["image_id"],
                    "category_id": category,
                    "score": round(float(random.beta(2, 2)), 2),
                    "segmentation": coded(np.roll(mask, shift, axis=(0, 1))),
                }
            )
    return results
