"""COCO's small, medium and large, by a mask's area."""

from math import inf

SIZE_RANGES: dict[str, tuple[float, float]] = {
    "small": (0, 32**2),
    "medium": (32**2, 96**2),
    "large": (96**2, inf),
}
"""In pixels, from the first to below the second."""
