"""What raters are told above the photo: of qualification questions, and what was sent back."""

from typing import Any

from o365seg.store.people.qualification import Qualification
from o365seg.store.quality.gold import Comparison

_GOOD_IOU = 0.8


def before(standing: Qualification, question_id: int) -> dict[str, Any]:
    """Which question of how many it is."""
    ids = [trial.question_id for trial in standing.trials]
    return {
        "title": f"Qualification question {ids.index(question_id) + 1} of {len(ids)}"
        if question_id in ids
        else "Qualification question",
        "text": "Paint it as you would any other; then you see how well it fits.",
        "kind": "note",
    }


def after(comparison: Comparison, *, skipped: bool) -> dict[str, Any]:
    """How well it fits, and what is missed and too much, as shares of the object's area."""
    if skipped:
        return {
            "title": "This one can be painted",
            "text": "You skipped it; the outline shows the object.",
            "kind": "warning",
            "legend": [{"line": "reference", "label": "the object"}],
        }
    return {
        "title": f"Your mask fits by {comparison.iou:.0%} (IoU)",
        "text": f"Missed: {comparison.missed:.0%} of the object. Too much: {comparison.extra:.0%}.",
        "kind": "good" if comparison.iou >= _GOOD_IOU else "warning",
        "legend": [
            {"line": "mask", "label": "your mask"},
            {"line": "reference", "label": "the object"},
        ],
    }


def sent_back(comment: str) -> dict[str, Any]:
    """A reviewer's words about the rater's own answer."""
    return {"title": "A reviewer sent this back", "text": comment, "kind": "warning"}
