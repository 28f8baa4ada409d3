"""Reading JSON with errors that name the record and field, and writing files atomically."""

import codecs
import json
import math
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from o365seg.errors import InputError
from o365seg.formats.convert import Steps, field_name, read_fault
from o365seg.formats.durable import allowed_by_umask, sync_folder
from o365seg.formats.file_bytes import GZIP, decompressed, read_bytes

T = TypeVar("T")

_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

# The words of Python's JSON decoder as ours.
_SYNTAX = {
    "Expecting value": "expected a value",
    "Expecting ',' delimiter": "expected a comma or a closing bracket",
    "Expecting ':' delimiter": "expected a colon",
    "Expecting property name enclosed in double quotes": "expected a key in double quotes",
    "Illegal trailing comma before end of object": "a comma before a closing bracket",
    "Illegal trailing comma before end of array": "a comma before a closing bracket",
    "Unterminated string starting at": "text without closing quotation mark",
    "Invalid control character at": "a line break or control character in text",
    "Invalid \\escape": "an invalid escape sequence in text",
    "Invalid \\uXXXX escape": "an invalid escape sequence in text",
    "Extra data": "more text after the end",
}


def is_plain(data: bytes) -> bool:
    """Whether text is UTF-8 without a byte order mark and not gzip; its first 4 bytes suffice."""
    return not data.startswith((GZIP, *_MARKS)) and 0 not in data[:4]


def plain_text(data: bytes, source: str | Path) -> bytes:
    """Text as UTF-8 without a byte order mark: gzip decompressed, UTF-16 and UTF-32 encoded anew.

    Windows writes such files; JSON itself knows neither mark nor UTF-16. Where there is no mark,
    the zero bytes of the first characters, which are ASCII in JSON, tell the encoding.

    Raises:
        InputError: the gzip data or the text is invalid; `source` is the name that it gives.
    """
    data = decompressed(data, source)
    if is_plain(data):
        return data
    encoding = json.detect_encoding(data)
    if encoding == "utf-8-sig":
        return data[len(codecs.BOM_UTF8) :]
    try:
        return data.decode(encoding).encode()
    except UnicodeError:
        name = encoding[:6].upper()
        raise InputError(f"begins like {name} text, but is not", file=source) from None


def read_json(path: str | Path, kind: type[T]) -> T:
    """Read a JSON file as `kind` (a msgspec type).

    Raises:
        InputError: not readable, not JSON, or not of that form; names the record and field.
    """
    return decode_json(read_bytes(path), kind, path)


def decode_json(data: bytes, kind: type[T], source: str | Path) -> T:
    """Decode JSON text as `kind`; `source` is the name that errors give it.

    Raises:
        InputError: not JSON, or not of that form; names the record and field.
    """
    data = plain_text(data, source)
    if not data.strip():
        raise InputError("is empty", file=source)
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise _validation_fault(str(error), data, source) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _syntax_fault(error, data, source) from None


def _validation_fault(message: str, data: bytes, source: str | Path) -> InputError:
    what, steps = read_fault(message)
    where, inside = _split_at_record(steps)
    record = _record_name(where, data) if where else None
    return InputError(what, file=source, record=record, field=field_name(inside) or None)


def _split_at_record(steps: Steps) -> tuple[Steps, Steps]:
    """Split `[annotations, 3, bbox, 1]` after the first index: the record, and the field in it."""
    for position, step in enumerate(steps):
        if isinstance(step, int):
            return steps[: position + 1], steps[position + 1 :]
    return [], steps


def _record_name(steps: Steps, data: bytes) -> str:
    """`annotations[3] (id 97)`; where the record has no id of its own, those it refers to."""
    name = "".join(f"[{step}]" if isinstance(step, int) else str(step) for step in steps)
    name = name if isinstance(steps[0], str) else f"record {name}"
    try:
        value: Any = json.loads(data)
    except (ValueError, RecursionError):  # what follows the record is no JSON either
        return name
    for step in steps:
        value = value[step]
    if not isinstance(value, dict):
        return name
    ids = ["id"] if "id" in value else ["image_id", "category_id"]
    known = ", ".join(f"{key} {value[key]!r}" for key in ids if key in value)
    return f"{name} ({known})" if known else name


def _syntax_fault(error: Exception, data: bytes, source: str | Path) -> InputError:
    """Say where the text stops being JSON; numbers that JSON lacks (NaN) by record and field."""
    try:
        value = json.loads(data)
    except UnicodeDecodeError as fault:
        return InputError(f"not UTF-8 text (byte {fault.start})", file=source)
    except json.JSONDecodeError as fault:
        what = _SYNTAX.get(fault.msg, "unexpected character")
        return InputError(
            f"not valid JSON: {what} (line {fault.lineno}, column {fault.colno})", file=source
        )
    except RecursionError:
        return InputError("nested too deeply", file=source)
    steps = _find_non_finite(value)
    if steps is None:
        if re.search(rb"\\u[dD][89a-fA-F]", data):
            return InputError("not valid JSON: half of a surrogate pair in text", file=source)
        position = re.search(r" \(byte \d+\)", str(error))
        return InputError(f"not valid JSON{position[0] if position else ''}", file=source)
    where, inside = _split_at_record(steps)
    return InputError(
        "must be a finite number",
        file=source,
        record=_record_name(where, data) if where else None,
        field=field_name(inside) or None,
    )


def _find_non_finite(value: Any) -> list[str | int] | None:
    """The path to the first NaN or infinity in a decoded JSON value; None where there is none."""
    stack: list[tuple[Any, tuple]] = [(value, ())]
    while stack:
        item, steps = stack.pop()
        if isinstance(item, float) and not math.isfinite(item):
            return list(steps)
        children = (
            item.items()
            if isinstance(item, dict)
            else enumerate(item)
            if isinstance(item, list)
            else ()
        )
        stack.extend(reversed([(child, (*steps, key)) for key, child in children]))
    return None


def write_json_atomic(path: str | Path, value: Any) -> None:
    """Write `value` as JSON so that a reader sees the old file or the whole new one, never a part.

    Compact, keys in the order given, so that equal values give equal bytes.

    Raises:
        InputError: the place cannot be written.
    """
    write_bytes_atomic(path, msgspec.json.encode(value))


@contextmanager
def replacing(path: str | Path, *, private: bool = False) -> Iterator[Path]:
    """A temporary file beside `path` to write to, which takes its place once it is written.

    It is flushed to the disk first and its folder after, so that even after a power cut a reader
    finds the old file or the whole new one. Where the block fails, `path` stays as it was.
    `private`: for its owner alone, and never for others.

    Raises:
        InputError: the place cannot be written.
    """
    import tempfile  # loads much

    path = Path(path)
    temporary = None
    try:
        handle, name = tempfile.mkstemp(
            prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent
        )
        os.close(handle)
        temporary = Path(name)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        if not private:  # as mkstemp makes it; a release is to be shared
            temporary.chmod(allowed_by_umask(0o666))
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", file=path) from None
    except InputError:
        raise
    except Exception:
        reason = _write_error(temporary)
        if reason is None:
            raise
        raise InputError(f"cannot be written: {reason}", file=path) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _write_error(file: Path | None) -> str | None:
    """Why no more can be written to a file, which is lost by this; None: more can.

    torch and safetensors have errors of their own for a full disk.
    """
    try:
        if file is not None:
            with file.open("ab") as more:
                more.write(bytes(1 << 20))
                os.fsync(more.fileno())
    except OSError as error:
        return error.strerror
    return None


def write_bytes_atomic(path: str | Path, data: bytes) -> None:
    """Write `data` so that a reader finds the old file or the whole new one.

    Raises:
        InputError: the place cannot be written.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def make_folder(folder: Path) -> None:
    """Make the folder where there is none.

    Raises:
        InputError: that fails; names the folder. Or it is `-`, which elsewhere prints a file.
    """
    if folder.parts[:1] == ("-",):
        raise InputError("a folder cannot be printed; give its name instead of '-'")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot be created: {error.strerror}", file=folder) from None
