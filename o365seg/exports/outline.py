"""A mask as one closed outline, for formats that have no masks."""

import cv2
import numpy as np


def single_outline(mask: np.ndarray) -> np.ndarray:
    """One polygon that, filled by the even-odd rule with its border, gives the mask again.

    Parts and holes are joined into one line by the shortest bridges, which are walked to and fro.
    Filling (`cv2.fillPoly`, which ultralytics uses) therefore gives exactly the mask of a single
    part without holes, and otherwise the mask and the pixels under the bridges.

    Args:
        mask: uint8[height, width] of 0 and 1, with at least one pixel.

    Returns:
        float64[points, 2], x and y in pixels, at the centres of border pixels (x + 0.5), which
        reading by rounding down turns into those pixels. At least 3 points, of an extent above 0.
    """
    contours, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    rings = sorted((ring.reshape(-1, 2) for ring in contours), key=len, reverse=True)
    outline = rings[0]
    left = rings[1:]
    while left:
        ends = [_nearest(outline, ring) for ring in left]
        index = int(np.argmin([distance for _, _, distance in ends]))
        here, there, _ = ends[index]
        ring = left.pop(index)
        tour = np.concatenate([ring[there:], ring[: there + 1]])
        outline = np.concatenate([outline[: here + 1], tour, outline[here:]])
    points = outline + 0.5
    if len(points) >= 3 and (np.ptp(points, axis=0) > 0).all():
        return points
    if (np.ptp(points, axis=0) > 0).all():  # a diagonal of pixels
        return np.concatenate([points, points[:1]])
    (left_, top), (right, bottom) = points.min(axis=0) - 0.25, points.max(axis=0) + 0.25
    return np.array([[left_, top], [right, top], [right, bottom], [left_, bottom]])


def _nearest(outline: np.ndarray, ring: np.ndarray) -> tuple[int, int, int]:
    """Positions of the nearest pair of points, and the square of their distance in pixels."""
    best = (0, 0, np.iinfo(np.int64).max)
    for start in range(0, len(outline), 256):  # bounds the memory that a pair of long lines takes
        part = outline[start : start + 256].astype(np.int64)
        squares = ((part[:, None] - ring[None].astype(np.int64)) ** 2).sum(axis=2)
        place = int(squares.argmin())
        here, there = divmod(place, len(ring))
        if squares[here, there] < best[2]:
            best = start + here, there, int(squares[here, there])
    return best
