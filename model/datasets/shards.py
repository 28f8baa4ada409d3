"""Data sets in shards: tar files of images and ground truth, in a folder or at a URL.

The tar files have the layout of WebDataset: a sample's members follow each other and differ in the
suffix only (`00000012.jpg`, `00000012.png`, `00000012.json`). Two files beside them make samples
readable in any order, by one range of one file each:

- `dataset.json`: what `ShardsHeader` has.
- `index.npz`: for each of N samples `shards` (N,), `starts` and `lengths` (N, 3) of its image, map
  and record in bytes, `sizes` (N, 2) of the image as recorded (0, 0 where it is not), and the UTF-8
  text of all names with the offset where each starts, `names` and `name_starts` (N + 1,).
"""

import io
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np

from benchmark.pixels.png_maps import decode_labels, decode_segment_ids
from model.data.image_reading import Size, decode_pixels
from model.data.samples import (
    VOID,
    BoxGroundTruth,
    ClassGroundTruth,
    GroundTruth,
    Sample,
    SegmentGroundTruth,
)
from model.objective.targets import Segment
from model.text.vocabulary import vocabulary_of
from o365seg.errors import InputError
from o365seg.formats.json_files import decode_json
from o365seg.formats.task import Task
from o365seg.images.image_root import ImageRoot

FORMAT = "dataseg-shards-1"
HEADER_FILE = "dataset.json"
INDEX_FILE = "index.npz"

Kind = Literal["segments", "classes", "boxes"]


class ShardClass(msgspec.Struct, omit_defaults=True):
    """A class of a vocabulary, as in COCO's panoptic categories."""

    id: int
    name: str
    isthing: int
    color: tuple[int, int, int] | None = None


class ShardsHeader(msgspec.Struct):
    """The content of `dataset.json`.

    Attributes:
        format: `FORMAT`.
        name: Name of the data set.
        task: Its task.
        kind: What its maps and records hold: segments (RGB PNG of ids, or 8-bit grey where all are
            below 256), classes (grey PNG of class index + 1; 0 is void) or boxes (no map).
        classes: Its vocabulary.
        shards: Names of the tar files.
        images: Number of samples.
    """

    format: str
    name: str
    task: Task
    kind: Kind
    classes: list[ShardClass]
    shards: list[str]
    images: int


class SegmentRecord(msgspec.Struct):
    """A segment; `label` is an index into the classes."""

    id: int
    label: int
    iscrowd: int


class SampleRecord(msgspec.Struct, omit_defaults=True):
    """The record of a sample.

    Attributes:
        file_name: The image's name in the original data set.
        image_id: Its id there.
        segments: Its segments; for the kind `segments`.
        labels: Class indices of its boxes; for the kind `boxes`.
        boxes: Left, top, right and bottom of its boxes in pixels.
    """

    file_name: str
    image_id: int | str
    segments: list[SegmentRecord] = []
    labels: list[int] = []
    boxes: list[tuple[float, float, float, float]] = []


_RECORD = msgspec.json.Decoder(SampleRecord)


@dataclass(frozen=True)
class ShardIndex:
    """The arrays of `index.npz`; see the top."""

    shards: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    sizes: np.ndarray
    names: np.ndarray
    name_starts: np.ndarray


@dataclass(frozen=True)
class Shards:
    """Settings of a data set in shards (`dataseg data shard`).

    Attributes:
        root: Folder, or URL that fsspec knows (`s3://bucket/folder`).
        name: Name of the data set; None for the one in the shards.
    """

    root: str | Path
    name: str | None = None


class ShardDataset:
    """A data set in shards; see `samples.Dataset`.

    Args:
        settings: Where it is, and its name.

    Raises:
        InputError: a file is missing or invalid, or the URL cannot be reached.
    """

    def __init__(self, settings: Shards) -> None:
        self.root = str(settings.root)
        self._reader: tuple[int, ImageRoot] | None = None
        header = decode_json(self._whole(HEADER_FILE), ShardsHeader, self._where(HEADER_FILE))
        if header.format != FORMAT:
            raise self._fault(HEADER_FILE, f"must be {FORMAT!r}, not {header.format!r}", "format")
        self.name = settings.name or header.name
        self.task = header.task
        self.vocabulary = vocabulary_of(header.classes, self._where(HEADER_FILE))
        self._kind = header.kind
        self._files = header.shards
        self._index = self._read_index(header)

    def __len__(self) -> int:
        return len(self._index.shards)

    def __getitem__(self, index: int) -> Sample:
        """See `samples.Dataset`."""
        starts, lengths = self._index.starts[index], self._index.lengths[index]
        shard = self._files[self._index.shards[index]]
        first, end = int(starts[0]), int((starts + lengths).max())
        data = self._part(shard, first, end - first)
        parts = [
            data[start - first : start - first + length]
            for start, length in zip(starts.tolist(), lengths.tolist(), strict=True)
        ]
        path = self.image_path(index)
        image = decode_pixels(parts[0], path, self.recorded_size(index))
        try:
            record = _RECORD.decode(parts[2])
        except msgspec.DecodeError as error:
            raise InputError(f"has an invalid record: {error}", file=path) from None
        return Sample(image, self._ground_truth(parts[1], record, path), record.image_id, path)

    def image_name(self, index: int) -> str:
        """See `FileDataset`."""
        start, end = self._index.name_starts[index : index + 2]
        return self._index.names[start:end].tobytes().decode()

    def image_path(self, index: int) -> Path:
        """The shard and the image's name, for messages; no file has this path."""
        return Path(self._where(self._files[self._index.shards[index]])) / self.image_name(index)

    def recorded_size(self, index: int) -> Size | None:
        """See `FileDataset`."""
        height, width = self._index.sizes[index].tolist()
        return (height, width) if height else None

    def __getstate__(self) -> dict[str, Any]:
        """Without the connection, which another process opens itself."""
        return vars(self) | {"_reader": None}

    def _ground_truth(self, png: bytes, record: SampleRecord, path: Path) -> GroundTruth:
        if self._kind == "boxes":
            boxes = np.array(record.boxes, np.float64).reshape(-1, 4)
            return BoxGroundTruth(np.array(record.labels, np.int64), boxes)
        name = path.with_suffix(".png")
        if self._kind == "classes":
            return ClassGroundTruth(decode_labels(png, name).astype(np.int16) + np.int16(VOID))
        is_grey = png[25:26] == b"\0"  # the colour type in a PNG's header
        ids = decode_labels(png, name) if is_grey else decode_segment_ids(png, name)
        segments = tuple(Segment(s.id, s.label, bool(s.iscrowd)) for s in record.segments)
        return SegmentGroundTruth(ids.astype(np.int32, copy=False), segments)

    def _read_index(self, header: ShardsHeader) -> ShardIndex:
        try:
            with np.load(io.BytesIO(self._whole(INDEX_FILE)), allow_pickle=False) as arrays:
                index = ShardIndex(**{name: arrays[name] for name in arrays.files})
        except (ValueError, TypeError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise self._fault(INDEX_FILE, f"is damaged: {error}") from None
        if len(index.shards) != header.images or not header.images:
            raise self._fault(
                INDEX_FILE,
                f"has {len(index.shards):,} samples, but {HEADER_FILE} {header.images:,}",
            )
        return index

    def _whole(self, file: str) -> bytes:
        with _named(self._where(file)):
            return self._place().read(file)

    def _part(self, file: str, start: int, length: int) -> bytes:
        with _named(self._where(file)):
            data = self._place().read_range(file, start, length)
        if len(data) != length:
            raise self._fault(file, "is shorter than the index says")
        return data

    def _place(self) -> ImageRoot:
        """The folder or URL; a connection of its own in each process."""
        if self._reader is None or self._reader[0] != os.getpid():
            self._reader = os.getpid(), ImageRoot(self.root)
        return self._reader[1]

    def _where(self, file: str) -> str:
        return f"{self.root.rstrip('/')}/{file}"

    def _fault(self, file: str, message: str, field: str | None = None) -> InputError:
        return InputError(message, file=self._where(file), field=field)


@contextmanager
def _named(file: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise InputError("no such file", file=file) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", file=file) from None
