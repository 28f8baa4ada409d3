"""JSON text to evaluate: a file mapped into memory, decompressed gzip, or standard input."""

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
    """Whether the source is standard input."""
    return isinstance(source, str | os.PathLike) and os.fspath(source) == STDIN


def read_stdin() -> InputText:
    """Read all of standard input; decompress gzip, and drop a byte order mark.

    Raises:
        InputError: the gzip data is invalid.
    """
    from o365seg.formats.json_files import plain_text

    name = "standard input"
    return InputText(name, plain_text(sys.stdin.buffer.read(), name))


def map_file(path: "str | Path") -> InputText:
    """Map a file into memory; or read it, if it is gzip, UTF-16 or has a byte order mark.

    Raises:
        OSError: it cannot be read.
        ValueError: it is empty.
        InputError: the gzip data is invalid.
    """
    with open(path, "rb") as file:  # noqa: PTH123 (without pathlib, see benchmark.average_precision.result)
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    if data[:1] in b"{[ \n\r\t":  # how JSON begins: nothing to load
        return InputText(path, data)
    from o365seg.formats.json_files import is_plain, plain_text

    if is_plain(data[:3]):
        return InputText(path, data)
    return InputText(path, plain_text(data[:], path))
