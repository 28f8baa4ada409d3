"""Resize maps from the stride-4 grid of the padded input to the image."""

import torch
import torch.nn.functional as F  # noqa: N812

from model.network.preprocess import Placement
from model.objective.targets import STRIDE


def resize_to_image(maps: torch.Tensor, placement: Placement) -> torch.Tensor:
    """Crop to the unpadded part and resize bilinearly, aligned by pixel centres.

    The unpadded part may end inside a cell of the grid; the scale is that of the part itself, so
    that nothing shifts.

    Args:
        maps: (C, h, w) float, on the grid of the padded input.
        placement: Position of the image in the input.

    Returns:
        (C, H, W), the size of the image.
    """
    height, width = placement.image
    rows, columns = (-(-side // STRIDE) for side in placement.input)
    maps = maps[:, :rows, :columns]
    if height == rows or width == columns:
        # interpolate copies along an axis of unchanged size, although its last cell may be cut.
        across = maps @ _weights(width, columns, placement.input[1], maps).T
        return _weights(height, rows, placement.input[0], maps) @ across
    # Slightly larger, as rounding could otherwise drop the last row.
    scale = tuple(
        pixels / (side / STRIDE) * (1 + 1e-9)
        for pixels, side in zip(placement.image, placement.input, strict=True)
    )
    resized = F.interpolate(
        maps[None], scale_factor=scale, mode="bilinear",
        recompute_scale_factor=False,
    )  # fmt: skip
    return resized[0, :, :height, :width]


def _weights(pixels: int, cells: int, side: int, like: torch.Tensor) -> torch.Tensor:
    """(pixels, cells), the weight of each cell in each pixel along one axis."""
    own = torch.arange(pixels, dtype=like.dtype, device=like.device)
    place = ((own + 0.5) * (side / STRIDE / pixels) - 0.5).clamp(0, cells - 1)
    distance = place[:, None] - torch.arange(cells, device=like.device)
    return (1 - distance.abs()).clamp(min=0)
