"""Gather all results of an evaluation and write them as one HTML file."""

from pathlib import Path
from typing import Any

import numpy as np

from benchmark.analysis.bootstrap import mean_over_categories
from benchmark.analysis.by_size import SizeBin, Sizes
from benchmark.analysis.pictures import PICTURES
from benchmark.analysis.pr_curves import mean_curves
from benchmark.analysis.sides import Sides
from benchmark.average_precision.breakdown import by_category
from benchmark.report.html import Report, page
from o365seg.formats.categories import display_name
from o365seg.formats.json_files import write_bytes_atomic
from o365seg.release.stated_ceiling import ceiling_line
from o365seg.statistics.t_intervals import Interval, correction, image_weights, interval
from o365seg.terminal.printable import encodable


def write_report(
    path: Path,
    sides: Sides,
    *,
    resamples: int = 1000,
    seed: int = 0,
    images: Path | None = None,
    pictures: int = PICTURES,
    human_ceiling: dict[str, Any] | None = None,
) -> None:
    """Write the report of an evaluation.

    Args:
        path: The HTML file to write.
        sides: What was evaluated.
        resamples: Number of resamples of the intervals, ≥ 2.
        seed: Random seed of the resamples.
        images: Folder of the images, to draw the worst; None for no pictures.
        pictures: Most pictures to draw.
        human_ceiling: What the release states, see `find_human_ceiling`.

    Raises:
        InputError: the ground truth has no objects, the folder of images is missing, or the file
            cannot be written.
    """
    result = sides.result
    weights = image_weights(len(result.image_ids), resamples, seed)
    of_metrics = sides.intervals(resamples, seed, weights)
    least, drawn, problems = (0.0, [], [])
    if images is not None:
        from benchmark.analysis.worst_images import draw_worst  # loads Pillow

        judged = sides.judgement.judged()
        least, drawn, problems = draw_worst(sides.inputs, result.matches, judged, images, pictures)
    report = Report(
        predictions=str(sides.predictions),
        release=str(sides.release),
        result=result,
        intervals=of_metrics,
        resamples=resamples,
        seed=seed,
        curves=mean_curves(result),
        errors=sides.judgement.errors(),
        sizes=_with_intervals(sides.sizes, weights),
        rows=by_category(result, sides.file),
        pictures=drawn,
        category_names={c.id: display_name(c.name) for c in sides.file.categories},
        least_score=least,
        problems=problems,
        human_ceiling=ceiling_line(human_ceiling) if human_ceiling else "",
    )
    write_bytes_atomic(path, encodable(page(report)).encode())


def _with_intervals(sizes: Sizes, weights: np.ndarray) -> list[tuple[SizeBin, Interval | None]]:
    resampled = sizes.resampled(np.ascontiguousarray(weights.T, np.int32))
    found = []
    for one, (precisions, with_objects) in zip(sizes.bins(), resampled, strict=True):
        known = mean_over_categories(precisions)
        known = known[known >= 0]
        corrected = correction(with_objects)
        if corrected is None or len(known) < 2:
            found.append((one, None))
        else:
            found.append((one, interval(one.ap, known, corrected)))
    return found
