"""Notices above the image: on qualification questions and on answers that were sent back."""

from typing import Any

from o365seg.store.people.qualification import Qualification
from o365seg.store.quality.gold import Comparison

_GOOD_IOU = 0.8


def before(standing: Qualification, question_id: int) -> dict[str, Any]:
    """The notice before a qualification question: its number and how many there are."""
    ids = [trial.question_id for trial in standing.trials]
    return {
        "title": f"Qualification question {ids.index(question_id) + 1} of {len(ids)}"
        if question_id in ids
        else "Qualification question",
        "text": "Paint it like any other question. You will then see how well your mask fits.",
        "kind": "note",
    }


def after(comparison: Comparison, *, skipped: bool) -> dict[str, Any]:
    """The notice after a qualification question: IoU, and missed and extra area as percentages."""
    if skipped:
        return {
            "title": "This object can be painted",
            "text": "You skipped this question. The outline shows the object.",
            "kind": "warning",
            "legend": [{"line": "reference", "label": "the object"}],
        }
    return {
        "title": f"IoU of your mask: {comparison.iou:.0%}",
        "text": f"Missed: {comparison.missed:.0%} of the object. Extra: {comparison.extra:.0%}.",
        "kind": "good" if comparison.iou >= _GOOD_IOU else "warning",
        "legend": [
            {"line": "mask", "label": "your mask"},
            {"line": "reference", "label": "the object"},
        ],
    }


def sent_back(comment: str) -> dict[str, Any]:
    """The notice on an answer that a reviewer sent back, with the reviewer's comment."""
    return {"title": "A reviewer sent this back", "text": comment, "kind": "warning"}
