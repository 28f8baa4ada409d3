"""Panoptic quality and mean IoU for the terminal and as JSON."""

import math

from benchmark.report.text_table import text_table
from o365seg.formats.categories import display_name
from o365seg.terminal.percent import percent

TYPE_CHECKING = False  # without typing, see `benchmark.average_precision.result`
if TYPE_CHECKING:
    from typing import Any

    from benchmark.pixels.panoptic import PanopticResult
    from benchmark.pixels.semantic import SemanticResult


def panoptic_tables(result: "PanopticResult", *, per_category: bool = False) -> list[str]:
    """Means over all, things and stuff, in percent; if asked, also one row per category."""
    rows = [["", "PQ", "SQ", "RQ", "categories"]]
    for name, row in result.rows().items():
        values = (percent(value) for value in (row.pq, row.sq, row.rq))
        rows.append([name, *values, f"{row.categories:,}"])
    lines = text_table("Panoptic quality (%)", rows)
    if not per_category:
        return lines
    rows = [["", "kind", "PQ", "SQ", "RQ", "TP", "FP", "FN"]]
    columns = zip(
        *(a.tolist() for a in (result.pq, result.sq, result.rq, result.true_positives,
                               result.false_positives, result.false_negatives)),
        strict=True,
    )  # fmt: skip
    for category, (pq, sq, rq, *counts) in zip(result.categories, columns, strict=True):
        rows.append(
            [
                display_name(category.name) or str(category.id),
                "thing" if category.isthing else "stuff",
                *(percent(value) for value in (pq, sq, rq)),
                *(f"{count:,}" for count in counts),
            ]
        )
    return lines + text_table("Panoptic quality by category (%)", rows, left=(0, 1))


def panoptic_lines(result: "PanopticResult") -> list[str]:
    """What was evaluated, and the notes."""
    matches, false, missed = (
        int(array.sum())
        for array in (result.true_positives, result.false_positives, result.false_negatives)
    )
    lines = [f"{matches:,} segments matched, {false:,} false, {missed:,} missed; "
             f"{result.images:,} images, {len(result.categories):,} categories"]  # fmt: skip
    return lines + [f"Note: {note}" for note in result.notes]


def panoptic_json(result: "PanopticResult") -> "dict[str, Any]":
    """The numbers as fractions; null where there is none."""
    metrics = {
        name: {"PQ": _or_none(row.pq), "SQ": _or_none(row.sq), "RQ": _or_none(row.rq),
               "N": row.categories}
        for name, row in result.rows().items()
    }  # fmt: skip
    per_category = [
        {
            "id": category.id,
            "name": category.name,
            "isthing": bool(category.isthing),
            "PQ": _or_none(result.pq[place]),
            "SQ": _or_none(result.sq[place]),
            "RQ": _or_none(result.rq[place]),
            "TP": int(result.true_positives[place]),
            "FP": int(result.false_positives[place]),
            "FN": int(result.false_negatives[place]),
        }
        for place, category in enumerate(result.categories)
    ]
    return {
        "task": "panoptic",
        "metrics": metrics,
        "per_category": per_category,
        "counts": {"images": result.images, "categories": len(result.categories)},
        "notes": result.notes,
    }


def semantic_tables(result: "SemanticResult", *, per_class: bool = False) -> list[str]:
    """The four means, in percent; if asked, also one row per class."""
    anywhere = sum(not math.isnan(one.iou) for one in result.classes)
    true = sum(not math.isnan(one.acc) for one in result.classes)
    about = {
        "mIoU": f"IoU, {anywhere} classes in the ground truth or the predictions",
        "mAcc": f"accuracy, {true} classes in the ground truth",
        "aAcc": "all pixels",
        "fwIoU": "IoU, weighted by ground-truth pixels",
    }
    rows = [["", "mean of", ""]]
    rows += [[name, about[name], percent(value)] for name, value in result.metrics.items()]
    lines = text_table("Semantic segmentation (%)", rows, left=(0, 1))
    if not per_class:
        return lines
    rows = [["", "label", "IoU", "Acc", "ground-truth pixels", "predicted pixels"]]
    for one in result.classes:
        rows.append(
            [
                display_name(one.name),
                str(one.label),
                percent(one.iou),
                percent(one.acc),
                f"{one.true:,}",
                f"{one.predicted:,}",
            ]
        )
    return lines + text_table("By class (%)", rows)


def semantic_lines(result: "SemanticResult") -> list[str]:
    """What was evaluated, and the notes."""
    lines = [f"{result.pixels:,} pixels counted; {result.images:,} images, "
             f"{len(result.classes):,} classes"]  # fmt: skip
    return lines + [f"Note: {note}" for note in result.notes]


def semantic_json(result: "SemanticResult") -> "dict[str, Any]":
    """The numbers as fractions; null where there is none."""
    per_class = [
        {
            "label": one.label,
            "name": one.name,
            "IoU": _or_none(one.iou),
            "Acc": _or_none(one.acc),
            "true_pixels": one.true,
            "predicted_pixels": one.predicted,
            "hits": one.hits,
        }
        for one in result.classes
    ]
    return {
        "task": "semantic",
        "metrics": {name: _or_none(value) for name, value in result.metrics.items()},
        "per_class": per_class,
        "counts": {"images": result.images, "pixels": result.pixels},
        "notes": result.notes,
    }


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
