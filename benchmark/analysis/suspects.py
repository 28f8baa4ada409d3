"""Ground truth that confident predictions contradict: what to look at first for wrong annotations.

A suspect is a false positive (TIDE's kinds, IoU 0.5) of a high score:

- classification: it lies on an object of another category: is the category right?
- localisation: it overlaps an object of its category by 0.1 to 0.5: is the outline right?
- background: it lies on nothing: is an object not annotated?

Duplicates and mixed errors say more about the model than about the ground truth, and are left out.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmark.analysis.error_kinds import Judged, Kind
from benchmark.analysis.overlaps import image_overlaps
from benchmark.analysis.worst_images import (
    FALSE,
    MISSED,
    SIDE,
    jpeg,
    prediction_region,
    truth_region,
)
from benchmark.reading.inputs import Inputs
from o365seg.errors import InputError
from o365seg.images.drawing import paint, shrink
from o365seg.images.image_files import ImageProblem, open_upright

KINDS = (Kind.CLASSIFICATION, Kind.LOCALISATION, Kind.BACKGROUND)
NUMBER = 50
"""Suspects listed by default."""


@dataclass(frozen=True)
class Suspect:
    """A prediction that contradicts the ground truth.

    Attributes:
        prediction: Its index in the results file.
        image_id: Its image.
        file_name: The image's file.
        kind: "classification", "localisation" or "background".
        score: The prediction's.
        predicted: Its category id.
        annotation_id: The object it overlaps most; None on background.
        annotated: That object's category id; None likewise.
        iou: Their overlap, 0 to 1.
    """

    prediction: int
    image_id: int
    file_name: str
    kind: str
    score: float
    predicted: int
    annotation_id: int | None
    annotated: int | None
    iou: float


def suspects(inputs: Inputs, judged: Judged, number: int = NUMBER) -> list[Suspect]:
    """The suspects with the highest scores, worst first.

    Args:
        inputs: Predictions and ground truth.
        judged: What `error_kinds.judge` found for them.
        number: Most suspects.
    """
    chosen = np.flatnonzero(np.isin(judged.kind, [int(kind) for kind in KINDS]))
    order = np.lexsort((judged.prediction[chosen], -judged.score[chosen]))
    chosen = chosen[order][:number]
    images = np.unique(judged.image[chosen]).tolist()
    of_image = dict(zip(images, image_overlaps(inputs, skipped=False, images=images), strict=True))
    files = {image.id: image.name for image in inputs.file.images}
    found = []
    for place in chosen.tolist():
        overlaps = of_image[int(judged.image[place])]
        prediction, kind = int(judged.prediction[place]), Kind(int(judged.kind[place]))
        row = int(np.flatnonzero(overlaps.predictions == prediction)[0])
        ious = np.where(overlaps.crowd, 0, overlaps.ious[row])
        same = overlaps.annotation_category == judged.category[place]
        if kind is not Kind.BACKGROUND:
            ious = np.where(same == (kind is Kind.LOCALISATION), ious, 0)
        best = int(ious.argmax()) if ious.size and kind is not Kind.BACKGROUND else None
        record = None if best is None else inputs.truth.records[overlaps.annotations[best]]
        image_id = inputs.image_ids[overlaps.image]
        found.append(
            Suspect(
                prediction=prediction,
                image_id=image_id,
                file_name=files[image_id],
                kind=kind.name.lower(),
                score=float(judged.score[place]),
                predicted=int(judged.category[place]),
                annotation_id=None if record is None else int(record["id"]),
                annotated=None if record is None else int(record["category_id"]),
                iou=float(ious.max()) if ious.size else 0.0,
            )
        )
    return found


def draw_suspects(
    inputs: Inputs, found: list[Suspect], folder: Path
) -> tuple[dict[int, bytes], list[str]]:
    """A JPEG per suspect: the prediction yellow, the annotation that it contradicts magenta.

    Returns:
        The pictures by the prediction's index, and a line for each image that cannot be drawn.

    Raises:
        InputError: the folder does not exist.
    """
    if not folder.is_dir():
        raise InputError("no such folder", file=folder)
    images = {image.id: image for image in inputs.file.images}
    annotations = {record["id"]: record for record in inputs.truth.records}
    small: dict[int, tuple[Image.Image, float]] = {}
    problems: dict[int, str] = {}
    pictures = {}
    for one in found:
        if one.image_id not in small and one.image_id not in problems:
            try:
                small[one.image_id] = shrink(open_upright(folder, images[one.image_id]), SIDE)
            except ImageProblem as problem:
                problems[one.image_id] = f"{one.file_name or f'image {one.image_id}'}: {problem}"
        if one.image_id in problems:
            continue
        image, scale = small[one.image_id]
        canvas = np.asarray(image).copy()
        if one.annotation_id is not None:
            record = annotations[one.annotation_id]
            paint(canvas, truth_region(inputs, record, canvas.shape, scale), MISSED, filled=False)
        region = prediction_region(inputs, one.prediction, canvas.shape, scale)
        paint(canvas, region, FALSE, filled=False)
        pictures[one.prediction] = jpeg(Image.fromarray(canvas))
    return pictures, list(problems.values())
