"""Label maps of images, from a folder of PNGs or from COCO JSON with a mask per class.

Ground truth and predictions may come in either form; images are paired by name or id:

- two folders: by path below the folder, without suffix (else its last part alone);
- a folder and a JSON: `file_name` without suffix (else its last part alone), or a file named by
  the image id (`000000000139.png`, as COCO names its files, or `139.png`);
- two JSONs: by image id, else by `file_name`.

A prediction that fits two images is refused.
"""

import os

from o365seg.errors import InputError

TYPE_CHECKING = False  # two folders are compared without numpy, typing and pathlib: see `Result`
if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Protocol

    import numpy as np
else:
    Protocol = object

NO_LABEL = 2**31 - 1
"""In a map: a pixel that nothing labels."""


class ImageName:
    """The name of an image: its path without suffix and, if a JSON file has it, its id."""

    def __init__(self, path: str, image_id: int | str | None = None) -> None:
        self.path = path
        self.id = image_id

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
    def images(self) -> "Sequence[ImageName]":
        """All its images, in a fixed order."""
        ...

    @property
    def classes(self) -> dict[int, str] | None:
        """Class names by label; None where the source does not have them."""
        ...

    def read(self, index: int) -> "np.ndarray":
        """The map of an image, integer[height, width]; `NO_LABEL` where it has none."""
        ...

    def place(self, index: int) -> str:
        """The name that errors give to that map."""
        ...


class PredictedMaps(Protocol):
    """The predictions for every image."""

    def check(self, images: "Sequence[ImageName]") -> list[str]:
        """Check that these images have predictions, and return notes for the reader."""
        ...

    def read(self, image: ImageName, size: tuple[int, int]) -> "np.ndarray":
        """The map of an image of a (height, width), integer; `NO_LABEL` where it has none."""
        ...

    def place(self, image: ImageName) -> str:
        """The name that errors give to that map."""
        ...


class GroundTruthFolder:
    """PNGs below a folder."""

    classes: dict[int, str] | None = None

    def __init__(self, folder: "str | Path") -> None:
        self._paths = _pngs(folder)
        self.images = [ImageName(name) for name in self._paths]

    def read(self, index: int) -> "np.ndarray":
        """See `GroundTruthMaps`."""
        from benchmark.pixels.png_maps import read_labels

        return read_labels(_shown(self.path(index)))

    def place(self, index: int) -> str:
        """See `GroundTruthMaps`."""
        return str(_shown(self.path(index)))

    def path(self, index: int) -> str:
        """The PNG of an image."""
        return self._paths[self.images[index].path]


class PredictedFolder:
    """PNGs below a folder, of the images of a ground truth, which errors name."""

    def __init__(self, folder: "str | Path", ground_truth: "str | Path") -> None:
        self._folder = folder
        self._ground_truth = ground_truth
        self._paths = _pngs(folder)

    def read(self, image: ImageName, size: tuple[int, int]) -> "np.ndarray":
        """See `PredictedMaps`."""
        from benchmark.pixels.png_maps import check_size, read_labels

        path = _shown(self.path(image))
        labels = read_labels(path)
        check_size(labels.shape, size, path)
        return labels

    def place(self, image: ImageName) -> str:
        """See `PredictedMaps`."""
        return str(_shown(self.path(image)))

    def check(self, images: "Sequence[ImageName]") -> list[str]:
        """Require a PNG of its own for every image."""
        used: dict[str, ImageName] = {}
        for image in images:
            path = self.path(image)
            other = used.setdefault(path, image)
            if other is not image:
                raise self._shared(image, other, path)
        unused = len(self._paths) - len(used)
        if not unused:
            return []
        return [f"{unused:,} predicted maps are not in the ground truth; ignored."]

    def path(self, image: ImageName) -> str:
        """The PNG of an image; an `InputError` where there is none."""
        for name in image.candidates():
            if name in self._paths:
                return self._paths[str(name)]
        message = f"{image.path}.png is missing; {_shown(self._ground_truth)} has it"
        raise InputError(message, file=_shown(self._folder))

    def _shared(self, one: ImageName, other: ImageName, path: str) -> InputError:
        """The error for a PNG that two images would be compared with."""
        if self._paths.get(one.path) == path:
            one, other = other, one
        return InputError(
            f"{one.path}.png is missing; {_shown(self._ground_truth)} has it, and {_shown(path)} "
            f"fits {other.path} too",
            file=_shown(self._folder),
        )


def _shown(path: "str | Path") -> "Path":
    """As errors name it: without `./` or a double `/`."""
    from pathlib import Path

    return Path(path)


def _pngs(folder: "str | Path") -> dict[str, str]:
    """The PNGs below a folder by their path without suffix, sorted."""
    top = os.path.join(folder, "")  # noqa: PTH118
    names = [
        os.path.join(above, name)[len(top) :].replace(os.sep, "/")  # noqa: PTH118
        for above, folders, files in os.walk(top)
        for name in (*folders, *files)
        if name.endswith(".png")
    ]
    if not names:
        raise InputError("no PNG files", file=_shown(folder))
    names.sort(key=lambda name: name.split("/"))
    return {name.removesuffix(".png"): top + name for name in names}


def ground_truth_maps(path: "str | Path") -> GroundTruthMaps:
    """Ground truth from a folder of PNGs or a COCO annotation file."""
    if os.path.isdir(path):  # noqa: PTH112
        return GroundTruthFolder(path)
    from benchmark.pixels.label_json import GroundTruthJson  # its libraries take time to load

    return GroundTruthJson(_shown(path))


def predicted_maps(path: "str | Path", ground_truth: "str | Path") -> PredictedMaps:
    """Predictions from a folder of PNGs or a results file, for a ground truth."""
    if os.path.isdir(path):  # noqa: PTH112
        return PredictedFolder(path, ground_truth)
    from benchmark.pixels.label_json import PredictedJson

    return PredictedJson(_shown(path))
