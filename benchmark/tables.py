"""A set's statistics for the terminal."""

from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from benchmark.statistics import SetNumbers

_ROWS = {
    "questions": "questions (all but crowds)",
    "masks": "valid masks",
    "skipped": "skipped",
    "unanswered": "unanswered",
    "crowds": "crowds",
    "images": "images",
    "images_without_mask": "images without a mask",
    "categories": "categories",
    "categories_with_masks": "categories with masks",
}


def numbers_table(sets: "list[SetNumbers]") -> Table:
    """The numbers of each set, a column a set."""
    table = Table(title="Statistics", title_justify="left")
    table.add_column("")
    for numbers in sets:
        table.add_column(numbers.name, justify="right")
    for field, label in _ROWS.items():
        table.add_row(label, *(f"{getattr(numbers, field):,}" for numbers in sets))
        if field == "skipped":
            for reason in sorted({reason for n in sets for reason in n.skipped_by_reason}):
                cells = (f"{n.skipped_by_reason.get(reason, 0):,}" for n in sets)
                table.add_row(f"  {reason}", *cells)
    table.add_row("rater hours", *(_recorded(n.rater_hours) for n in sets))
    table.add_row("minutes per valid mask", *(_recorded(n.minutes_per_valid_mask) for n in sets))
    return table


def _recorded(value: float | None) -> str:
    return "not recorded" if value is None else f"{value:,.2f}"
