"""Figure 5 of the paper, and masks by size, as PNG, SVG, PDF and CSV. Equal input: equal bytes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from o365seg.formats.json_files import make_folder
from o365seg.presentation.figure_files import (
    COLOURS,
    MARKERS,
    figure_style,
    log_scale,
    save_figure,
    save_table,
)
from o365seg.presentation.labels import draw_legend, legend_height
from o365seg.statistics.contents import AREA_NAMES, BIN_EDGES, SetCurves
from o365seg.statistics.reference_points import ReferencePoint, of_curve
from o365seg.statistics.relative_size import RelativeSize

_REFERENCE_MARKERS = ("x", "+", "1", "2", "3", "4")
"""Marks that no set has: published points must not be taken for measured ones."""
_LINES = ("-", (0, (5, 1.5)), (0, (1, 1)), "-.", (0, (9, 2)), (0, (4, 1, 1, 1, 1, 1)), (0, (1, 3)))
"""Of the sets, so that they can be told apart in print without colour."""
_HATCHES = ("", "////", "....", "xxxx", "----")
"""Of bars, from the eighth set on, whose colours are those of the first seven."""
_FLATTENED = 10
"""Where one set has so many times the ranks of another, ranks are on a logarithmic axis."""
_SIZE_LABELS = {
    RelativeSize.ROOT: "relative mask size, √(mask area / image area)",
    RelativeSize.RATIO: "relative mask size, mask area / image area",
}


def write_figures(
    sets: Sequence[SetCurves],
    folder: str | Path,
    relative_size: RelativeSize = RelativeSize.ROOT,
    reference: Sequence[ReferencePoint] = (),
) -> list[Path]:
    """Draw the three curves and the masks by size, and write them with their numbers.

    Every curve is drawn for every set. The paper has masks per category and per image for its own
    set alone; beside a set of more than ten times the ranks, ranks are on a logarithmic axis, so
    that none is flattened.

    Args:
        sets: The release first, then those to compare it with.
        folder: Where to write; made where there is none.
        relative_size: The measure that the sets' curves were made with.
        reference: Published points to draw beside the curves, labelled as such. They are in no
            table.

    Returns:
        The files written: `masks_per_category`, `masks_per_image`, `relative_mask_size` and
        `masks_by_area`, each as .png, .svg, .pdf and .csv, and `statistics` (the first three side
        by side) without .csv.

    Raises:
        InputError: the folder cannot be written.
    """
    folder = Path(folder)
    make_folder(folder)

    def per_category(axes: Axes) -> None:
        _draw_ranking(axes, sets, "category", reference)

    def per_image(axes: Axes) -> None:
        _draw_ranking(axes, sets, "image", reference)

    def sizes(axes: Axes) -> None:
        _draw_sizes(axes, sets, _SIZE_LABELS[relative_size], reference)

    def areas(axes: Axes) -> None:
        _draw_areas(axes, sets)

    below = legend_height([curves.name for curves in sets])
    written = []
    panels: dict[str, Callable[[Axes], None]] = {
        "masks_per_category": per_category,
        "masks_per_image": per_image,
        "relative_mask_size": sizes,
        "masks_by_area": areas,
    }
    with figure_style():
        for name, draw in panels.items():
            width = max(4.4, 1.2 + 0.15 * 3 * len(sets)) if name == "masks_by_area" else 4.4
            figure = Figure(figsize=(width, 3.1 + below), layout="constrained")
            draw(figure.subplots())
            written += save_figure(figure, folder / name)
            written.append(save_table(folder / f"{name}.csv", *_table(sets, name)))
        figure = Figure(figsize=(12.6, 3.3 + below), layout="constrained")
        for axes, draw, letter in zip(
            figure.subplots(1, 3), list(panels.values())[:3], "abc", strict=True
        ):
            draw(axes)
            axes.set_title(f"({letter})", loc="left", fontsize=9)
        written += save_figure(figure, folder / "statistics")
    return written


def _pick(looks: Sequence[Any], index: int) -> Any:
    """The line or marker of a set: another one where colours begin again."""
    return looks[(index + index // len(COLOURS)) % len(looks)]


def _draw_ranking(
    axes: Axes, sets: Sequence[SetCurves], what: str, reference: Sequence[ReferencePoint]
) -> None:
    """Masks, falling, over their ranks 1 … n; each a step as wide as its rank."""
    drawn, names, lengths, highest = [], [], [1], [1]
    for index, curves in enumerate(sets):
        counts = getattr(curves, f"masks_per_{what}")
        if len(counts) == 0:  # no step without masks
            continue
        drawn.append(
            axes.stairs(
                counts, np.arange(len(counts) + 1), baseline=None, linewidth=1.4,
                color=COLOURS[index % len(COLOURS)], linestyle=_pick(_LINES, index),
                zorder=3 if index == 0 else 2,
            )
        )  # fmt: skip
        names.append(curves.name)
        lengths.append(len(counts))
        highest.append(counts.max())
    here = [point for point in reference if point.curve == f"masks_per_{what}"]
    published = _draw_reference(axes, reference, f"masks_per_{what}", shift=-0.5)
    if published or (drawn and len(sets) > 1):
        draw_legend(axes, drawn + list(published.values()), names + list(published))
    axes.set_xlabel(f"{what} rank (those with masks)")
    axes.set_ylabel("number of masks")
    longest = max(*lengths, *(point.x for point in here), 1)
    if len(drawn) > 1 and longest > _FLATTENED * min(lengths[1:]):
        log_scale(axes, "x")
        axes.set_xlim(0.8, longest * 1.3)
    else:
        axes.set_xlim(0, longest * 1.02)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))
    axes.set_ylim(
        min(0.8, *(point.y / 2 for point in here), 1),
        max(10, *highest, *(point.y for point in here)) * 1.4,
    )
    log_scale(axes)


def _draw_sizes(
    axes: Axes,
    sets: Sequence[SetCurves],
    label: str,
    reference: Sequence[ReferencePoint] = (),
) -> None:
    """The share of masks per bin, at the middle of the bin; bins without a mask stay empty."""
    middles = (BIN_EDGES[:-1] + BIN_EDGES[1:]) / 2
    lines: list[Any] = []
    for index, curves in enumerate(sets):
        shares = np.where(curves.shares > 0, curves.shares, np.nan)
        lines += axes.plot(
            middles, shares, linewidth=1.2, markersize=3.5,
            color=COLOURS[index % len(COLOURS)], marker=_pick(MARKERS, index),
            zorder=3 if index == 0 else 2,
        )  # fmt: skip
    published = _draw_reference(axes, reference, "relative_mask_size")
    least = min((c.shares[c.shares > 0].min(initial=1) for c in sets), default=1)
    least = min(least, *(p.y for p in reference if p.curve == "relative_mask_size"), 1)
    axes.set_xlabel(label)
    axes.set_ylabel("share of masks")
    axes.set_xlim(0, 1)
    axes.set_ylim(min(least / 2, 0.05), 1.3)
    log_scale(axes)
    if len(sets) > 1 or published:
        names = [curves.name for curves in sets]
        draw_legend(axes, lines + list(published.values()), names + list(published))


def _draw_reference(
    axes: Axes, reference: Sequence[ReferencePoint], curve: str, shift: float = 0.0
) -> dict[str, Any]:
    """Published points as hollow black marks, never joined; gives what was drawn by its label."""
    drawn = {}
    for index, (source, points) in enumerate(of_curve(reference, curve).items()):
        if points:
            (drawn[f"{source} (published)"],) = axes.plot(
                [point.x + shift for point in points], [point.y for point in points],
                linestyle="none", marker=_REFERENCE_MARKERS[index % len(_REFERENCE_MARKERS)],
                color="black", markersize=5, markerfacecolor="none", markeredgewidth=0.9, zorder=4,
            )  # fmt: skip
    return drawn


def _draw_areas(axes: Axes, sets: Sequence[SetCurves]) -> None:
    """The share of small, medium and large masks, a bar a set, with their numbers above."""
    width = 0.8 / max(1, len(sets))
    drawn = []
    for index, curves in enumerate(sets):
        shares = curves.masks_by_area / max(1, curves.masks_by_area.sum())
        places = np.arange(len(AREA_NAMES)) + (index - (len(sets) - 1) / 2) * width
        bars = axes.bar(
            places, shares, width * 0.92, color=COLOURS[index % len(COLOURS)],
            hatch=_HATCHES[index // len(COLOURS) % len(_HATCHES)], edgecolor="white", linewidth=0,
        )  # fmt: skip
        drawn.append(bars)
        labels = [f"{count:,}" for count in curves.masks_by_area.tolist()]
        # Beside others a number is wider than its bar.
        upright = len(sets) > 2
        axes.bar_label(bars, labels, padding=2, fontsize=7, rotation=90 if upright else 0)
    axes.set_xticks(range(3), ["small\n< 32² pixels", "medium\n32² to 96²", "large\n≥ 96² pixels"])
    axes.set_ylabel("share of masks")
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.margins(y=0.25 if len(sets) > 2 else 0.1)
    axes.grid(axis="x", visible=False)
    if len(sets) > 1:
        # Given with what they name: a name that starts with "_" is no label to matplotlib.
        draw_legend(axes, drawn, [curves.name for curves in sets], handlelength=1.2)


def _table(sets: Sequence[SetCurves], name: str) -> tuple[tuple[str, ...], list[tuple]]:
    """Header and rows of a panel's table; it holds every set."""
    if name == "relative_mask_size":
        return ("set", "from", "to", "masks", "share"), [
            (curves.name, f"{low:.2f}", f"{high:.2f}", int(count), repr(float(share)))
            for curves in sets
            for low, high, count, share in zip(
                BIN_EDGES[:-1], BIN_EDGES[1:], curves.relative_sizes, curves.shares, strict=True
            )
        ]
    if name == "masks_by_area":
        return ("set", "area", "masks", "share"), [
            (curves.name, area, count, repr(count / max(1, int(curves.masks_by_area.sum()))))
            for curves in sets
            for area, count in zip(AREA_NAMES, curves.masks_by_area.tolist(), strict=True)
        ]
    return ("set", "rank", "masks"), [
        (curves.name, rank, int(count))
        for curves in sets
        for rank, count in enumerate(getattr(curves, name), start=1)
    ]
