"""A table of our numbers and the paper's: for the terminal, as Markdown and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import TYPE_CHECKING, Any

from model.experiments.columns import Column
from model.experiments.paper_numbers import PAPER
from model.experiments.recipe import Recipe
from model.experiments.tables import Row, Run, Table

if TYPE_CHECKING:
    from rich.table import Table as RichTable

Values = Mapping[Run, Sequence[Mapping[Column, float | None]]]
"""Fractions of each run, for each seed."""


@dataclass(frozen=True)
class Cell:
    """Our number and the paper's.

    Attributes:
        ours: Per cent, for each seed; empty if nothing was run.
        paper: The paper's, per cent; None if it has none.
    """

    ours: tuple[float, ...]
    paper: float | None

    def text(self) -> str:
        """Our mean ± standard deviation, or a dash."""
        if not self.ours:
            return "–"
        spread = f" ± {stdev(self.ours):.1f}" if len(self.ours) > 1 else ""
        return f"{mean(self.ours):.1f}{spread}"

    def paper_text(self) -> str:
        """The paper's number, or a dash."""
        return "–" if self.paper is None else f"{self.paper:.1f}"


def cells(table: Table, values: Values) -> dict[str, dict[Column, Cell]]:
    """Return all rows by name: ours, and the paper's rows of other methods."""
    paper = PAPER[table.number]
    rows = {row.name: row for row in table.rows}
    return {
        name: {
            column: Cell(
                _ours(rows[name], column, values) if name in rows else (),
                paper.get(name, {}).get(column),
            )
            for column in table.columns
        }
        for name in dict.fromkeys([*paper, *rows])
    }


def _ours(row: Row, column: Column, values: Values) -> tuple[float, ...]:
    found = [seed.get(column) for seed in values.get(row.runs[column], [])]
    return tuple(100 * value for value in found if value is not None)


def _text(cell: Cell, seeds: Sequence[int]) -> str:
    """Our number, with the number of seeds if some are missing."""
    missing = 0 < len(cell.ours) < len(seeds)
    return f"{cell.text()} (n = {len(cell.ours)})" if missing else cell.text()


def title(table: Table, recipe: Recipe, seeds: Sequence[int]) -> str:
    """The title of the table, with the source of the numbers."""
    count = f"{len(seeds)} seeds, mean ± standard deviation" if len(seeds) > 1 else "1 seed"
    return (
        f"Table {table.number}: {table.title}, per cent. Ours: recipe {recipe.name}, {count}. "
        "In brackets: the paper's numbers, from its own data and model size."
    )


def rich_table(table: Table, recipe: Recipe, values: Values, seeds: Sequence[int]) -> "RichTable":
    """The table for the terminal."""
    from rich.table import Table as RichTable

    shown = RichTable(title=title(table, recipe, seeds), title_justify="left")
    shown.add_column("")
    for column in table.columns:
        shown.add_column(column, justify="right")
    for name, row in cells(table, values).items():
        shown.add_row(name, *(f"{_text(c, seeds)} ({c.paper_text()})" for c in row.values()))
    return shown


def markdown(table: Table, recipe: Recipe, values: Values, seeds: Sequence[int]) -> str:
    """The table as Markdown, with the paper's numbers in separate columns."""
    heads = [f"{column} | the paper's" for column in table.columns]
    lines = [title(table, recipe, seeds), "", f"| | {' | '.join(heads)} |"]
    lines.append("|---|" + "---:|" * (2 * len(table.columns)))
    for name, row in cells(table, values).items():
        both = [f"{_text(cell, seeds)} | {cell.paper_text()}" for cell in row.values()]
        lines.append(f"| {name} | {' | '.join(both)} |")
    if recipe.about:
        lines += ["", recipe.about]
    return "\n".join(lines) + "\n"


def as_json(table: Table, recipe: Recipe, values: Values, seeds: Sequence[int]) -> dict[str, Any]:
    """The table as JSON values, in per cent."""
    return {
        "table": table.number,
        "recipe": recipe.name,
        "seeds": list(seeds),
        "rows": {
            name: {
                str(column): {"ours": list(cell.ours), "paper": cell.paper}
                for column, cell in row.items()
            }
            for name, row in cells(table, values).items()
        },
    }
