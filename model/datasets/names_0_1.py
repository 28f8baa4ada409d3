"""Keys of version 0.1.0 in training configurations, which are still read."""

from collections.abc import Mapping
from typing import Any

from model.network.names_0_1 import current_network_names, rename

_DATA = {"share": "sampling_ratio"}
"""Keys of a `[[data]]` table, from the old name to today's."""


def current_names(tables: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Rename old keys of a configuration.

    Args:
        tables: Tables of a TOML file, or a configuration from `config.json` or a checkpoint.

    Returns:
        The tables with today's keys, and the renamed keys, from the old name to today's.
    """
    current, renamed = dict(tables), {}
    for key in ("model", "network"):  # of a TOML file, of a written configuration
        if isinstance(tables.get(key), Mapping):
            current[key], names = current_network_names(tables[key])
            renamed |= names
    entries = tables.get("data")
    if isinstance(entries, list | tuple):
        current["data"] = []
        for entry in entries:
            table, names = rename(entry, _DATA) if isinstance(entry, Mapping) else (entry, {})
            current["data"].append(table)
            renamed |= names
    return current, renamed
