"""The boxes of a COCO-format file in flat arrays on disk, mapped into memory.

Objects365's training file holds 26 million boxes in 5 GB of JSON. It is read once, in chunks. After
that its index opens at once, uses little memory and is shared by all worker processes, because the
system's page cache holds it once.
"""

import hashlib
import mmap
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np

from o365seg.errors import InputError
from o365seg.formats.json_files import decode_json, is_plain, plain_text, read_json
from o365seg.formats.records import Annotation, Category, Image

_VERSION = 2  # of the files below; another version uses other folders
_CHUNK = 1 << 23  # bytes of JSON text decoded at a time
_SMALL = 1 << 26  # bytes of JSON; up to this size the index is rebuilt each time, in about a second
_BETWEEN = re.compile(rb"\}\s*,\s*\{")
_RECORD = re.compile(r"record \[(\d+)\]")
_ARRAYS = ("image_ids", "sizes", "names", "name_ends", "starts", "boxes", "categories")

T = TypeVar("T")


class About(msgspec.Struct):
    """Metadata of an index.

    Attributes:
        source: Path of the JSON.
        classes: Its categories.
        crowds: Number of crowd boxes, which are skipped.
        flat: Number of boxes without width or height, which are skipped, too.
    """

    source: str
    classes: list[Category]
    crowds: int
    flat: int


@dataclass(frozen=True)
class BoxIndex:
    """The boxes of a data set: N images, G boxes.

    Attributes:
        about: Its metadata.
        image_ids: int64 (N,).
        sizes: int32 (N, 2), height and width.
        names: uint8 (T,), the file names in UTF-8, concatenated.
        name_ends: int64 (N + 1,), where a name starts and the previous one ends.
        starts: int64 (N + 1,), where an image's boxes start.
        boxes: float32 (G, 4), left, top, right, bottom in pixels.
        categories: int32 (G,), category ids.
    """

    about: About
    image_ids: np.ndarray
    sizes: np.ndarray
    names: np.ndarray
    name_ends: np.ndarray
    starts: np.ndarray
    boxes: np.ndarray
    categories: np.ndarray

    def __len__(self) -> int:
        return len(self.image_ids)

    def file_name(self, index: int) -> str:
        """The file name in an image's record, or the path of its URL; see `records.Image`."""
        part = self.names[self.name_ends[index] : self.name_ends[index + 1]]
        return part.tobytes().decode()


def default_cache() -> Path:
    """The folder that indices are kept in: `o365seg/boxes` in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "o365seg" / "boxes"


def open_box_index(path: Path, cache: Path | None = None) -> BoxIndex:
    """Return the index of a file from the cache, or build it and store it there.

    Files of up to 64 MB are not cached. A changed file gets a new index.

    Args:
        path: COCO-format JSON with `images`, `annotations` (with `bbox`) and `categories`.
        cache: Folder of indices; `default_cache()` if None.

    Raises:
        InputError: the file cannot be read or has another format, an id is repeated, an annotation
            names an unknown image or category, a box is missing or not finite; or the cache cannot
            be written.
    """
    try:
        state = path.stat()
    except FileNotFoundError:
        raise InputError("no such file", file=path) from None
    if state.st_size <= _SMALL:
        return build_box_index(path)
    known = f"{_VERSION} {path.resolve()} {state.st_size} {state.st_mtime_ns}"
    key = hashlib.sha256(known.encode()).hexdigest()[:16]
    folder = (cache or default_cache()) / f"{path.stem}-{key}"
    if not folder.is_dir():
        save_box_index(build_box_index(path), folder)
    return load_box_index(folder)


def load_box_index(folder: Path) -> BoxIndex:
    """Open an index from its folder; the arrays are mapped, not read.

    Raises:
        InputError: one of its files is missing or damaged.
    """
    about = read_json(folder / "about.json", About)
    arrays = {}
    for name in _ARRAYS:
        file = folder / f"{name}.npy"
        try:
            arrays[name] = np.load(file, mmap_mode="r")
        except (OSError, ValueError) as error:
            message = f"cannot be read ({error}); delete the folder to rebuild it"
            raise InputError(message, file=file) from None
    return BoxIndex(about, **arrays)


def save_box_index(index: BoxIndex, folder: Path) -> None:
    """Write an index to a folder, which appears only when complete; an existing one is kept.

    Raises:
        InputError: the folder cannot be written.
    """
    temporary = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        for name in _ARRAYS:
            np.save(temporary / f"{name}.npy", getattr(index, name))
        (temporary / "about.json").write_bytes(msgspec.json.encode(index.about))
        temporary.rename(folder)
    except OSError as error:
        if not folder.is_dir():  # otherwise another process was faster
            raise InputError(f"cannot be written: {error.strerror}", file=folder) from None
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


class _Parts(msgspec.Struct):
    images: msgspec.Raw
    annotations: msgspec.Raw
    categories: list[Category]


def build_box_index(path: Path) -> BoxIndex:
    """Build the index of a file; see `open_box_index`. The file is mapped and read in chunks."""
    with path.open("rb") as file:
        empty = os.fstat(file.fileno()).st_size == 0
        data: Any = b"" if empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if not is_plain(data[:4]):
            data = plain_text(bytes(data), path)
        try:
            parts = msgspec.json.decode(data, type=_Parts)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            parts = decode_json(
                bytes(data), _Parts, path
            )  # for its error message, which names the record
        images = _read_images(parts.images, path)
        return _read_boxes(parts, images, path)


@dataclass(frozen=True)
class _Images:
    ids: np.ndarray
    sizes: np.ndarray
    names: np.ndarray
    name_ends: np.ndarray


def _read_images(text: msgspec.Raw, path: Path) -> _Images:
    ids, sizes, names = [], [], []
    count = 0
    for records in _chunks(text, Image, path, "images"):
        ids.append(np.array([image.id for image in records], np.int64))
        size = np.array([(image.height, image.width) for image in records], np.int64).reshape(-1, 2)
        sizes.append(size)
        names += [image.name.encode() for image in records]
        wrong = np.flatnonzero((size <= 0).any(1) | (size >= 2**31).any(1))
        if wrong.size:
            record = f"images[{count + wrong[0]}] (id {ids[-1][wrong[0]]})"
            raise InputError(
                "must be positive and below 2^31", file=path, record=record, field="width"
            )
        count += len(records)
    if not count:
        raise InputError("contains no images", file=path, field="images")
    all_ids = np.concatenate(ids)
    unique, first = np.unique(all_ids, return_index=True)
    if len(unique) < count:
        second = np.setdiff1d(np.arange(count), first)[0]
        message = f"duplicate id {all_ids[second]}"
        raise InputError(message, file=path, record=f"images[{second}]", field="id")
    ends = np.concatenate([[0], np.cumsum([len(name) for name in names])]).astype(np.int64)
    joined = np.frombuffer(b"".join(names), np.uint8)
    return _Images(all_ids, np.concatenate(sizes).astype(np.int32), joined, ends)


def _read_boxes(parts: _Parts, images: _Images, path: Path) -> BoxIndex:
    order = np.argsort(images.ids)
    sorted_ids = images.ids[order]
    known = np.array(sorted({category.id for category in parts.categories}), np.int64)
    owners = [np.zeros(0, np.int32)]
    boxes = [np.zeros((0, 4), np.float32)]
    categories = [np.zeros(0, np.int32)]
    count = crowds = flat = 0
    for records in _chunks(parts.annotations, Annotation, path, "annotations"):
        found = np.searchsorted(sorted_ids, [a.image_id for a in records])
        found = order[found.clip(max=len(order) - 1)]
        kinds = np.array([annotation.category_id for annotation in records], np.int64)
        corners = np.array([a.bbox or (np.nan,) * 4 for a in records], np.float64).reshape(-1, 4)
        image_ids = np.array([a.image_id for a in records], np.int64)
        for field, wrong, message in (
            ("image_id", images.ids[found] != image_ids, "unknown image"),
            ("category_id", ~np.isin(kinds, known), "unknown category"),
            ("bbox", ~np.isfinite(corners).all(1), "missing or not finite"),
        ):
            if wrong.any():
                index = int(np.flatnonzero(wrong)[0])
                value = getattr(records[index], field)
                record = f"annotations[{count + index}] (id {records[index].id})"
                raise InputError(f"{message} ({value})", file=path, record=record, field=field)
        corners[:, 2:] += corners[:, :2]
        crowd = np.array([bool(annotation.iscrowd) for annotation in records], bool)
        empty = ~crowd & (corners[:, 2:] <= corners[:, :2]).any(1)
        kept = ~crowd & ~empty
        count, crowds, flat = count + len(records), crowds + crowd.sum(), flat + empty.sum()
        owners.append(found[kept].astype(np.int32))
        boxes.append(corners[kept].astype(np.float32))
        categories.append(kinds[kept].astype(np.int32))
    owner = np.concatenate(owners)
    by_image = np.argsort(owner, kind="stable").astype(np.int32)
    per_image = np.bincount(owner, minlength=len(order))
    return BoxIndex(
        About(str(path), parts.categories, int(crowds), int(flat)),
        images.ids,
        images.sizes,
        images.names,
        images.name_ends,
        np.concatenate([[0], np.cumsum(per_image)]).astype(np.int64),
        np.concatenate(boxes)[by_image],
        np.concatenate(categories)[by_image],
    )


def _chunks(text: msgspec.Raw, kind: type[T], path: Path, what: str) -> Iterator[list[T]]:
    """Yield the records of a JSON array of objects, a few megabytes of text at a time.

    The text is cut between two objects, `}, {`. The same characters may occur inside a record that
    contains a list of objects; a chunk cut there does not decode and is extended to the next cut.
    """
    view = memoryview(text)
    if bytes(view[:1]) != b"[":
        raise InputError("must be a list", file=path, field=what)
    start, count = 1, 0
    while start < len(view):
        end = _chunk_end(view, start)
        chunk = b"[" + bytes(view[start:end]) + b"]"
        try:
            records = msgspec.json.decode(chunk, type=list[kind])
        except (msgspec.MsgspecError, UnicodeDecodeError):
            try:
                records = decode_json(chunk, list[kind], path)  # for its error message
            except InputError as error:
                raise _counted(error, path, what, count) from None
        yield records
        count += len(records)
        start = end + 1


def _chunk_end(view: memoryview, start: int) -> int:
    """Position after the chunk that begins at `start`: a comma or the closing bracket."""
    last = len(view) - 1
    end = start
    while True:
        cut = _BETWEEN.search(view, min(end + _CHUNK, last))
        if cut is None:
            return last
        end = cut.start() + 1
        if _is_whole(b"[" + bytes(view[start:end]) + b"]"):
            return end + bytes(view[end : cut.end()]).index(b",")


def _is_whole(text: bytes) -> bool:
    """Whether a text is a JSON list; its values are skipped, not decoded."""
    try:
        msgspec.json.decode(text, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
    return True


def _counted(error: InputError, path: Path, what: str, before: int) -> InputError:
    """The error of a chunk with its record counted from the start of the list."""
    record = _RECORD.sub(lambda m: f"{what}[{before + int(m[1])}]", error.record or what)
    return InputError(error.message, file=path, record=record, field=error.field)
