"""COCO's sizes of objects: small below 32² pixels, medium below 96², large from there on."""

from bisect import bisect_right
from enum import StrEnum
from math import inf


class Size(StrEnum):
    """A range of areas, in the order of the areas."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


_BOUNDS = (32**2, 96**2)


def size_of(area: float) -> Size:
    """The size of an area in pixels."""
    return tuple(Size)[bisect_right(_BOUNDS, area)]


def area_range(size: Size) -> tuple[float, float]:
    """Pixels that an object of a size has at least, and fewer than which it has."""
    edges = (0, *_BOUNDS, inf)
    place = tuple(Size).index(size)
    return edges[place], edges[place + 1]
