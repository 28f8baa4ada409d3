"""Cityscapes as downloaded: `leftImg8bit`, and `gtFine` with one map of instance ids per image.

Segments follow the rule of cityscapesScripts' `createPanopticImgs`, so no file has to be created
first: an id of 1000 or more is 1000 times the label plus a number; a smaller one is the label
itself, for stuff or for a group of things that were not separated (a crowd).
"""

from pathlib import Path

import numpy as np

from benchmark.pixels.png_maps import read_labels
from model.data.image_reading import Size, check_size, read_pixels
from model.data.samples import Sample, SegmentGroundTruth
from model.datasets.layout import Layout
from model.objective.targets import Segment
from model.text.shipped_vocabularies import shipped_vocabulary
from o365seg.errors import InputError
from o365seg.formats.task import Task

_LABELS = 34  # in cityscapesScripts' table, without the licence plate (-1)


class CityscapesPanoptic:
    """Cityscapes' panoptic segments; see `samples.Dataset`.

    Args:
        root: The folder with `leftImg8bit` and `gtFine`.
        split: `train` or `val`.
        layout: The expected files, for messages.

    Raises:
        InputError: a folder is missing or contains no annotations.
    """

    task = Task.PANOPTIC

    def __init__(self, name: str, root: Path, split: str, layout: Layout) -> None:
        self.name = name
        self.vocabulary = shipped_vocabulary("cityscapes")
        self._images = layout.folder(root / "leftImg8bit" / split)
        truth = layout.folder(root / "gtFine" / split)
        self._maps = sorted(truth.glob("*/*_gtFine_instanceIds.png"))
        if not self._maps:
            raise layout.fault("contains no */*_gtFine_instanceIds.png", truth)
        self._labels = {number: index for index, number in enumerate(self.vocabulary.ids)}

    def __len__(self) -> int:
        return len(self._maps)

    def __getitem__(self, index: int) -> Sample:
        """See `samples.Dataset`; an image id is like `aachen_000000_000019`."""
        path, source = self.image_path(index), self._maps[index]
        image = read_pixels(path)
        ids = read_labels(source).astype(np.int32)
        check_size(source, (ids.shape[0], ids.shape[1]), (image.shape[0], image.shape[1]))
        segments = []
        for number in np.flatnonzero(np.bincount(ids.ravel())).tolist():
            category = number // 1000 if number >= 1000 else number
            if category >= _LABELS:
                raise InputError(f"invalid instance id {number}", file=source)
            label = self._labels.get(category)
            if label is not None:
                crowd = number < 1000 and self.vocabulary.is_thing[label]
                segments.append(Segment(number, label, crowd))
        return Sample(image, SegmentGroundTruth(ids, tuple(segments)), self._stem(index), path)

    def image_name(self, index: int) -> str:
        """The image's name in the data set's files."""
        return f"{self._stem(index)}_leftImg8bit.png"

    def image_path(self, index: int) -> Path:
        """Expected path of the image; the file may be missing."""
        city = self._maps[index].parent.name
        return self._images / city / f"{self._stem(index)}_leftImg8bit.png"

    def recorded_size(self, index: int) -> Size | None:
        """None: the annotations give no size."""
        return None

    def _stem(self, index: int) -> str:
        return self._maps[index].name.removesuffix("_gtFine_instanceIds.png")
