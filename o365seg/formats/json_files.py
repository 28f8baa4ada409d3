"""Reading JSON with errors that name the record and field, and writing files atomically."""

import codecs
import json
import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from o365seg.errors import InputError
from o365seg.formats.convert import Steps, field_name, read_fault
from o365seg.formats.durable import allowed_by_umask, sync_folder

T = TypeVar("T")

_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_bytes(path: str | Path) -> bytes:
    """The file's bytes, gzip taken apart; an `InputError` naming it where it cannot be read."""
    try:
        return decompressed(Path(path).read_bytes(), path)
    except FileNotFoundError:
        raise InputError("no such file", file=path) from None
    except IsADirectoryError:
        raise InputError("is a folder, not a file", file=path) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=path) from None


def decompressed(data: bytes, source: str | Path) -> bytes:
    """`data`, decompressed if it is gzip (known by its first bytes, which no JSON text has).

    Raises:
        InputError: gzip cut short or damaged; `source` is the name that it gives.
    """
    if not data.startswith(b"\x1f\x8b"):
        return data
    import gzip
    import zlib

    try:
        return gzip.decompress(data)
    except (EOFError, OSError, zlib.error) as error:
        raise InputError(f"not a valid gzip file: {error}", file=source) from None


def is_plain(data: bytes) -> bool:
    """Whether text is neither gzip nor begins with a byte order mark; its first 3 bytes suffice."""
    return not data.startswith((b"\x1f\x8b", *_MARKS))


def plain_text(data: bytes, source: str | Path) -> bytes:
    """Text as UTF-8 without a byte order mark: gzip decompressed, UTF-16 encoded anew.

    Windows writes such files; JSON itself knows neither mark nor UTF-16.

    Raises:
        InputError: the gzip data or the UTF-16 is invalid; `source` is the name that it gives.
    """
    data = decompressed(data, source)
    mark = next((mark for mark in _MARKS if data.startswith(mark)), b"")
    if mark in (b"", codecs.BOM_UTF8):
        return data[len(mark) :]
    try:
        return data.decode("utf-16").encode()
    except UnicodeError:
        raise InputError("begins like UTF-16 text, but is not", file=source) from None


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
        return InputError(
            f"not valid JSON: {fault.msg} (line {fault.lineno}, column {fault.colno})", file=source
        )
    except RecursionError:
        return InputError("nested too deeply", file=source)
    steps = _find_non_finite(value)
    if steps is None:
        return InputError(f"not valid JSON: {error}", file=source)
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
    """Make the folder where there is none; an `InputError` naming it where that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot be created: {error.strerror}", file=folder) from None
