"""Small pictures of answers: the photograph, the mask over it, its outline, and the box."""

import io

import cv2
import numpy as np
from PIL import Image, ImageDraw

from o365seg.masks import Rle, decode_rle
from o365seg.store.gallery import Painted

_MASK = np.array([47, 111, 224], np.float32)
_OUTLINE = (255, 255, 255)
_BOX = (255, 212, 121)


def draw_answer(photo: bytes, painted: Painted, longest: int) -> bytes:
    """An answer as JPEG.

    Args:
        photo: The image file.
        painted: The mask, its box and the size of the image they are in.
        longest: The picture's longer side, at most, in pixels.
    """
    height, width = painted.size
    scale = min(1.0, longest / max(height, width))
    small = (max(1, round(width * scale)), max(1, round(height * scale)))
    with Image.open(io.BytesIO(photo)) as opened:
        opened.draft("RGB", small)  # a JPEG is decoded at a fraction of its size
        pixels = np.asarray(opened.convert("RGB").resize(small), np.float32)
    if painted.counts is not None:
        mask = decode_rle(Rle(painted.size, painted.counts))
        cover = cv2.resize(mask.astype(np.float32), small, interpolation=cv2.INTER_AREA)
        pixels += 0.5 * cover[..., None] * (_MASK - pixels)
        # A mask thinner than a pixel of the picture shall be seen all the same.
        outlines, _ = cv2.findContours(
            (cover > 0.25).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE
        )
        pixels = np.ascontiguousarray(pixels)
        cv2.drawContours(pixels, outlines, -1, _OUTLINE, 1, cv2.LINE_AA)
    picture = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    x, y, box_width, box_height = (side * scale for side in painted.bbox)
    corners = (x, y, max(x, x + box_width), max(y, y + box_height))
    ImageDraw.Draw(picture).rectangle(corners, outline=_BOX, width=2 if longest > 600 else 1)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=86)
    return out.getvalue()
