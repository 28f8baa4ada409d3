"""The data sets of a configuration file."""

import tomllib
from pathlib import Path

from model.data.file_dataset import FileDataset
from model.datasets.opening import DATA_KEYS, open_from_table
from o365seg.errors import InputError
from o365seg.formats.json_files import read_bytes


def open_configured(path: Path) -> list[FileDataset]:
    """Open what the `[[data]]` entries of a TOML file name; other keys are not looked at.

    Raises:
        InputError: no TOML, no entry, or an entry that cannot be opened.
    """
    try:
        content = tomllib.loads(read_bytes(path).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"is not TOML: {error}", file=path) from None
    entries = content.get("data")
    if not isinstance(entries, list) or not entries:
        raise InputError("holds no [[data]] entry", file=path, field="data")
    opened = []
    for number, entry in enumerate(entries):
        source = f"{path}: data[{number}]"
        if not isinstance(entry, dict):
            raise InputError("is no table", file=source)
        table = {key: value for key, value in entry.items() if key in DATA_KEYS}
        opened.append(open_from_table(table, path.parent, source))
    return opened
