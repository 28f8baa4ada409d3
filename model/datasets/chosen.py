"""A data set without some of its images."""

from pathlib import Path

import numpy as np

from model.data.file_dataset import FileDataset
from model.data.image_reading import Size
from model.data.samples import Sample
from model.datasets.label_maps import read_names
from o365seg.errors import InputError


class ChosenImages:
    """See `FileDataset`: the images of another data set whose places are in `places`, int64."""

    def __init__(self, dataset: FileDataset, places: np.ndarray) -> None:
        self.name = dataset.name
        self.task = dataset.task
        self.vocabulary = dataset.vocabulary
        self.whole = dataset
        self.places = places

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, index: int) -> Sample:
        """See `samples.Dataset`."""
        return self.whole[int(self.places[index])]

    def image_name(self, index: int) -> str:
        """See `FileDataset`."""
        return self.whole.image_name(int(self.places[index]))

    def image_path(self, index: int) -> Path:
        """See `FileDataset`."""
        return self.whole.image_path(int(self.places[index]))

    def recorded_size(self, index: int) -> Size | None:
        """See `FileDataset`."""
        return self.whole.recorded_size(int(self.places[index]))


def leave_out(dataset: FileDataset, listed: Path) -> ChosenImages:
    """A data set without the images whose names a file lists, a line each.

    A name is what the data set's files call the image, or the end of it from a folder on
    (`patch16/x.jpg` for `images/v2/patch16/x.jpg`).

    Raises:
        InputError: the file cannot be read, a name is of no image, or no image is left.
    """
    wanted = set(read_names(listed))
    found: set[str] = set()
    kept = []
    for index in range(len(dataset)):
        ends = _ends(dataset.image_name(index)) & wanted
        found |= ends
        if not ends:
            kept.append(index)
    for name in sorted(wanted - found):
        raise InputError(f"{dataset.name} has no image {name!r}", file=listed)
    if not kept:
        raise InputError(f"leaves no image of {dataset.name}", file=listed)
    return ChosenImages(dataset, np.array(kept, np.int64))


def _ends(name: str) -> set[str]:
    parts = name.split("/")
    return {"/".join(parts[start:]) for start in range(len(parts))}
