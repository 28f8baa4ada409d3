"""Thumbnails of answers: the image, the mask over it, its outline, and the box."""

import io

import cv2
import numpy as np
from PIL import Image, ImageDraw

from o365seg.formats.masks import Rle, decode_rle
from o365seg.images.rgb import to_rgb
from o365seg.store.progress.gallery import Painted

_MASK = np.array([47, 111, 224], np.float32)
_OUTLINE = (255, 255, 255)
_BOX = (255, 212, 121)


def draw_answer(image: bytes, painted: Painted, longest: int, *, crop: bool) -> bytes:
    """Draw an answer as a JPEG.

    Args:
        image: The image file.
        painted: The mask, its box and the size of the image they are in.
        longest: Longer side of the thumbnail, in pixels; a whole image is never enlarged.
        crop: Show only the area around the mask and the box.
    """
    height, width = painted.size
    mask = None if painted.counts is None else decode_rle(Rle(painted.size, painted.counts))
    left, top, right, bottom = _surroundings(painted, mask) if crop else (0, 0, width, height)
    scale = longest / max(right - left, bottom - top)
    scale = min(scale, 6.0 if crop else 1.0)
    size = (max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale)))
    with Image.open(io.BytesIO(image)) as opened:
        # A JPEG is decoded at a fraction of its size where that is enough.
        opened.draft("RGB", (round(width * scale), round(height * scale)))
        shrunk = opened.width / width
        part = (left * shrunk, top * shrunk, right * shrunk, bottom * shrunk)
        pixels = np.asarray(to_rgb(opened)[0].resize(size, box=part), np.float32)
    if mask is not None:
        kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
        seen = mask[top:bottom, left:right].astype(np.float32)
        cover = cv2.resize(seen, size, interpolation=kind)
        pixels = pixels + 0.45 * cover[..., None] * (_MASK - pixels)
        # The outline keeps a mask visible that is thinner than a pixel of the thumbnail.
        outlines, _ = cv2.findContours(
            (cover > 0.25).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE
        )
        pixels = np.ascontiguousarray(pixels)
        cv2.drawContours(pixels, outlines, -1, _OUTLINE, 1)
    picture = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    x, y, box_width, box_height = painted.bbox
    corners = [
        (side - origin) * scale
        for side, origin in ((x, left), (y, top), (x + box_width, left), (y + box_height, top))
    ]
    ImageDraw.Draw(picture).rectangle(corners, outline=_BOX, width=2)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=86)
    return out.getvalue()


def _surroundings(painted: Painted, mask: np.ndarray | None) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) around box and mask with a margin, clipped to the image."""
    height, width = painted.size
    x, y, box_width, box_height = painted.bbox
    left, top, right, bottom = x, y, x + box_width, y + box_height
    if mask is not None and mask.any():
        columns, rows = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
        left, right = min(left, columns[0]), max(right, columns[-1] + 1)
        top, bottom = min(top, rows[0]), max(bottom, rows[-1] + 1)
    margin = max(16.0, 0.25 * max(right - left, bottom - top))
    return (
        int(np.clip(left - margin, 0, width - 1)),
        int(np.clip(top - margin, 0, height - 1)),
        int(np.clip(right + margin, 1, width)),
        int(np.clip(bottom + margin, 1, height)),
    )
