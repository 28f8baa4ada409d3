"""What every data set gives: an image with its full-resolution truth, of one of three kinds.

A kind of truth is a kind of supervision (section 3.2): segments with ids (panoptic, or instances
whose masks do not overlap), a map of classes (semantic), or boxes alone (weak supervision).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from model.objective.targets import Segment
from model.text.vocabulary import Vocabulary
from o365seg.formats.task import Task

VOID = -1
"""The class index of pixels that have no class."""


@dataclass(frozen=True)
class SegmentTruth:
    """Segments of an id map.

    Attributes:
        ids: int32 (H, W); ids that no segment lists are void.
        segments: What there is; each id once; labels are places in the vocabulary.
    """

    ids: np.ndarray
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class ClassTruth:
    """A map of classes.

    Attributes:
        classes: int16 (H, W), places in the vocabulary; `VOID` where there is none.
    """

    classes: np.ndarray


@dataclass(frozen=True)
class BoxTruth:
    """Boxes alone; crowds are left out.

    Attributes:
        labels: int64 (G,), places in the vocabulary.
        boxes: float64 (G, 4), left, top, right, bottom in pixels of the image.
    """

    labels: np.ndarray
    boxes: np.ndarray


Truth = SegmentTruth | ClassTruth | BoxTruth


@dataclass(frozen=True)
class Sample:
    """An image and its truth.

    Attributes:
        image: uint8 (H, W, 3), RGB.
        truth: What is known of it.
        image_id: The id that the data set's files give the image; the file's stem where they give
            none.
        path: The image's file, for messages.
    """

    image: np.ndarray
    truth: Truth
    image_id: int | str
    path: Path


class Dataset(Protocol):
    """A data set, opened. Indexing reads from the disk; it is safe in worker processes.

    Attributes:
        name: Its name in the catalogue, such as `coco_panoptic`.
        task: What its truth supervises, and so how the network's outputs are merged:
            `panoptic` for segments, `semantic` for classes, `instance` for boxes or instances.
        vocabulary: Its classes.
    """

    name: str
    task: Task
    vocabulary: Vocabulary

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Sample:
        """The sample of that place.

        Raises:
            InputError: its image or annotation is missing or damaged; the file is named.
        """
        ...
