"""Open a data set by its name in the catalogue, or from a `[[data]]` table of a configuration."""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from model.data.file_dataset import FileDataset
from model.datasets.catalog import ENTRIES
from model.datasets.chosen import leave_out
from model.datasets.custom import CocoInstances, CocoPanoptic, LabelMaps, open_custom
from model.datasets.layout import Layout
from model.datasets.shards import ShardDataset, Shards
from model.datasets.synthetic import Synthetic, open_synthetic
from o365seg.errors import InputError, unknown
from o365seg.formats.convert import refuse_unknown

DATASETS = tuple(ENTRIES)
"""Names of all data sets of the catalogue."""

LAYOUTS = {
    "coco_instances": CocoInstances,
    "coco_panoptic": CocoPanoptic,
    "label_maps": LabelMaps,
    "shards": Shards,
}

_CATALOGUE_KEYS = ("name", "root", "split", "leave_out")
DATA_KEYS = frozenset(_CATALOGUE_KEYS) | {
    "layout",
    *(field.name for kind in (*LAYOUTS.values(), Synthetic) for field in fields(kind)),
}
"""All keys of a `[[data]]` table that say which data set it is."""


def open_dataset(name: str, root: Path, split: str = "train") -> FileDataset:
    """Open a data set of the catalogue.

    Args:
        name: One of `DATASETS`.
        root: The data set's folder (docs/data_sets.md shows the layouts).
        split: `train` or `val`, whatever the names in its files.

    Raises:
        InputError: the name or the split is unknown; or the folder or a file is missing or
            invalid, and the message shows the layout.
    """
    entry = ENTRIES.get(name)
    if entry is None:
        raise InputError(unknown("data set", name, DATASETS))
    if split not in entry.splits:
        raise InputError(f"unknown split {split!r} of {name}; it has {' and '.join(entry.splits)}")
    layout = Layout(name, entry.tree)
    layout.folder(root)
    return entry.open(name, root, split, layout)


def open_from_table(table: Mapping[str, Any], base: Path, source: str) -> FileDataset:
    """Open the data set of a `[[data]]` table.

    The table has `name` (one of `DATASETS`), `root` and optionally `split`; or `layout` (one of
    `LAYOUTS`) and the keys of `custom.CocoInstances`, `custom.CocoPanoptic`, `custom.LabelMaps` or
    `shards.Shards`; or the layout `synthetic` and the keys of `synthetic.Synthetic`. Each may have
    `leave_out`, a file with the names of images to skip, one a line.

    Args:
        table: The table, with these keys only.
        base: Folder for relative paths: the configuration's.
        source: Name of the table in messages, such as `train.toml: data[0]`.

    Raises:
        InputError: a key is unknown or missing, or its value is invalid; or the data set cannot be
            opened.
    """
    table = dict(table)
    listed = _path(table.pop("leave_out", None), "leave_out", base, source)
    layout = table.pop("layout", None)
    if layout is None:
        dataset = _from_catalogue(table, base, source)
    elif layout == "synthetic":
        dataset = open_synthetic(table, source)
    elif layout not in LAYOUTS:
        message = unknown("layout", str(layout), (*LAYOUTS, "synthetic"))
        raise InputError(message, file=source, field="layout")
    else:
        settings = LAYOUTS[layout]
        known = {field.name: field for field in fields(settings)}
        refuse_unknown(table, known, file=source)
        for name, field in known.items():
            if field.default is MISSING and name not in table:
                raise InputError("missing", file=source, field=name)
        values = {key: _value(value, known[key], base, source) for key, value in table.items()}
        chosen = settings(**values)
        dataset = ShardDataset(chosen) if isinstance(chosen, Shards) else open_custom(chosen)
    return dataset if listed is None else leave_out(dataset, listed)


def _from_catalogue(table: dict[str, Any], base: Path, source: str) -> FileDataset:
    refuse_unknown(table, _CATALOGUE_KEYS, file=source)
    for name in ("name", "root"):
        if name not in table:
            what = "missing; give a name or a layout" if name == "name" else "missing"
            raise InputError(what, file=source, field=name)
    name = _text(table["name"], "name", source)
    if name not in ENTRIES:
        raise InputError(unknown("data set", name, DATASETS), file=source, field="name")
    split = _text(table.get("split", "train"), "split", source)
    root = _path(table["root"], "root", base, source)
    assert root is not None  # checked above
    return open_dataset(name, root, split)


def _value(value: Any, field: Field, base: Path, source: str) -> Any:
    """Check a value against its field; relative paths start at `base`."""
    name = field.name
    if name in ("images", "annotations", "labels", "names"):
        return _path(value, name, base, source)
    if name == "root":
        is_url = "://" in _text(value, name, source)
        return value if is_url else _path(value, name, base, source)
    if name == "vocabulary":
        if isinstance(value, str):
            return _path(value, name, base, source)
        return _list(value, str, "class names, or the path of a file", name, source)
    if name == "only":
        return _list(value, str, "class names", name, source)
    if name == "void":
        return _list(value, int, "whole numbers", name, source)
    if name == "boxes_only":
        if not isinstance(value, bool):
            raise InputError(f"must be true or false, not {value!r}", file=source, field=name)
        return value
    if name == "first_label":
        if not isinstance(value, int) or isinstance(value, bool):
            raise InputError(f"must be a whole number, not {value!r}", file=source, field=name)
        return value
    return _text(value, name, source)


def _path(value: Any, field: str, base: Path, source: str) -> Path | None:
    return None if value is None else base / Path(_text(value, field, source)).expanduser()


def _text(value: Any, field: str, source: str) -> str:
    if not isinstance(value, str) or not value:
        raise InputError(f"must be text, not {value!r}", file=source, field=field)
    return value


def _list(value: Any, kind: type, what: str, field: str, source: str) -> tuple:
    sound = isinstance(value, list | tuple) and value
    if not sound or not all(isinstance(v, kind) and not isinstance(v, bool) for v in value):
        raise InputError(f"must be a list of {what}, not {value!r}", file=source, field=field)
    return tuple(value)
