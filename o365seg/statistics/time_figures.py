"""Rater time as figures and tables."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure

from o365seg.formats.json_files import make_folder
from o365seg.presentation.figure_files import (
    COLOURS,
    MARKERS,
    figure_style,
    save_figure,
    save_table,
)
from o365seg.presentation.labels import shown, width_in_inches
from o365seg.statistics.contents import BIN_EDGES
from o365seg.statistics.relative_size import RelativeSize
from o365seg.statistics.time_statistics import RaterTimes, Times, answer_words

_SIZE_LABELS = {
    RelativeSize.ROOT: "relative size, √(area / image area)",
    RelativeSize.RATIO: "relative size, area / image area",
}
_KEYS = ("answers", "mean_seconds", "lower_quartile", "median", "upper_quartile")


def write_time_figures(
    times: RaterTimes, folder: str | Path, relative_size: RelativeSize = RelativeSize.ROOT
) -> list[Path]:
    """Draw rater time by size and by answer, and write it with its numbers.

    Args:
        times: Of the release.
        folder: Where to write; made where there is none.
        relative_size: The measure that the times by size were made with.

    Returns:
        The files written: `rater_time_by_size` and `rater_time_by_answer`, each as .png, .svg, .pdf
        and .csv.

    Raises:
        InputError: the folder cannot be written.
    """
    folder = Path(folder)
    make_folder(folder)
    with figure_style():
        figure = Figure(figsize=(4.4, 3.1), layout="constrained")
        _draw_sizes(figure.subplots(), times, _SIZE_LABELS[relative_size])
        written = save_figure(figure, folder / "rater_time_by_size")
        labels = [
            f"{shown(answer_words(answer))}  {count:,}"
            for answer, count in zip(times.answers, times.by_answer.answers.tolist(), strict=True)
        ]
        lines = sum(len(label.splitlines()) for label in labels)
        size = max(4.4, 2.6 + width_in_inches(labels)), 1.2 + 0.24 * lines
        figure = Figure(figsize=size, layout="constrained")
        _draw_answers(figure.subplots(), times, labels)
        written += save_figure(figure, folder / "rater_time_by_answer")
    bounds = [(f"{low:.2f}", f"{high:.2f}") for low, high in pairwise(BIN_EDGES)]
    rows = [
        (kind, *bound, *cells)
        for kind, of_kind in (("mask", times.masks_by_size), ("skipped", times.skips_by_size))
        for bound, cells in zip(bounds, _cells(of_kind), strict=True)
    ]
    path = folder / "rater_time_by_size.csv"
    written.append(save_table(path, ("answer", "from", "to", *_KEYS), rows))
    rows = [
        (name, *cells) for name, cells in zip(times.answers, _cells(times.by_answer), strict=True)
    ]
    written.append(save_table(folder / "rater_time_by_answer.csv", ("answer", *_KEYS), rows))
    return written


def _draw_sizes(axes: Axes, times: RaterTimes, label: str) -> None:
    """A point a bin; masks and skips a little to either side of its middle."""
    middles = (BIN_EDGES[:-1] + BIN_EDGES[1:]) / 2
    drawn, names = [], []
    for index, (name, of_kind, shift) in enumerate(
        (("masks, by mask area", times.masks_by_size, -0.007),
         ("skipped, by box area", times.skips_by_size, 0.007))
    ):  # fmt: skip
        chosen = np.flatnonzero(of_kind.answers)
        if chosen.size:
            drawn.append(_draw_times(axes, of_kind, chosen, middles[chosen] + shift, index))
            names.append(name)
    axes.set_xlabel(label)
    axes.set_ylabel("active seconds: median, quartiles,\nand mean (hollow)")
    axes.set_xlim(0, 1)
    axes.set_ylim(bottom=0)
    axes.legend(drawn, names, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)


def _draw_answers(axes: Axes, times: RaterTimes, labels: list[str]) -> None:
    rows = np.arange(len(times.answers))
    _draw_times(axes, times.by_answer, rows, rows, 0, horizontal=True)
    axes.set_yticks(rows, labels)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("active seconds: median, quartiles,\nand mean (hollow)")
    axes.set_xlim(left=0)


def _draw_times(
    axes: Axes,
    times: Times,
    chosen: np.ndarray,
    places: np.ndarray,
    index: int,
    *,
    horizontal: bool = False,
) -> ErrorbarContainer:
    """Medians with their quartiles, and hollow means, of some groups."""
    low, median, high = times.quartiles[chosen].T
    error = np.maximum(0, np.stack([median - low, high - median]))
    mean = times.mean[chosen]
    look: dict[str, Any] = {"color": COLOURS[index], "marker": MARKERS[index]}
    x, y = (median, places) if horizontal else (places, median)
    axes.plot(
        *((mean, places) if horizontal else (places, mean)),
        linestyle="none", markersize=4.5, markerfacecolor="none", markeredgewidth=0.8, **look,
    )  # fmt: skip
    return axes.errorbar(
        x, y, xerr=error if horizontal else None, yerr=None if horizontal else error,
        linestyle="none", markersize=3.5, elinewidth=0.9, capsize=0, **look,
    )  # fmt: skip


def _cells(times: Times) -> list[tuple[object, ...]]:
    """Numbers of each group; empty cells where nothing was answered."""
    numbers = np.column_stack([times.mean, times.quartiles]).tolist()
    return [
        (count, *(f"{value:.3f}" if count else "" for value in found))
        for count, found in zip(times.answers.tolist(), numbers, strict=True)
    ]
