"""Predictions against ground truth: mask AP that ignores skipped instances, PQ, mean IoU."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmark.choices import Iou, SkipRule
    from benchmark.evaluation import Result, evaluate
    from benchmark.panoptic import PanopticResult, evaluate_panoptic
    from benchmark.semantic import SemanticResult, evaluate_semantic

__all__ = [
    "Iou",
    "PanopticResult",
    "Result",
    "SemanticResult",
    "SkipRule",
    "evaluate",
    "evaluate_panoptic",
    "evaluate_semantic",
]


def __getattr__(name: str) -> object:
    """Load on first use, so that importing the package stays light."""
    if name in ("Result", "evaluate"):
        from benchmark import evaluation

        return getattr(evaluation, name)
    if name in ("PanopticResult", "evaluate_panoptic"):
        from benchmark import panoptic

        return getattr(panoptic, name)
    if name in ("SemanticResult", "evaluate_semantic"):
        from benchmark import semantic

        return getattr(semantic, name)
    if name in ("Iou", "SkipRule"):
        from benchmark import choices

        return getattr(choices, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
