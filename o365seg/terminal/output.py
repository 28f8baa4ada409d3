"""What a command prints: tables for people, JSON for programs. `--json` means the same everywhere.

`--json FILE` writes the numbers to FILE beside the table; `--json -` prints them instead of it.
Free of Typer, for commands that start without it.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from o365seg.terminal.printable import encodable, printable, printable_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

STDOUT = Path("-")


def output_console() -> "Console":
    """The console for tables: as wide as the terminal, or 120 columns in a file or pipe."""
    from rich.console import Console, RenderHook

    class Printable(RenderHook):
        def process_renderables(self, renderables: list[Any]) -> list[Any]:
            return [_Printable(one) for one in renderables]

    console = Console(width=None if sys.stdout.isatty() else 120)
    console.push_render_hook(Printable())
    return console


@dataclass(frozen=True)
class _Printable:
    """Text made `printable` before its styles become control codes."""

    inner: Any

    def __rich_console__(
        self, console: "Console", options: "ConsoleOptions"
    ) -> "Iterator[Segment]":
        from rich.segment import Segment

        for segment in console.render(self.inner, options):
            if not segment.control:
                segment = Segment(printable(segment.text), segment.style)
            yield segment


def say(text: str, *, err: bool = False) -> None:
    """Print a line, on standard error if `err`."""
    print(printable(text), file=sys.stderr if err else sys.stdout, flush=True)


def show(
    numbers: Any,
    json_file: Path | None,
    *tables: "RenderableType",
    csv_file: Path | None = None,
    csv_text: str = "",
) -> None:
    """Print a command's result: its tables, or what the user's `--json` or `--csv` asks for.

    Args:
        numbers: Plain values, data classes or structs; what `--json` writes.
        json_file: The value of `--json`.
        tables: What a person sees; printed in this order.
        csv_file: The value of `--csv`.
        csv_text: What `--csv` writes.

    Raises:
        InputError: the file cannot be written.
    """
    csv_text = encodable(csv_text)
    if csv_file == STDOUT:
        sys.stdout.write(csv_text)
    elif csv_file is not None:
        from o365seg.formats.json_files import write_bytes_atomic

        write_bytes_atomic(csv_file, csv_text.encode())
        say_written(csv_file)
    if json_file == STDOUT:
        sys.stdout.write(as_json(numbers))
        return
    if csv_file != STDOUT:
        console = output_console()
        for table in tables:
            console.print(table)
    if json_file is not None:
        from o365seg.formats.json_files import write_bytes_atomic

        write_bytes_atomic(json_file, as_json(numbers).encode())
        say_written(json_file)


def as_json(numbers: Any) -> str:
    """Numbers as JSON text, indented, with a line end."""
    import msgspec

    text = json.dumps(msgspec.to_builtins(numbers), indent=2, ensure_ascii=False)
    return printable_json(text) + "\n"


def say_written(path: Path) -> None:
    """Print the path of a written file or folder on standard error."""
    sys.stderr.write(printable(f"written: {path}\n"))
