"""Label maps of images, from a folder of PNGs or from COCO JSON with a mask per class.

Ground truth and predictions may come in either form; images are paired by name or id:

- two folders: by path below the folder, without suffix;
- a folder and a JSON: `file_name` without suffix (else its last part alone), or a file named by
  the image id (`000000000139.png`, as COCO names its files, or `139.png`);
- two JSONs: by image id, else by `file_name`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from benchmark.pixels.png_maps import read_labels
from benchmark.pixels.png_pairs import check_size
from o365seg.errors import InputError

NO_LABEL = 2**31 - 1
"""In a map: a pixel that nothing labels."""


class ImageName(NamedTuple):
    """The name of an image: its path without suffix and, if a JSON file has it, its id."""

    path: str
    id: int | str | None = None

    def candidates(self) -> list[str | int]:
        """The names that the other side may use for it, most likely first."""
        last = self.path.rpartition("/")[2]
        names: list[str | int] = [self.path, last]
        if self.id is not None:
            padded = f"{self.id:012d}" if isinstance(self.id, int) else self.id
            return [self.id, *names, padded, str(self.id)]
        return [*names, int(last)] if last.isdecimal() and last.isascii() else names


class GroundTruthMaps(Protocol):
    """The ground truth of every image."""

    @property
    def images(self) -> Sequence[ImageName]:
        """All its images, in a fixed order."""
        ...

    @property
    def classes(self) -> dict[int, str] | None:
        """Class names by label; None where the source does not have them."""
        ...

    def read(self, index: int) -> np.ndarray:
        """The map of an image, integer[height, width]; `NO_LABEL` where it has none."""
        ...

    def place(self, index: int) -> str:
        """The name that errors give to that map."""
        ...


class PredictedMaps(Protocol):
    """The predictions for every image."""

    def check(self, images: Sequence[ImageName]) -> list[str]:
        """Check that these images have predictions, and return notes for the reader."""
        ...

    def read(self, image: ImageName, size: tuple[int, int]) -> np.ndarray:
        """The map of an image of a (height, width), integer; `NO_LABEL` where it has none."""
        ...

    def place(self, image: ImageName) -> str:
        """The name that errors give to that map."""
        ...


class GroundTruthFolder:
    """PNGs below a folder."""

    classes: dict[int, str] | None = None

    def __init__(self, folder: Path) -> None:
        self._paths = _pngs(folder)
        self.images = [ImageName(name) for name in self._paths]

    def read(self, index: int) -> np.ndarray:
        """See `GroundTruthMaps`."""
        return read_labels(self.path(index))

    def place(self, index: int) -> str:
        """See `GroundTruthMaps`."""
        return str(self.path(index))

    def path(self, index: int) -> Path:
        """The PNG of an image."""
        return self._paths[self.images[index].path]


class PredictedFolder:
    """PNGs below a folder, of the images of a ground truth, which errors name."""

    def __init__(self, folder: Path, ground_truth: Path) -> None:
        self._folder = folder
        self._ground_truth = ground_truth
        self._paths = _pngs(folder)

    def read(self, image: ImageName, size: tuple[int, int]) -> np.ndarray:
        """See `PredictedMaps`."""
        path = self.path(image)
        labels = read_labels(path)
        check_size(labels.shape, size, path)
        return labels

    def place(self, image: ImageName) -> str:
        """See `PredictedMaps`."""
        return str(self.path(image))

    def check(self, images: Sequence[ImageName]) -> list[str]:
        """Require a PNG for every image."""
        used = {self.path(image) for image in images}
        unused = len(self._paths) - len(used)
        if not unused:
            return []
        return [f"{unused:,} predicted maps are not in the ground truth; ignored."]

    def path(self, image: ImageName) -> Path:
        """The PNG of an image; an `InputError` where there is none."""
        for name in image.candidates():
            if name in self._paths:
                return self._paths[str(name)]
        message = f"{image.path}.png is missing; {self._ground_truth} has it"
        raise InputError(message, file=self._folder)


def _pngs(folder: Path) -> dict[str, Path]:
    """The PNGs below a folder by their path without suffix, sorted."""
    above = len(folder.parts)
    paths = {
        "/".join(path.parts[above:]).removesuffix(path.suffix): path
        for path in sorted(folder.rglob("*.png"), key=lambda path: path.parts)
    }
    if not paths:
        raise InputError("no PNG files", file=folder)
    return paths


def ground_truth_maps(path: Path) -> GroundTruthMaps:
    """Ground truth from a folder of PNGs or a COCO annotation file."""
    if path.is_dir():
        return GroundTruthFolder(path)
    from benchmark.pixels.label_json import GroundTruthJson  # its libraries take time to load

    return GroundTruthJson(path)


def predicted_maps(path: Path, ground_truth: Path) -> PredictedMaps:
    """Predictions from a folder of PNGs or a results file, for a ground truth."""
    if path.is_dir():
        return PredictedFolder(path, ground_truth)
    from benchmark.pixels.label_json import PredictedJson

    return PredictedJson(path)
