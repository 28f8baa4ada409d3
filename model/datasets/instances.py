"""COCO-format instances as segments: COCO itself, and our Objects365 release.

The network is trained on an id map (`samples.SegmentGroundTruth`), in which a pixel belongs to one
segment. Where masks overlap, the smaller one is on top, so that an object in front of a larger one
is kept; crowds are below all others. For that reason mask AP is computed from the annotation file
itself (`InstanceDataset.annotations`) and not from the id map.
"""

from pathlib import Path

import numpy as np

from model.data.image_reading import Size, locate, read_pixels
from model.data.samples import Sample, SegmentGroundTruth
from model.objective.targets import Segment
from model.text.vocabulary import Vocabulary
from o365seg.errors import InputError
from o365seg.formats.categories import display_name
from o365seg.formats.masks import MaskError, Rle, decode_rle, rle_area, segmentation_to_rle
from o365seg.formats.records import Annotation, AnnotationFile, Category
from o365seg.formats.task import Task


class InstanceDataset:
    """Instances with masks, the skipped ones (`Annotation.is_skipped`) as void; see `Dataset`.

    Args:
        name: The data set's name.
        vocabulary: Its classes.
        file: The annotations, from `records.read_annotations`.
        annotations: The path that they were read from.
        images: Folders to search for the images, in order.

    Raises:
        InputError: a category is not in the vocabulary, or there are boxes but no mask.
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
        self._labels = category_index(file.categories, vocabulary, annotations)
        if file.annotations and not any(one.has_segmentation for one in file.annotations):
            raise InputError(  # all would be skipped ones: a run would train on nothing
                'has boxes but no masks; read it with layout = "coco_instances" and '
                "boxes_only = true",
                file=annotations,
            )
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
        found.sort(key=lambda mask: (not mask[0], -mask[1], mask[2]))  # in painting order
        ids = np.zeros(size, np.int32)
        segments = []
        for segment_id, (crowd, _, number, rle) in enumerate(found, start=1):
            ids[decode_rle(rle) != 0] = segment_id
            label = self._labels[self.file.annotations[number].category_id]
            segments.append(Segment(segment_id, label, crowd))
        return Sample(image, SegmentGroundTruth(ids, tuple(segments)), record.id, path)

    def image_name(self, index: int) -> str:
        """The image's name in the data set's files."""
        return self.file.images[index].name

    def image_path(self, index: int) -> Path:
        """Path of the image.

        Raises:
            InputError: the file does not exist.
        """
        record = self.file.images[index]
        where = f"images[{index}] (id {record.id})"
        return locate_in(self._images, record.name, self.annotations, where)

    def recorded_size(self, index: int) -> Size | None:
        """The image's (height, width) in the annotations."""
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
                field=error.field,
            ) from None


def locate_in(folders: tuple[Path, ...], file_name: str, listed_in: Path, record: str) -> Path:
    """Path of the file in the first folder that has it; see `locate`."""
    for folder in folders[:-1]:
        try:
            return locate(folder, file_name, listed_in, record)
        except InputError:
            continue
    return locate(folders[-1], file_name, listed_in, record)


def category_index(
    categories: list[Category], vocabulary: Vocabulary, path: Path
) -> dict[int, int]:
    """Map each category id to the vocabulary index of the class with the same name.

    Names are matched because ids differ between releases.

    Raises:
        InputError: a category is not in the vocabulary.
    """
    by_name = {_key(name): index for index, name in enumerate(vocabulary.names)}
    found = {}
    for number, category in enumerate(categories):
        if _key(category.name) not in by_name:
            raise InputError(
                f"{category.name!r} is not in the vocabulary {vocabulary.source}",
                file=path, record=f"categories[{number}] (id {category.id})", field="name",
            )  # fmt: skip
        found[category.id] = by_name[_key(category.name)]
    return found


def _key(name: str) -> str:
    return display_name(name).casefold()
