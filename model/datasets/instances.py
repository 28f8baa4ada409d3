"""COCO-format instances as segments: COCO itself, and our Objects365 release.

The network is trained on an id map (`samples.SegmentTruth`), in which a pixel has one owner. Where
masks overlap, the smaller one lies on top, so that what is on something else is not lost; crowds
lie below all. Mask AP is therefore not computed from here but from the annotation file itself,
which `InstanceDataset.annotations` names.
"""

from pathlib import Path

import numpy as np

from model.data.image_reading import Size, locate, read_pixels
from model.data.samples import Sample, SegmentTruth
from model.objective.targets import Segment
from model.text.vocabulary import Vocabulary
from o365seg.errors import InputError
from o365seg.formats.categories import display_name
from o365seg.formats.masks import MaskError, Rle, decode_rle, rle_area, segmentation_to_rle
from o365seg.formats.records import Annotation, AnnotationFile, Category
from o365seg.formats.task import Task


class InstanceDataset:
    """See `samples.Dataset`. Skipped instances (`records.Annotation.is_skipped`) are void.

    Args:
        name: What it is called.
        vocabulary: Its classes.
        file: The annotations, as `records.read_annotations` gives them.
        annotations: Where they were read.
        images: Folders to look for the images in, one after the other.

    Raises:
        InputError: a category is unknown.
    """

    task = Task.INSTANCE

    def __init__(
        self,
        name: str,
        vocabulary: Vocabulary,
        file: AnnotationFile,
        annotations: Path,
        images: tuple[Path, ...],
    ) -> None:
        self.name = name
        self.vocabulary = vocabulary
        self.annotations = annotations
        self.file = file
        self._images = images
        self._places = category_places(file.categories, vocabulary, annotations)
        self._of_image: dict[int, list[int]] = {image.id: [] for image in file.images}
        for number, annotation in enumerate(file.annotations):
            self._of_image[annotation.image_id].append(number)

    def __len__(self) -> int:
        return len(self.file.images)

    def __getitem__(self, index: int) -> Sample:
        """See `samples.Dataset`."""
        record = self.file.images[index]
        path = self.image_path(index)
        size = (record.height, record.width)
        image = read_pixels(path, size)
        found = []
        for number in self._of_image[record.id]:
            annotation = self.file.annotations[number]
            if annotation.has_segmentation:
                rle = self._mask(number, annotation, size)
                found.append((bool(annotation.iscrowd), rle_area(rle), number, rle))
        found.sort(key=lambda mask: (not mask[0], -mask[1], mask[2]))  # in the order of painting
        ids = np.zeros(size, np.int32)
        segments = []
        for place, (crowd, _, number, rle) in enumerate(found, start=1):
            ids[decode_rle(rle) != 0] = place
            label = self._places[self.file.annotations[number].category_id]
            segments.append(Segment(place, label, crowd))
        return Sample(image, SegmentTruth(ids, tuple(segments)), record.id, path)

    def image_name(self, index: int) -> str:
        """What the data set's files call the image."""
        return self.file.images[index].file_name

    def image_path(self, index: int) -> Path:
        """Where the image lies.

        Raises:
            InputError: it does not.
        """
        record = self.file.images[index]
        where = f"images[{index}] (id {record.id})"
        return locate_in(self._images, record.file_name, self.annotations, where)

    def recorded_size(self, index: int) -> Size | None:
        """The (height, width) that the annotations give the image."""
        record = self.file.images[index]
        return record.height, record.width

    def _mask(self, number: int, annotation: Annotation, size: Size) -> Rle:
        try:
            return segmentation_to_rle(annotation.segmentation, size)
        except MaskError as error:
            raise InputError(
                str(error),
                file=self.annotations,
                record=f"annotations[{number}] (id {annotation.id})",
                field="segmentation",
            ) from None


def locate_in(folders: tuple[Path, ...], file_name: str, listed_in: Path, record: str) -> Path:
    """The file in the first of the folders that has it; see `image_reading.locate`."""
    for folder in folders[:-1]:
        try:
            return locate(folder, file_name, listed_in, record)
        except InputError:
            continue
    return locate(folders[-1], file_name, listed_in, record)


def category_places(
    categories: list[Category], vocabulary: Vocabulary, path: Path
) -> dict[int, int]:
    """Category id to place in the vocabulary: the class of that name.

    Names decide because ids mean different things in different releases.

    Raises:
        InputError: a category is not in it.
    """
    by_name = {_key(name): place for place, name in enumerate(vocabulary.names)}
    places = {}
    for index, category in enumerate(categories):
        if _key(category.name) not in by_name:
            raise InputError(
                f"{category.name!r} is not in the vocabulary {vocabulary.source}",
                file=path, record=f"categories[{index}] (id {category.id})", field="name",
            )  # fmt: skip
        places[category.id] = by_name[_key(category.name)]
    return places


def _key(name: str) -> str:
    return display_name(name).casefold()
