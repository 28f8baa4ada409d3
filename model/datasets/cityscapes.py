"""Cityscapes as it is downloaded: `leftImg8bit`, and `gtFine` with a map of instance ids an image.

Segments by the rule of cityscapesScripts' `createPanopticImgs`, so that no file need be made
first: an id from 1000 on is 1000 times its label and a number, a smaller one is a label itself,
for stuff or for a group of things that nobody told apart (a crowd).
"""

from pathlib import Path

import numpy as np

from benchmark.pixels.png_maps import read_labels
from model.data.image_reading import Size, check_size, read_pixels
from model.data.samples import Sample, SegmentTruth
from model.datasets.layout import Layout
from model.objective.targets import Segment
from model.text.shipped_vocabularies import shipped_vocabulary
from o365seg.errors import InputError
from o365seg.formats.task import Task

_LABELS = 34  # of cityscapesScripts' table, the licence plate (-1) left out


class CityscapesPanoptic:
    """See `samples.Dataset`.

    Args:
        root: The folder with `leftImg8bit` and `gtFine`.
        split: `train` or `val`.
        layout: What it is expected to look like.

    Raises:
        InputError: a folder is missing or holds no annotation.
    """

    task = Task.PANOPTIC

    def __init__(self, name: str, root: Path, split: str, layout: Layout) -> None:
        self.name = name
        self.vocabulary = shipped_vocabulary("cityscapes")
        self._images = layout.folder(root / "leftImg8bit" / split)
        truth = layout.folder(root / "gtFine" / split)
        self._maps = sorted(truth.glob("*/*_gtFine_instanceIds.png"))
        if not self._maps:
            raise layout.fault("holds no */*_gtFine_instanceIds.png", truth)
        self._places = {number: place for place, number in enumerate(self.vocabulary.ids)}

    def __len__(self) -> int:
        return len(self._maps)

    def __getitem__(self, index: int) -> Sample:
        """See `samples.Dataset`; the image id is such as `aachen_000000_000019`."""
        path, source = self.image_path(index), self._maps[index]
        image = read_pixels(path)
        ids = read_labels(source).astype(np.int32)
        check_size(source, (ids.shape[0], ids.shape[1]), (image.shape[0], image.shape[1]))
        segments = []
        for number in np.flatnonzero(np.bincount(ids.ravel())).tolist():
            label = number // 1000 if number >= 1000 else number
            if label >= _LABELS:
                raise InputError(f"{number} is no instance id of Cityscapes", file=source)
            place = self._places.get(label)
            if place is not None:
                crowd = number < 1000 and self.vocabulary.is_thing[place]
                segments.append(Segment(number, place, crowd))
        return Sample(image, SegmentTruth(ids, tuple(segments)), self._stem(index), path)

    def image_name(self, index: int) -> str:
        """What the data set's files call the image."""
        return f"{self._stem(index)}_leftImg8bit.png"

    def image_path(self, index: int) -> Path:
        """Where the image should lie; it need not."""
        city = self._maps[index].parent.name
        return self._images / city / f"{self._stem(index)}_leftImg8bit.png"

    def recorded_size(self, index: int) -> Size | None:
        """The (height, width) that the annotations give the image; they give none here."""
        return None

    def _stem(self, index: int) -> str:
        return self._maps[index].name.removesuffix("_gtFine_instanceIds.png")
