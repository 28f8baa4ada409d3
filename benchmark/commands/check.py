"""`benchmark check`: what is odd in a file."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from o365seg.terminal.options import JsonFile
from o365seg.terminal.output import STDOUT, say, show
from o365seg.terminal.overwriting import refuse_overwriting

if TYPE_CHECKING:
    from rich.table import Table

    from benchmark.analysis.file_check import Checked


def add_command(app: typer.Typer) -> None:
    """Add the command of this module to the app."""
    app.command(
        epilog="Examples: `benchmark check o365_instance_seg_val.json`, "
        "`benchmark check preds.json --gt o365_instance_seg_val.json`"
    )(check)


def check(
    file: Annotated[
        Path,
        typer.Argument(
            help="Ground truth in COCO's format, or predictions in COCO's results format.",
            metavar="FILE.JSON",
        ),
    ],
    gt: Annotated[
        Path | None,
        typer.Option(
            help="Ground truth of the predictions, to check ids, boxes and mask sizes against.",
            metavar="GT.JSON",
        ),
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Find what is odd in a file: masks without a pixel, boxes outside, ids used twice, …

    Ends with 1 if there is a fault (it changes numbers or stops tools), with 0 if there are only
    notes (it may be meant) or nothing.
    """
    from benchmark.analysis.file_check import check_file

    refuse_overwriting({"--json": json_file}, (file, gt))
    found = check_file(file, gt)
    numbers = {
        "file": str(file),
        "kind": found.kind,
        "counts": found.counts,
        "findings": [asdict(one) for one in found.findings],
    }
    show(numbers, json_file, *([_table(found)] if found.findings else []))
    if json_file != STDOUT:
        counts = ", ".join(f"{count:,} {name}" for name, count in found.counts.items())
        notes = len(found.findings) - found.faults
        say(f"{found.kind}: {counts}; faults: {found.faults}, notes: {notes}")
    if found.faults:
        raise typer.Exit(1)


def _table(found: "Checked") -> "Table":
    from rich.markup import escape
    from rich.table import Table

    table = Table()
    for heading in ("", "what", "records", "examples"):
        table.add_column(heading, justify="right" if heading == "records" else "left")
    for one in found.findings:
        shown = "\n".join([*one.examples, *(["…"] if one.count > len(one.examples) else [])])
        kind = "fault" if one.is_fault else "note"
        table.add_row(kind, escape(one.what), f"{one.count:,}", escape(shown))
    return table
