"""JSON text to evaluate: a file, decompressed gzip, or standard input."""

import os
import sys

from benchmark.reading.mapped_files import map_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

STDIN = "-"
_LARGE = 2**22


class InputText:
    """JSON text and the name that errors give it.

    `places`: where records were left out, the place of each record in the whole file.
    """

    def __init__(
        self, name: "str | Path", data: bytes, places: "Sequence[int] | None" = None
    ) -> None:
        self.name = name
        self.data = data
        self.places = places


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


def read_file(path: "str | Path") -> InputText:
    """Read a file for the core: gzip decompressed, UTF-16 encoded anew, no byte order mark.

    Raises:
        OSError: it cannot be read.
        InputError: the gzip data is invalid.
    """
    data = map_file(path)
    if data is None:
        data = read_buffer(path)
    if data[:1] in b"{[ \n\r\t":  # how JSON begins: nothing to load
        return InputText(path, data)
    from o365seg.formats.json_files import is_plain, plain_text

    if is_plain(data[:4]):
        return InputText(path, data)
    return InputText(path, plain_text(bytes(data), path))


def read_buffer(path: "str | Path") -> "Any":
    """A file's content: bytes, or a read-only memoryview of large pages where the file is large.

    Faulting in tens of megabytes in pages of 4 kB takes as long as copying them.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 (without pathlib, see benchmark.average_precision.result)
        size = os.fstat(file.fileno()).st_size
        if size < _LARGE or not sys.platform.startswith("linux"):
            return file.read()
        import mmap

        pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        try:  # noqa: SIM105 (without contextlib)
            pages.madvise(mmap.MADV_HUGEPAGE)
        except (OSError, AttributeError):
            pass  # a system without large pages
        view, done = memoryview(pages), 0
        while done < size and (count := file.readinto(view[done:])):
            done += count
        more = file.read()  # of a file that has grown meanwhile
        return view[:done].toreadonly() if not more else bytes(view[:done]) + more
