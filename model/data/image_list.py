"""The images to predict, the names of their results, and their ids."""

import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from o365seg.errors import InputError
from o365seg.formats.json_files import read_json
from o365seg.formats.records import image_name
from o365seg.images.image_files import find_image

_WRITTEN_TO = "lies where results are written; choose another --out"

SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


@dataclass(frozen=True)
class ListedImage:
    """An image file.

    Attributes:
        path: Path of the file.
        name: Name of its results: its path relative to the given folder, or its file name.
        id: COCO's image id; may be text in a panoptic data set.
    """

    path: Path
    name: str
    id: int | str

    @property
    def stem(self) -> str:
        """`name` without its suffix."""
        return str(PurePosixPath(self.name).with_suffix(""))


def list_images(
    given: Sequence[Path], coco: Path | None = None, results: Collection[Path] = ()
) -> list[ListedImage]:
    """List the given images; folders are searched recursively for files with an image's suffix.

    Files below `results`, the folders that pictures will be written to, are left out, with a notice
    on stderr: they are of an earlier run.

    The ids are those of the COCO-format file `coco`, which must then list every image; without it
    the files' numbers where all are named by different ones (`000000000139.jpg` is 139), else 1,
    2, 3, …. A file that does not exist is listed all the same: it fails alone when it is read.

    Raises:
        InputError: no image; two whose results would have one name; one that `coco` lacks; or one
            is given that lies below `results`.
    """
    found: list[tuple[Path, str]] = []
    for path in given:
        if path.is_dir():
            found += [(path / name, name) for name in _names_inside(path, results)]
        elif _is_below(path.parent.resolve(), results):
            raise InputError(_WRITTEN_TO, file=path)
        else:
            found.append((path, path.name))
    if not found:
        raise InputError("missing: name at least one image")
    taken: dict[str, Path] = {}
    for path, name in found:
        stem = str(PurePosixPath(name).with_suffix(""))
        if stem in taken:
            raise InputError(
                f"its results would have the same name as those of {taken[stem]}", file=path
            )
        taken[stem] = path
    ids = _ids_by_name([name for _, name in found]) if coco is None else _ids_of(found, coco)
    return [ListedImage(path, name, ids[name]) for path, name in found]


def _names_inside(folder: Path, results: Collection[Path]) -> list[str]:
    """Relative paths of the images in a folder, but for those below `results`."""
    every = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not every:
        raise InputError("contains no image", file=folder)
    top = folder.resolve()
    names = [path.relative_to(folder) for path in every]
    kept = [name.as_posix() for name in names if not _is_below((top / name).parent, results)]
    if not kept:
        raise InputError(_WRITTEN_TO, file=folder)
    if len(kept) < len(every):
        count = len(every) - len(kept)
        sys.stderr.write(f"{folder}: {count:,} results of an earlier run are left out\n")
    return kept


def _is_below(folder: Path, results: Collection[Path]) -> bool:
    return any(folder.is_relative_to(place.resolve()) for place in results)


def _ids_by_name(names: Sequence[str]) -> dict[str, int]:
    stems = [PurePosixPath(name).stem for name in names]
    if all(stem.isdecimal() and stem.isascii() and len(stem) < 19 for stem in stems):
        ids = [int(stem) for stem in stems]
        if len(set(ids)) == len(ids):
            return dict(zip(names, ids, strict=True))
    return {name: number for number, name in enumerate(names, start=1)}


class _Record(msgspec.Struct):
    id: int
    file_name: str = ""
    coco_url: str | None = None

    @property
    def name(self) -> str:
        return image_name(self.file_name, self.coco_url)


class _Records(msgspec.Struct):
    images: list[_Record]


def _ids_of(found: Sequence[tuple[Path, str]], coco: Path) -> dict[str, int]:
    """Ids by name; a record's leading folders need not be those of the disk."""
    by_last: dict[str, list[_Record]] = {}
    for record in read_json(coco, _Records).images:
        by_last.setdefault(PurePosixPath(record.name).name, []).append(record)
    ids: dict[str, int] = {}
    for path, name in found:
        alike = by_last.get(PurePosixPath(name).name, [])
        root = Path(str(path).removesuffix(name))
        of_this = [r for r in alike if len(alike) == 1 or find_image(root, r.name) == name]
        if len(of_this) != 1:
            many = "no image" if not of_this else f"{len(of_this)} images"
            raise InputError(f"lists {many} with the file_name {name}", file=coco)
        ids[name] = of_this[0].id
    return ids
