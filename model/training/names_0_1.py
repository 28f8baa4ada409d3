"""Keys of version 0.1.0 in training configurations, which are still read."""

from collections.abc import Mapping
from typing import Any

_DATA = {"share": "sampling_ratio"}
"""Keys of a `[[data]]` table, from the old name to today's."""


def current_names(tables: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Rename old keys of a configuration.

    Args:
        tables: Tables of a TOML file, or a configuration from `config.json` or a checkpoint.

    Returns:
        The tables with today's keys, and the renamed keys, from the old name to today's.
    """
    renamed: dict[str, str] = {}

    def rename(entry: Any) -> Any:
        if not isinstance(entry, Mapping):
            return entry
        renamed.update({old: new for old, new in _DATA.items() if old in entry})
        return {_DATA.get(key, key): value for key, value in entry.items()}

    entries = tables.get("data")
    if not isinstance(entries, list | tuple):
        return dict(tables), {}
    return dict(tables) | {"data": [rename(entry) for entry in entries]}, renamed
