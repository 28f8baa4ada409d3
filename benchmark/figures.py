"""Figure 5 of the paper as PNG, SVG and CSV. Equal input gives equal bytes."""

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator

from benchmark.choices import RelativeSize
from benchmark.statistics import BIN_EDGES, SetCurves
from o365seg.errors import InputError
from o365seg.json_files import write_bytes_atomic

# Okabe and Ito's colours: apart for colour-blind eyes, and with the markers apart in grey too.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.family": "DejaVu Sans",  # ships with matplotlib: the same glyphs everywhere
    "font.size": 9,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "savefig.dpi": 200,
    "svg.hashsalt": "o365seg",
}
_SIZE_LABELS = {
    RelativeSize.ROOT: "relative mask size, √(mask area / image area)",
    RelativeSize.RATIO: "relative mask size, mask area / image area",
}


def write_figures(
    sets: Sequence[SetCurves],
    folder: str | Path,
    relative_size: RelativeSize = RelativeSize.ROOT,
) -> list[Path]:
    """Draw the three curves and write them with their numbers.

    Masks per category and per image are drawn for the first set alone, as in the paper: sets of
    other sizes would flatten it. The tables hold every set.

    Args:
        sets: The release first, then those to compare it with.
        folder: Where to write; made where there is none.
        relative_size: The measure that the sets' curves were made with.

    Returns:
        The files written: `masks_per_category`, `masks_per_image` and `relative_mask_size`, each
        as .png, .svg and .csv, and `statistics` (the three side by side) as .png and .svg.

    Raises:
        InputError: the folder cannot be written.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot be made: {error.strerror}", file=folder) from None

    def per_category(axes: Axes) -> None:
        _draw_ranking(axes, sets[0].masks_per_category, "category")

    def per_image(axes: Axes) -> None:
        _draw_ranking(axes, sets[0].masks_per_image, "image")

    def sizes(axes: Axes) -> None:
        _draw_sizes(axes, sets, _SIZE_LABELS[relative_size])

    written = []
    panels: dict[str, tuple[Callable[[Axes], None], str]] = {
        "masks_per_category": (per_category, _ranking_csv(sets, "masks_per_category")),
        "masks_per_image": (per_image, _ranking_csv(sets, "masks_per_image")),
        "relative_mask_size": (sizes, _sizes_csv(sets)),
    }
    with mpl.rc_context():
        mpl.rcdefaults()  # whatever the user's matplotlibrc says
        mpl.rcParams.update(_STYLE)
        for name, (draw, table) in panels.items():
            figure = Figure(figsize=(4.4, 3.1), layout="constrained")
            draw(figure.subplots())
            written += _save(figure, folder / name)
            write_bytes_atomic(folder / f"{name}.csv", table.encode())
            written.append(folder / f"{name}.csv")
        figure = Figure(figsize=(12.6, 3.3), layout="constrained")
        for axes, (draw, _), letter in zip(
            figure.subplots(1, 3), panels.values(), "abc", strict=True
        ):
            draw(axes)
            axes.set_title(f"({letter})", loc="left", fontsize=9)
        written += _save(figure, folder / "statistics")
    return written


def _draw_ranking(axes: Axes, counts: np.ndarray, what: str) -> None:
    """Counts int64[n], falling, over their ranks 1 … n; each a step as wide as its rank."""
    edges = np.arange(len(counts) + 1)
    if len(counts):
        axes.stairs(counts, edges, baseline=None, color=_COLOURS[0], linewidth=1.4)
    axes.set_xlabel(f"{what} rank (those with masks)")
    axes.set_ylabel("number of masks")
    axes.set_xlim(0, max(1, len(counts)) * 1.02)
    axes.set_ylim(0.8, max(10, counts.max(initial=1) * 1.4))
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))
    _log_scale(axes)


def _draw_sizes(axes: Axes, sets: Sequence[SetCurves], label: str) -> None:
    """The share of masks per bin, at the middle of the bin; bins without a mask stay empty."""
    middles = (BIN_EDGES[:-1] + BIN_EDGES[1:]) / 2
    for index, curves in enumerate(sets):
        shares = np.where(curves.shares > 0, curves.shares, np.nan)
        axes.plot(
            middles, shares, label=curves.name, linewidth=1.2, markersize=3.5,
            color=_COLOURS[index % len(_COLOURS)], marker=_MARKERS[index % len(_MARKERS)],
            zorder=3 if index == 0 else 2,
        )  # fmt: skip
    least = min((c.shares[c.shares > 0].min(initial=1) for c in sets), default=1)
    axes.set_xlabel(label)
    axes.set_ylabel("share of masks")
    axes.set_xlim(0, 1)
    axes.set_ylim(min(least / 2, 0.05), 1.3)
    _log_scale(axes)
    if len(sets) > 1:
        axes.legend(handlelength=1.8)


def _log_scale(axes: Axes) -> None:
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(10))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.12g}"))
    axes.grid(which="minor", visible=False)


def _save(figure: Figure, stem: Path) -> list[Path]:
    """Write PNG and SVG, with neither the date nor matplotlib's version in them."""
    written = []
    for suffix, metadata in (".png", {"Software": None}), (".svg", {"Date": None}):
        buffer = io.BytesIO()
        figure.savefig(buffer, format=suffix[1:], metadata=metadata)
        path = stem.with_suffix(suffix)
        write_bytes_atomic(path, buffer.getvalue())
        written.append(path)
    return written


def _ranking_csv(sets: Sequence[SetCurves], curve: str) -> str:
    rows = [
        (curves.name, rank, int(count))
        for curves in sets
        for rank, count in enumerate(getattr(curves, curve), start=1)
    ]
    return _csv(("set", "rank", "masks"), rows)


def _sizes_csv(sets: Sequence[SetCurves]) -> str:
    rows = [
        (curves.name, f"{low:.2f}", f"{high:.2f}", int(count), repr(float(share)))
        for curves in sets
        for low, high, count, share in zip(
            BIN_EDGES[:-1], BIN_EDGES[1:], curves.relative_sizes, curves.shares, strict=True
        )
    ]
    return _csv(("set", "from", "to", "masks", "share"), rows)


def _csv(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
