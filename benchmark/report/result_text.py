"""A result as text and as JSON, without libraries, so that the command starts fast."""

from benchmark.average_precision.parameters import AREAS, FREQUENCIES, IOU_THRESHOLDS, Measure
from benchmark.average_precision.result import Result
from benchmark.reading.choices import Iou
from benchmark.report.text_table import text_table
from o365seg.terminal.percent import percent

IOU_NAMES = {Iou.SEGM: "Mask", Iou.BBOX: "Box", Iou.BOUNDARY: "Boundary"}
"""What is compared, in words."""
_COCO_AREAS = {"small": "small, ≤ 32²", "medium": "medium, 32² to 96²", "large": "large, ≥ 96²"}


def result_table(result: Result) -> list[str]:
    """The lines of a table of the numbers, in percent."""
    what = IOU_NAMES[result.iou]
    rows = [("", "IoU", "area in pixels", "detections", what.lower())]
    limits = result.parameters.limits(lvis=result.is_lvis)
    for measure, value in zip(result.measures, result.numbers, strict=True):
        row = measure.name, _threshold(result, measure), _area(result, measure)
        rows.append((*row, str(limits[measure.limit]), percent(value)))
    first_recall = next(measure.name for measure in result.measures if measure.recall)
    rules = [number for number, row in enumerate(rows) if row[0] in ("AP", first_recall)]
    return text_table(f"{what} AP and AR (%)", rows, left=range(3), rules_before=rules)


def _threshold(result: Result, measure: Measure) -> str:
    """The IoU thresholds of a number, such as "0.50:0.95"."""
    thresholds = result.parameters.iou_thresholds
    if measure.threshold is not None:
        thresholds = thresholds[measure.threshold :][:1]
    if len(thresholds) > 3:
        thresholds_text = f"{thresholds[0]:.2f}:{thresholds[-1]:.2f}"
        even = thresholds == IOU_THRESHOLDS
        return thresholds_text if even else f"{thresholds_text} ({len(thresholds)})"
    return ", ".join(map(_threshold_name, thresholds))


def _threshold_name(threshold: float) -> str:
    """Two decimals, or as many as it has: names of thresholds stay apart."""
    is_even = threshold in IOU_THRESHOLDS or threshold == round(threshold, 2)
    return f"{threshold:.2f}" if is_even else repr(threshold)


def _area(result: Result, measure: Measure) -> str:
    """The area range of a number, or LVIS's group of categories."""
    if measure.frequency:
        return f"all, {FREQUENCIES[measure.frequency]} categories"
    if not measure.area:
        return "all"
    label = result.parameters.labels[measure.area]
    if result.parameters.areas == AREAS:
        return _COCO_AREAS[label]
    low, high = result.parameters.areas[label]
    return f"{label}, ≥ {low:g}" if high >= 1e10 else f"{label}, {low:g} to {high:g}"


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
    by_threshold = zip(result.parameters.iou_thresholds, result.absorbed_counts, strict=True)
    at = {_threshold_name(threshold): count for threshold, count in by_threshold}
    known = [f"{at[one]:,} at {one}" for one in ("0.50", "0.75") if one in at]
    shown = ", ".join(known).replace(" at ", " at IoU ", 1)
    by_rule = ", ".join(
        f"{rule} {percent(ap)}{' (above)' if rule is result.skip_rule else ''}"
        for rule, ap in result.ap_by_rule.items()
    )
    return [
        f"Predictions ignored because of a skipped instance: {shown}"
        f"{'; ' if shown else ''}{sum(at.values()):,} summed over the "
        f"{'ten' if len(at) == 10 else len(at)} thresholds",
        f"{IOU_NAMES[result.iou]} AP by skip rule: {by_rule}",
    ]


def result_json(result: Result) -> dict[str, object]:
    """The numbers of a result as fractions (−1 for none), with the names that the table uses."""
    thresholds = map(_threshold_name, result.parameters.iou_thresholds)
    return {
        "iou": str(result.iou),
        "skip_rule": None if result.skip_rule is None else str(result.skip_rule),
        "metrics": result.metrics,
        "ap_by_skip_rule": {str(rule): ap for rule, ap in result.ap_by_rule.items()},
        "absorbed": dict(zip(thresholds, result.absorbed_counts, strict=True)),
        "counts": vars(result.counts),
        "notes": result.notes,
        **_other_parameters(result),
    }


def _other_parameters(result: Result) -> dict[str, object]:
    """Parameters that are not COCO's or LVIS's own."""
    parameters = result.parameters
    if parameters.is_default:
        return {}
    return {
        "iou_thresholds": parameters.iou_thresholds,
        "areas": parameters.areas,
        "max_dets": parameters.limits(lvis=result.is_lvis),
    }
