"""What every data set returns: an image with its full-resolution ground truth.

The three kinds of ground truth are kinds of supervision (section 3.2): segments with ids (panoptic,
or instances whose masks do not overlap), a map of classes (semantic), or boxes without masks (weak
supervision).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from model.objective.targets import Segment
from model.text.vocabulary import Vocabulary
from o365seg.formats.task import Task

VOID = -1
"""Class index of pixels without a class."""


@dataclass(frozen=True)
class SegmentGroundTruth:
    """Ground truth as segments of an id map.

    Attributes:
        ids: int32 (H, W); ids without a segment are void.
        segments: The segments, each id once; labels are class indices.
    """

    ids: np.ndarray
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class ClassGroundTruth:
    """Ground truth as a map of classes.

    Attributes:
        classes: int16 (H, W), class indices; `VOID` where there is none.
    """

    classes: np.ndarray


@dataclass(frozen=True)
class BoxGroundTruth:
    """Ground truth as boxes without masks; crowds are skipped.

    Attributes:
        labels: int64 (G,), class indices.
        boxes: float64 (G, 4), left, top, right, bottom in pixels of the image.
    """

    labels: np.ndarray
    boxes: np.ndarray


GroundTruth = SegmentGroundTruth | ClassGroundTruth | BoxGroundTruth


@dataclass(frozen=True)
class Sample:
    """An image and its ground truth.

    Attributes:
        image: uint8 (H, W, 3), RGB.
        ground_truth: Its ground truth.
        image_id: The image's id in the data set's files; if it has none, the file's path in
            its folder of images, without suffix.
        path: The image's file, for messages.
    """

    image: np.ndarray
    ground_truth: GroundTruth
    image_id: int | str
    path: Path


class Dataset(Protocol):
    """An open data set. Indexing reads from disk and is safe in worker processes.

    Attributes:
        name: Its name in the catalogue, such as `coco_panoptic`.
        task: What its ground truth supervises, which decides how the network's outputs are merged:
            `panoptic` for segments, `semantic` for classes, `instance` for boxes or instances.
        vocabulary: Its classes.
    """

    name: str
    task: Task
    vocabulary: Vocabulary

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Sample:
        """Read the sample at an index.

        Raises:
            InputError: its image or annotation is missing or damaged; names the file.
        """
        ...
