"""The extras of `benchmark evaluate`: breakdowns, intervals, CSV and the report.

Imports of heavy modules are inside the functions that need them.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.analysis.sides import Sides
from benchmark.reading.choices import By, Iou
from o365seg.terminal.output import STDOUT

if TYPE_CHECKING:
    from array import array

    from rich.table import Table

    from benchmark.average_precision.result import Result
    from o365seg.statistics.t_intervals import Interval


@dataclass(frozen=True)
class Wanted:
    """The extras asked for.

    Attributes:
        by: The breakdowns to print.
        csv_file: Where to write the table of categories, if asked for.
        interval: Whether to compute intervals.
        resamples: Number of resamples of the intervals, also in the report; at least 2.
        seed: Random seed of the resamples.
        report: Where to write the report, if asked for.
        images: Folder of the images; None for a report without pictures.
        pictures: Most pictures in the report.
        images_csv: Where to write the table of images, if asked for.
        detections_csv: Where to write the table of predictions, if asked for.
        slices: Lists of images by name.
    """

    by: Sequence[By] = ()
    csv_file: Path | None = None
    interval: bool = False
    resamples: int = 1000
    seed: int = 0
    report: Path | None = None
    images: Path | None = None
    pictures: int = 24
    images_csv: Path | None = None
    detections_csv: Path | None = None
    slices: dict[str, Path] = field(default_factory=dict)

    def size_ranges(self) -> "Sequence[array[float]]":
        """The ranges of relative size that the evaluation should match in too."""
        from benchmark.analysis.by_size import size_ranges

        return size_ranges() if By.SIZE in self.by or self.report else ()


@dataclass(frozen=True)
class Extras:
    """Numbers for `--json`, lines and tables to print, and the files written.

    `printed`: text to print instead of all tables.
    """

    numbers: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    tables: "list[Table]" = field(default_factory=list)
    written: list[Path] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)


def find(result: "Result", predictions: Path, release: Path, wanted: Wanted) -> Extras:
    """Compute the extras and write their files.

    Raises:
        InputError: a file cannot be written, or the ground truth has no objects.
    """
    source = Sides(result, predictions, release)
    found = Extras()
    if wanted.interval:
        _find_intervals(source, wanted, found)
    if wanted.csv_file or By.CATEGORY in wanted.by or By.SUPERCATEGORY in wanted.by:
        _find_categories(source, wanted, found)
    if By.SIZE in wanted.by:
        from benchmark.report.size_tables import sizes_table

        bins = source.sizes.bins()
        found.tables.append(sizes_table(bins, source.result))
        found.numbers["by_size"] = [asdict(one) for one in bins]
    if wanted.slices:
        _find_slices(source, wanted, found)
    if wanted.images_csv or wanted.detections_csv:
        _write_tables(source, wanted, found)
    if wanted.report:
        from benchmark.report.gather import write_report
        from o365seg.release.stated_ceiling import find_human_ceiling

        write_report(
            wanted.report, source, resamples=wanted.resamples, seed=wanted.seed,
            images=wanted.images, pictures=wanted.pictures,
            human_ceiling=find_human_ceiling(release) if result.iou is Iou.SEGM else None,
        )  # fmt: skip
        found.written.append(wanted.report)
    return found


def _find_intervals(source: Sides, wanted: Wanted, found: Extras) -> None:
    from o365seg.statistics.t_intervals import LEAST_IMAGES, LEVEL

    of_metrics = source.intervals(wanted.resamples, wanted.seed)
    found.numbers["intervals"] = {
        "level": LEVEL,
        "resamples": wanted.resamples,
        "seed": wanted.seed,
        "metrics": of_metrics and {name: asdict(one) for name, one in of_metrics.items()},
    }
    if of_metrics is None:
        found.lines.append(
            f"95% intervals over images: none, fewer than {LEAST_IMAGES} images have objects"
        )
    else:
        found.lines.append(_interval_line(source.result, of_metrics, wanted))


def _find_categories(source: Sides, wanted: Wanted, found: Extras) -> None:
    from benchmark.average_precision.breakdown import (
        by_category,
        by_supercategory,
        category_measures,
    )
    from benchmark.report.breakdown_tables import rows_csv, rows_json, rows_table

    measures = category_measures(source.result)
    rows = by_category(source.result, source.file, source.text_ids)
    if wanted.csv_file:
        text = rows_csv(rows)
        if wanted.csv_file == STDOUT:
            found.printed.append(text)
        else:
            from o365seg.formats.json_files import write_bytes_atomic

            write_bytes_atomic(wanted.csv_file, text.encode())
            found.written.append(wanted.csv_file)
    if By.CATEGORY in wanted.by:
        found.tables.append(rows_table(rows, measures, "By category (%)"))
        found.numbers["by_category"] = rows_json(rows)
    if By.SUPERCATEGORY in wanted.by:
        groups = by_supercategory(rows)
        found.tables.append(rows_table(groups, measures, "By supercategory (%)"))
        found.numbers["by_supercategory"] = rows_json(groups)


def _find_slices(source: Sides, wanted: Wanted, found: Extras) -> None:
    from benchmark.analysis.slices import evaluate_slices, read_image_list
    from benchmark.report.inspection_tables import slices_table

    truth, ids = source.file, source.text_ids
    lists = {name: read_image_list(path, truth, ids) for name, path in wanted.slices.items()}
    slices = evaluate_slices(source.result, lists)
    found.tables.append(slices_table(slices))
    found.numbers["by_slice"] = [asdict(one) for one in slices]


def _write_tables(source: Sides, wanted: Wanted, found: Extras) -> None:
    from benchmark.analysis.outcome_tables import detections_table, images_table, write_table

    tables = {}
    if wanted.images_csv:
        tables[wanted.images_csv] = images_table(source.result, source.file, source.text_ids)
    if wanted.detections_csv:
        judged = source.judgement.judged()
        tables[wanted.detections_csv] = detections_table(source.result, source.inputs, judged)
    for path, table in tables.items():
        if path == STDOUT:
            found.printed.append(table.to_csv(index=False))
        else:
            write_table(table, path)
            found.written.append(path)


def _interval_line(result: "Result", found: "dict[str, Interval]", wanted: Wanted) -> str:
    parts = [
        f"{name} {100 * result.metrics[name]:.2f} [{100 * one.low:.2f}, {100 * one.high:.2f}], "
        f"standard error {100 * one.standard_error:.2f}"
        for name, one in found.items()
    ]
    return (
        f"95% intervals over images ({wanted.resamples:,} resamples, seed {wanted.seed}): "
        + "; ".join(parts)
    )
