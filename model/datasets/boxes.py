"""Boxes without masks, read from a memory-mapped index: Objects365, or any COCO file."""

from pathlib import Path

import numpy as np

from model.data.image_reading import Size, read_pixels
from model.data.samples import BoxGroundTruth, Sample
from model.datasets.box_index import BoxIndex
from model.datasets.instances import category_index, locate_in
from model.text.vocabulary import Vocabulary
from o365seg.formats.task import Task


class BoxDataset:
    """Boxes of a COCO-format file, without crowds and empty boxes; see `samples.Dataset`.

    Args:
        name: The data set's name.
        vocabulary: Its classes. The index's categories are matched by name.
        index: The boxes.
        images: Folders to search for the images, in order.

    Raises:
        InputError: a category is not in the vocabulary.
    """

    task = Task.INSTANCE

    def __init__(
        self, name: str, vocabulary: Vocabulary, index: BoxIndex, images: tuple[Path, ...]
    ) -> None:
        self.name = name
        self.vocabulary = vocabulary
        self.annotations = Path(index.about.source)
        self.index = index
        self._images = images
        by_id = category_index(index.about.classes, vocabulary, self.annotations)
        self._ids = np.array(sorted(by_id), np.int64)
        self._labels = np.array([by_id[number] for number in self._ids.tolist()], np.int64)

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, index: int) -> Sample:
        """See `samples.Dataset`."""
        path = self.image_path(index)
        image = read_pixels(path, self.recorded_size(index))
        part = slice(int(self.index.starts[index]), int(self.index.starts[index + 1]))
        labels = self._labels[np.searchsorted(self._ids, self.index.categories[part])]
        boxes = self.index.boxes[part].astype(np.float64)
        return Sample(image, BoxGroundTruth(labels, boxes), int(self.index.image_ids[index]), path)

    def image_name(self, index: int) -> str:
        """The image's name in the data set's files."""
        return self.index.file_name(index)

    def image_path(self, index: int) -> Path:
        """Path of the image.

        Raises:
            InputError: the file does not exist.
        """
        where = f"images[{index}] (id {self.index.image_ids[index]})"
        return locate_in(self._images, self.index.file_name(index), self.annotations, where)

    def recorded_size(self, index: int) -> Size:
        """The image's (height, width) in the annotations."""
        height, width = self.index.sizes[index].tolist()
        return height, width


def index_vocabulary(index: BoxIndex) -> Vocabulary:
    """The categories of an index as a vocabulary of things."""
    classes = index.about.classes
    return Vocabulary(
        tuple(category.name for category in classes),
        (True,) * len(classes),
        tuple(category.id for category in classes),
        source=index.about.source,
    )
