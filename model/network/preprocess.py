"""An image as the network's input, and the image's position in it (appendix E).

Fixed size (the paper's): the longest side is resized to 1024 pixels and the image padded to
1024×1024. Native size: no resizing, padded to the next multiple of 32. Padding is at the bottom
and the right.
"""

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

FIXED_SIZE = 1024
"""Pixels along either side of a fixed-size input (section 4, appendix F)."""

MULTIPLE = 32
"""Divisor of an input's sides: the stride of the coarsest level."""

PADDING = (124, 116, 104)
"""Colour of the padding: ImageNet's mean, which the network normalises to zero."""


@dataclass(frozen=True)
class Placement:
    """Position of an image in the network's input; sizes are (height, width) in pixels.

    Attributes:
        image: Original size of the image.
        input: Resized size: the unpadded part of the input, from the top left.
    """

    image: tuple[int, int]
    input: tuple[int, int]


def resize_and_pad(
    image: np.ndarray, size: int | None = FIXED_SIZE
) -> tuple[torch.Tensor, Placement]:
    """Resize and pad an image to the network's input.

    Args:
        image: uint8 (H, W, 3), RGB.
        size: Pixels of the input's sides, a multiple of 32; None for native size.

    Returns:
        uint8 (3, H', W') RGB, both sides `size` or, at native size, the next multiples of 32;
        and the position of the image in it.

    Raises:
        ValueError: `size` is not a multiple of 32, or the image is empty or not RGB.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ValueError(f"an RGB image of bytes was expected, not {image.dtype} {image.shape}")
    if size is not None and (size < MULTIPLE or size % MULTIPLE):
        raise ValueError(f"the input's size must be a multiple of {MULTIPLE}, not {size}")
    height, width = image.shape[:2]
    if size is None:
        inner = height, width
        outer = tuple(-(-side // MULTIPLE) * MULTIPLE for side in inner)
    else:
        scale = size / max(height, width)
        inner = max(round(height * scale), 1), max(round(width * scale), 1)
        outer = size, size
    if inner != (height, width):
        resized = Image.fromarray(image).resize(inner[::-1], Image.Resampling.BILINEAR)
        image = np.asarray(resized)
    padded = np.empty((*outer, 3), np.uint8)
    padded[:] = PADDING
    padded[: inner[0], : inner[1]] = image
    pixels = torch.from_numpy(padded).permute(2, 0, 1).contiguous()
    return pixels, Placement((height, width), inner)
