"""Plain values (of JSON or TOML) into typed ones, with errors that a user understands.

`msgspec` checks types and ranges (`msgspec.Meta`); here its messages become ours.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from o365seg.errors import InputError, unknown

T = TypeVar("T")

_MESSAGE = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_BOUNDS = {">=": "at least", ">": "above", "<=": "at most", "<": "below"}

Steps = Sequence[str | int]


def convert(
    value: Any,
    kind: type[T],
    *,
    file: str | Path | None = None,
    record: str | None = None,
    field: str | None = None,
) -> T:
    """Read a plain value as `kind`, any type that msgspec knows.

    Args:
        value: Dictionaries, lists, texts and numbers.
        kind: The type to make of it.
        file: The file that errors name.
        record: The record that errors name.
        field: Where the value stands in the record; put before the field that an error names.

    Raises:
        InputError: a field is missing, of the wrong type or out of range; names the field.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        what, steps = read_fault(str(error))
        inside = field_name([*([field] if field else []), *steps])
        raise InputError(what, file=file, record=record, field=inside or None) from None


def refuse_unknown(
    table: Mapping[str, Any],
    known: Collection[str],
    *,
    file: str | Path | None = None,
    record: str | None = None,
    field: str | None = None,
) -> None:
    """See that every key of a table is a known one.

    Raises:
        InputError: names the first unknown key, and the known one that is like it.
    """
    for key in table:
        if key not in known:
            raise InputError(
                unknown("key", str(key), known),
                file=file,
                record=record,
                field=field_name([*([field] if field else []), str(key)]),
            )


def field_name(steps: Steps) -> str:
    """`["data", 0, "lr"]` as `data[0].lr`."""
    name = ""
    for step in steps:
        name += f"[{step}]" if isinstance(step, int) else f".{step}" if name else step
    return name


def read_fault(message: str) -> tuple[str, list[str | int]]:
    """What is wrong and where, of a message of msgspec's.

    ``Expected `int`, got `str` - at `$.annotations[3].id` `` is `must be a whole number, not text`
    at `["annotations", 3, "id"]`.
    """
    match = _MESSAGE.match(message)
    assert match is not None  # the pattern matches any text
    path = (match["path"] or "").removeprefix("$")
    steps: list[str | int] = [
        name or int(index) for name, index in _STEP.findall(path) if index != "..."
    ]
    what = match["what"]
    if missing := re.search(r"missing required field `([^`]*)`", what):
        return "missing", [*steps, missing[1]]
    if extra := re.search(r"unknown field `([^`]*)`", what):
        return "unknown key", [*steps, extra[1]]
    return _in_words(what), steps


def _in_words(what: str) -> str:
    """``Expected `int` >= 1`` as `must be at least 1`; what is not known stays as it is."""
    if got := re.fullmatch(r"Expected `([^`]*)`, got `([^`]*)`", what):
        return f"must be {_type_words(got[1])}, not {_type_words(got[2])}"
    if length := re.fullmatch(r"Expected `(\w+)` of length (>=|<=)? ?(\d+)(?:, got (\d+))?", what):
        return _length_words(*length.groups())
    if bound := re.fullmatch(r"Expected `[^`]*` (>=|>|<=|<) (\S+)", what):
        number = bound[2].removesuffix(".0")
        return f"must be {_BOUNDS[bound[1]]} {number}"
    if multiple := re.fullmatch(r"Expected `[^`]*` that's a multiple of (\S+)", what):
        return f"must be a multiple of {multiple[1]}"
    if value := re.fullmatch(r"Invalid enum value (.*)", what):
        return f"unknown value {value[1]}"
    if what == "Number out of range":
        return "must be a smaller number"
    return (what[0].lower() + what[1:]).replace("`", "")


def _type_words(types: str) -> str:
    return " or ".join(_TYPES.get(name.strip(), name.strip()) for name in types.split("|"))


def _length_words(kind: str, bound: str | None, length: str, got: str | None) -> str:
    if bound == ">=" and length == "1":
        return "must not be empty"
    unit = "characters" if kind == "str" else "values"
    most = {None: "", ">=": "at least ", "<=": "at most "}[bound]
    return f"must have {most}{length} {unit}" + (f", not {got}" if got else "")
