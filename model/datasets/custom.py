"""The user's own data sets: their settings in a configuration, and how they are opened."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from model.data.file_dataset import FileDataset
from model.datasets.box_index import open_box_index
from model.datasets.boxes import BoxDataset, index_vocabulary
from model.datasets.instances import InstanceDataset
from model.datasets.label_maps import LabelMapDataset, found_pairs, read_names
from model.datasets.panoptic import PanopticDataset, read_panoptic_records
from model.text.shipped_vocabularies import index_by_label
from model.text.vocabulary import Vocabulary, parse_entries, read_vocabulary
from o365seg.errors import InputError
from o365seg.formats.records import read_annotations


@dataclass(frozen=True)
class CocoInstances:
    """Settings of a data set in COCO's instance format.

    Attributes:
        images: Folder of the images.
        annotations: Path of the JSON.
        boxes_only: Read boxes instead of masks.
        vocabulary: A file or a list of classes, in which the JSON's categories are found by name;
            None for the classes of the JSON.
        name: Name of the data set; None for the JSON's stem.
    """

    images: Path
    annotations: Path
    boxes_only: bool = False
    vocabulary: Path | tuple[str, ...] | None = None
    name: str | None = None


@dataclass(frozen=True)
class CocoPanoptic:
    """Settings of a data set in COCO's panoptic format.

    Attributes:
        images: Folder of the images.
        annotations: Path of the JSON; its categories are the vocabulary.
        labels: Folder of the PNGs; None for the JSON's path without `.json`.
        only: Things whose masks are used; other things become void and leave the vocabulary.
            Empty for all things. Stuff is always used.
        name: Name of the data set; None for the JSON's stem.
    """

    images: Path
    annotations: Path
    labels: Path | None = None
    only: tuple[str, ...] = ()
    name: str | None = None


@dataclass(frozen=True)
class LabelMaps:
    """Settings of a folder of images and one of label maps (PNG) with the same names.

    Attributes:
        images: Folder of the images, searched recursively.
        labels: Folder of the label maps.
        vocabulary: A file or a list of classes.
        first_label: Label of the first class; the others follow. None for the ids of the
            vocabulary (1, 2, … if it has none).
        void: Labels without a class.
        names: A file of names without suffix, one a line; None for all images.
        name: Name of the data set; None for the label folder's name.
    """

    images: Path
    labels: Path
    vocabulary: Path | tuple[str, ...]
    first_label: int | None = None
    void: tuple[int, ...] = (255,)
    names: Path | None = None
    name: str | None = None


Settings = CocoInstances | CocoPanoptic | LabelMaps


def open_custom(settings: Settings) -> FileDataset:
    """Open a data set by its settings.

    Raises:
        InputError: a file is missing or invalid, or a class is unknown.
    """
    if isinstance(settings, CocoInstances):
        return _open_instances(settings)
    if isinstance(settings, CocoPanoptic):
        return _open_panoptic(settings)
    return _open_label_maps(settings)


def restrict_things(vocabulary: Vocabulary, only: tuple[str, ...]) -> tuple[Vocabulary, list[int]]:
    """Return a vocabulary of all stuff and the named things, and the ids of the other things.

    Raises:
        InputError: a name is not a thing of the vocabulary.
    """
    wanted = {name.casefold() for name in only}
    is_out = [
        thing and name.casefold() not in wanted
        for name, thing in zip(vocabulary.names, vocabulary.is_thing, strict=True)
    ]
    pairs = zip(vocabulary.names, vocabulary.is_thing, strict=True)
    things = {name.casefold() for name, thing in pairs if thing}
    for name in only:
        if name.casefold() not in things:
            raise InputError(
                f"{name!r} is not a thing class of the vocabulary",
                file=vocabulary.source,
                field="only",
            )
    keep = [index for index, out in enumerate(is_out) if not out]
    kept = replace(
        vocabulary,
        names=tuple(vocabulary.names[index] for index in keep),
        is_thing=tuple(vocabulary.is_thing[index] for index in keep),
        ids=tuple(vocabulary.ids[index] for index in keep),
        colours=vocabulary.colours and tuple(vocabulary.colours[index] for index in keep),
    )
    return kept, [number for number, out in zip(vocabulary.ids, is_out, strict=True) if out]


def _open_instances(settings: CocoInstances) -> FileDataset:
    path = settings.annotations
    name = settings.name or path.stem
    folders = (_folder(settings.images),)
    given = settings.vocabulary
    vocabulary = None if given is None else _vocabulary(given, name)
    if settings.boxes_only:
        index = open_box_index(path)
        return BoxDataset(name, vocabulary or index_vocabulary(index), index, folders)
    vocabulary = vocabulary or read_vocabulary(path)
    return InstanceDataset(name, vocabulary, read_annotations(path), path, folders)


def _open_panoptic(settings: CocoPanoptic) -> FileDataset:
    path = settings.annotations
    vocabulary = read_vocabulary(path)
    left_out: list[int] = []
    if settings.only:
        vocabulary, left_out = restrict_things(vocabulary, settings.only)
    return PanopticDataset(
        settings.name or path.stem,
        vocabulary,
        read_panoptic_records(path),
        _folder(settings.images),
        _folder(settings.labels or path.with_suffix("")),
        void_categories=left_out,
    )


def _open_label_maps(settings: LabelMaps) -> FileDataset:
    name = settings.name or settings.labels.name
    vocabulary = _vocabulary(settings.vocabulary, name)
    if settings.first_label is not None:
        numbers = np.arange(len(vocabulary)) + settings.first_label
        vocabulary = replace(vocabulary, ids=tuple(numbers.tolist()))
    for number in (*vocabulary.ids, *settings.void):
        if not 0 <= number < 65536:
            raise InputError(
                f"{number} is not a label of a PNG file, 0 to 65535", file=vocabulary.source
            )
    names = None if settings.names is None else read_names(settings.names)
    pairs = found_pairs(settings.images, settings.labels, names)
    by_label = index_by_label(vocabulary.ids, settings.void)
    return LabelMapDataset(name, vocabulary, pairs, by_label)


def _vocabulary(given: Path | tuple[str, ...], name: str) -> Vocabulary:
    if isinstance(given, Path):
        return read_vocabulary(given)
    return parse_entries(given, f"{name}: vocabulary")


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise InputError("no such folder", file=path)
    return path
