"""What the painting kernel must do, in the most obvious way: every pixel is tested, in int64."""

import numpy as np
from scipy import ndimage

LEFT, TOP, RIGHT, BOTTOM = 1, 2, 4, 8


def segment(height: int, width: int, a: tuple[int, int], b: tuple[int, int], d: int) -> np.ndarray:
    """Pixels whose centre lies within d/2 of the segment a-b; points are (x, y)."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    (ax, ay), (bx, by) = a, b
    dx, dy = bx - ax, by - ay
    length2 = dx * dx + dy * dy
    t = (x - ax) * dx + (y - ay) * dy
    to_a = 4 * ((x - ax) ** 2 + (y - ay) ** 2) <= d * d
    to_b = 4 * ((x - bx) ** 2 + (y - by) ** 2) <= d * d
    cross = (x - ax) * dy - (y - ay) * dx
    to_line = 4 * cross * cross <= d * d * length2
    return np.where(t <= 0, to_a, np.where(t >= length2, to_b, to_line))


def stroke(height: int, width: int, points: list[tuple[int, int]], d: int) -> np.ndarray:
    """Pixels of a freehand stroke of diameter `d` over these points (x, y); one is a dot."""
    pairs = zip(points, points[1:] or points, strict=False)
    return np.any([segment(height, width, a, b, d) for a, b in pairs], axis=0)


def polygon(height: int, width: int, points: list[tuple[int, int]]) -> np.ndarray:
    """Pixels whose centre the outline goes around (non-zero winding number); points are (x, y)."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    winding = np.zeros((height, width), np.int64)
    for (ax, ay), (bx, by) in zip(points, points[1:] + points[:1], strict=True):
        spans_row = (ay <= y) != (by <= y)
        # x < ax + (y - ay) (bx - ax) / (by - ay), without the division
        side = (x - ax) * (by - ay) - (y - ay) * (bx - ax)
        if by > ay:
            winding += spans_row & (side < 0)
        else:
            winding -= spans_row & (side > 0)
    return winding != 0


def fill(mask: np.ndarray, x: int, y: int, walls: int) -> tuple[str, np.ndarray]:
    """The outcome of a fill at (x, y), and the mask after it."""
    height, width = mask.shape
    if not (0 <= x < width and 0 <= y < height):
        return "outside", mask
    if mask[y, x]:
        return "painted", mask
    regions = np.zeros(mask.shape, np.int32)
    ndimage.label(mask == 0, output=regions)  # 4-connected by default
    region = regions == regions[y, x]
    touched = (
        LEFT * int(region[:, 0].any())
        | TOP * int(region[0].any())
        | RIGHT * int(region[:, -1].any())
        | BOTTOM * int(region[-1].any())
    )
    if touched & ~walls or touched == LEFT | TOP | RIGHT | BOTTOM:
        return "open", mask
    return "enclosed", np.where(region, 1, mask).astype(mask.dtype)
