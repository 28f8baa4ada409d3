"""A result as text and as JSON, without libraries, so that the command starts fast."""

from benchmark.average_precision.result import IOU_THRESHOLDS, STAT_NAMES, Result
from benchmark.reading.choices import Iou
from o365seg.terminal.percent import percent

IOU_NAMES = {Iou.SEGM: "Mask", Iou.BBOX: "Box", Iou.BOUNDARY: "Boundary"}
"""What is compared, in words."""
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
_FREQUENCIES = {"APr": "all, rare categories", "APc": "all, common", "APf": "all, frequent"}
_MEASURED_AT_LVIS = {
    "AR300": (_RANGE, "all", 300),
    **{name: (at, area, 300) for name, (at, area, _) in _MEASURED_AT.items()},
    **{name: (_RANGE, area, 300) for name, area in _FREQUENCIES.items()},
}


def result_table(result: Result) -> list[str]:
    """The lines of a table of the numbers, in percent."""
    what = IOU_NAMES[result.iou]
    rows = [("", "IoU", "area in pixels", "detections", what.lower())]
    measured_at = _MEASURED_AT if result.names == STAT_NAMES else _MEASURED_AT_LVIS
    for name, value in result.metrics.items():
        threshold, area, limit = measured_at[name]
        rows.append((name, threshold, area, str(limit), percent(value)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [f"{what} AP and AR (%)", _rule("┌┬┐", widths)]
    for row in rows:
        if row[0] in ("AP", "AR1", "AR300"):
            lines.append(_rule("├┼┤", widths))
        cells = [
            cell.ljust(width) if column < 3 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(f"│ {' │ '.join(cells)} │")
    return [*lines, _rule("└┴┘", widths)]


def _rule(corners: str, widths: list[int]) -> str:
    left, middle, right = corners
    return left + middle.join("─" * (width + 2) for width in widths) + right


def result_lines(result: Result) -> list[str]:
    """What was evaluated, how skipped instances were treated, and the notes."""
    counts = result.counts
    lines = [
        f"{counts.instances:,} instances, {counts.skipped:,} skipped, "
        + (f"{counts.unanswered:,} unanswered, " if counts.unanswered else "")
        + f"{counts.crowds:,} crowds; "
        f"{counts.predictions:,} predictions; "
        f"{counts.images:,} images, {counts.categories:,} categories"
    ]
    if result.skip_rule is not None:
        lines += _skip_lines(result)
    elif counts.skipped or counts.unanswered:
        lines.append("For box AP, skipped instances are ordinary ground truth.")
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
        f"{IOU_NAMES[result.iou]} AP by skip rule: {by_rule}",
    ]


def result_json(result: Result) -> dict[str, object]:
    """The numbers of a result as fractions (−1 for none), with the names that the table uses."""
    thresholds = [f"{threshold:.2f}" for threshold in IOU_THRESHOLDS]
    return {
        "iou": str(result.iou),
        "skip_rule": None if result.skip_rule is None else str(result.skip_rule),
        "metrics": result.metrics,
        "ap_by_skip_rule": {str(rule): ap for rule, ap in result.ap_by_rule.items()},
        "absorbed": dict(zip(thresholds, result.absorbed_counts, strict=True)),
        "counts": vars(result.counts),
        "notes": result.notes,
    }
