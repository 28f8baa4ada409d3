"""Predictions against ground truth: mask AP that ignores skipped instances, and the statistics."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmark.choices import Iou, SkipRule
    from benchmark.drop_in import COCOeval
    from benchmark.evaluation import Result, evaluate

__all__ = ["COCOeval", "Iou", "Result", "SkipRule", "evaluate"]


def __getattr__(name: str) -> object:
    """Load on first use, so that importing the package stays light."""
    if name in ("Result", "evaluate"):
        from benchmark import evaluation

        return getattr(evaluation, name)
    if name in ("Iou", "SkipRule"):
        from benchmark import choices

        return getattr(choices, name)
    if name == "COCOeval":
        from benchmark.drop_in import COCOeval

        return COCOeval
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
