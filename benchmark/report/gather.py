"""Gather all results of an evaluation and write them as one HTML file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.analysis.bootstrap import intervals, resampled
from benchmark.analysis.breakdown import by_category
from benchmark.analysis.by_size import SizeBin, match_by_size, numbers_by_size
from benchmark.analysis.error_kinds import errors_by_kind, judge
from benchmark.analysis.pr_curves import mean_curves
from benchmark.analysis.worst_images import PICTURES, draw_worst
from benchmark.average_precision.matches import CategoryMatches
from benchmark.average_precision.result import Result
from benchmark.reading.choices import SkipRule
from benchmark.reading.inputs import Inputs
from benchmark.report.html import Report, page
from o365seg.formats.categories import display_name
from o365seg.formats.json_files import write_bytes_atomic
from o365seg.release.stated_ceiling import ceiling_line
from o365seg.statistics.t_intervals import Interval, correction, image_weights, interval


def write_report(
    path: Path,
    result: Result,
    inputs: Inputs,
    *,
    predictions: str,
    release: str,
    resamples: int = 1000,
    seed: int = 0,
    images: Path | None = None,
    pictures: int = PICTURES,
    of_sizes: list[CategoryMatches] | None = None,
    human_ceiling: dict[str, Any] | None = None,
) -> None:
    """Write the report of an evaluation.

    Args:
        path: The HTML file to write.
        result: What `evaluate` found.
        inputs: The same predictions and ground truth, with their masks.
        predictions: The name of the results file on the page.
        release: The name of the ground truth on the page.
        resamples: Number of resamples of the intervals, ≥ 2.
        seed: Random seed of the resamples.
        images: Folder of the images, to draw the worst; None for no pictures.
        pictures: Most pictures to draw.
        of_sizes: The matches by relative size, where they are known.
        human_ceiling: What the release states, see `find_human_ceiling`.

    Raises:
        InputError: the ground truth has no objects, the folder of images is missing, or the file
            cannot be written.
    """
    rule = result.skip_rule or SkipRule.BOX
    of_metrics = intervals(result, resamples, seed)
    matches = match_by_size(inputs, rule) if of_sizes is None else of_sizes
    sizes = _with_intervals(matches, len(result.image_ids), result.thresholds, resamples, seed)
    judged = judge(inputs, rule)
    least, drawn, problems = (0.0, [], [])
    if images is not None:
        least, drawn, problems = draw_worst(inputs, result.matches, judged, rule, images, pictures)
    report = Report(
        predictions=predictions,
        release=release,
        result=result,
        intervals=of_metrics,
        resamples=resamples,
        seed=seed,
        curves=mean_curves(result),
        errors=errors_by_kind(inputs, judged),
        sizes=sizes,
        rows=by_category(result, inputs.file),
        pictures=drawn,
        category_names={c.id: display_name(c.name) for c in inputs.file.categories},
        least_score=least,
        problems=problems,
        human_ceiling=ceiling_line(human_ceiling) if human_ceiling else "",
    )
    write_bytes_atomic(path, page(report).encode())


def _with_intervals(
    matches: Sequence[CategoryMatches],
    images: int,
    thresholds: np.ndarray,
    resamples: int,
    seed: int,
) -> list[tuple[SizeBin, Interval | None]]:
    weights = image_weights(images, resamples, seed)
    found = []
    for area, one in enumerate(numbers_by_size(matches)):
        known = resampled(matches, weights, thresholds, area)[0]
        known = known[known >= 0]
        has_object = np.any([of_one.positives[area] > 0 for of_one in matches], axis=0)
        corrected = correction(int(has_object.sum()))
        if corrected is None or len(known) < 2:
            found.append((one, None))
        else:
            found.append((one, interval(one.ap, known, corrected)))
    return found
