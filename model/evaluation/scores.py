"""Scores of a data set from its files, computed by `benchmark`; as tables, JSON and CSV."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import benchmark
from benchmark.average_precision.parameters import STAT_NAMES
from benchmark.reading.choices import Iou
from model.evaluation.ground_truth_files import ignore_label
from model.text.vocabulary import Vocabulary
from o365seg.formats.task import Task
from o365seg.terminal.percent import percent
from o365seg.terminal.printable import csv_cell

if TYPE_CHECKING:
    from rich.table import Table

_PANOPTIC = ("PQ", "SQ", "RQ")


def metric_names(task: Task, *, boxes: bool = False) -> tuple[str, ...]:
    """Names of the metrics in `Scores.metrics`, the paper's metric of the task (section 4) first.

    Args:
        task: The task.
        boxes: As in `score_files`.
    """
    if task is Task.PANOPTIC:
        kinds = ("", " things", " stuff")
        return tuple(f"{name}{kind}" for kind in kinds for name in _PANOPTIC)
    if task is Task.SEMANTIC:
        return ("mIoU", "mAcc", "aAcc", "fwIoU")
    return tuple(f"box {name}" if boxes else name for name in STAT_NAMES)


@dataclass(frozen=True)
class Scores:
    """Scores of one data set.

    Attributes:
        data: The data set's name.
        task: The task.
        metrics: Fractions, 0 to 1, by name, the headline first; None if undefined.
        images: Number of images.
        details: All numbers, as in `benchmark evaluate --json`.
        command: The `benchmark evaluate` command that prints the same numbers.
    """

    data: str
    task: Task
    metrics: dict[str, float | None]
    images: int
    details: dict[str, Any]
    command: list[str]

    @property
    def headline(self) -> float | None:
        """PQ, mIoU or AP, a fraction."""
        return next(iter(self.metrics.values()))


def score_files(
    data: str, task: Task, vocabulary: Vocabulary, out: Path, truth: Path, *, boxes: bool = False
) -> Scores:
    """Score the files that `parallel_prediction` wrote.

    Args:
        data: The data set's name.
        task: The task.
        vocabulary: Its classes.
        out: Folder of the results.
        truth: The ground truth: panoptic JSON, folder of label maps, or COCO JSON.
        boxes: Compare boxes of instances, because the ground truth has no masks.

    Raises:
        InputError: see `benchmark.evaluate`, `evaluate_panoptic` and `evaluate_semantic`.
    """
    if task is Task.PANOPTIC:
        return _panoptic(data, out / "panoptic.json", truth)
    if task is Task.SEMANTIC:
        return _semantic(data, out, truth, ignore_label(vocabulary))
    return _instance(data, out / "preds.json", truth, Iou.BBOX if boxes else Iou.SEGM)


def _panoptic(data: str, found: Path, truth: Path) -> Scores:
    from benchmark.report.pixel_tables import panoptic_json

    details = panoptic_json(benchmark.evaluate_panoptic(found, truth))
    rows = details["metrics"]
    metrics = {f"{m}": rows["All"][m] for m in _PANOPTIC} | {
        f"{m} {kind.lower()}": rows[kind][m]
        for kind in ("Things", "Stuff") for m in _PANOPTIC
    }  # fmt: skip
    command = ["benchmark", "evaluate", str(found), "--task", "panoptic", "--gt", str(truth)]
    return Scores(data, Task.PANOPTIC, metrics, details["counts"]["images"], details, command)


def _semantic(data: str, out: Path, truth: Path, ignored: int) -> Scores:
    from benchmark.report.pixel_tables import semantic_json

    found, classes = out / "semantic", out / "classes.json"
    result = benchmark.evaluate_semantic(found, truth, classes=classes, ignore_label=ignored)
    details = semantic_json(result)
    command = ["benchmark", "evaluate", str(found), "--task", "semantic", "--gt", str(truth)]
    command += ["--classes", str(classes), "--ignore-label", str(ignored)]
    metrics = details["metrics"]
    return Scores(data, Task.SEMANTIC, metrics, details["counts"]["images"], details, command)


def _instance(data: str, found: Path, truth: Path, iou: Iou) -> Scores:
    from benchmark.report.result_text import result_json

    details: dict[str, Any] = result_json(benchmark.evaluate(found, truth, iou=iou))
    details["task"] = "instance"
    prefix = "box " if iou is Iou.BBOX else ""
    metrics = {
        prefix + name: None if value < 0 else value for name, value in details["metrics"].items()
    }
    command = ["benchmark", "evaluate", str(found), "--gt", str(truth), "--iou", str(iou)]
    return Scores(data, Task.INSTANCE, metrics, details["counts"]["images"], details, command)


def scores_json(scores: Sequence[Scores], checkpoint: Path) -> dict[str, Any]:
    """All numbers as fractions; null if undefined."""
    return {
        "checkpoint": str(checkpoint),
        "data": {
            one.data: {"task": str(one.task), "metrics": one.metrics, "images": one.images}
            | {"details": one.details, "repeat": one.command}
            for one in scores
        },
    }


def scores_csv(scores: Sequence[Scores]) -> str:
    """One number per line: data set, task, metric, value (a fraction; empty if undefined)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("data", "task", "metric", "value"))
    for one in scores:
        for name, value in one.metrics.items():
            writer.writerow((csv_cell(one.data), one.task, name, "" if value is None else value))
    return text.getvalue()


def scores_tables(scores: Sequence[Scores]) -> list["Table"]:
    """A table for each task, in per cent, with a row for each data set."""
    from rich.table import Table

    tables = []
    for task in Task:
        rows = [one for one in scores if one.task is task]
        for names in dict.fromkeys(tuple(one.metrics) for one in rows):
            table = Table(title=f"{task.capitalize()}, per cent", title_justify="left")
            table.add_column("")
            for name in (*names, "images"):
                table.add_column(name, justify="right")
            for one in rows:
                if tuple(one.metrics) == names:
                    cells = [percent(value) for value in one.metrics.values()]
                    table.add_row(one.data, *cells, f"{one.images:,}")
            tables.append(table)
    return tables
