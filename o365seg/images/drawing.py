"""Masks and boxes over a photograph, drawn so that they are seen on any."""

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw

from o365seg.formats.masks import Rle, decode_rle
from o365seg.images.palette import Colour


def shrink(image: Image.Image, side: int) -> tuple[Image.Image, float]:
    """The image with no side longer than `side` pixels, and the scale that took: at most 1."""
    scale = min(1.0, side / max(image.size))
    if scale == 1:
        return image, scale
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, Image.Resampling.LANCZOS), scale


def mask_region(mask: Rle, shape: tuple[int, ...]) -> np.ndarray:
    """A mask at the size of the drawn image, uint8[height, width]; small ones do not vanish.

    Raises:
        MaskError: `mask` does not describe a mask.
    """
    size = shape[1], shape[0]
    pixels = np.ascontiguousarray(decode_rle(mask)) * 255
    return (cv2.resize(pixels, size, interpolation=cv2.INTER_AREA) >= 96).astype(np.uint8)


def paint(canvas: np.ndarray, region: np.ndarray, colour: Colour, *, filled: bool) -> None:
    """Outline a region uint8[h, w] on uint8[h, w, 3], and tint what is inside where asked."""
    inside = region > 0
    if filled:
        canvas[inside] = (0.55 * canvas[inside] + 0.45 * np.array(colour)).astype(np.uint8)
    outline, _ = cv2.findContours(region, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.polylines(canvas, outline, True, (255, 255, 255), 3, cv2.LINE_AA)
    cv2.polylines(canvas, outline, True, colour, 2, cv2.LINE_AA)


def dashed_box(pen: ImageDraw.ImageDraw, box: Sequence[float], dash: int = 7) -> None:
    """White dashes on a black line round (x, y, width, height)."""
    left, top, right, bottom = box[0], box[1], box[0] + box[2], box[1] + box[3]
    pen.rectangle((left, top, max(left, right), max(top, bottom)), outline=(0, 0, 0), width=2)
    for start in np.arange(left, right, 2 * dash):
        end = min(right, start + dash)
        pen.line((start, top, end, top), (255, 255, 255), 2)
        pen.line((start, bottom, end, bottom), (255, 255, 255), 2)
    for start in np.arange(top, bottom, 2 * dash):
        end = min(bottom, start + dash)
        pen.line((left, start, left, end), (255, 255, 255), 2)
        pen.line((right, start, right, end), (255, 255, 255), 2)
