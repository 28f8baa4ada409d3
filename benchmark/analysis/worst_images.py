"""Draw the images with the most errors: missed, false and found objects, and the ground truth."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmark.analysis.error_kinds import Fate, Judged, Kind
from benchmark.analysis.pictures import FOUND_MARK, PICTURES, Errors, Picture
from benchmark.average_precision.matches import CategoryMatches
from benchmark.reading.choices import Iou
from benchmark.reading.inputs import Inputs
from o365seg.errors import InputError
from o365seg.formats.categories import display_name
from o365seg.formats.masks import Rle
from o365seg.images.drawing import dashed_box, mask_region, paint, shrink
from o365seg.images.image_files import ImageProblem, open_upright
from o365seg.images.palette import distinct_colours

SIDE = 720
"""Longest side of a drawn image, in pixels."""
MISSED, FALSE, FOUND = (222, 60, 170), (240, 200, 40), (70, 165, 245)
"""Magenta, yellow and blue: distinct for colour-blind readers, and rare in photos."""


def best_score(matches: Sequence[CategoryMatches]) -> float:
    """The score threshold with the best F1 at IoU 0.5, over all categories.

    Every image has many predictions of low score; counting them all as errors would say nothing.
    Of equally good scores the highest; infinite if no prediction is matched.
    """
    if not matches:
        return float("inf")
    score = np.concatenate([one.score[~one.ignored[0, 0]] for one in matches])
    true = np.concatenate([one.matched[0, 0][~one.ignored[0, 0]] for one in matches])
    positives = sum(int(one.positives[0].sum()) for one in matches)
    if not true.any():
        return float("inf")
    order = np.argsort(-score, kind="stable")
    score, hits = score[order], true[order].cumsum()
    f1 = 2 * hits / (np.arange(1, len(hits) + 1) + positives)
    last_of_score = np.append(score[1:] != score[:-1], True)
    return float(score[np.where(last_of_score, f1, -1).argmax()])


def errors_by_image(
    matches: Sequence[CategoryMatches], images: int, least_score: float
) -> list[Errors]:
    """Every image's errors, by its place among the ascending image ids."""
    missed, false, found = (np.zeros(images, np.int64) for _ in range(3))
    for one in matches:
        counted = ~one.ignored[0, 0] & (one.score >= least_score)
        hit = counted & one.matched[0, 0]
        hits = np.bincount(one.image[hit], minlength=images)
        found += hits
        false += np.bincount(one.image[counted & ~hit], minlength=images)
        missed += one.positives[0] - hits
    return [Errors(i, int(missed[i]), int(false[i]), int(found[i])) for i in range(images)]


def worst(errors: Sequence[Errors], number: int) -> list[Errors]:
    """The images with the most errors, missed and false together; of equals the lower id."""
    ranked = sorted(errors, key=lambda one: (-(one.missed + one.false), one.image))
    return [one for one in ranked[:number] if one.missed + one.false]


def draw_worst(
    inputs: Inputs,
    matches: Sequence[CategoryMatches],
    judged: Judged,
    folder: Path,
    number: int = PICTURES,
) -> tuple[float, list[Picture], list[str]]:
    """Draw the worst images.

    Args:
        inputs: Predictions and ground truth.
        matches: What the evaluation found for them.
        judged: The kinds of its errors, by the same rule for skipped instances.
        folder: Folder of the images, named as in the records' `file_name`, or without its folders.
        number: Most images to draw.

    Returns:
        The least score of a prediction that is drawn and counted, the pictures, and a line for
        each image that could not be drawn.

    Raises:
        InputError: the folder does not exist.
    """
    if not folder.is_dir():
        raise InputError("no such folder", file=folder)
    least = best_score(matches)
    chosen = worst(errors_by_image(matches, len(inputs.image_ids), least), number)
    records = {image.id: image for image in inputs.file.images}
    pictures, problems = [], []
    for errors in chosen:
        record = records[inputs.image_ids[errors.image]]
        try:
            small, scale = shrink(open_upright(folder, record), SIDE)
        except ImageProblem as problem:
            name = record.name or f"image {inputs.text_ids.image(record.id)}"
            problems.append(f"{name}: {problem}")
            continue
        shown = _shown(inputs, judged, errors.image, least)
        drawn, marks = _draw(small, scale, inputs, judged, shown)
        truth = _draw_truth(small, scale, inputs, shown)
        pictures.append(Picture(record.name, errors, *small.size, jpeg(drawn), jpeg(truth), marks))
    return least, pictures, problems


@dataclass(frozen=True)
class _Shown:
    """What is drawn on an image.

    Attributes:
        image_id: Its id.
        predictions: int64[n], places in `Judged`, in its order.
        objects: Indices of its objects among the annotations, in the file's order.
        found: Those of them that the predictions find.
    """

    image_id: int
    predictions: np.ndarray
    objects: list[int]
    found: frozenset[int]


def _shown(inputs: Inputs, judged: Judged, image: int, least: float) -> _Shown:
    """What is drawn on the image of that index, with predictions of the least score or more."""
    places = np.flatnonzero((judged.image == image) & (judged.score >= least))
    image_id = judged.image_ids[image]
    objects = [
        index
        for index in np.flatnonzero(judged.fate != Fate.NO_OBJECT).tolist()
        if inputs.truth.records[index]["image_id"] == image_id
    ]
    hits = places[judged.true[places]]
    return _Shown(image_id, places, objects, frozenset(judged.about[hits].tolist()))


def _draw(
    image: Image.Image, scale: float, inputs: Inputs, judged: Judged, shown: _Shown
) -> tuple[Image.Image, frozenset[tuple[int, str]]]:
    """Fill missed and false objects, outline found ones, and dash the boxes of skipped ones.

    Returns the drawing and its `Picture.marks`.
    """
    names = {category.id: category.name for category in inputs.file.categories}
    canvas = np.asarray(image).copy()
    labels = []
    marks: set[tuple[int, str]] = set()
    for place in shown.predictions.tolist():
        category_id, kind = int(judged.category[place]), Kind(judged.kind[place])
        hit = kind is Kind.RIGHT
        region = prediction_region(inputs, int(judged.prediction[place]), canvas.shape, scale)
        colour = FOUND if hit else FALSE
        marks.add((category_id, FOUND_MARK if hit else kind.name.lower()))
        paint(canvas, region, colour, filled=not hit)
        if not hit:
            labels.append(_Label(region, display_name(names[category_id]), colour))
    for index in shown.objects:
        if index in shown.found:
            continue
        record = inputs.truth.records[index]
        region = truth_region(inputs, record, canvas.shape, scale)
        paint(canvas, region, MISSED, filled=True)
        marks.add((record["category_id"], Kind.MISSED.name.lower()))
        labels.append(_Label(region, display_name(names[record["category_id"]]), MISSED))
    return _finished(canvas, scale, inputs, shown.image_id, labels), frozenset(marks)


def _draw_truth(image: Image.Image, scale: float, inputs: Inputs, shown: _Shown) -> Image.Image:
    """Fill every object in its own colour, and dash the boxes of skipped ones."""
    names = {category.id: category.name for category in inputs.file.categories}
    canvas = np.asarray(image).copy()
    labels = []
    colours = distinct_colours(max(1, len(shown.objects)))
    for index, colour in zip(shown.objects, colours, strict=False):
        record = inputs.truth.records[index]
        region = truth_region(inputs, record, canvas.shape, scale)
        paint(canvas, region, colour, filled=True)
        labels.append(_Label(region, display_name(names[record["category_id"]]), colour))
    return _finished(canvas, scale, inputs, shown.image_id, labels)


def _finished(
    canvas: np.ndarray,
    scale: float,
    inputs: Inputs,
    image_id: int,
    labels: "Sequence[_Label]",
) -> Image.Image:
    """Add the boxes of skipped instances and the names."""
    picture = Image.fromarray(canvas)
    pen = ImageDraw.Draw(picture)
    for record, skipped in zip(inputs.truth.records, inputs.truth.skipped, strict=True):
        if skipped and record["image_id"] == image_id:
            dashed_box(pen, [scale * side for side in record["bbox"]])
    _write_labels(pen, labels)
    return picture


def jpeg(picture: Image.Image) -> bytes:
    """A picture as the bytes of a JPEG file."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=82, optimize=True)
    return buffer.getvalue()


def prediction_region(
    inputs: Inputs, place: int, shape: tuple[int, ...], scale: float
) -> np.ndarray:
    """A prediction's mask or box on the drawn image, uint8[height, width]."""
    if inputs.iou is Iou.BBOX:
        return _box_region(inputs.predictions.boxes[place].tolist(), shape, scale)
    assert inputs.predictions.masks is not None
    return mask_region(inputs.predictions.masks[place], shape)


def truth_region(inputs: Inputs, record: dict, shape: tuple[int, ...], scale: float) -> np.ndarray:
    """A ground-truth record's mask or box on the drawn image, uint8[height, width]."""
    if inputs.iou is Iou.BBOX:
        return _box_region(record["bbox"], shape, scale)
    mask = record["segmentation"]
    return mask_region(Rle(tuple(mask["size"]), mask["counts"]), shape)


def _box_region(box: Sequence[float], shape: tuple[int, ...], scale: float) -> np.ndarray:
    region = np.zeros(shape[:2], np.uint8)
    left, top, width, height = (scale * side for side in box)
    region[
        max(0, round(top)) : max(0, round(top + height)),
        max(0, round(left)) : max(0, round(left + width)),
    ] = 1
    return region


@dataclass(frozen=True)
class _Label:
    region: np.ndarray
    name: str
    colour: tuple[int, int, int]


def _write_labels(pen: ImageDraw.ImageDraw, labels: Sequence[_Label]) -> None:
    """Write names at the top left of their regions, largest first, without overlaps."""
    font = ImageFont.load_default(12)
    taken: list[tuple[int, int, int, int]] = []
    for label in sorted(labels, key=lambda one: -int(one.region.sum())):
        rows = np.flatnonzero(label.region.any(axis=1))
        columns = np.flatnonzero(label.region.any(axis=0))
        if not rows.size:
            continue
        width, height = int(pen.textlength(label.name, font=font)) + 6, 16
        left = int(min(columns[0], max(0, label.region.shape[1] - width)))
        top = int(max(0, rows[0] - height))
        box = left, top, left + width, top + height
        if any(_overlap(box, other) for other in taken):
            continue
        taken.append(box)
        pen.rectangle(box, fill=label.colour)
        pen.text((left + 3, top + 1), label.name, fill=(0, 0, 0), font=font)


def _overlap(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    across = one[0] < other[2] and other[0] < one[2]
    return across and one[1] < other[3] and other[1] < one[3]
