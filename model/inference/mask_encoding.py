"""Run lengths of masks in the image's size, computed from their logits on the stride-4 grid.

A mask is where the bilinearly resized logits are above zero. Along a column of the image the logits
are linear between two rows of the grid, so their sign changes there at most once, and a division
finds where. The cost of a mask is (grid rows) × (image columns) of its bounding box. Resizing,
thresholding, copying into column order and counting would each visit all pixels of the image.
`resize.resize_to_image` is the reference.
"""

import numpy as np

from model.network.preprocess import Placement
from model.objective.targets import STRIDE
from o365seg.formats.masks import Rle, compress_runs


def encode_logits(logits: np.ndarray, placement: Placement) -> Rle:
    """The run lengths of one mask, in the size of the image.

    Args:
        logits: float32 (h, w), on the grid of the padded input.
        placement: Position of the image in the input.

    Returns:
        The pixels of the image where `resize.resize_to_image` is above zero (except for rounding
        near zero).
    """
    height, width = placement.image
    scale_y = placement.input[0] / STRIDE / height  # grid cells per pixel
    scale_x = placement.input[1] / STRIDE / width
    rows, columns = (-(-side // STRIDE) for side in placement.input)
    logits = logits[:rows, :columns]
    inside = logits > 0
    hit_rows, hit_columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    if not hit_rows.size:
        return compress_runs(np.array([height * width]), (height, width))
    top, bottom = max(hit_rows[0] - 1, 0), min(hit_rows[-1] + 2, rows)
    first, last = _pixels(hit_columns[0] - 1, hit_columns[-1] + 1, scale_x, columns, width)
    across = _interpolate_columns(logits[top:bottom], np.arange(first, last), scale_x)
    edges = _edges(across, top, scale_y, height) + first * height
    return compress_runs(_runs(edges, height * width), (height, width))


def _pixels(low: int, high: int, scale: float, cells: int, pixels: int) -> tuple[int, int]:
    """The range of pixels whose position on the grid is between cells `low` and `high`."""
    first = 0 if low < 0 else int(np.floor((low + 0.5) / scale - 0.5))
    last = pixels if high >= cells else int(np.ceil((high + 0.5) / scale - 0.5)) + 1
    return max(first, 0), min(last, pixels)


def _interpolate_columns(logits: np.ndarray, pixels: np.ndarray, scale: float) -> np.ndarray:
    """Columns of the image interpolated between those of the grid: (pixels, rows), contiguous."""
    position = ((pixels + 0.5) * scale - 0.5).clip(0, logits.shape[1] - 1)
    left = position.astype(np.int64)
    right = np.minimum(left + 1, logits.shape[1] - 1)
    fraction = (position - left).astype(logits.dtype)[:, None]
    transposed = np.ascontiguousarray(logits.T)
    low = transposed[left]
    return low + (transposed[right] - low) * fraction


def _edges(values: np.ndarray, top: int, scale: float, height: int) -> np.ndarray:
    """Positions where runs start and end, in column order, unsorted.

    Args:
        values: (columns, rows), logits at columns of the image and rows of the grid.
        top: The first of those rows.
        scale: Grid cells per pixel.
        height: Height of the image in pixels.
    """
    inside = values > 0
    column, row = np.nonzero(inside[:, 1:] != inside[:, :-1])
    above, below = values[column, row].astype(np.float64), values[column, row + 1]
    pixel = (row + top + above / (above - below) + 0.5) / scale - 0.5
    # A mask ends before the first pixel at or after the sign change, but starts after it.
    pixel = np.where(inside[column, row], np.ceil(pixel), np.floor(pixel) + 1)
    changes = column * height + pixel.clip(0, height).astype(np.int64)
    # The border of the grid or of the bounding box.
    opens = np.flatnonzero(inside[:, 0]) * height
    closes = (np.flatnonzero(inside[:, -1]) + 1) * height
    return np.concatenate([changes, opens, closes])


def _runs(edges: np.ndarray, pixels: int) -> np.ndarray:
    """Run lengths from unsorted edges; two equal edges cancel out."""
    edges = np.sort(edges)
    starts = np.flatnonzero(np.diff(edges, prepend=-1))
    odd = np.diff(starts, append=len(edges)) % 2 == 1
    edges = edges[starts[odd]]
    runs = np.diff(edges, prepend=0, append=pixels)
    return runs[:-1] if len(runs) > 1 and runs[-1] == 0 else runs
