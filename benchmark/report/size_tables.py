"""Numbers by relative size: a table for the terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from benchmark.analysis.by_size import SizeBin
from benchmark.average_precision.result import Result
from benchmark.reading.choices import Iou
from o365seg.terminal.percent import percent

if TYPE_CHECKING:
    from rich.table import Table


def sizes_table(bins: Sequence[SizeBin], result: Result) -> "Table":
    """AP of a result by relative size as a table, in percent."""
    from rich.table import Table  # the report does without

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
