"""Images with one map of classes each: ADE20K, PASCAL VOC, Pascal Context, CamVid and others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from benchmark.pixels.png_maps import read_labels
from model.data.image_list import SUFFIXES
from model.data.image_reading import Size, read_pixels
from model.data.samples import ClassGroundTruth, Sample
from model.text.vocabulary import Vocabulary
from o365seg.errors import InputError
from o365seg.formats.task import Task


@dataclass(frozen=True)
class LabelMapPair:
    """An image and its label map; `name`, its id, is the image's relative path without suffix."""

    name: str
    image: Path
    labels: Path


class LabelMapDataset:
    """Images with label maps; see `samples.Dataset`.

    Args:
        name: The data set's name.
        vocabulary: Its classes.
        pairs: Its images.
        index_of_label: Class index of each label, from `index_by_label`.
        read: Reads a map, integer (H, W) with values 0 to 65535.
    """

    task = Task.SEMANTIC

    def __init__(
        self,
        name: str,
        vocabulary: Vocabulary,
        pairs: Sequence[LabelMapPair],
        index_of_label: np.ndarray,
        read: Callable[[Path], np.ndarray] = read_labels,
    ) -> None:
        self.name = name
        self.vocabulary = vocabulary
        self._pairs = pairs
        self._index_of_label = index_of_label
        self._read = read

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, index: int) -> Sample:
        """See `samples.Dataset`."""
        pair = self._pairs[index]
        image = read_pixels(pair.image)
        labels = self._read(pair.labels)
        if labels.shape != image.shape[:2]:
            (height, width), (own_height, own_width) = image.shape[:2], labels.shape
            raise InputError(
                f"has {own_width}×{own_height} pixels, but its image {width}×{height}",
                file=pair.labels,
            )
        classes = self._index_of_label[labels]
        if classes.min() < -1:
            unknown = int(labels[classes < -1][0])
            message = f"the label {unknown} is not among the {len(self.vocabulary)} classes"
            raise InputError(f"{message} of {self.name}", file=pair.labels)
        return Sample(image, ClassGroundTruth(classes), pair.name, pair.image)

    def image_name(self, index: int) -> str:
        """The image's name in the data set's files."""
        pair = self._pairs[index]
        return f"{pair.name}{pair.image.suffix}"

    def image_path(self, index: int) -> Path:
        """Expected path of the image; the file may be missing."""
        return self._pairs[index].image

    def recorded_size(self, index: int) -> Size | None:
        """None: the annotations give no size."""
        return None


def listed_pairs(
    names: Sequence[str], images: Path, labels: Path, image_suffix: str, label_suffix: str
) -> list[LabelMapPair]:
    """Return the pairs for a list of names; the files may be missing."""
    return [
        LabelMapPair(name, images / f"{name}{image_suffix}", labels / f"{name}{label_suffix}")
        for name in names
    ]


def found_pairs(
    images: Path, labels: Path, names: Sequence[str] | None = None
) -> list[LabelMapPair]:
    """Find the images in one folder and the PNGs with the same relative paths in another.

    Args:
        images: Folder of images (`image_list.SUFFIXES`), searched recursively.
        labels: Folder of PNGs.
        names: Relative paths without suffix, to use only these; None for all.

    Raises:
        InputError: a folder is missing or empty, or an image or its map is missing.
    """
    pictures = _by_name(images, SUFFIXES, "image")
    maps = _by_name(labels, frozenset({".png"}), "PNG")
    if names is None:
        names = sorted(set(pictures) | set(maps))
    for name in names:
        for found, folder, what in ((pictures, images, "image"), (maps, labels, "label map")):
            if name not in found:
                raise InputError(
                    f"contains no {what} {name!r}; the other folder has it", file=folder
                )
    return [LabelMapPair(name, pictures[name], maps[name]) for name in names]


def read_names(path: Path) -> list[str]:
    """Read the names in a split file, one a line.

    Raises:
        InputError: the file cannot be read or contains no name.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except FileNotFoundError:
        raise InputError("no such file", file=path) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot be read: {error}", file=path) from None
    names = [line.strip() for line in lines if line.strip()]
    if not names:
        raise InputError("contains no image names", file=path)
    return names


def _by_name(folder: Path, suffixes: frozenset[str], what: str) -> dict[str, Path]:
    if not folder.is_dir():
        raise InputError("no such folder", file=folder)
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in suffixes:
            name = str(PurePosixPath(path.relative_to(folder).with_suffix("")))
            if name in found:
                raise InputError(f"differs from {found[name]} only in the suffix", file=path)
            found[name] = path
    if not found:
        raise InputError(f"contains no {what}", file=folder)
    return found
