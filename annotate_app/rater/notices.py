"""Notices above the image: on qualification questions and on answers that were sent back."""

from typing import Any

from annotate_app.web.catalogue import Catalogue
from o365seg.store.people.qualification import Qualification
from o365seg.store.quality.gold import Comparison

_GOOD_IOU = 0.8


def before(texts: Catalogue, standing: Qualification, question_id: int) -> dict[str, Any]:
    """The notice before a qualification question: its number and how many there are."""
    ids = [trial.question_id for trial in standing.trials]
    if question_id in ids:
        title = texts.text("notice.question_of", number=ids.index(question_id) + 1, all=len(ids))
    else:
        title = texts.text("notice.question")
    return {"title": title, "text": texts.text("notice.before"), "kind": "note"}


def after(texts: Catalogue, comparison: Comparison, *, skipped: bool) -> dict[str, Any]:
    """The notice after a qualification question: IoU, and missed and extra area as percentages."""
    reference = {"line": "reference", "label": texts.text("notice.the_object")}
    if skipped:
        return {
            "title": texts.text("notice.can_be_painted"),
            "text": texts.text("notice.you_skipped"),
            "kind": "warning",
            "legend": [reference],
        }
    shares = {"missed": comparison.missed, "extra": comparison.extra}
    differs = {name: texts.percent(share, 0) for name, share in shares.items()}
    return {
        "title": texts.text("notice.iou", iou=texts.percent(comparison.iou, 0)),
        "text": texts.text("notice.differs", **differs),
        "kind": "good" if comparison.iou >= _GOOD_IOU else "warning",
        "legend": [{"line": "mask", "label": texts.text("notice.your_mask")}, reference],
    }


def sent_back(texts: Catalogue, comment: str) -> dict[str, Any]:
    """The notice on an answer that a reviewer sent back, with the reviewer's comment."""
    return {"title": texts.text("notice.sent_back"), "text": comment, "kind": "warning"}
