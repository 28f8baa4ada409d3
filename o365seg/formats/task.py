"""The three kinds of segmentation."""

from enum import StrEnum


class Task(StrEnum):
    """What is predicted: a mask per object, segments that fill the image, or a class per pixel."""

    INSTANCE = "instance"
    PANOPTIC = "panoptic"
    SEMANTIC = "semantic"
