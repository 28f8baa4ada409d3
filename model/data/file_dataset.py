"""What every data set of this package is, beyond `samples.Dataset`: its images lie in files."""

from pathlib import Path
from typing import Protocol

from model.data.image_reading import Size
from model.data.samples import Dataset


class FileDataset(Dataset, Protocol):
    """A data set whose images can be named and found without reading them."""

    def image_name(self, index: int) -> str:
        """What the data set's files call the image; nobody looks whether it is there."""
        ...

    def image_path(self, index: int) -> Path:
        """Where the image lies.

        Raises:
            InputError: it is found nowhere.
        """
        ...

    def recorded_size(self, index: int) -> Size | None:
        """The (height, width) that the annotations give the image; None where they give none."""
        ...
