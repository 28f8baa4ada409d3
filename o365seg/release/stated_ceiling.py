"""The human ceiling that a release states: read from its first bytes, and put into words.

Imports no library, so that `benchmark evaluate` starts fast. How it is measured:
`o365seg.statistics.human_ceiling`.
"""

import os

from o365seg.terminal.percent import percent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

KEY = "human_ceiling"
_MARK = f'"{KEY}":'.encode()
_LONGEST_INFO = 1 << 18  # bytes of a file in which its `info` is looked for
_NUMBERS = ("AP", "AP50", "AP75", "questions", "images")


def find_human_ceiling(release: "str | Path") -> "dict[str, Any] | None":
    """What a release's `info` says of the human ceiling.

    Args:
        release: A file, gzip too. A release begins with its `info`; other files have none.

    Returns:
        As `released_ceiling` made it; None where there is none, or the file cannot be read.
    """
    head = _first_bytes(release)
    if _MARK not in head or head.split(b":", 1)[0].strip(b" \t\r\n{") != b'"info"':
        return None
    import json

    text = head[head.index(_MARK) + len(_MARK) :].decode(errors="replace").lstrip()
    try:
        found, _ = json.JSONDecoder().raw_decode(text)
    except ValueError:
        return None
    return found if _is_ceiling(found) else None


def ceiling_line(ceiling: "dict[str, Any]") -> str:
    """One line for a terminal, in percent."""
    within = ceiling.get("AP_interval")
    interval = f" [{percent(within[0])}, {percent(within[1])}]" if within else ""
    return (
        f"Human ceiling: mask AP {percent(ceiling['AP'])}{interval}, "
        f"AP50 {percent(ceiling['AP50'])}, AP75 {percent(ceiling['AP75'])}: "
        f"raters against each other, {ceiling['questions']:,} questions in "
        f"{ceiling['images']:,} images"
    )


def _first_bytes(path: "str | Path") -> bytes:
    if not os.path.isfile(path):  # noqa: PTH113 (without pathlib)
        return b""  # to open a pipe that has been read would wait for ever
    try:
        with open(path, "rb") as file:  # noqa: PTH123 (without pathlib)
            if file.read(2) != b"\x1f\x8b":
                file.seek(0)
                return file.read(_LONGEST_INFO)
        import gzip

        with gzip.open(path) as file:
            return file.read(_LONGEST_INFO)
    except (OSError, EOFError):
        return b""


def _is_ceiling(found: object) -> bool:
    if not isinstance(found, dict):
        return False
    within = found.get("AP_interval")
    numbers = [found.get(name) for name in _NUMBERS]
    if within is not None:
        if not isinstance(within, list) or len(within) != 2:
            return False
        numbers += within
    return all(isinstance(number, int | float) for number in numbers)
