"""The report as one self-contained HTML page: style, script, charts and images are inside it.

Whatever came from a file (names of categories, files, images) is escaped; see
`o365seg.presentation.html_page`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from benchmark.analysis.by_size import SizeBin
from benchmark.analysis.error_kinds import ErrorKinds
from benchmark.analysis.pictures import FOUND_MARK, Picture
from benchmark.analysis.pr_curves import Curve
from benchmark.average_precision.breakdown import NO_SUPERCATEGORY, Row, category_measures
from benchmark.average_precision.result import Result
from benchmark.report.charts import Bar, bar_chart, curve_chart, spark
from benchmark.report.error_tables import MEANING
from benchmark.report.result_text import IOU_NAMES
from benchmark.report.size_tables import measured_area, size_name
from o365seg.formats.categories import display_name
from o365seg.presentation.html_page import asset, foot, head
from o365seg.statistics.t_intervals import LEAST_IMAGES, Interval
from o365seg.terminal.percent import percent

_RULES = {
    "box": ("box IoU ≥ t", "one per skip"),
    "box50": ("box IoU ≥ 0.5", "one per skip"),
    "ioa": ("inside the box", "any number"),
    "none": ("none ignored", "false positives"),
}


@dataclass(frozen=True)
class Report:
    """Everything that the page shows.

    Attributes:
        predictions: The name of the results file.
        release: The name of the ground truth.
        result: What `evaluate` found.
        intervals: Of AP, AP50 and AP75, by name; None where too few images have objects.
        resamples: Number of resamples of the intervals.
        seed: Random seed of the resamples.
        curves: The mean precision-recall curves.
        errors: Errors by kind.
        sizes: AP by relative size, with an interval each; None if there are no objects.
        rows: One row per category.
        pictures: The worst images; empty without a folder of images.
        category_names: Of all categories, by id, for the filter of the pictures.
        least_score: Predictions below it are left out of `pictures`.
        problems: A line for each image that could not be drawn.
        human_ceiling: A line about it; empty where the release states none.
    """

    predictions: str
    release: str
    result: Result
    intervals: dict[str, Interval] | None
    resamples: int
    seed: int
    curves: Sequence[Curve]
    errors: ErrorKinds
    sizes: Sequence[tuple[SizeBin, Interval | None]]
    rows: Sequence[Row]
    pictures: Sequence[Picture] = ()
    category_names: Mapping[int, str] = field(default_factory=dict)
    least_score: float = 0.0
    problems: Sequence[str] = field(default=())
    human_ceiling: str = ""


def page(report: Report) -> str:
    """Write the whole page as text. Equal reports give equal text."""
    style, script = asset("benchmark.report", "report.css"), asset("benchmark.report", "report.js")
    title = f"{IOU_NAMES[report.result.iou]} AP of {report.predictions}"
    return "".join(
        [
            head(title, style, script),
            _heading(report, title),
            _cards(report),
            _strip(report),
            '<div class="two">\n',
            _curves(report),
            _sizes(report),
            "</div>\n",
            '<div class="two">\n',
            _errors(report),
            _skips(report),
            "</div>\n",
            _categories(report),
            _pictures(report),
            _foot(report),
            foot(script),
        ]
    )


def _heading(report: Report, title: str) -> str:
    counts = report.result.counts
    facts = (
        (counts.instances, "objects"), (counts.skipped, "skipped"),
        *([(counts.unanswered, "unanswered")] if counts.unanswered else []),
        (counts.crowds, "crowds"),
        (counts.predictions, "predictions"), (counts.images, "images"),
        (counts.categories, "categories"),
    )  # fmt: skip
    items = "".join(f"<li><b>{number:,}</b> {name}</li>" for number, name in facts)
    return (
        f'<header><h1>{escape(title)}</h1><p class="soft">against {escape(report.release)}</p>'
        f'<ul class="facts">{items}</ul></header>\n'
    )


def _cards(report: Report) -> str:
    about = {"AP": "AP, IoU 0.50:0.95", "AP50": "AP50, IoU 0.50", "AP75": "AP75, IoU 0.75"}
    cards = []
    for name, words in about.items():
        one = None if report.intervals is None else report.intervals[name]
        near = (
            f"<span>{100 * one.low:.2f} to {100 * one.high:.2f},</span> "
            f"<span>standard error {100 * one.standard_error:.2f}</span>"
            if one
            else f"no interval: fewer than {LEAST_IMAGES} images have objects"
        )
        cards.append(
            f'<div class="card{" first" if name == "AP" else ""}"><div class="name">{words}</div>'
            f'<div class="number">{percent(report.result.metrics[name])}</div>'
            f'<div class="soft">{near}</div></div>'
        )
    ceiling = f'<p class="soft">{escape(report.human_ceiling)}</p>\n' * bool(report.human_ceiling)
    return f'<section class="cards" aria-label="Headline">{"".join(cards)}</section>\n{ceiling}'


def _strip(report: Report) -> str:
    cells = "".join(
        f'<div><span class="soft">{name}</span><b>{percent(report.result.metrics[name])}</b></div>'
        for name in report.result.names[3:]
    )
    return f'<section class="sheet strip" aria-label="AP and AR">{cells}</section>\n'


def _curves(report: Report) -> str:
    text = "Interpolated precision, the mean over the categories that have objects."
    return _sheet("Precision over recall", text, curve_chart(report.curves))


def _sizes(report: Report) -> str:
    bars = [
        Bar(
            size_name(one), 100 * one.ap,
            None if interval is None else 100 * interval.low,
            None if interval is None else 100 * interval.high,
            f"{one.instances:,} objects",
        )
        for one, interval in report.sizes
    ]  # fmt: skip
    area = measured_area(report.result.iou)
    text = f"AP (IoU 0.50:0.95) by √({area} / image area); lines are 95% intervals."
    note = (
        "Unmatched predictions count in the bin of their own size. COCO's small, medium and "
        "large, above, are in pixels: their bounds of 32² and 96² are 0.06 and 0.17 of an "
        "image of 640 × 480."
    )
    chart = bar_chart(bars, text)
    return _sheet("By size in the image", text, chart + f'<p class="note">{note}</p>')


def _errors(report: Report) -> str:
    bars = [
        Bar(kind.name.lower(), 100 * gain, remark=f"{report.errors.counts[kind]:,} errors")
        for kind, gain in report.errors.gains.items()
    ]
    text = (
        "AP50 points gained if all errors of one kind were fixed, each kind alone "
        "(TIDE, Bolya et al. 2020)."
    )
    keys = "; ".join(f"{kind.name.lower()}: {words}" for kind, words in MEANING.items())
    chart = bar_chart(bars, text, digits=2)
    return _sheet("Errors by kind", text, chart + f'<p class="note">{escape(keys)}.</p>')


def _skips(report: Report) -> str:
    """How skipped instances count; nothing where there are none."""
    result = report.result
    without = result.counts.skipped + result.counts.unanswered
    if not without:
        return ""
    if result.skip_rule is None:
        text = "For box AP, skipped instances are ordinary ground truth."
        return _sheet("Skipped instances", text, "")
    bars = [
        Bar(_RULES[rule][0], 100 * ap, remark=_RULES[rule][1], strong=rule is result.skip_rule)
        for rule, ap in result.ap_by_rule.items()
    ]
    or_open = " or have not answered yet" if result.counts.unanswered else ""
    text = (
        f"AP by skip rule, for the {without:,} instances that raters skipped{or_open}; "
        "the darker bar is the rule used above."
    )
    at = dict(zip(result.thresholds.round(2).tolist(), result.absorbed.tolist(), strict=True))
    note = (
        f"{at[0.5]:,} predictions are ignored because of a skipped instance at IoU 0.50, "
        f"{at[0.75]:,} at 0.75."
    )
    chart = bar_chart(bars, text, digits=2)
    return _sheet("Skipped instances", text, chart + f'<p class="note">{note}</p>')


def _sheet(heading: str, text: str, content: str) -> str:
    return (
        f'<section class="sheet"><h2>{heading}</h2><p class="soft">{escape(text)}</p>'
        f"{content}</section>\n"
    )


def _categories(report: Report) -> str:
    grouped = any(row.supercategory != NO_SUPERCATEGORY for row in report.rows)
    names = [one.name for one in category_measures(report.result)]
    names += ["objects", "predictions", "skipped", "absorbed"]
    heads = ['<th class="text" scope="col"><button type="button">category</button></th>']
    if grouped:
        heads.append('<th class="text" scope="col"><button type="button">group</button></th>')
    heads += [f'<th scope="col"><button type="button">{name}</button></th>' for name in names]
    rows = []
    for row in report.rows:
        cells = [f'<th class="text" scope="row">{escape(display_name(row.name))}</th>']
        if grouped:
            cells.append(f'<td class="text">{escape(row.supercategory)}</td>')
        ap, *rest = row.metrics.values()
        cells.append(_fraction(ap, spark(ap) if ap >= 0 else ""))
        cells += map(_fraction, rest)
        for number in (row.instances, row.predictions, row.skipped, row.absorbed):
            cells.append(f'<td data-v="{number}">{number:,}</td>')
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return (
        '<section class="sheet"><h2>Categories</h2><p class="soft">In percent; a dash means no '
        "objects. Absorbed: predictions ignored because of a skipped instance, at IoU 0.50. "
        'Click a heading to sort.</p><div class="tools"><input type="search" id="search" '
        'placeholder="Search categories" aria-label="Search categories">'
        f'<span class="soft" id="shown">{len(rows)} of {len(rows)}</span></div>'
        '<div class="scroll" tabindex="0" role="region" aria-label="Categories">'
        f'<table class="sortable" id="categories"><thead><tr>{"".join(heads)}</tr></thead>\n'
        f"<tbody>\n{chr(10).join(rows)}\n</tbody></table></div></section>\n"
    )


def _fraction(value: float, more: str = "") -> str:
    return f'<td data-v="{value:.6f}">{percent(value)}{more}</td>'


def _pictures(report: Report) -> str:
    problems = "".join(f'<p class="note">Not drawn: {escape(line)}</p>' for line in report.problems)
    if not report.pictures:
        heading = "Predictions and ground truth by image"
        return _sheet(heading, "No image could be drawn.", problems) if problems else ""
    keys = (("missed", "missed object"), ("false", "false positive"),
            ("found", "true positive, the prediction"), ("skip", "skipped instance"))  # fmt: skip
    legend = "".join(f'<li><span class="swatch {key}"></span>{name}</li>' for key, name in keys)
    figures = "".join(map(_figure, report.pictures))
    text = (
        "The images with the most missed objects and false positives at IoU 0.50, counting "
        f"predictions of score {report.least_score:.3g} and above, where F1 is best. Show the "
        "predictions with their errors, or the ground truth."
    )
    content = (
        f'{_picture_filters(report)}<ul class="keys">{legend}</ul>'
        f'<div class="pictures" id="pictures">{figures}</div>'
    )
    return _sheet("Predictions and ground truth by image", text, content + problems)


def _figure(one: Picture) -> str:
    errors, name = one.errors, escape(one.name, quote=True)
    words = f"{errors.missed} missed, {errors.false} false, {errors.found} found"
    marks = " ".join(f"{category}:{kind}" for category, kind in sorted(one.marks))
    size = f'width="{one.width}" height="{one.height}"'
    return (
        f'<figure data-marks="{marks}"><img class="errors" src="{one.uri}" {size} '
        f'alt="{name}: {words}"><img class="truth" src="{one.truth_uri}" {size} loading="lazy" '
        f'alt="{name}: ground truth"><figcaption><b>{words}</b><br><span class="name">{name}</span>'
        "</figcaption></figure>"
    )


def _picture_filters(report: Report) -> str:
    marks = set().union(*(one.marks for one in report.pictures))
    named = {category: report.category_names[category] for category, _ in marks}
    categories = sorted(named.items(), key=lambda pair: pair[1].casefold())
    kinds = [kind.name.lower() for kind in MEANING] + [FOUND_MARK]
    kinds = [kind for kind in kinds if any(kind == other for _, other in marks)]
    return (
        '<div class="tools"><span role="radiogroup" aria-label="Show">'
        '<label><input type="radio" name="view" value="errors" checked> predictions</label> '
        '<label><input type="radio" name="view" value="truth"> ground truth</label></span>'
        '<input type="search" id="picture-search" placeholder="Search images" '
        'aria-label="Search images">'
        + _select("picture-category", "category", categories)
        + _select("picture-kind", "error", [(kind, kind) for kind in kinds])
        + '<span class="soft" id="pictures-shown" role="status"></span></div>'
    )


def _select(name: str, label: str, choices: Sequence[tuple[int | str, str]]) -> str:
    options = "".join(
        f'<option value="{value}">{escape(words)}</option>' for value, words in choices
    )
    first = '<option value="">all</option>'
    return f'<label>{label} <select id="{name}">{first}{options}</select></label>'


def _words(note: str) -> str:
    """A note's text, with what is between backticks as code."""
    return re.sub("`([^`]*)`", r"<code>\1</code>", escape(note))


def _foot(report: Report) -> str:
    notes = "".join(f'<p class="note">Note: {_words(note)}</p>' for note in report.result.notes)
    return (
        f"<footer>{notes}<p>Intervals: 95%, by Student's t with the spread over resamples of the "
        f"{report.result.counts.images:,} images ({report.resamples:,} resamples, "
        f"seed {report.seed}). Numbers match <code>benchmark evaluate</code> "
        "and pycocotools, except that predictions on skipped instances are ignored.</p></footer>\n"
    )
