"""Marks of a ground truth that decide no number, and that its reader should know of.

The native core does not look for them. Both searches are for text that most files hold nowhere or
once, and only what they find is read as JSON; a file of 5 MB costs about 2 ms.
"""

import mmap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from o365seg.records import Annotation

_WINDOW = 4 << 20
"""How far into the annotations a mark of the stock variant is looked for: there it is frequent."""


def is_unanswered(annotation: "Annotation") -> bool:
    """Whether it has no mask because no rater has answered yet (an interim release)."""
    return annotation.is_skipped and annotation.unanswered


def is_stock_skip(annotation: "Annotation") -> bool:
    """Whether it is a skipped instance in the form of `o365seg release --for pycocotools`."""
    return bool(annotation.iscrowd) and annotation.skipped


def count_unanswered(data: bytes | mmap.mmap, name: "str | Path") -> int:
    """How many instances of a file no rater has answered yet; `name` is what errors call it."""
    if not _says_true(data, b'"unanswered"', 0, len(data)):
        return 0
    return sum(map(is_unanswered, _annotations(data, name)))


def is_stock_variant(data: bytes | mmap.mmap, name: "str | Path") -> bool:
    """Whether a file is the variant of a release for tools that know no skipped instances."""
    start = max(0, data.find(b'"annotations"'))
    if not _says_true(data, b'"skipped"', start, start + _WINDOW):
        return False
    return any(map(is_stock_skip, _annotations(data, name)))


def _says_true(data: bytes | mmap.mmap, key: bytes, start: int, end: int) -> bool:
    """Whether `key`, quotes included, has the value true anywhere from `start` to `end`."""
    while (found := data.find(key, start, end)) >= 0:
        start = found + len(key)
        if data[start : start + 64].lstrip().removeprefix(b":").lstrip().startswith(b"true"):
            return True
    return False


def _annotations(data: bytes | mmap.mmap, name: "str | Path") -> "list[Annotation]":
    from o365seg.json_files import decode_json
    from o365seg.records import AnnotationFile

    return decode_json(data[:], AnnotationFile, name).annotations
