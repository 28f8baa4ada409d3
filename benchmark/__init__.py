"""Predictions against ground truth: mask AP that ignores skipped instances, and the statistics."""

TYPE_CHECKING = False  # without typing, see `benchmark.result`
if TYPE_CHECKING:
    from benchmark.choices import Iou, SkipRule
    from benchmark.drop_in import COCOeval
    from benchmark.evaluation import evaluate
    from benchmark.panoptic import PanopticResult, evaluate_panoptic
    from benchmark.result import Result
    from benchmark.semantic import SemanticResult, evaluate_semantic

__all__ = [
    "COCOeval",
    "Iou",
    "PanopticResult",
    "Result",
    "SemanticResult",
    "SkipRule",
    "evaluate",
    "evaluate_panoptic",
    "evaluate_semantic",
]

_MODULES = {
    "COCOeval": "drop_in",
    "Iou": "choices",
    "PanopticResult": "panoptic",
    "Result": "result",
    "SemanticResult": "semantic",
    "SkipRule": "choices",
    "evaluate": "evaluation",
    "evaluate_panoptic": "panoptic",
    "evaluate_semantic": "semantic",
}


def __getattr__(name: str) -> object:
    """Load on first use, so that importing the package stays light."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"benchmark.{_MODULES[name]}"), name)
