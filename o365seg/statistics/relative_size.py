"""The two measures of a mask's size in its image; apart, so that --help loads nothing heavy."""

from enum import StrEnum


class RelativeSize(StrEnum):
    """How large a mask is in its image: ROOT of the ratio of their areas, or the plain RATIO."""

    ROOT = "root"
    RATIO = "ratio"
