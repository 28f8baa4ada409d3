"""Progress bars on standard error; light enough to import where a command must start fast."""

import sys

TYPE_CHECKING = False  # typing would delay the start
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeVar

    T = TypeVar("T")

_showing = False  # a progress bar; one inside of another would hide the outer one


def progress(items: "Sequence[T]", label: str) -> "Iterable[T]":
    """Iterate over `items` with a progress bar on stderr, if stderr is a terminal.

    Inside of another one's loop no second bar is shown.
    """
    global _showing
    if _showing or not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    _showing = True
    try:
        yield from track(items, description=label, console=console, transient=True)
    finally:
        _showing = False
