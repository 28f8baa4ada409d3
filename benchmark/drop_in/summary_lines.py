"""The lines that pycocotools' `summarize` prints."""

from collections.abc import Sequence

_ROWS = (
    *((1, iou, "all", 100) for iou in ("0.50:0.95", "0.50", "0.75")),
    *((1, "0.50:0.95", size, 100) for size in ("small", "medium", "large")),
    *((0, "0.50:0.95", "all", limit) for limit in (1, 10, 100)),
    *((0, "0.50:0.95", size, 100) for size in ("small", "medium", "large")),
)


def summary_lines(stats: Sequence[float]) -> list[str]:
    """One line for each of the 12 numbers under the default parameters."""
    lines = []
    for (precision, iou, size, limit), value in zip(_ROWS, stats, strict=True):
        title = "Average Precision" if precision else "Average Recall"
        kind = "(AP)" if precision else "(AR)"
        lines.append(
            f" {title:<18} {kind} @[ IoU={iou:<9} | area={size:>6s} | maxDets={limit:>3d} ]"
            f" = {value:0.3f}"
        )
    return lines
