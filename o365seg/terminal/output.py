"""What a command prints: tables for people, JSON for programs. `--json` means the same everywhere.

`--json FILE` writes the numbers to FILE beside the table; `--json -` prints them instead of it.
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

STDOUT = Path("-")

JsonFile = Annotated[
    Path | None,
    typer.Option(
        "--json",
        metavar="FILE",
        help="Write the numbers as JSON to FILE; '-' prints them instead of the table.",
        show_default=False,
    ),
]


def output_console() -> "Console":
    """The console for tables: as wide as the terminal, or 120 columns in a file or pipe."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 120)


def show(numbers: Any, json_file: Path | None, *tables: "RenderableType") -> None:
    """Print a command's result: its tables, or its numbers as JSON, by the user's `--json`.

    Args:
        numbers: Plain values, data classes or structs; what `--json` writes.
        json_file: The value of `--json`.
        tables: What a person sees; printed in this order.

    Raises:
        InputError: the file cannot be written.
    """
    if json_file == STDOUT:
        sys.stdout.write(as_json(numbers))
        return
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

    return json.dumps(msgspec.to_builtins(numbers), indent=2, ensure_ascii=False) + "\n"


def say_written(path: Path) -> None:
    """Print the path of a written file or folder on standard error."""
    sys.stderr.write(f"written: {path}\n")
