"""Values given by name (`--set NAME=VALUE`), put into the tables of a TOML file."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from o365seg.errors import InputError
from o365seg.formats.convert import field_name

_INDEXED = re.compile(r"(?P<key>[^\[\]]+)(?P<indices>(?:\[\d+\])+)")


def with_settings(
    tables: Mapping[str, Any], settings: Mapping[str, Any], file: str | Path
) -> dict[str, Any]:
    """The tables with values replaced or added.

    Args:
        tables: Tables of a configuration.
        settings: Values by name: `optimizer.lr`, `data.0.lr` or, as errors print it, `data[0].lr`.
        file: The tables' file, for messages.

    Raises:
        InputError: a name leads into a value that is no table, or past the end of a list.
    """
    result = dict(tables)
    for name, value in settings.items():
        if name.startswith("model.") and isinstance(result.get("model"), str):
            result["model"] = {"preset": result["model"]}  # what a name alone stands for
        result = _with(result, _steps(name), value, [], file)
    return result


def _steps(name: str) -> list[str]:
    """`data[0].lr` and `data.0.lr` as `data`, `0`, `lr`."""
    steps = []
    for part in name.split("."):
        match = _INDEXED.fullmatch(part)
        found = [part] if match is None else [match["key"], *re.findall(r"\d+", match["indices"])]
        steps += found
    return steps


def _with(
    table: Any, steps: list[str], value: Any, above: list[str | int], file: str | Path
) -> Any:
    """A copy of the table, which lies at `above`, with the value at `steps` in it."""
    if not steps:
        return value
    step, *inner = steps
    if isinstance(table, dict):
        return table | {step: _with(table.get(step, {}), inner, value, [*above, step], file)}
    where = field_name(above)
    if not isinstance(table, list):
        raise InputError(f"is {table!r} and has no {step!r} to set", file=file, field=where)
    if not step.isdecimal() or int(step) >= len(table):
        entries = f"0 to {len(table) - 1}" if table else "none"
        raise InputError(f"has no entry {step!r}; there are {entries}", file=file, field=where)
    copy, index = list(table), int(step)
    copy[index] = _with(copy[index], inner, value, [*above, index], file)
    return copy
