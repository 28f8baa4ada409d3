"""Label maps of images, from a folder of PNGs or from COCO JSON with a mask per class.

Ground truth and predictions may come in either form; images are paired by name or id:

- two folders: by path below the folder, without suffix;
- a folder and a JSON: `file_name` without suffix (else its last part alone), or a file named by
  the image id (`000000000139.png`, as COCO names its files, or `139.png`);
- two JSONs: by image id, else by `file_name`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

import msgspec
import numpy as np

from benchmark.pixels.label_canvas import NO_LABEL, LabelCanvas
from benchmark.pixels.png_maps import read_labels
from benchmark.pixels.png_pairs import check_size
from o365seg.errors import InputError
from o365seg.formats.json_files import read_json
from o365seg.formats.masks import MaskError, Rle, segmentation_to_rle
from o365seg.formats.records import Annotation, AnnotationFile, read_annotations


@dataclass(frozen=True)
class ImageName:
    """The name of an image: its path without suffix and, if a JSON file has it, its id."""

    path: str
    id: int | str | None = None

    def candidates(self) -> list[str | int]:
        """The names that the other side may use for it, most likely first."""
        last = PurePosixPath(self.path).name
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
    paths = {
        str(PurePosixPath(path.relative_to(folder).with_suffix(""))): path
        for path in sorted(folder.rglob("*.png"))
    }
    if not paths:
        raise InputError("no PNG files", file=folder)
    return paths


class GroundTruthJson:
    """A COCO annotation file (COCO-Stuff's `stuff_val2017.json`): each mask is an area of a class.

    Pixels that no mask covers have no label.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: AnnotationFile = read_annotations(path)
        if not self._file.images:
            raise InputError("no images", file=path, field="images")
        self.classes = {category.id: category.name for category in self._file.categories}
        for number, category in enumerate(self._file.categories):
            if not 0 <= category.id < NO_LABEL:
                raise InputError(
                    f"{category.id} is out of range",
                    file=path, record=f"categories[{number}]", field="id",
                )  # fmt: skip
        self.images = [
            ImageName(str(PurePosixPath(image.file_name).with_suffix("")), image.id)
            if image.file_name
            else ImageName(str(image.id), image.id)
            for image in self._file.images
        ]
        self._annotations: dict[int, list[tuple[int, Annotation]]] = {}
        for number, annotation in enumerate(self._file.annotations):
            self._annotations.setdefault(annotation.image_id, []).append((number, annotation))

    def read(self, index: int) -> np.ndarray:
        """See `GroundTruthMaps`."""
        image = self._file.images[index]
        canvas = LabelCanvas((image.height, image.width))
        annotations = self._annotations.get(image.id, [])
        try:
            for _, annotation in annotations:
                rle = segmentation_to_rle(annotation.segmentation, canvas.size)
                canvas.add(rle, annotation.category_id)
            return canvas.labels()
        except MaskError as error:
            number, annotation = annotations[canvas.culprit(error)]
            record = f"annotations[{number}] (id {annotation.id})"
            raise InputError(
                str(error), file=self._path, record=record, field=error.field
            ) from None

    def place(self, index: int) -> str:
        """See `GroundTruthMaps`."""
        return f"{self._path}: images[{index}] (id {self._file.images[index].id})"


class _Record(msgspec.Struct, gc=False):
    category_id: int
    segmentation: Rle
    image_id: int | str | None = None
    file_name: str | None = None


class PredictedJson:
    """A results file: a list of `category_id`, `segmentation` (run lengths) and the image.

    The image is `image_id`, or `file_name` as detectron2 writes it (any folders before the name).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._records = read_json(path, list[_Record])
        self._by_image: dict[str | int, list[int]] = {}
        by_last_part: dict[str, set[str]] = {}
        for number, record in enumerate(self._records):
            name = record.image_id
            if name is None:
                if not record.file_name:
                    raise self._fault(number, "needs image_id or file_name", "image_id")
                name = str(PurePosixPath(record.file_name).with_suffix(""))
                by_last_part.setdefault(PurePosixPath(name).name, set()).add(name)
            if not 0 <= record.category_id < NO_LABEL:
                raise self._fault(number, f"{record.category_id} is out of range", "category_id")
            self._by_image.setdefault(name, []).append(number)
        for last, names in by_last_part.items():
            if len(names) == 1:  # of two images of one name in two folders, neither is meant
                self._by_image.setdefault(last, self._by_image[next(iter(names))])

    def read(self, image: ImageName, size: tuple[int, int]) -> np.ndarray:
        """See `PredictedMaps`."""
        canvas = LabelCanvas(size)
        numbers = self._numbers(image)
        try:
            for number in numbers:
                record = self._records[number]
                canvas.add(record.segmentation, record.category_id)
            return canvas.labels()
        except MaskError as error:
            number = numbers[canvas.culprit(error)]
            raise self._fault(number, str(error), error.field) from None

    def place(self, image: ImageName) -> str:
        """See `PredictedMaps`."""
        return f"{self._path}: image {image.path if image.id is None else image.id}"

    def check(self, images: Sequence[ImageName]) -> list[str]:
        """Require that some record is for an image; an image without one has no prediction."""
        numbers = [number for image in images for number in self._numbers(image)]
        if self._records and not numbers:
            raise self._fault(0, "no predicted image is in the ground truth", None)
        empty = sum(not self._numbers(image) for image in images)
        notes = []
        if empty:
            notes.append(f"{empty:,} images have no prediction; all their pixels count as wrong.")
        if len(numbers) < len(self._records):
            unused = len(self._records) - len(numbers)
            notes.append(
                f"{unused:,} predictions are for images that are not in the ground truth; ignored."
            )
        return notes

    def _numbers(self, image: ImageName) -> list[int]:
        for name in image.candidates():
            if name in self._by_image:
                return self._by_image[name]
        return []

    def _fault(self, number: int, message: str, field: str | None) -> InputError:
        record = self._records[number]
        key = "file_name" if record.file_name and record.image_id is None else "image_id"
        where = f"record [{number}] ({key} {getattr(record, key)}, category_id "
        return InputError(
            message, file=self._path, record=f"{where}{record.category_id})", field=field
        )


def ground_truth_maps(path: Path) -> GroundTruthMaps:
    """Ground truth from a folder of PNGs or a COCO annotation file."""
    return GroundTruthFolder(path) if path.is_dir() else GroundTruthJson(path)


def predicted_maps(path: Path, ground_truth: Path) -> PredictedMaps:
    """Predictions from a folder of PNGs or a results file, for a ground truth."""
    return PredictedFolder(path, ground_truth) if path.is_dir() else PredictedJson(path)
