"""Read the names of the classes of label maps."""

from pathlib import Path

import msgspec

from o365seg.errors import InputError
from o365seg.formats.json_files import decode_json, read_bytes


class _Class(msgspec.Struct):
    id: int
    name: str


class _Classes(msgspec.Struct):
    categories: list[_Class]


def read_classes(path: str | Path) -> dict[int, str]:
    """Class names by label, from a text file with one name per line, or from JSON.

    JSON is a list of `id` and `name`, or a COCO file with `categories`.

    Raises:
        InputError: not readable, not of this form, no class, or an id given twice.
    """
    data = read_bytes(path)
    if Path(path).suffix == ".json":
        if data.lstrip().startswith(b"["):
            listed = decode_json(data, list[_Class], path)
        else:
            listed = decode_json(data, _Classes, path).categories
    else:
        try:
            lines = data.decode("utf-8").rstrip().splitlines()
        except UnicodeDecodeError as error:
            raise InputError(f"not UTF-8 text (byte {error.start})", file=path) from None
        listed = [_Class(label, name.strip()) for label, name in enumerate(lines)]
    if not listed:
        raise InputError("no class names", file=path)
    classes = {}
    for number, found in enumerate(listed):
        if found.id in classes:
            raise InputError(
                f"duplicate id {found.id}",
                file=path, record=f"classes[{number}]", field="id",
            )  # fmt: skip
        classes[found.id] = found.name
    return classes
