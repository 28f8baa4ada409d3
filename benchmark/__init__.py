"""Predictions against ground truth: mask AP that ignores skipped instances, and the statistics.

Folders in the order of imports: each imports only those above it.

    reading/            predictions and ground truth, read and checked
    average_precision/  AP of masks, boxes and boundaries: matching, skip rule, accumulation
    drop_in/            pycocotools' COCO and COCOeval on the core
    pieces/             an evaluation in pieces: image by image, by processes, merged from files
    pixels/             panoptic quality and mean IoU, from maps of ids and classes
    analysis/           errors by kind, AP by size and category, comparisons of models
    report/             results as text tables, charts and one HTML page
    commands/           the commands of `benchmark`, one file a group

The native core is C: `benchmark/native`.
"""

TYPE_CHECKING = False  # without typing, see `benchmark.average_precision.result`
if TYPE_CHECKING:
    from benchmark.analysis.comparison import compare
    from benchmark.analysis.error_kinds import errors
    from benchmark.average_precision.evaluation import evaluate
    from benchmark.average_precision.parameters import Parameters
    from benchmark.average_precision.result import Result
    from benchmark.drop_in.cocoeval import COCOeval
    from benchmark.drop_in.index import COCO
    from benchmark.drop_in.patch import patch_pycocotools
    from benchmark.pieces.evaluator import Evaluator
    from benchmark.pixels.panoptic import PanopticResult, evaluate_panoptic
    from benchmark.pixels.semantic import evaluate_semantic
    from benchmark.pixels.semantic_result import SemanticResult
    from benchmark.reading.choices import Iou, SkipRule

__all__ = [
    "COCO",
    "COCOeval",
    "Evaluator",
    "Iou",
    "PanopticResult",
    "Parameters",
    "Result",
    "SemanticResult",
    "SkipRule",
    "compare",
    "errors",
    "evaluate",
    "evaluate_panoptic",
    "evaluate_semantic",
    "patch_pycocotools",
]

_MODULES = {
    "COCO": "drop_in.index",
    "COCOeval": "drop_in.cocoeval",
    "Evaluator": "pieces.evaluator",
    "Iou": "reading.choices",
    "Parameters": "average_precision.parameters",
    "PanopticResult": "pixels.panoptic",
    "Result": "average_precision.result",
    "SemanticResult": "pixels.semantic_result",
    "SkipRule": "reading.choices",
    "compare": "analysis.comparison",
    "errors": "analysis.error_kinds",
    "evaluate": "average_precision.evaluation",
    "evaluate_panoptic": "pixels.panoptic",
    "evaluate_semantic": "pixels.semantic",
    "patch_pycocotools": "drop_in.patch",
}


def __getattr__(name: str) -> object:
    """Load on first use, so that importing the package stays light."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"benchmark.{_MODULES[name]}"), name)
