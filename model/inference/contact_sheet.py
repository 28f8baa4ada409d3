"""Samples of a data set with their ground truth, drawn on one picture."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from model.data.samples import BoxGroundTruth, ClassGroundTruth, Sample, SegmentGroundTruth
from model.inference.postprocess import PanopticResult, PanopticSegment
from model.inference.visualize import class_colours, draw_panoptic, font
from model.text.vocabulary import Vocabulary, clean_name
from o365seg.images.palette import shade

_CELL = (720, 460)  # width and height in pixels
_COLUMNS = 2
_CAPTION = 26


def contact_sheet(samples: Sequence[Sample], vocabulary: Vocabulary) -> Image.Image:
    """The samples in rows of two, each with its legend and name."""
    rows = -(-len(samples) // _COLUMNS)
    width, height = _CELL
    sheet = Image.new("RGB", (_COLUMNS * width, max(rows, 1) * (height + _CAPTION)), "white")
    draw = ImageDraw.Draw(sheet)
    for number, sample in enumerate(samples):
        row, column = divmod(number, _COLUMNS)
        left, top = column * width, row * (height + _CAPTION)
        picture = draw_ground_truth(sample, vocabulary)
        picture.thumbnail((width - 8, height - 8), Image.Resampling.LANCZOS)
        sheet.paste(picture, (left + 4, top + _CAPTION))
        shape = "×".join(str(side) for side in sample.image.shape[1::-1])
        text = f"{sample.image_id}   {shape}"
        draw.text((left + 8, top + _CAPTION / 2), text, "black", font(15), anchor="lm")
    return sheet


def draw_ground_truth(sample: Sample, vocabulary: Vocabulary) -> Image.Image:
    """The image with its ground truth: coloured segments or classes (without crowds), or boxes."""
    truth = sample.ground_truth
    if isinstance(truth, BoxGroundTruth):
        return _draw_boxes(sample.image, truth, vocabulary)
    if isinstance(truth, ClassGroundTruth):
        present = [int(label) for label in np.unique(truth.classes) if label >= 0]
        segments = [PanopticSegment(label + 1, label, 1.0) for label in present]
        ids = truth.classes.astype(np.int32) + 1
        return draw_panoptic(sample.image, PanopticResult(ids, segments), vocabulary)
    ids, segments = _numbered(truth)
    return draw_panoptic(sample.image, PanopticResult(ids, segments), vocabulary)


def _numbered(truth: SegmentGroundTruth) -> tuple[np.ndarray, list[PanopticSegment]]:
    """The map and the segments with ids from 1 on, without segments that have no pixel."""
    present, places = np.unique(truth.ids, return_inverse=True)
    numbers = np.zeros(len(present), np.int32)
    segments = []
    found = {int(number): place for place, number in enumerate(present)}
    for segment in truth.segments:
        if not segment.crowd and segment.id in found:
            segments.append(PanopticSegment(len(segments) + 1, segment.label, 1.0))
            numbers[found[segment.id]] = len(segments)
    return numbers[places.reshape(truth.ids.shape)], segments


def _draw_boxes(image: np.ndarray, truth: BoxGroundTruth, vocabulary: Vocabulary) -> Image.Image:
    scale = max(1, -(-720 // max(image.shape[:2])))  # small images are enlarged as in `visualize`
    picture = Image.fromarray(image)
    picture = picture.resize((picture.width * scale, picture.height * scale))
    draw = ImageDraw.Draw(picture, "RGBA")
    colours = class_colours(vocabulary)
    size = max(13, max(picture.size) // 60)
    seen: dict[int, int] = {}
    areas = np.prod(truth.boxes[:, 2:] - truth.boxes[:, :2], axis=1)
    for place in np.argsort(-areas, kind="stable").tolist():  # small boxes on top
        label = int(truth.labels[place])
        number = seen.get(label, 0)
        seen[label] = number + 1
        colour = shade(colours[label], number)
        left, top, right, bottom = (truth.boxes[place] * scale).tolist()
        draw.rectangle((left, top, max(right, left), max(bottom, top)), outline=colour, width=3)
        text = clean_name(vocabulary.names[label])
        below = max(top, size + 4)
        length = font(size).getlength(text) + 6
        draw.rectangle((left, below - size - 4, left + length, below), fill=(*colour, 220))
        draw.text((left + 3, below - size / 2 - 2), text, "white", font(size), anchor="lm")
    return picture
