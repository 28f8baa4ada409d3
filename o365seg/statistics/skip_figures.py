"""Skip rates as figures and tables."""

from itertools import pairwise
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from o365seg.formats.categories import display_name
from o365seg.formats.json_files import make_folder
from o365seg.presentation.figure_files import COLOURS, figure_style, save_figure, save_table
from o365seg.presentation.labels import shown, width_in_inches
from o365seg.statistics.contents import BIN_EDGES
from o365seg.statistics.relative_size import RelativeSize
from o365seg.statistics.skip_statistics import Shares, SkipRates

MOST_CATEGORIES = 20
"""How many categories the figure shows; the table holds all of them."""

_SIZE_LABELS = {
    RelativeSize.ROOT: "relative box size, √(box area / image area)",
    RelativeSize.RATIO: "relative box size, box area / image area",
}


def write_skip_figures(
    rates: SkipRates, folder: str | Path, relative_size: RelativeSize = RelativeSize.ROOT
) -> list[Path]:
    """Draw the skip rates and write them with their numbers.

    Args:
        rates: Of the release.
        folder: Where to write; made where there is none.
        relative_size: The measure that the rates by size were made with.

    Returns:
        The files written: `skip_rate_by_category` and `skip_rate_by_size`, each as .png, .svg,
        .pdf and .csv.

    Raises:
        InputError: the folder cannot be written.
    """
    folder = Path(folder)
    make_folder(folder)
    with figure_style():
        chosen = _most_skipped(rates)
        labels = _labels(rates, chosen)
        lines = sum(len(label.splitlines()) for label in labels)
        size = max(4.4, 2.6 + width_in_inches(labels)), 1.0 + 0.19 * lines
        figure = Figure(figsize=size, layout="constrained")
        _draw_categories(figure.subplots(), rates, chosen, labels)
        written = save_figure(figure, folder / "skip_rate_by_category")
        figure = Figure(figsize=(4.4, 3.1), layout="constrained")
        _draw_sizes(figure.subplots(), rates.by_size, _SIZE_LABELS[relative_size])
        written += save_figure(figure, folder / "skip_rate_by_size")
    bounds = [(f"{low:.2f}", f"{high:.2f}") for low, high in pairwise(BIN_EDGES)]
    names = list(zip(rates.category_ids, rates.category_names, strict=True))
    for stem, keys, groups, shares in (
        ("skip_rate_by_category", ("category_id", "category"), names, rates.by_category),
        ("skip_rate_by_size", ("from", "to"), bounds, rates.by_size),
    ):
        header = (*keys, "answered", "skipped", "rate", "rate_low", "rate_high")
        rows = [(*group, *cells) for group, cells in zip(groups, _cells(shares), strict=True)]
        written.append(save_table(folder / f"{stem}.csv", header, rows))
    return written


def _most_skipped(rates: SkipRates) -> np.ndarray:
    """Places of the categories with most skipped objects, sorted by rate; ties in file order."""
    skipped = rates.by_category.skipped
    most = np.argsort(-skipped, kind="stable")[:MOST_CATEGORIES]
    most = np.sort(most[skipped[most] > 0])
    return most[np.argsort(-rates.by_category.rates[most], kind="stable")]


def _labels(rates: SkipRates, chosen: np.ndarray) -> list[str]:
    """The name of each category with its numbers."""
    return [
        f"{shown(display_name(rates.category_names[place]))}  "
        f"{rates.by_category.skipped[place]:,}/{rates.by_category.answered[place]:,}"
        for place in chosen.tolist()
    ]


def _draw_categories(axes: Axes, rates: SkipRates, chosen: np.ndarray, labels: list[str]) -> None:
    """A line a category, the highest rate on top, with its interval and numbers."""
    rows = np.arange(len(chosen))
    _draw_rates(axes, rates.by_category, chosen, rows, horizontal=True)
    axes.set_yticks(rows, labels)
    axes.set_ylim(len(chosen) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("skipped share, with 95% interval")
    axes.set_xlim(0, _upper_end(rates.by_category, chosen))
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))


def _draw_sizes(axes: Axes, shares: Shares, label: str) -> None:
    """A point a bin, in its middle; bins without answers stay empty."""
    middles = (BIN_EDGES[:-1] + BIN_EDGES[1:]) / 2
    chosen = np.flatnonzero(shares.answered)
    _draw_rates(axes, shares, chosen, middles[chosen], horizontal=False)
    axes.set_xlabel(label)
    axes.set_ylabel("skipped share, with 95% interval")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, _upper_end(shares, chosen))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))


def _upper_end(shares: Shares, chosen: np.ndarray) -> float:
    """Where an axis of rates ends: just past the longest interval, and never past 1."""
    return min(1.0, 1.05 * shares.intervals[chosen, 1].max(initial=0.05))


def _draw_rates(
    axes: Axes, shares: Shares, chosen: np.ndarray, places: np.ndarray, *, horizontal: bool
) -> None:
    rates, intervals = shares.rates[chosen], shares.intervals[chosen]
    # A rate of 0 or 1 lies on the end of its interval, rounding aside.
    error = np.maximum(0, np.stack([rates - intervals[:, 0], intervals[:, 1] - rates]))
    x, y = (rates, places) if horizontal else (places, rates)
    axes.errorbar(
        x, y, xerr=error if horizontal else None, yerr=None if horizontal else error,
        fmt="o", color=COLOURS[0], markersize=3.5, elinewidth=0.9, capsize=0,
    )  # fmt: skip


def _cells(shares: Shares) -> list[tuple[object, ...]]:
    """Counts, rate and interval of each group; empty cells where nothing was answered."""
    rows: list[tuple[object, ...]] = []
    numbers = np.column_stack([shares.rates, shares.intervals]).tolist()
    for answered, skipped, found in zip(
        shares.answered.tolist(), shares.skipped.tolist(), numbers, strict=True
    ):
        rows.append((answered, skipped, *(f"{v:.6f}" if answered else "" for v in found)))
    return rows
