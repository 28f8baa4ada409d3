"""From the stride-4 grid of the padded input to the pixels of the image."""

import torch
from torch.nn import functional

from model.preprocess import Placement
from model.targets import STRIDE


def resize_to_image(maps: torch.Tensor, placement: Placement) -> torch.Tensor:
    """Crop to the unpadded part and resize bilinearly, pixel centres on pixel centres.

    The unpadded part may end inside a cell of the grid; the scale is that of the part itself, so
    nothing shifts.

    Args:
        maps: (C, h, w) float, on the grid of the padded input.
        placement: Where the image lies in the input.

    Returns:
        (C, H, W), of the image's size.
    """
    height, width = placement.image
    rows, columns = (-(-side // STRIDE) for side in placement.input)
    # Upwards by less than any coordinate can show, or rounding could cost the last row.
    scale = tuple(
        pixels / (side / STRIDE) * (1 + 1e-9)
        for pixels, side in zip(placement.image, placement.input, strict=True)
    )
    resized = functional.interpolate(
        maps[None, :, :rows, :columns], scale_factor=scale, mode="bilinear",
        recompute_scale_factor=False,
    )  # fmt: skip
    return resized[0, :, :height, :width]
