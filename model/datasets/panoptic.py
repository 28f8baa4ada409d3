"""COCO's panoptic format: a JSON file of segments, and PNGs whose colours are their ids."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from benchmark.pixels.png_maps import read_segment_ids
from model.data.image_reading import Size, check_size, locate, read_pixels
from model.data.samples import VOID, ClassGroundTruth, Sample, SegmentGroundTruth
from model.objective.targets import Segment
from model.text.vocabulary import Vocabulary
from o365seg.errors import InputError
from o365seg.formats.json_files import read_json
from o365seg.formats.task import Task


class _Image(msgspec.Struct, gc=False):
    id: int | str
    file_name: str
    width: int
    height: int


class _Segment(msgspec.Struct, gc=False):
    id: int
    category_id: int
    iscrowd: int | bool = 0


class _Annotation(msgspec.Struct, gc=False):
    image_id: int | str
    file_name: str
    segments_info: list[_Segment]


class _File(msgspec.Struct):
    images: list[_Image]
    annotations: list[_Annotation]


@dataclass(frozen=True)
class PanopticRecords:
    """A panoptic JSON with its S segments in flat arrays, which worker processes share.

    Attributes:
        path: Path of the JSON.
        images: N image records.
        pngs: N file names of PNGs.
        starts: int64 (N + 1,), where an image's segments start.
        ids: int32 (S,), segment ids, unique in an image.
        categories: int64 (S,), category ids.
        crowd: bool (S,).
    """

    path: Path
    images: list[_Image]
    pngs: list[str]
    starts: np.ndarray
    ids: np.ndarray
    categories: np.ndarray
    crowd: np.ndarray


def read_panoptic_records(path: Path) -> PanopticRecords:
    """Read and check a panoptic JSON; images without an annotation are skipped.

    Raises:
        InputError: the file cannot be read or has another format; an image or segment id is
            repeated; an id does not fit into a PNG; an annotation names an unknown image.
    """
    file = read_json(path, _File)
    by_id: dict[int | str, _Image] = {}
    for index, image in enumerate(file.images):
        if by_id.setdefault(image.id, image) is not image:
            raise _fault(path, f"images[{index}]", "id", f"duplicate id {image.id}")
    if not file.annotations:
        raise InputError("contains no images", file=path, field="annotations")
    images, seen = [], set()
    for index, annotation in enumerate(file.annotations):
        record = f"annotations[{index}] (image_id {annotation.image_id})"
        if annotation.image_id not in by_id:
            raise _fault(path, record, "image_id", f"unknown image {annotation.image_id!r}")
        if annotation.image_id in seen:
            raise _fault(path, record, "image_id", "duplicate; an earlier record has it")
        seen.add(annotation.image_id)
        images.append(by_id[annotation.image_id])
        ids = {segment.id for segment in annotation.segments_info}
        if len(ids) < len(annotation.segments_info):
            raise _fault(path, record, "segments_info", "duplicate segment id")
        if ids and not (min(ids) > 0 and max(ids) < 2**24):
            raise _fault(path, record, "segments_info", "ids must be 1 to 2^24 - 1")
    counts = [len(annotation.segments_info) for annotation in file.annotations]
    flat = [segment for annotation in file.annotations for segment in annotation.segments_info]
    return PanopticRecords(
        path,
        images,
        [annotation.file_name for annotation in file.annotations],
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        np.array([segment.id for segment in flat], np.int32),
        np.array([segment.category_id for segment in flat], np.int64),
        np.array([bool(segment.iscrowd) for segment in flat], bool),
    )


class PanopticDataset:
    """Panoptic segments, or maps of classes made of them; see `samples.Dataset`.

    Args:
        name: The data set's name.
        vocabulary: Its classes; their ids are the category ids of the records.
        records: The contents of the JSON.
        images: Folder of the images.
        pngs: Folder of the PNGs.
        void_categories: Categories whose segments become void; any other category that is not in
            the vocabulary is an error.
        semantic: Return maps of classes instead of segments; a crowd then has its class, as in
            detectron2's `panoptic_semseg` files.

    Raises:
        InputError: a category is not in the vocabulary.
    """

    def __init__(
        self,
        name: str,
        vocabulary: Vocabulary,
        records: PanopticRecords,
        images: Path,
        pngs: Path,
        *,
        void_categories: Collection[int] = (),
        semantic: bool = False,
    ) -> None:
        self.name = name
        self.task = Task.SEMANTIC if semantic else Task.PANOPTIC
        self.vocabulary = vocabulary
        self.annotations = records.path
        self._records = records
        self._images = images
        self._pngs = pngs
        self._labels = _labels(records, vocabulary, void_categories)

    def __len__(self) -> int:
        return len(self._records.images)

    def __getitem__(self, index: int) -> Sample:
        """See `samples.Dataset`."""
        record = self._records.images[index]
        path = self.image_path(index)
        image = read_pixels(path, (record.height, record.width))
        png = self._pngs / self._records.pngs[index]
        ids = read_segment_ids(png).view(np.int32)
        check_size(png, (ids.shape[0], ids.shape[1]), (record.height, record.width))
        part = slice(self._records.starts[index], self._records.starts[index + 1])
        known = self._labels[part] != VOID
        listed = self._records.ids[part][known]
        labels = self._labels[part][known]
        if self.task is Task.SEMANTIC:
            return Sample(image, _classes(ids, listed, labels), record.id, path)
        crowd = self._records.crowd[part][known]
        segments = tuple(
            Segment(*values)
            for values in zip(listed.tolist(), labels.tolist(), crowd.tolist(), strict=True)
        )
        return Sample(image, SegmentGroundTruth(ids, segments), record.id, path)

    def image_name(self, index: int) -> str:
        """The image's name in the data set's files."""
        return self._records.images[index].file_name

    def image_path(self, index: int) -> Path:
        """Path of the image.

        Raises:
            InputError: the file does not exist.
        """
        record = self._records.images[index]
        name = f"annotations[{index}] (image_id {record.id})"
        return locate(self._images, record.file_name, self._records.path, name)

    def id_faults(self, index: int) -> list[str]:
        """Differences between the ids in the PNG and in the JSON, in words; 0 is void."""
        part = slice(self._records.starts[index], self._records.starts[index + 1])
        listed = self._records.ids[part]
        found = np.unique(read_segment_ids(self._pngs / self._records.pngs[index]))
        unknown, absent = np.setdiff1d(found, [0, *listed]), np.setdiff1d(listed, found)
        return [
            f"{self._records.pngs[index]}: {what} {', '.join(map(str, ids[:3]))}"
            + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")
            for what, ids in (("no segment for the id", unknown), ("no pixel of the id", absent))
            if len(ids)
        ]

    def recorded_size(self, index: int) -> Size | None:
        """The image's (height, width) in the annotations."""
        record = self._records.images[index]
        return record.height, record.width


def _classes(ids: np.ndarray, listed: np.ndarray, labels: np.ndarray) -> ClassGroundTruth:
    """The class map, int16 (H, W), of an id map whose `listed` ids have the given labels."""
    if not listed.size:
        return ClassGroundTruth(np.full(ids.shape, VOID, np.int16))
    order = np.argsort(listed)
    known, labels = listed[order], labels[order]
    nearest = np.searchsorted(known, ids).clip(max=len(known) - 1)
    return ClassGroundTruth(np.where(known[nearest] == ids, labels[nearest], VOID).astype(np.int16))


def _labels(
    records: PanopticRecords, vocabulary: Vocabulary, void_categories: Collection[int]
) -> np.ndarray:
    """int16 (S,), each segment's class index; `VOID` for a void category."""
    by_id = {number: index for index, number in enumerate(vocabulary.ids)}
    by_id |= dict.fromkeys(void_categories, VOID)
    categories, inverse = np.unique(records.categories, return_inverse=True)
    unknown = [number for number in categories.tolist() if number not in by_id]
    if unknown:
        segment = int(np.flatnonzero(records.categories == unknown[0])[0])
        image = int(np.searchsorted(records.starts, segment, "right")) - 1
        record = f"annotations[{image}] (image_id {records.images[image].id})"
        message = f"category {unknown[0]} is not in the vocabulary {vocabulary.source}"
        where = f"segments_info[{segment - records.starts[image]}].category_id"
        raise _fault(records.path, record, where, message)
    of_category = np.array([by_id[number] for number in categories.tolist()], np.int16)
    return of_category[inverse] if len(categories) else np.zeros(0, np.int16)


def _fault(path: Path, record: str, field: str, message: str) -> InputError:
    return InputError(message, file=path, record=record, field=field)
