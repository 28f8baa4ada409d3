"""A subset of a data set's images."""

from pathlib import Path

import numpy as np

from model.data.file_dataset import FileDataset
from model.data.image_reading import Size
from model.data.samples import Sample
from model.datasets.label_maps import read_names
from o365seg.errors import InputError


class ChosenImages:
    """A data set of the images of another one at `indices`, int64 (N,); see `FileDataset`."""

    def __init__(self, dataset: FileDataset, indices: np.ndarray) -> None:
        self.name = dataset.name
        self.task = dataset.task
        self.vocabulary = dataset.vocabulary
        self.whole = dataset
        self.indices = indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> Sample:
        """See `samples.Dataset`."""
        return self.whole[int(self.indices[index])]

    def image_name(self, index: int) -> str:
        """See `FileDataset`."""
        return self.whole.image_name(int(self.indices[index]))

    def image_path(self, index: int) -> Path:
        """See `FileDataset`."""
        return self.whole.image_path(int(self.indices[index]))

    def recorded_size(self, index: int) -> Size | None:
        """See `FileDataset`."""
        return self.whole.recorded_size(int(self.indices[index]))


def leave_out(dataset: FileDataset, listed: Path) -> ChosenImages:
    """Leave out the images whose names are listed in a file, one a line.

    A name is the image's name in the data set's files, or its last folders and file name
    (`patch16/x.jpg` for `images/v2/patch16/x.jpg`).

    Raises:
        InputError: the file cannot be read, a name matches no image, or no image is left.
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
        raise InputError(f"no image of {dataset.name} is left", file=listed)
    return ChosenImages(dataset, np.array(kept, np.int64))


def _ends(name: str) -> set[str]:
    parts = name.split("/")
    return {"/".join(parts[start:]) for start in range(len(parts))}
