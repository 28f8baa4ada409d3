"""Errors by kind for the terminal and as JSON."""

from typing import TYPE_CHECKING, Any

from benchmark.analysis.error_kinds import BACKGROUND, FOREGROUND, ErrorKinds, Kind
from o365seg.terminal.percent import percent

if TYPE_CHECKING:
    from rich.table import Table

MEANING = {
    Kind.CLASSIFICATION: "overlaps an object of another category",
    Kind.LOCALISATION: "right category, overlap 0.1 to 0.5",
    Kind.BOTH: "another category, overlap 0.1 to 0.5",
    Kind.DUPLICATE: "duplicate of a matched object",
    Kind.BACKGROUND: "background, overlap below 0.1",
    Kind.MISSED: "object not covered by a classification or localisation error",
}
"""What each kind means."""


def errors_table(found: ErrorKinds) -> "Table":
    """Counts, and gains in percentage points."""
    from rich.table import Table  # the report does without

    title = f"Errors by kind; AP at IoU 0.50 is {percent(found.ap)}"
    table = Table(title=title, title_justify="left")
    table.add_column("")
    table.add_column("")
    for heading in ("errors", "AP gained if fixed"):
        table.add_column(heading, justify="right")
    for kind, gain in found.gains.items():
        row = kind.name.lower(), MEANING[kind], f"{found.counts[kind]:,}", percent(gain)
        table.add_row(*row)
    table.add_section()
    false_positives = percent(found.false_positives_gain)
    table.add_row("false positives", "all false positives removed", "", false_positives)
    false_negatives = percent(found.false_negatives_gain)
    table.add_row("false negatives", "all missed objects removed", "", false_negatives)
    return table


def errors_json(found: ErrorKinds) -> dict[str, Any]:
    """The same as fractions."""
    return {
        "foreground_iou": FOREGROUND,
        "background_iou": BACKGROUND,
        "ap50": found.ap,
        "kinds": {
            kind.name.lower(): {"errors": found.counts[kind], "ap_gained": gain}
            for kind, gain in found.gains.items()
        },
        "false_positives": {"ap_gained": found.false_positives_gain},
        "false_negatives": {"ap_gained": found.false_negatives_gain},
    }
