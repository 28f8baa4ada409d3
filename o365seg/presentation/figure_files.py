"""Write figures and tables: one style for print, and the same bytes every time."""

import contextlib
import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator
from matplotlib.transforms import Bbox

from o365seg.formats.json_files import write_bytes_atomic
from o365seg.presentation.labels import font_families
from o365seg.terminal.printable import csv_cell

# Okabe and Ito's colours: apart for colour-blind eyes, and with the markers apart in grey too.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 9,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "legend.edgecolor": "none",
    "legend.framealpha": 0.85,  # a curve behind it can still be followed
    "pdf.fonttype": 42,  # text that stays text; what conferences ask for
    "savefig.dpi": 200,
    "svg.hashsalt": "o365seg",
    "text.parse_math": False,  # a set may be named "$"
}
# Neither the date nor matplotlib's version goes into the files.
_FORMATS: dict[str, dict[str, None]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


@contextlib.contextmanager
def figure_style() -> Iterator[None]:
    """Use our style, and nothing of the user's matplotlibrc, inside the block."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE, **{"font.family": font_families()})
        yield


def save_figure(figure: Figure, stem: Path) -> list[Path]:
    """Write `stem`.png, .svg and .pdf; returns their paths.

    Where a label is too long for the figure, the sheet grows: nothing is cut off.
    """
    figure.draw_without_rendering()
    sheet = Bbox.from_bounds(0, 0, *figure.get_size_inches())
    sheet = Bbox.union([sheet, figure.get_tightbbox().padded(0.05)])
    written = []
    for suffix, metadata in _FORMATS.items():
        buffer = io.BytesIO()
        figure.savefig(buffer, format=suffix[1:], metadata=metadata, bbox_inches=sheet)
        path = stem.with_suffix(suffix)
        write_bytes_atomic(path, buffer.getvalue())
        written.append(path)
    return written


def save_table(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    """Write a CSV; returns its path."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([csv_cell(cell) for cell in row] for row in rows)
    write_bytes_atomic(path, text.getvalue().encode())
    return path


def log_scale(axes: Axes, which: Literal["x", "y"] = "y") -> None:
    """A logarithmic axis that is labelled in plain numbers."""
    axes.set(**{f"{which}scale": "log"})
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(LogLocator(10))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.12g}"))
    axes.grid(which="minor", visible=False)
