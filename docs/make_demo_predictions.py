"""Makes the demo's two prediction files, which `examples/score_and_compare.py` scores.

    python docs/make_demo_predictions.py

`grabcut.json`: GrabCut in each box, at half the resolution. `ellipses.json`: an ellipse in each
box. Both are predictions for the demo's photographs by their boxes, not by a trained network.
"""

import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import skimage

from o365seg.demo import predictions_folder
from o365seg.formats.json_files import write_json_atomic
from o365seg.formats.masks import encode_rle
from o365seg.formats.records import read_annotations

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))
from scripted_rater import Box, cut_out, read_photo


def ellipse(size: tuple[int, int], box: Box) -> np.ndarray:
    """The largest ellipse in a box, bool[height, width]."""
    x, y, width, height = box
    rows, columns = np.mgrid[: size[0], : size[1]] + 0.5
    across, down = (columns - x - width / 2) / (width / 2), (rows - y - height / 2) / (height / 2)
    return across**2 + down**2 <= 1


def half_resolution(photo: np.ndarray, box: Box) -> np.ndarray:
    """GrabCut on the photograph at half its size, bool[height, width]."""
    height, width = photo.shape[:2]
    small = cv2.resize(photo, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    x, y, across, down = (side / 2 for side in box)
    mask = cut_out(small, (x, y, across, down), iterations=2).astype(np.uint8)
    return cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST) > 0


def record(image: int, category: int, mask: np.ndarray, box: Box) -> dict[str, Any]:
    """A record of COCO's results format; its score says how well the mask fills the box."""
    rle = encode_rle(mask)
    score = round(min(0.99, float(mask.sum()) / (box[2] * box[3])), 3)
    segmentation = {"size": list(rle.size), "counts": rle.counts}
    return {
        "image_id": image, "category_id": category, "segmentation": segmentation, "score": score,
    }  # fmt: skip


def main() -> None:
    """Write both files."""
    file = read_annotations(predictions_folder().parent / "detections.json")
    images = {image.id: image for image in file.images}
    photos = {id_: read_photo(Path(skimage.data_dir) / one.name) for id_, one in images.items()}
    found: dict[str, list[dict[str, Any]]] = {"grabcut.json": [], "ellipses.json": []}
    for one in file.annotations:
        if one.iscrowd or one.bbox is None:
            continue
        photo = photos[one.image_id]
        masks = half_resolution(photo, one.bbox), ellipse(photo.shape[:2], one.bbox)
        for records, mask in zip(found.values(), masks, strict=True):
            if mask.any():
                records.append(record(one.image_id, one.category_id, mask, one.bbox))
    for name, records in found.items():
        write_json_atomic(predictions_folder() / name, records)


if __name__ == "__main__":
    main()
