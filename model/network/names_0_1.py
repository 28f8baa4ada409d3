"""Network configurations of version 0.1.0, which are still read."""

import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

_FIELDS = {
    "width": "hidden_dim",
    "heads": "num_heads",
    "feedforward": "dim_feedforward",
    "queries": "num_queries",
    "text_width": "text_dim",
}
_MODULE_FIELDS = {"queries": "num_queries"}

UNNAMED = {"mask_padding": "inference"}
"""What version 0.1.0 did without a field for it."""


def current_network_names(network: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Rename old fields of a network's configuration.

    Args:
        network: All fields, of a checkpoint or a run; or some, of `[model]` in a TOML file.

    Returns:
        The configuration with today's names, and the renamed fields, from the old name to today's.
    """
    renamed, names = rename(network, _FIELDS)
    modules = network.get("dataset_modules")
    if isinstance(modules, Mapping):
        renamed["dataset_modules"], inner = rename(modules, _MODULE_FIELDS)
        names |= {f"dataset_modules.{old}": new for old, new in inner.items()}
    return renamed, names


def rename(
    table: Mapping[str, Any], names: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Rename keys, from old to new in `names`; a key stays if the table has the new one, too.

    Returns:
        The table, and the part of `names` that it had.
    """
    found = {old: new for old, new in names.items() if old in table and new not in table}
    return {found.get(key, key): value for key, value in table.items()}, found


def report_renamed(source: str | None, names: Mapping[str, str]) -> None:
    """Say on stderr which old names a file has, once per file and process."""
    if names:
        _report(source or "configuration", tuple(names.items()))


@cache
def _report(source: str, names: tuple[tuple[str, str], ...]) -> None:
    listed = ", ".join(f"{old!r} is now {new!r}" for old, new in names)
    sys.stderr.write(f"{source}: {listed}; old names still work\n")
