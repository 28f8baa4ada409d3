"""Published points of a curve, read from a CSV; they are drawn beside the curves and no more.

The CSV has a header and a row a point, UTF-8:

    curve     `masks_per_category`, `masks_per_image` or `relative_mask_size`
    x         the rank, from 1; of `relative_mask_size` the relative size, 0 to 1
    y         the number of masks; of `relative_mask_size` the share of masks, above 0, at most 1
    source    where it was published; may be left out: then the file's name

Other columns are passed over.
"""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from o365seg.errors import InputError, unknown
from o365seg.formats.file_bytes import read_text

CURVES = ("masks_per_category", "masks_per_image", "relative_mask_size")


@dataclass(frozen=True)
class ReferencePoint:
    """A point as somebody published it; fields as the module says."""

    curve: str
    x: float
    y: float
    source: str


def read_reference(path: str | Path) -> list[ReferencePoint]:
    """Read published points, in the file's order.

    Raises:
        InputError: not readable, no points, a column missing, or a cell unsound; names the row (as
            a line of the file) and the column.
    """
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""), strict=True)
    points = []
    try:
        for column in ("curve", "x", "y"):
            if column not in (reader.fieldnames or ()):
                raise InputError("missing column", file=path, record="header", field=column)
        for row in reader:
            points.append(_point(row, f"line {reader.line_num}", path))
    except csv.Error:
        line = f"line {reader.line_num}"
        raise InputError("not valid CSV", file=path, record=line) from None
    if not points:
        raise InputError("no points", file=path)
    return points


def of_curve(points: Sequence[ReferencePoint], curve: str) -> dict[str, list[ReferencePoint]]:
    """The points of a curve by source, sources in the order of their first point in any curve."""
    found: dict[str, list[ReferencePoint]] = {point.source: [] for point in points}
    for point in points:
        if point.curve == curve:
            found[point.source].append(point)
    return found


def _point(row: dict[str, str | None], record: str, path: str | Path) -> ReferencePoint:
    curve = (row["curve"] or "").strip()
    if curve not in CURVES:
        message = unknown("curve", curve, CURVES)
        raise InputError(message, file=path, record=record, field="curve")
    x, y = (_number(row[column], column, record, path) for column in ("x", "y"))
    sizes = curve == "relative_mask_size"
    if not (0 <= x <= 1 if sizes else x >= 1):
        message = f"must be {'between 0 and 1' if sizes else 'at least 1'}, not {x:g}"
        raise InputError(message, file=path, record=record, field="x")
    if not (0 < y <= 1 if sizes else y > 0):
        message = f"must be above 0{' and at most 1' if sizes else ''}, not {y:g}"
        raise InputError(message, file=path, record=record, field="y")
    source = (row.get("source") or "").strip()
    return ReferencePoint(curve, x, y, source or Path(path).stem)


def _number(cell: str | None, column: str, record: str, path: str | Path) -> float:
    try:
        value = float(cell or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        message = f"must be a number, not {cell or ''!r}"
        raise InputError(message, file=path, record=record, field=column)
    return value
