"""Scores of an evaluated data set, from its files through `benchmark`; as tables, JSON and CSV."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import benchmark
from benchmark.reading.choices import Iou
from model.evaluation.ground_truth_files import ignore_label
from model.text.vocabulary import Vocabulary
from o365seg.formats.task import Task
from o365seg.terminal.percent import percent

if TYPE_CHECKING:
    from rich.table import Table

HEADLINE = {Task.PANOPTIC: "PQ", Task.SEMANTIC: "mIoU", Task.INSTANCE: "AP"}
"""The metric by which the paper compares (section 4)."""


@dataclass(frozen=True)
class Scores:
    """Scores of one data set.

    Attributes:
        data: The data set's name.
        task: What was scored.
        metrics: Fractions by name, the headline first; None where there is nothing to find.
        images: Images compared.
        details: All numbers as `benchmark evaluate --json` has them.
        command: The `benchmark evaluate` that prints the same numbers.
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
    """Score what `evaluate_shares` wrote.

    Args:
        data: The data set's name.
        task: What was predicted.
        vocabulary: Its classes.
        out: The folder of the results.
        truth: What they are held against: panoptic JSON, folder of label maps, or COCO JSON.
        boxes: Of instances, compare boxes, where the truth has no masks.

    Raises:
        InputError: see `benchmark.evaluate` and its sisters.
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
    metrics = {f"{m}": rows["All"][m] for m in ("PQ", "SQ", "RQ")} | {
        f"{m} {kind.lower()}": rows[kind][m]
        for kind in ("Things", "Stuff") for m in ("PQ", "SQ", "RQ")
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
    """All numbers, as fractions; null for none."""
    return {
        "checkpoint": str(checkpoint),
        "data": {
            one.data: {"task": str(one.task), "metrics": one.metrics, "images": one.images}
            | {"details": one.details, "repeat": one.command}
            for one in scores
        },
    }


def scores_csv(scores: Sequence[Scores]) -> str:
    """A line a number: data set, task, metric, value (a fraction; empty for none)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("data", "task", "metric", "value"))
    for one in scores:
        for name, value in one.metrics.items():
            writer.writerow((one.data, one.task, name, "" if value is None else value))
    return text.getvalue()


def scores_tables(scores: Sequence[Scores]) -> list["Table"]:
    """A table a task, in per cent, a row a data set."""
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
