"""Label maps from COCO JSON with a mask per class: ground truth and predictions."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import msgspec
import numpy as np

from benchmark.pixels.label_canvas import LabelCanvas
from benchmark.pixels.label_maps import NO_LABEL, ImageName
from o365seg.errors import InputError
from o365seg.formats.json_files import read_json
from o365seg.formats.masks import MaskError, Rle, segmentation_to_rle
from o365seg.formats.records import Annotation, AnnotationFile, read_annotations


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
        self._taken: set[int] = set()

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
        """Require that some record is for an image; an image without one has no prediction.

        Records of an image's own id or path are not those of another whose last part they fit.
        """
        for image in images:
            for name in (image.id, image.path):
                self._taken.update(self._by_image.get(name, ())[:1] if name is not None else ())
        owners: dict[int, ImageName] = {}
        for image in images:
            first = self._numbers(image)[:1]
            other = owners.setdefault(first[0], image) if first else image
            if other is not image:
                raise self._fault(first[0], f"fits both {other.path} and {image.path}", None)
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
            numbers = self._by_image.get(name)
            if numbers and (name in (image.id, image.path) or numbers[0] not in self._taken):
                return numbers
        return []

    def _fault(self, number: int, message: str, field: str | None) -> InputError:
        record = self._records[number]
        key = "file_name" if record.file_name and record.image_id is None else "image_id"
        where = f"record [{number}] ({key} {getattr(record, key)}, category_id "
        return InputError(
            message, file=self._path, record=f"{where}{record.category_id})", field=field
        )
