"""Images with their masks and boxes side by side on one picture: the paper's figure 6."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw

from o365seg.gallery.objects import ShownObject
from o365seg.images.drawing import dashed_box, mask_region, paint
from o365seg.images.palette import distinct_colours

_WIDTH = 1440
_GAP = 6
_COLUMNS = 3
_TALLEST = 480
"""Of a row, in pixels."""


@dataclass(frozen=True)
class SheetImage:
    """An image for the sheet.

    Attributes:
        picture: RGB, downscaled.
        width: Pixels across the image before that.
        objects: What is on it, the largest first.
    """

    picture: Image.Image
    width: int
    objects: Sequence[ShownObject]


def contact_sheet(images: Sequence[SheetImage]) -> Image.Image:
    """The images in rows of three, each row as high as lets it fill the width, on white."""
    rows = [images[first : first + _COLUMNS] for first in range(0, len(images), _COLUMNS)]
    drawn = [[draw_objects(image, _row_height(row)) for image in row] for row in rows]
    widths = [sum(one.width for one in row) + _GAP * (len(row) - 1) for row in drawn]
    height = sum(row[0].height for row in drawn) + _GAP * (len(drawn) - 1)
    sheet = Image.new("RGB", (max(widths), height), "white")
    top = 0
    for row in drawn:
        left = 0
        for picture in row:
            sheet.paste(picture, (left, top))
            left += picture.width + _GAP
        top += row[0].height + _GAP
    return sheet


def _row_height(row: Sequence[SheetImage]) -> int:
    ratios = sum(one.picture.width / one.picture.height for one in row)
    return max(1, min(_TALLEST, int((_WIDTH - _GAP * (len(row) - 1)) / ratios)))


def draw_objects(image: SheetImage, height: int) -> Image.Image:
    """The image at a height in pixels, a colour an object: mask and box, or a dashed box alone."""
    size = max(1, round(image.picture.width * height / image.picture.height)), height
    canvas = np.asarray(image.picture.resize(size, Image.Resampling.LANCZOS)).copy()
    scale = canvas.shape[1] / image.width
    colours = distinct_colours(max(1, len(image.objects)))
    for one, colour in zip(image.objects, colours, strict=False):
        if one.mask is not None:
            paint(canvas, mask_region(one.mask, canvas.shape), colour, filled=True)
    for one, colour in zip(image.objects, colours, strict=False):
        if one.mask is not None and one.box is not None:
            left, top, width, height = (scale * side for side in one.box)
            corners = (round(left), round(top)), (round(left + width), round(top + height))
            cv2.rectangle(canvas, *corners, colour, 1, cv2.LINE_AA)
    picture = Image.fromarray(canvas)
    pen = ImageDraw.Draw(picture)
    for one in image.objects:
        if one.mask is None and one.box is not None:
            dashed_box(pen, [scale * side for side in one.box])
    return picture
