"""Large files that are mapped instead of copied: by a program that is a whole process.

A mapped file needs no memory of its own, nor time to copy it (a twentieth of an evaluation's). But
others may write to it. If they shorten it, the process ends with one line; if they rewrite it in
place, `MappedInUse` says so, and the file is read again, as a copy.
"""

import os
import sys
from stat import S_ISREG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

_LEAST = 2**22  # bytes

_is_whole_process = False
_mapped: "list[tuple[Any, os.stat_result]]" = []


def allow_mapping() -> None:
    """Allow it from now on. Called by a program that may be ended, as it is nobody's library."""
    global _is_whole_process
    _is_whole_process = True


def map_file(path: "str | Path") -> "Any":
    """A large file's content, to be used within `MappedInUse`; None where it is to be copied.

    Raises:
        OSError: there is no such file, or it cannot be opened.
    """
    if not _is_whole_process or not sys.platform.startswith("linux"):
        return None
    about = os.stat(path)  # noqa: PTH116 (without pathlib, see benchmark.average_precision.result)
    if about.st_size < _LEAST or not S_ISREG(about.st_mode):
        return None
    import mmap

    from benchmark import _native
    from o365seg.terminal.printable import printable

    file = open(path, "rb", buffering=0)  # noqa: PTH123, SIM115 (closed by `MappedInUse`)
    about = os.fstat(file.fileno())
    line = f"error: {printable(str(path))}: was changed while it was read\n"
    try:
        pages = mmap.mmap(
            file.fileno(), about.st_size, prot=mmap.PROT_READ,
            flags=mmap.MAP_PRIVATE | mmap.MAP_POPULATE,
        )  # fmt: skip
    except (OSError, ValueError):  # a file system that cannot map, or a file emptied meanwhile
        pages = None
    if pages is None or not _native.end_if_lost(pages, line):
        file.close()
        return None
    _mapped.append((file, about))
    return memoryview(pages)


class MappedInUse:
    """The span in which the core uses what was mapped before it; afterwards nothing does.

    Raises:
        benchmark._native.Unusual: at the end, if a mapped file was changed meanwhile.
    """

    def __enter__(self) -> None:
        """Begin: whatever is mapped already belongs to it."""

    def __exit__(self, kind: object, *_: object) -> None:
        """Close the mapped files, and compare them with what they were."""
        if not _mapped:
            return
        from benchmark import _native

        same = True
        for file, before in _mapped:
            now = os.fstat(file.fileno())
            same &= (now.st_size, now.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
            file.close()
        _mapped.clear()
        _native.forget_mapped()
        if kind is None and not same:
            raise _native.Unusual
