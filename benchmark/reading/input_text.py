"""JSON text to evaluate: a file mapped into memory, gzip taken apart, or standard input."""

import mmap
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

STDIN = "-"


class InputText:
    """JSON text and the name that errors give it."""

    def __init__(self, name: "str | Path", data: bytes | mmap.mmap) -> None:
        self.name = name
        self.data = data

    @property
    def is_mapped(self) -> bool:
        """Whether `data` is a file mapped into memory."""
        return isinstance(self.data, mmap.mmap)


def is_stdin(source: object) -> bool:
    """Whether predictions are to come from standard input."""
    return isinstance(source, str | os.PathLike) and os.fspath(source) == STDIN


def read_stdin() -> InputText:
    """All of standard input, gzip taken apart.

    Raises:
        InputError: the gzip data is unsound.
    """
    from o365seg.formats.json_files import decompressed

    name = "standard input"
    return InputText(name, decompressed(sys.stdin.buffer.read(), name))


def map_file(path: "str | Path") -> InputText:
    """A file's text, mapped and not copied, or decompressed.

    Raises:
        OSError: it cannot be read.
        ValueError: it is empty.
        InputError: the gzip data is unsound.
    """
    with open(path, "rb") as file:  # noqa: PTH123 (without pathlib, see benchmark.average_precision.result)
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    if data[:2] != b"\x1f\x8b":
        return InputText(path, data)
    from o365seg.formats.json_files import decompressed

    return InputText(path, decompressed(data[:], path))
