"""Vocabularies: names, kinds (thing or stuff), ids and colours of the classes.

Any list of names is a vocabulary, as the text embeddings of the names are the classifier (paper,
section 3.4). Things can be counted (a segment per instance), stuff cannot (a segment per class);
this determines what MERGE merges (section 3.2).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec

from o365seg.errors import InputError
from o365seg.formats.categories import display_name
from o365seg.formats.file_bytes import decode_text, read_bytes
from o365seg.formats.json_files import decode_json

Colour = tuple[int, int, int]  # as `o365seg.images.palette` has it, without its numpy

_KIND_SUFFIX = re.compile(r"^(?P<name>.*?)\s*:\s*(?P<kind>thing|stuff)$", re.IGNORECASE)
# COCO's suffixes of merged and remaining stuff classes, as in "wall-other-merged".
_COCO_SUFFIXES = re.compile(r"(-(merged|other|stuff))+$")


@dataclass(frozen=True)
class Vocabulary:
    """K classes, in the order of the network's class logits.

    Attributes:
        names: The names as given, for files and pictures; unique, ignoring case.
        is_thing: Whether each class is countable.
        ids: Category ids in files; 1 to K by default, so that 0 means "no class".
        colours: RGB, 0 to 255, if the source has them; None for our palette.
        source: The vocabulary's name in errors.

    Raises:
        InputError: no class, an empty name, a duplicate name or a duplicate id.
    """

    names: tuple[str, ...]
    is_thing: tuple[bool, ...]
    ids: tuple[int, ...] = ()
    colours: tuple[Colour, ...] | None = None
    source: str = "vocabulary"

    def __post_init__(self) -> None:
        if not self.ids:
            object.__setattr__(self, "ids", tuple(range(1, len(self.names) + 1)))
        for field in (self.is_thing, self.ids, *([self.colours] if self.colours else [])):
            assert len(field) == len(self.names)  # an error of the caller, not of the user
        if not self.names:
            raise InputError("contains no class names", file=self.source)
        seen_names: set[str] = set()
        seen_ids: set[int] = set()
        for name, number in zip(self.names, self.ids, strict=True):
            if not clean_name(name):
                raise InputError(f"a class has an empty name ({name!r})", file=self.source)
            if name.casefold() in seen_names:
                raise InputError(f"duplicate class {name!r}", file=self.source)
            if number in seen_ids:
                raise InputError(f"duplicate id {number} ({name!r})", file=self.source)
            seen_names.add(name.casefold())
            seen_ids.add(number)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def prompt_names(self) -> tuple[str, ...]:
        """The names as the text encoder reads them (`clean_name`)."""
        return tuple(clean_name(name) for name in self.names)

    @property
    def marked_names(self) -> list[str]:
        """The names as in a file with a class on each line: stuff is marked by `:stuff`."""
        return [
            name if thing else f"{name}:stuff"
            for name, thing in zip(self.names, self.is_thing, strict=True)
        ]

    def as_categories(self) -> list[dict[str, Any]]:
        """The classes as COCO's panoptic `categories`."""
        colours = self.colours or (None,) * len(self)
        return [
            {"id": number, "name": name, "isthing": int(thing)}
            | ({"color": list(colour)} if colour else {})
            for number, name, thing, colour in zip(
                self.ids, self.names, self.is_thing, colours, strict=True
            )
        ]


def clean_name(name: str) -> str:
    """A class name in plain words, for the text encoder.

    Corrects the misspellings of Objects365, lowers the case, keeps the first of synonyms separated
    by commas or semicolons, replaces `_` by a space and `/` by "or", and removes COCO's `-merged`,
    `-other` and `-stuff`. The paper does not say; these rules are usual (such as in X-Decoder).
    """
    name = re.split("[,;]", display_name(name))[0].lower().replace("_", " ").strip()
    name = _COCO_SUFFIXES.sub("", name)
    return " ".join(re.sub(r"\s*/\s*", " or ", name).split())


def parse_vocabulary(text: str) -> Vocabulary:
    """A vocabulary from the command line: `"cat, sofa, wall:stuff"`.

    Classes are separated by commas; `:stuff` marks a class that cannot be counted, `:thing` (the
    default) one that can. Synonyms after a semicolon are ignored.

    Raises:
        InputError: as `Vocabulary`.
    """
    return parse_entries(text.split(","), "--vocabulary")


def read_vocabulary(path: str | Path) -> Vocabulary:
    """A vocabulary from a file: COCO's categories as JSON, or text with one class per line.

    JSON is a list of `id` and `name`, or a COCO file with `categories`; `isthing` (1 if missing, as
    in instance files) and `color` are used. In text, each line is a class, marked as in
    `parse_vocabulary`; empty lines and lines that start with `#` are ignored.

    Raises:
        InputError: the file is invalid; or as `Vocabulary`.
    """
    data = read_bytes(path)
    if Path(path).suffix == ".json" or data.lstrip()[:1] in (b"{", b"["):
        return _from_categories(data, path)
    lines = decode_text(data, path).splitlines()
    kept = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return parse_entries(kept, str(path))


def read_or_parse(given: str) -> Vocabulary:
    """The vocabulary that `--vocabulary` describes: a file, or the class names.

    Raises:
        InputError: as `read_vocabulary` and `parse_vocabulary`.
    """
    looks_like_file = "," not in given and Path(given).suffix.lower() in (".json", ".txt")
    try:
        is_file = Path(given).is_file()
    except OSError:  # a list of classes too long for a file name
        is_file = False
    return read_vocabulary(given) if is_file or looks_like_file else parse_vocabulary(given)


def parse_entries(entries: Sequence[str], source: str) -> Vocabulary:
    """A vocabulary from a list, each entry marked as in `parse_vocabulary`.

    Raises:
        InputError: as `Vocabulary`; names `source`.
    """
    names: list[str] = []
    is_thing: list[bool] = []
    for entry in entries:
        match = _KIND_SUFFIX.match(entry.strip())
        names.append(match["name"] if match else entry.strip())
        is_thing.append(match is None or match["kind"].lower() == "thing")
    return Vocabulary(tuple(names), tuple(is_thing), source=source)


class Category(Protocol):
    """A category as COCO's panoptic files have it."""

    @property
    def id(self) -> int:
        """Its id in files."""
        ...

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def isthing(self) -> int | bool:
        """Whether it can be counted, 0 or 1."""
        ...

    @property
    def color(self) -> tuple[int, int, int] | None:
        """RGB, 0 to 255; None if it has none."""
        ...


class _Category(msgspec.Struct):
    id: int
    name: str
    isthing: int | bool = 1
    color: tuple[int, int, int] | None = None


class _Categories(msgspec.Struct):
    categories: list[_Category]


def _from_categories(data: bytes, path: str | Path) -> Vocabulary:
    if data.lstrip().startswith(b"["):
        listed = decode_json(data, list[_Category], path)
    else:
        listed = decode_json(data, _Categories, path).categories
    for index, category in enumerate(listed):
        if category.color and not all(0 <= value <= 255 for value in category.color):
            raise InputError(
                f"{list(category.color)} is not a colour",
                file=path, record=f"categories[{index}] (id {category.id})", field="color",
            )  # fmt: skip
    return vocabulary_of(listed, str(path))


def vocabulary_of(categories: Sequence[Category], source: str) -> Vocabulary:
    """A vocabulary of COCO's panoptic categories; with colours if each of them has one.

    Raises:
        InputError: as `Vocabulary`; names `source`.
    """
    colours = [category.color for category in categories if category.color is not None]
    return Vocabulary(
        tuple(category.name for category in categories),
        tuple(bool(category.isthing) for category in categories),
        tuple(category.id for category in categories),
        tuple(colours) if colours and len(colours) == len(categories) else None,
        source,
    )
