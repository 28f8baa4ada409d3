"""Results and statistics for the terminal and as JSON."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.table import Table

from benchmark.choices import Iou
from benchmark.result import IOU_THRESHOLDS, Result

if TYPE_CHECKING:
    from benchmark.statistics import SetNumbers

_WHAT = {Iou.SEGM: "Mask", Iou.BBOX: "Box"}
_RANGE, _SMALL, _MEDIUM, _LARGE = "0.50:0.95", "small, ≤ 32²", "medium, 32² to 96²", "large, ≥ 96²"
_MEASURED_AT = {
    "AP": (_RANGE, "all", 100),
    "AP50": ("0.50", "all", 100),
    "AP75": ("0.75", "all", 100),
    "APs": (_RANGE, _SMALL, 100),
    "APm": (_RANGE, _MEDIUM, 100),
    "APl": (_RANGE, _LARGE, 100),
    "AR1": (_RANGE, "all", 1),
    "AR10": (_RANGE, "all", 10),
    "AR100": (_RANGE, "all", 100),
    "ARs": (_RANGE, _SMALL, 100),
    "ARm": (_RANGE, _MEDIUM, 100),
    "ARl": (_RANGE, _LARGE, 100),
}


def percent(fraction: float) -> str:
    """A fraction in per cent; a dash for pycocotools' −1, which says that there is no such."""
    return "–" if fraction < 0 else f"{100 * fraction:.2f}"


def result_table(result: Result) -> Table:
    """The 12 numbers in per cent."""
    table = Table(title=f"{_WHAT[result.iou]} AP and AR in per cent", title_justify="left")
    for heading in ("", "IoU", "area in pixels"):
        table.add_column(heading)
    table.add_column("detections", justify="right")
    table.add_column(_WHAT[result.iou].lower(), justify="right")
    for name, value in result.metrics.items():
        threshold, area, limit = _MEASURED_AT[name]
        style = "bold" if name == "AP" else None
        table.add_row(name, threshold, area, str(limit), percent(value), style=style)
        if name == "APl":
            table.add_section()
    return table


def result_lines(result: Result) -> list[str]:
    """What took part, how skipped instances were treated, and what the reader must know."""
    counts = result.counts
    lines = [
        f"{counts.instances:,} instances, {counts.skipped:,} skipped, {counts.crowds:,} crowds; "
        f"{counts.predictions:,} predictions; "
        f"{counts.images:,} images, {counts.categories:,} categories"
    ]
    if result.skip_rule is not None:
        lines += _skip_lines(result)
    elif counts.skipped:
        lines.append("Boxes of skipped instances are ground truth like any other.")
    return lines + [f"Note: {note}" for note in result.notes]


def _skip_lines(result: Result) -> list[str]:
    rounded = [round(threshold, 2) for threshold in IOU_THRESHOLDS]
    at = dict(zip(rounded, result.absorbed_counts, strict=True))
    by_rule = ", ".join(
        f"{rule} {percent(ap)}{' (above)' if rule is result.skip_rule else ''}"
        for rule, ap in result.ap_by_rule.items()
    )
    return [
        f"Predictions ignored because of a skipped instance: {at[0.5]:,} at IoU 0.50, "
        f"{at[0.75]:,} at 0.75; {sum(at.values()):,} summed over the ten thresholds",
        f"Mask AP by skip rule: {by_rule}",
    ]


def result_json(result: Result) -> dict[str, Any]:
    """The numbers of a result as fractions (−1 for none), with the names that the table uses."""
    thresholds = [f"{threshold:.2f}" for threshold in IOU_THRESHOLDS]
    return {
        "iou": str(result.iou),
        "skip_rule": None if result.skip_rule is None else str(result.skip_rule),
        "metrics": result.metrics,
        "ap_by_skip_rule": {str(rule): ap for rule, ap in result.ap_by_rule.items()},
        "absorbed": dict(zip(thresholds, result.absorbed_counts, strict=True)),
        "counts": asdict(result.counts),
        "notes": result.notes,
    }


_ROWS = {
    "questions": "questions (all but crowds)",
    "masks": "valid masks",
    "skipped": "skipped",
    "unanswered": "unanswered",
    "crowds": "crowds",
    "images": "images",
    "images_without_mask": "images without a mask",
    "categories": "categories",
    "categories_with_masks": "categories with masks",
}


def numbers_table(sets: "list[SetNumbers]") -> Table:
    """The numbers of each set, a column a set."""
    table = Table(title="Statistics", title_justify="left")
    table.add_column("")
    for numbers in sets:
        table.add_column(numbers.name, justify="right")
    for field, label in _ROWS.items():
        table.add_row(label, *(f"{getattr(numbers, field):,}" for numbers in sets))
        if field == "skipped":
            for reason in sorted({reason for n in sets for reason in n.skipped_by_reason}):
                cells = (f"{n.skipped_by_reason.get(reason, 0):,}" for n in sets)
                table.add_row(f"  {reason}", *cells)
    table.add_row("rater hours", *(_recorded(n.rater_hours) for n in sets))
    table.add_row("minutes per valid mask", *(_recorded(n.minutes_per_valid_mask) for n in sets))
    return table


def _recorded(value: float | None) -> str:
    return "not recorded" if value is None else f"{value:,.2f}"
