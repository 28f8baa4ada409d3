"""Numbers per category, supercategory and size: tables for the terminal, and CSV."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from benchmark.analysis.by_size import SizeBin
from benchmark.average_precision.breakdown import COUNT_FIELDS, Row
from benchmark.average_precision.parameters import Measure
from benchmark.average_precision.result import Result
from benchmark.reading.choices import Iou
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
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("", min_width=12)
    for heading in (*(one.name for one in measures), "objects", "pred.", "skips", "abs."):
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(
            escape(display_name(row.name)),
            *(percent(row.metrics[one.column]) for one in measures),
            *(f"{getattr(row, field):,}" for field in COUNT_FIELDS),
        )
    return table


def sizes_table(bins: Sequence[SizeBin], result: Result) -> Table:
    """AP of a result by relative size as a table, in percent."""
    title = f"By size, √({measured_area(result.iou)} / image area) (%)"
    limit = result.parameters.limits(lvis=result.is_lvis)[-1]
    table = Table(title=title, title_justify="left")
    table.add_column("size")
    for heading in ("instances", "AP", "AP50", "AP75", f"AR{limit}"):
        table.add_column(heading, justify="right")
    for one in bins:
        numbers = (one.ap, one.ap50, one.ap75, one.ar)
        table.add_row(size_name(one), f"{one.instances:,}", *map(percent, numbers))
    return table


def measured_area(iou: Iou) -> str:
    """What the size of an object is taken from, in words."""
    return "mask area" if iou.of_masks else "box area"


def size_name(one: SizeBin) -> str:
    """The bounds of a bin, such as "0.1 – 0.2"."""
    return f"{one.low:g} – {one.high:g}"
