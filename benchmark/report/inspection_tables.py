"""Slices, calibration, confusion and suspects: tables for the terminal, and the suspects' page."""

from collections.abc import Mapping, Sequence
from html import escape as escape_html

from rich.markup import escape
from rich.table import Table

from benchmark.analysis.calibration import Calibration
from benchmark.analysis.confusion import Confusion
from benchmark.analysis.slices import Slice
from benchmark.analysis.suspects import Suspect
from o365seg.formats.categories import display_name
from o365seg.presentation.html_page import data_uri, foot, head
from o365seg.terminal.percent import percent

MISTAKES = 20
"""Pairs of categories in the table of a confusion matrix."""


def slices_table(slices: Sequence[Slice]) -> Table:
    """The numbers of every slice, in percent."""
    table = _table("By slice (%)", "slice", "images", "categories", "AP", "AP50", "AP75")
    for one in slices:
        numbers = (one.ap, one.ap50, one.ap75)
        table.add_row(
            escape(one.name), f"{one.images:,}", f"{one.categories:,}", *map(percent, numbers)
        )
    return table


def calibration_table(found: Calibration) -> Table:
    """Scores beside the share of true positives, in percent."""
    title = f"Calibration at IoU {found.iou:.2f} (%)"
    table = _table(title, "score", "predictions", "mean score", "precision", "difference")
    for one in found.bins:
        cells = ("–", "–", "–")
        if one.predictions:
            difference = f"{100 * (one.score - one.precision):+.2f}"
            cells = (f"{100 * one.score:.2f}", f"{100 * one.precision:.2f}", difference)
        table.add_row(f"{one.low:g} – {one.high:g}", f"{one.predictions:,}", *cells)
    return table


def confusion_table(found: Confusion, names: Mapping[int | str, str]) -> Table:
    """The most frequent mistakes."""
    table = _table("Most frequent mistakes", "true category", "predicted as", "objects", "of all")
    for true, predicted, count in found.mistakes(MISTAKES):
        objects = int(found.counts[found.category_ids.index(true)].sum())
        share = f"{100 * count / objects:.1f}%"
        pair = (escape(display_name(names[one])) for one in (true, predicted))
        table.add_row(*pair, f"{count:,}", share)
    return table


def suspects_table(found: Sequence[Suspect], names: Mapping[int | str, str]) -> Table:
    """One row a suspect, worst first."""
    table = _table("Suspects", "image", "kind", "score", "predicted", "annotated", "IoU")
    for one in found:
        table.add_row(
            escape(one.file_name or str(one.image_id)), one.kind, f"{one.score:.3f}",
            escape(display_name(names[one.predicted])),
            "" if one.annotated is None else escape(display_name(names[one.annotated])),
            "" if one.annotated is None else f"{one.iou:.2f}",
        )  # fmt: skip
    return table


def suspects_page(
    found: Sequence[Suspect],
    names: Mapping[int | str, str],
    pictures: Sequence[bytes | None],
    title: str,
) -> str:
    """An HTML page of the suspects that have pictures; it loads nothing."""
    parts = [
        head(title, _STYLE, ""),
        f'<header><h1>{escape_html(title)}</h1><p class="soft">'
        "Prediction yellow, annotation magenta; highest score first.</p></header>\n",
        '<div class="suspects">\n',
    ]
    for one, picture in zip(found, pictures, strict=True):
        if picture is None:
            continue
        said = f"{one.kind}: predicted {display_name(names[one.predicted])}, score {one.score:.3f}"
        if one.annotated is not None:
            said += (
                f"; annotation {one.annotation_id} is {display_name(names[one.annotated])}, "
                f"IoU {one.iou:.2f}"
            )
        name = escape_html(one.file_name or str(one.image_id))
        uri = data_uri(picture, "image/jpeg")
        parts.append(
            f'<figure><img src="{uri}" alt="{name}" loading="lazy">'
            f"<figcaption><b>{name}</b><br>{escape_html(said)}</figcaption></figure>\n"
        )
    return "".join([*parts, "</div>\n", foot("")])


# Pictures side by side, none larger than its pixels.
_STYLE = (
    ".suspects{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,340px),1fr));"
    "gap:24px 18px;margin-top:18px}.suspects figure{margin:0}"
    ".suspects img{display:block;width:auto;max-width:100%;height:auto}"
)


def _table(title: str, first: str, *numbers: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first)
    words = {"kind", "predicted", "annotated", "predicted as"}
    for heading in numbers:
        table.add_column(heading, justify="left" if heading in words else "right")
    return table
