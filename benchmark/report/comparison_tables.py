"""A comparison of models for the terminal and as JSON."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.markup import escape
from rich.table import Table

from benchmark.analysis.bootstrap import INTERVAL_METRICS
from benchmark.analysis.comparison import CategoryDifference, Comparison
from o365seg.formats.categories import display_name
from o365seg.statistics.t_intervals import Interval
from o365seg.terminal.percent import percent
from o365seg.terminal.printable import csv_cell

ENDS = 10
"""Categories shown at each end of the differences."""


def signed(fraction: float) -> str:
    """A difference in percentage points, with its sign."""
    return f"{100 * fraction:+.2f}"


def comparison_table(found: Comparison, names: Sequence[str]) -> Table:
    """AP of every model with its interval, and its difference from the first model's."""
    table = Table(title="AP (%), with 95% intervals over images", title_justify="left")
    for heading in ("", "metric"):
        table.add_column(heading)
    for heading in ("value", "interval", "difference", "its interval", "p"):
        table.add_column(heading, justify="right")
    for model, name in enumerate(names):
        for metric in INTERVAL_METRICS:
            of_model = found.intervals[model]
            near = None if of_model is None else of_model[metric]
            cells = [percent(found.metrics[model][metric]), _ends(near, with_sign=False)]
            if model:
                against = found.differences[model - 1][metric]
                cells += [
                    signed(against.estimate),
                    _ends(against.interval, with_sign=True),
                    p_text(against.p_value),
                ]
            label = escape(name) if metric == INTERVAL_METRICS[0] else ""
            table.add_row(label, metric, *cells)
        table.add_section()
    return table


def p_text(p_value: float | None) -> str:
    """A p- or q-value; empty where there is none."""
    if p_value is None:
        return ""
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"


def category_table(
    found: Sequence[CategoryDifference], names: Mapping[int | str, str], title: str
) -> Table:
    """The largest gains and losses, at most `ENDS` of each.

    Where any category has an interval, only of those: the largest are else of categories with an
    image or two.
    """
    if any(one.interval and one.difference for one in found):
        found = [one for one in found if one.interval]
    table = Table(title=escape(title), title_justify="left")
    table.add_column("category")
    for heading in (
        "objects", "images", "first", "this", "difference", "its interval", "p", "q",
    ):  # fmt: skip
        table.add_column(heading, justify="right")
    gains = [one for one in found if one.difference > 0][:ENDS]
    losses = [one for one in found if one.difference < 0][-ENDS:]
    for part in (gains, losses):
        for one in part:
            table.add_row(
                escape(display_name(names[one.category_id])), f"{one.instances:,}",
                f"{one.images:,}", percent(one.first), percent(one.second),
                signed(one.difference), _ends(one.interval, with_sign=True),
                p_text(one.p_value), p_text(one.q_value),
            )  # fmt: skip
        table.add_section()
    return table


def comparison_json(
    found: Comparison, files: Sequence[str], names: Mapping[int | str, str]
) -> dict[str, Any]:
    """A comparison as fractions; differences are to the first file."""
    return {
        "resamples": found.resamples,
        "seed": found.seed,
        "models": [
            {
                "predictions": file,
                "metrics": metrics,
                "intervals": intervals and {name: asdict(one) for name, one in intervals.items()},
            }
            for file, metrics, intervals in zip(files, found.metrics, found.intervals, strict=True)
        ],
        "differences": [
            {
                "predictions": file,
                "against": files[0],
                "metrics": {name: asdict(one) for name, one in differences.items()},
                "categories": [
                    {"name": names[one.category_id], **asdict(one), "difference": one.difference}
                    for one in categories
                ],
            }
            for file, differences, categories in zip(
                files[1:], found.differences, found.categories, strict=True
            )
        ],
    }


def categories_csv(found: Comparison, files: Sequence[str], names: Mapping[int | str, str]) -> str:
    """The difference of every category for every further model: exact fractions.

    Empty where there is no interval (objects in too few images).
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ("predictions", "against", "category_id", "name", "instances", "images", "first", "second",
         "difference", "low", "high", "standard_error", "p_value", "q_value")
    )  # fmt: skip
    for file, categories in zip(files[1:], found.categories, strict=True):
        for one in categories:
            near = one.interval
            told = ("",) * 3 if near is None else (near.low, near.high, near.standard_error)
            writer.writerow(
                (csv_cell(file), csv_cell(files[0]), one.category_id,
                 csv_cell(names[one.category_id]), one.instances,
                 one.images, one.first, one.second, one.difference, *told,
                 *("" if value is None else value for value in (one.p_value, one.q_value)))
            )  # fmt: skip
    return text.getvalue()


def _ends(near: Interval | None, *, with_sign: bool) -> str:
    """The ends of an interval; empty where there is none."""
    if near is None:
        return ""
    show = signed if with_sign else lambda value: f"{100 * value:.2f}"
    return f"{show(near.low)} to {show(near.high)}"
