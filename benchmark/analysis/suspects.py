"""Ground truth that confident predictions contradict: what to look at first for wrong annotations.

A suspect is a false positive (TIDE's kinds, IoU 0.5) of a high score:

- classification: it lies on an object of another category: is the category right?
- localisation: it overlaps an object of its category by 0.1 to 0.5: is the outline right?
- background: it lies on nothing: is an object not annotated?

Duplicates and mixed errors say more about the model than about the ground truth, and are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from benchmark.analysis.error_kinds import Judged, Kind
from benchmark.analysis.worst_images import (
    FALSE,
    MISSED,
    SIDE,
    jpeg,
    prediction_region,
    truth_region,
)
from benchmark.reading.inputs import Inputs
from benchmark.reading.text_ids import TextIds
from o365seg.errors import InputError
from o365seg.formats.records import AnnotationFile
from o365seg.formats.records import Image as ImageRecord
from o365seg.images.drawing import paint, shrink
from o365seg.images.image_files import ImageProblem, open_upright

KINDS = (Kind.CLASSIFICATION, Kind.LOCALISATION, Kind.BACKGROUND)
NUMBER = 50
"""Suspects listed by default."""


@dataclass(frozen=True)
class Suspect:
    """A prediction that contradicts the ground truth.

    Ids are numbers, and `prediction` counts the predictions that take part, as everywhere in an
    evaluation; `as_in_files` gives what the files have.

    Attributes:
        prediction: Its index.
        image_id: Its image.
        file_name: The image's file.
        kind: "classification", "localisation" or "background".
        score: The prediction's.
        predicted: Its category id.
        annotation_id: The object, or skipped instance, that it overlaps most; None on background.
        annotated: That annotation's category id; None likewise.
        iou: Their overlap, 0 to 1; on background the highest with anything.
    """

    prediction: int
    image_id: int | str
    file_name: str
    kind: str
    score: float
    predicted: int | str
    annotation_id: int | str | None
    annotated: int | str | None
    iou: float


def suspects(file: AnnotationFile, judged: Judged, number: int = NUMBER) -> list[Suspect]:
    """The suspects with the highest scores, worst first.

    Args:
        file: The ground truth.
        judged: What `error_kinds.judge` found for it.
        number: Most suspects.
    """
    chosen = np.flatnonzero(np.isin(judged.kind, [int(kind) for kind in KINDS]))
    order = np.lexsort((judged.prediction[chosen], -judged.score[chosen]))
    files = {image.id: image.name for image in file.images}
    found = []
    for place in chosen[order][:number].tolist():
        about = int(judged.about[place])
        annotation = file.annotations[about] if about >= 0 else None
        image_id = judged.image_ids[judged.image[place]]
        found.append(
            Suspect(
                prediction=int(judged.prediction[place]),
                image_id=image_id,
                file_name=files[image_id],
                kind=Kind(judged.kind[place]).name.lower(),
                score=float(judged.score[place]),
                predicted=int(judged.category[place]),
                annotation_id=None if annotation is None else annotation.id,
                annotated=None if annotation is None else annotation.category_id,
                iou=float(judged.iou[place]),
            )
        )
    return found


def as_in_files(
    found: Sequence[Suspect], places: Sequence[int] | None, text_ids: TextIds
) -> list[Suspect]:
    """The same suspects with the index in the results file, and ids as the ground truth has them.

    Args:
        found: Suspects, as `suspects` gives them.
        places: The place in the results file of each prediction that takes part; None where all do.
        text_ids: The ids of the ground truth that are text.
    """
    return [
        replace(
            one,
            prediction=one.prediction if places is None else places[one.prediction],
            image_id=text_ids.image(one.image_id),
            predicted=text_ids.category(one.predicted),
            annotation_id=text_ids.annotation(one.annotation_id),
            annotated=text_ids.category(one.annotated),
        )
        for one in found
    ]


def draw_suspects(
    inputs: Inputs, found: list[Suspect], folder: Path
) -> tuple[list[bytes | None], list[str]]:
    """A JPEG per suspect: the prediction yellow, the annotation that it contradicts magenta.

    Args:
        inputs: What was evaluated.
        found: Suspects, as `suspects` gives them.
        folder: Folder of the images.

    Returns:
        A picture of each suspect, None where its image cannot be drawn, and a line for each such
        image.

    Raises:
        InputError: the folder does not exist.
    """
    if not folder.is_dir():
        raise InputError("no such folder", file=folder)
    images: dict[int | str, ImageRecord] = {image.id: image for image in inputs.file.images}
    annotations = {record["id"]: record for record in inputs.truth.records}
    small: dict[int | str, tuple[Image.Image, float]] = {}
    problems: dict[int | str, str] = {}
    pictures: list[bytes | None] = []
    for one in found:
        if one.image_id not in small and one.image_id not in problems:
            try:
                small[one.image_id] = shrink(open_upright(folder, images[one.image_id]), SIDE)
            except ImageProblem as problem:
                shown = one.file_name or f"image {inputs.text_ids.image(one.image_id)}"
                problems[one.image_id] = f"{shown}: {problem}"
        if one.image_id in problems:
            pictures.append(None)
            continue
        image, scale = small[one.image_id]
        canvas = np.asarray(image).copy()
        if one.annotation_id is not None:
            record = annotations[one.annotation_id]
            paint(canvas, truth_region(inputs, record, canvas.shape, scale), MISSED, filled=False)
        region = prediction_region(inputs, one.prediction, canvas.shape, scale)
        paint(canvas, region, FALSE, filled=False)
        pictures.append(jpeg(Image.fromarray(canvas)))
    return pictures, list(problems.values())
