"""Write a data set as shards (`model.datasets.shards` has the format)."""

import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import cv2
import msgspec
import numpy as np

from model.data.file_dataset import FileDataset
from model.data.samples import (
    VOID,
    BoxGroundTruth,
    ClassGroundTruth,
    GroundTruth,
    Sample,
    SegmentGroundTruth,
)
from model.datasets.shards import (
    FORMAT,
    HEADER_FILE,
    INDEX_FILE,
    Kind,
    SampleRecord,
    SegmentRecord,
    ShardClass,
    ShardsHeader,
)
from o365seg.errors import InputError
from o365seg.formats.json_files import make_folder, read_bytes, write_json_atomic

Progress = Callable[[Sequence[int], str], Iterable[int]]
_BLOCK = 512  # tar's
_KINDS: dict[type, Kind] = {
    SegmentGroundTruth: "segments",
    ClassGroundTruth: "classes",
    BoxGroundTruth: "boxes",
}


@dataclass(frozen=True)
class Written:
    """What was written: numbers of images and shards, and bytes of all shards."""

    images: int
    shards: int
    bytes: int


def write_shards(dataset: FileDataset, out: Path, shard_bytes: int, progress: Progress) -> Written:
    """Write a data set as shards into a new folder, which appears when it is complete.

    Images are copied as they are; those that are not files become PNGs. Every sample is decoded, so
    that a damaged one is found here.

    Args:
        dataset: The data set.
        out: The folder; must not exist.
        shard_bytes: A shard is closed when it has this many bytes, ≥ 1.
        progress: Iterates over its first argument with a progress bar labelled by the second.

    Raises:
        InputError: `out` exists or cannot be written, a sample is missing or damaged, or the data
            set has no images.
    """
    if out.exists():
        raise InputError("exists already", file=out)
    if not len(dataset):
        raise InputError(f"{dataset.name} has no images", file=out)
    make_folder(out.parent)
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
        try:
            written = _write(dataset, folder, shard_bytes, progress)
            folder.chmod(0o777 & ~_umask())
            folder.rename(out)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", file=out) from None
    return written


def _write(dataset: FileDataset, folder: Path, shard_bytes: int, progress: Progress) -> Written:
    count = len(dataset)
    shards = np.zeros(count, np.int32)
    starts, lengths = np.zeros((2, count, 3), np.int64)
    sizes = np.zeros((count, 2), np.int32)
    names: list[bytes] = []
    files: list[str] = []
    tar: tarfile.TarFile | None = None
    total = 0
    kind: Kind = _KINDS[type(dataset[0].ground_truth)]
    try:
        for index in progress(range(count), f"Writing {dataset.name}"):
            if tar is not None and tar.offset >= shard_bytes:
                tar.close()
                tar = None
            if tar is None:
                files.append(f"shard-{len(files):06}.tar")
                tar = tarfile.open(folder / files[-1], "w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115
            shards[index] = len(files) - 1
            for column, (suffix, data) in enumerate(_members(dataset, index)):
                if data:
                    starts[index, column] = tar.offset + _BLOCK
                    lengths[index, column] = len(data)
                    _add(tar, f"{index:08}{suffix}", data)
            sizes[index] = dataset.recorded_size(index) or (0, 0)
            names.append(dataset.image_name(index).encode())
    finally:
        if tar is not None:
            tar.close()
    total = sum((folder / name).stat().st_size for name in files)
    name_starts = np.concatenate([[0], np.cumsum([len(name) for name in names])]).astype(np.int64)
    np.savez(
        folder / INDEX_FILE, shards=shards, starts=starts, lengths=lengths, sizes=sizes,
        names=np.frombuffer(b"".join(names), np.uint8), name_starts=name_starts,
    )  # fmt: skip
    classes = msgspec.convert(dataset.vocabulary.as_categories(), list[ShardClass], strict=False)
    header = ShardsHeader(FORMAT, dataset.name, dataset.task, kind, classes, files, count)
    write_json_atomic(folder / HEADER_FILE, header)
    return Written(count, len(files), total)


def _members(dataset: FileDataset, index: int) -> list[tuple[str, bytes]]:
    """Suffix and bytes of a sample's image, map (empty for boxes) and record."""
    sample = dataset[index]
    name = dataset.image_name(index)
    if sample.path.is_file():
        image, suffix = read_bytes(sample.path), sample.path.suffix.lower()
    else:
        image, suffix = _png(sample.image[..., ::-1]), ".png"
    # A sample's members differ in the suffix only, so an image that is a PNG needs another one.
    suffix = ".image.png" if suffix == ".png" else suffix
    record = msgspec.json.encode(_record(sample, name))
    return [(suffix, image), (".png", _map(sample.ground_truth)), (".json", record)]


def _record(sample: Sample, name: str) -> SampleRecord:
    truth = sample.ground_truth
    record = SampleRecord(PurePosixPath(name).as_posix(), sample.image_id)
    if isinstance(truth, SegmentGroundTruth):
        record.segments = [SegmentRecord(s.id, s.label, int(s.crowd)) for s in truth.segments]
    elif isinstance(truth, BoxGroundTruth):
        record.labels = truth.labels.tolist()
        record.boxes = [tuple(box) for box in truth.boxes.tolist()]
    return record


def _map(truth: GroundTruth) -> bytes:
    """The PNG of a map; empty for boxes."""
    if isinstance(truth, BoxGroundTruth):
        return b""
    if isinstance(truth, ClassGroundTruth):
        values = truth.classes.astype(np.int32) - VOID
        return _png(values.astype(np.uint8 if values.max(initial=0) < 256 else np.uint16))
    ids = truth.ids
    if ids.max(initial=0) < 256:
        return _png(ids.astype(np.uint8))
    return _png(np.stack([ids >> 16 & 255, ids >> 8 & 255, ids & 255], -1).astype(np.uint8))


def _png(pixels: np.ndarray) -> bytes:
    """A PNG of grey values, or of BGR."""
    options = [cv2.IMWRITE_PNG_COMPRESSION, 6, cv2.IMWRITE_PNG_STRATEGY, 0]  # zlib's defaults
    done, data = cv2.imencode(".png", np.ascontiguousarray(pixels), options)
    assert done
    return data.tobytes()


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)  # no time and no owner: equal data sets give equal bytes
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
