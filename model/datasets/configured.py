"""The one reader of `[[data]]` tables in TOML files: for training, evaluation and checking."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.data.file_dataset import FileDataset
from model.data.samples import Dataset
from model.datasets.opening import DATA_KEYS, open_from_table
from o365seg.errors import InputError
from o365seg.formats.convert import refuse_unknown
from o365seg.formats.file_bytes import read_text


@dataclass(frozen=True)
class DataTable:
    """A `[[data]]` table, its keys separated by their purpose.

    Attributes:
        source: The keys that say which data set it is, for `opening.open_from_table`.
        settings: All other keys, of a training or an evaluation.
        where: Its position, such as `data[0]` or `validation.data[0]`.
    """

    source: dict[str, Any]
    settings: dict[str, Any]
    where: str

    def refuse_unknown(self, known: Iterable[str], file: str | Path | None) -> None:
        """See that every key of `settings` is in `known`.

        Raises:
            InputError: names the first unknown key, and the key of any kind that is like it.
        """
        all_known = (*known, *sorted(DATA_KEYS))
        refuse_unknown(self.settings, all_known, file=file, field=self.where)


def read_toml(path: str | Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        InputError: the file cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"not TOML: {error}", file=path) from None


def data_tables(
    content: Mapping[str, Any], file: str | Path | None, field: str = "data"
) -> list[DataTable]:
    """Return the `[[data]]` tables of a file's content, or the tables `data` inside of a table.

    Args:
        content: The file's content, or the table.
        file: The file that errors name.
        field: Name of the tables in the file, `data` or `validation.data`.

    Raises:
        InputError: there is none, or one is not a table.
    """
    entries = content.get("data")
    if not isinstance(entries, list) or not entries:
        raise InputError(f"needs a [[{field}]] table for each data set", file=file, field=field)
    tables = []
    for number, entry in enumerate(entries):
        where = f"{field}[{number}]"
        if not isinstance(entry, dict):
            raise InputError("must be a table", file=file, field=where)
        source = {key: value for key, value in entry.items() if key in DATA_KEYS}
        settings = {key: value for key, value in entry.items() if key not in DATA_KEYS}
        tables.append(DataTable(source, settings, where))
    return tables


def open_configured(path: Path) -> list[FileDataset]:
    """Open the data sets of all `[[data]]` tables of a TOML file; other keys are ignored.

    Raises:
        InputError: the file is not TOML, has no such table, a data set cannot be opened, or two
            have the same name.
    """
    datasets = [
        open_from_table(table.source, path.parent, f"{path}: {table.where}")
        for table in data_tables(read_toml(path), path)
    ]
    check_names(datasets, path, "data")
    return datasets


def check_names(
    datasets: Iterable[Dataset], file: str | Path | None = None, field: str | None = None
) -> None:
    """Check that no two data sets have the same name: files and scores go by it.

    Args:
        datasets: The data sets.
        file: The file that errors name.
        field: The tables in it.

    Raises:
        InputError: two do; names it.
    """
    seen: set[str] = set()
    for dataset in datasets:
        if dataset.name in seen:
            raise InputError(
                f"two data sets have the name {dataset.name!r}; set another name for one",
                file=file,
                field=field,
            )
        seen.add(dataset.name)
