"""Precision-recall curves: the mean curve as a figure, those of all categories as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmark.average_precision.accumulation import RECALLS
from benchmark.average_precision.result import Result
from benchmark.reading.text_ids import TextIds
from o365seg.errors import InputError
from o365seg.formats.json_files import make_folder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CURVES = {"0.50": slice(0, 1), "0.75": slice(5, 6), "0.50:0.95": slice(None)}
"""The curves by name: the thresholds that each is a mean over."""

# Okabe and Ito's colours, and dashes that tell the curves apart in grey.
_LOOKS = (("#0072B2", "-"), ("#D55E00", "--"), ("#000000", "-."))


@dataclass(frozen=True)
class Curve:
    """Interpolated precision float64[101] at the recalls 0, 0.01 … 1; its mean is the AP."""

    name: str
    precision: np.ndarray

    @property
    def ap(self) -> float:
        """The area under the curve, as COCO measures it."""
        return float(self.precision.mean())


def mean_curves(result: Result) -> list[Curve]:
    """The curves of `CURVES`, each a mean over the categories that have objects.

    Raises:
        InputError: no category has objects.
    """
    result.require_default_parameters()
    known = result.curves.precision[0, 0, :, 0, -1] > -1
    if not known.any():
        raise InputError("the ground truth has no objects, so there is no curve")
    precision = result.curves.precision[:, :, known, 0, -1]
    return [Curve(name, precision[part].mean(axis=(0, 2))) for name, part in CURVES.items()]


def write_curves(
    result: Result, names: dict[int, str], folder: str | Path, text_ids: TextIds | None = None
) -> list[Path]:
    """Write `precision_recall` as .png, .svg, .pdf and .csv. Equal input gives equal bytes.

    Args:
        result: What `evaluate` found.
        names: Category names by id.
        folder: Where to write; created if it does not exist.
        text_ids: The ground truth's ids that are text, to be written instead of numbers.

    Returns:
        The files written.

    Raises:
        InputError: the folder cannot be written, or the ground truth has no objects.
    """
    # Here, because the numbers alone need no matplotlib.
    from o365seg.presentation.figure_files import figure_style, save_figure, save_table

    folder, ids = Path(folder), text_ids or TextIds()
    curves = mean_curves(result)
    make_folder(folder)
    stem = folder / "precision_recall"
    with figure_style():
        written = save_figure(_figure(curves), stem)
    header = ("category_id", "name", "iou", "recall", "precision", "score")
    return [
        *written,
        save_table(stem.with_suffix(".csv"), header, _rows(result, curves, names, ids)),
    ]


def _figure(curves: Sequence[Curve]) -> "Figure":
    from matplotlib.figure import Figure
    from matplotlib.ticker import MultipleLocator

    figure = Figure(figsize=(4.4, 3.6), layout="constrained")
    axes = figure.subplots()
    for curve, (colour, dashes) in zip(curves, _LOOKS, strict=True):
        label = f"IoU {curve.name} (AP {100 * curve.ap:.1f})"
        axes.plot(RECALLS, curve.precision, dashes, color=colour, linewidth=1.4, label=label)
    axes.set_xlabel("recall")
    axes.set_ylabel("precision, mean over categories")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.xaxis.set_major_locator(MultipleLocator(0.2))
    axes.yaxis.set_major_locator(MultipleLocator(0.2))
    axes.legend(loc="upper right", handlelength=2.6)
    return figure


def _rows(
    result: Result, curves: Sequence[Curve], names: dict[int, str], ids: TextIds
) -> list[tuple[object, ...]]:
    """One row a recall of each curve: the means first, then the categories that have objects."""
    recalls = [f"{recall:.2f}" for recall in RECALLS]
    rows: list[tuple[object, ...]] = []
    for curve in curves:
        for recall, precision in zip(recalls, curve.precision.tolist(), strict=True):
            rows.append(("", "mean", curve.name, recall, precision, ""))
    for k, category_id in enumerate(result.category_ids):
        precision = result.curves.precision[:, :, k, 0, -1]
        scores = result.curves.scores[:, :, k, 0, -1]
        if precision[0, 0] < 0:
            continue
        for name, part in CURVES.items():
            means = precision[part].mean(axis=0).tolist()
            alone = scores[part][0].tolist() if len(scores[part]) == 1 else [""] * len(recalls)
            for row in zip(recalls, means, alone, strict=True):
                rows.append((ids.category(category_id), names[category_id], name, *row))
    return rows
