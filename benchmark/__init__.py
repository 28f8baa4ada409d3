"""Predictions against ground truth: mask AP that ignores skipped instances, and the statistics."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmark.choices import Iou, SkipRule
    from benchmark.evaluation import evaluate
    from benchmark.result import Result

__all__ = ["Iou", "Result", "SkipRule", "evaluate"]


def __getattr__(name: str) -> object:
    """Load on first use, so that importing the package stays light."""
    if name == "evaluate":
        from benchmark import evaluation

        return evaluation.evaluate
    if name == "Result":
        from benchmark import result

        return result.Result
    if name in ("Iou", "SkipRule"):
        from benchmark import choices

        return getattr(choices, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
