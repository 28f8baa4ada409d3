"""Images with a map of classes each: ADE20K, PASCAL VOC, Pascal Context, CamVid and the like."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from benchmark.pixels.png_maps import read_labels
from model.data.image_list import SUFFIXES
from model.data.image_reading import Size, read_pixels
from model.data.samples import ClassTruth, Sample
from model.text.vocabulary import Vocabulary
from o365seg.errors import InputError
from o365seg.formats.task import Task


@dataclass(frozen=True)
class LabelMapPair:
    """An image and its label map; `name` is the image's path below its folder without suffix."""

    name: str
    image: Path
    labels: Path


class LabelMapDataset:
    """See `samples.Dataset`.

    Args:
        name: What it is called.
        vocabulary: Its classes.
        pairs: Its images.
        places: What the values of the maps mean, as `vocabularies.index_by_label` has it.
        read: Reads a map, integer (H, W) of 0 … 65535.
    """

    task = Task.SEMANTIC

    def __init__(
        self,
        name: str,
        vocabulary: Vocabulary,
        pairs: Sequence[LabelMapPair],
        places: np.ndarray,
        read: Callable[[Path], np.ndarray] = read_labels,
    ) -> None:
        self.name = name
        self.vocabulary = vocabulary
        self._pairs = pairs
        self._places = places
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
                f"is {own_width}×{own_height} pixels, its image {width}×{height}", file=pair.labels
            )
        classes = self._places[labels]
        if classes.min() < -1:
            unknown = int(labels[classes < -1][0])
            message = f"the label {unknown} is not among the {len(self.vocabulary)} classes"
            raise InputError(f"{message} of {self.name}", file=pair.labels)
        return Sample(image, ClassTruth(classes), PurePosixPath(pair.name).name, pair.image)

    def image_name(self, index: int) -> str:
        """What the data set's files call the image."""
        return self._pairs[index].image.name

    def image_path(self, index: int) -> Path:
        """Where the image should lie; it need not."""
        return self._pairs[index].image

    def recorded_size(self, index: int) -> Size | None:
        """The (height, width) that the annotations give the image; they give none here."""
        return None


def listed_pairs(
    names: Sequence[str], images: Path, labels: Path, image_suffix: str, label_suffix: str
) -> list[LabelMapPair]:
    """The pairs of a list of names; nobody looks whether they are there."""
    return [
        LabelMapPair(name, images / f"{name}{image_suffix}", labels / f"{name}{label_suffix}")
        for name in names
    ]


def found_pairs(
    images: Path, labels: Path, names: Sequence[str] | None = None
) -> list[LabelMapPair]:
    """The images below one folder and the PNGs of the same paths below another.

    Args:
        images: Any of `image_list.SUFFIXES`, to any depth.
        labels: PNGs.
        names: Paths without suffix, to take these alone; None for all.

    Raises:
        InputError: a folder is not there or empty, or one of an image and a map is missing.
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
    """The names in a split file, a line each.

    Raises:
        InputError: not readable, or names nothing.
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
                raise InputError(f"has the name of {found[name]} but for the suffix", file=path)
            found[name] = path
    if not found:
        raise InputError(f"contains no {what}", file=folder)
    return found
