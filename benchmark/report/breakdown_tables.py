"""Numbers per category and supercategory: tables for the terminal, and CSV."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from benchmark.average_precision.breakdown import COUNT_FIELDS, Row
from benchmark.average_precision.parameters import Measure
from o365seg.formats.categories import display_name
from o365seg.terminal.percent import percent
from o365seg.terminal.printable import csv_cell


def rows_csv(rows: Sequence[Row]) -> str:
    """Rows as CSV: exact fractions, empty where there are no objects."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["category_id", *(rows[0].values() if rows else ())])
    for row in rows:
        cells = ["" if value == -1 else csv_cell(value) for value in row.values().values()]
        writer.writerow([" ".join(map(str, row.ids)), *cells])
    return text.getvalue()


def rows_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Rows as fractions, −1 where there are no objects."""
    return [{"ids": row.ids, **row.values()} for row in rows]


def rows_table(rows: Sequence[Row], measures: Sequence[Measure], title: str) -> Table:
    """Rows as a table, in percent.

    Args:
        rows: The rows.
        measures: What their metrics are.
        title: Above the table.
    """
    table = Table(title=escape(title), title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("", min_width=12)
    for heading in (*(one.name for one in measures), "objects", "pred.", "skips", "abs."):
        table.add_column(escape(heading), justify="right")
    for row in rows:
        table.add_row(
            escape(display_name(row.name)),
            *(percent(row.metrics[one.column]) for one in measures),
            *(f"{getattr(row, field):,}" for field in COUNT_FIELDS),
        )
    return table
