"""A data set whose images are files: what every data set here has beyond `samples.Dataset`."""

from pathlib import Path
from typing import Protocol

from model.data.image_reading import Size
from model.data.samples import Dataset


class FileDataset(Dataset, Protocol):
    """A data set whose images have names and paths that are known without reading them."""

    def image_name(self, index: int) -> str:
        """The image's name in the data set's files; the image may be missing."""
        ...

    def image_path(self, index: int) -> Path:
        """Path of the image.

        Raises:
            InputError: no file is found.
        """
        ...

    def recorded_size(self, index: int) -> Size | None:
        """The image's (height, width) in the annotations; None if they have none."""
        ...
