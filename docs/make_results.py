"""The numbers of docs/results.md: gather them from finished runs, and write the tables.

    python docs/make_results.py gather experiments/small small     # after `dataseg table 1`
    python docs/make_results.py write

`gather` keeps a JSON file a run under docs/results/RECIPE: its scores, for the box set also box AP
and mask AP by class, for the semantic set the IoU by class, and its loss curve. `write` fills the
tables between the page's markers from those files, so that no number is typed.
"""

import argparse
import json
import math
import re
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import benchmark
from model.experiments.columns import TRAINED_ON, Role
from model.experiments.tables import ALL, Run
from model.experiments.tables import TABLES as PAPERS_TABLES

PAGE = Path(__file__).parent / "results.md"
RESULTS = Path(__file__).parent / "results"
ALONE = {str(column): Run((role,)).name for column, role in TRAINED_ON.items()}
TOGETHER = Run(ALL).name
SEMANTIC = Run((Role.ADE,)).name
BOXES = Run((Role.O365,)).name
_POINTS = 60  # of a loss curve
_MARKED = re.compile(r"<!-- (\w+) ([\w-]+) -->\n.*?<!-- end -->\n", re.DOTALL)


def gather(experiment: Path, recipe: str) -> list[Path]:
    """Keep what the finished runs of an experiment's folder show; returns the files."""
    written = []
    for scores in sorted(experiment.glob("runs/*/seed*/scores.json")):
        run = scores.parent
        found: dict[str, Any] = {"scores": json.loads(scores.read_text())}
        about = json.loads((run / "config.json").read_text())
        found |= {name: about[name] for name in ("iterations", "batch_size", "image_size")}
        for predictions in run.glob("scored/*/preds.json"):
            ground_truth = predictions.parent / "truth.json"
            if ground_truth.is_file():  # else it is a file of the data set's own
                found |= _boxes_and_classes(predictions, ground_truth)
        for labels in run.glob("scored/*/semantic"):
            found["iou_by_class"] = _iou_by_class(labels)
        found["losses"] = _curve(run / "metrics.jsonl")
        file = RESULTS / recipe / f"{run.parent.name}-{run.name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(found) + "\n")
        written.append(file)
    return written


def _boxes_and_classes(predictions: Path, ground_truth: Path) -> dict[str, Any]:
    """Box AP, and mask AP by class, of instance predictions; fractions."""
    file = json.loads(ground_truth.read_text())
    names = {category["id"]: category["name"] for category in file["categories"]}
    masks = benchmark.evaluate(predictions, ground_truth)
    precision = masks.curves.precision[:, :, :, 0, -1]  # (thresholds, recalls, classes)
    by_class = {
        names[identity]: float(precision[:, :, position].mean())
        for position, identity in enumerate(masks.category_ids)
        if precision[:, :, position].min() >= 0
    }
    boxes = benchmark.evaluate(predictions, ground_truth, iou="bbox")
    return {"box_ap": boxes.metrics["AP"], "mask_ap_by_class": by_class}


def _iou_by_class(labels: Path) -> dict[str, float]:
    """IoU by class of predicted label maps; fractions, without classes that are nowhere."""
    scored = benchmark.evaluate_semantic(
        labels, labels.parent / "truth", classes=labels.parent / "classes.json"
    )
    pairs = zip(scored.names, scored.iou.tolist(), strict=True)
    return {name: iou for name, iou in pairs if not math.isnan(iou)}


def _curve(metrics: Path) -> dict[str, list[list[float]]]:
    """Losses by data set: at most `_POINTS` pairs of iteration and loss."""
    curves: dict[str, list[list[float]]] = {}
    for line in metrics.read_text().splitlines():
        values = json.loads(line)
        for name, losses in values.items():
            if isinstance(losses, dict):
                curves.setdefault(name, []).append([values["iteration"], round(losses["total"], 3)])
    return {
        name: points[:: max(1, len(points) // _POINTS)] for name, points in sorted(curves.items())
    }


def read_runs(recipe: str) -> dict[str, list[dict[str, Any]]]:
    """The gathered files of a recipe by run, in the order of the seeds."""
    runs: dict[str, list[dict[str, Any]]] = {}
    for file in sorted((RESULTS / recipe).glob("*.json")):
        runs.setdefault(file.stem.rpartition("-seed")[0], []).append(json.loads(file.read_text()))
    return runs


def table_of_scores(recipe: str) -> str:
    """Alone and together, a column a number; Markdown."""
    runs = read_runs(recipe)
    together = _scores(runs.get(TOGETHER, []))
    columns = [n for n, run in ALONE.items() if n in together | _scores(runs.get(run, []))]
    rows = [
        ["alone", *(_number(_values(runs.get(ALONE[name], []), name)) for name in columns)],
        ["together", *(_number(_values(runs.get(TOGETHER, []), name)) for name in columns)],
    ]
    return _markdown(["", *columns], rows)


def table_of_boxes(recipe: str) -> str:
    """Box AP, mask AP and their ratio, and mask AP by class, of the box set; Markdown."""
    runs = read_runs(recipe)
    kept = {"alone": runs.get(BOXES, []), "together": runs.get(TOGETHER, [])}
    names = _names(kept.values(), "mask_ap_by_class")
    rows = []
    for label, some in kept.items():
        if not some:
            continue
        ratios = [
            one["scores"]["O365 mask AP"] / one["box_ap"] for one in some if one.get("box_ap")
        ]
        rows.append([
            label,
            _number([one["box_ap"] for one in some if "box_ap" in one]),
            _number([one["scores"]["O365 mask AP"] for one in some]),
            f"{mean(ratios):.2f}" if ratios else "–",
            *(_by_class(some, "mask_ap_by_class", name) for name in names),
        ])  # fmt: skip
    return _markdown(["", "box AP", "mask AP", "mask / box", *names], rows)


def table_of_classes(recipe: str) -> str:
    """IoU by class of the semantic set; Markdown."""
    runs = read_runs(recipe)
    kept = {"alone": runs.get(SEMANTIC, []), "together": runs.get(TOGETHER, [])}
    names = _names(kept.values(), "iou_by_class")
    rows = [
        [label, *(_by_class(some, "iou_by_class", name) for name in names)]
        for label, some in kept.items()
    ]
    return _markdown(["", *names], rows)


def table_of_paper(number: int, recipe: str) -> str:
    """The rows of a table of the paper whose runs are finished; Markdown."""
    runs = read_runs(recipe)
    found = {
        row.name: {
            column: _values(runs.get(run.name, []), column) for column, run in row.runs.items()
        }
        for row in PAPERS_TABLES[number].rows
        if any(run.name in runs for run in row.runs.values())
    }
    columns = [
        c for c in PAPERS_TABLES[number].columns if any(of_row[c] for of_row in found.values())
    ]
    lines = [[name, *(_number(of_row[c]) for c in columns)] for name, of_row in found.items()]
    return _markdown(["", *columns], lines)


TABLES = {"scores": table_of_scores, "boxes": table_of_boxes, "classes": table_of_classes} | {
    f"table{number}": partial(table_of_paper, number) for number in PAPERS_TABLES
}


def _scores(runs: Sequence[dict[str, Any]]) -> set[str]:
    return {name for run in runs for name in run["scores"]}


def _names(kept: Iterable[Sequence[dict[str, Any]]], key: str) -> list[str]:
    """The classes that any run has a value of, in the order found."""
    return list(dict.fromkeys(name for some in kept for one in some for name in one.get(key, {})))


def _by_class(runs: Iterable[dict[str, Any]], key: str, name: str) -> str:
    return _number([one[key][name] for one in runs if name in one.get(key, {})])


def _values(runs: Iterable[dict[str, Any]], name: str) -> list[float]:
    return [run["scores"][name] for run in runs if run["scores"].get(name) is not None]


def _number(values: Sequence[float]) -> str:
    """Per cent: one seed's value, or mean ± standard deviation and the number of seeds."""
    if not values:
        return "–"
    text = f"{100 * mean(values):.1f}"
    return f"{text} ± {100 * stdev(values):.1f} (n = {len(values)})" if len(values) > 1 else text


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def filled(page: str) -> str:
    """The page with every table between `<!-- TABLE RECIPE -->` and `<!-- end -->` made anew."""
    return _MARKED.sub(
        lambda m: f"<!-- {m[1]} {m[2]} -->\n\n{TABLES[m[1]](m[2])}\n<!-- end -->\n", page
    )


def main() -> None:
    """See the top."""
    parser = argparse.ArgumentParser(description="Gather and write the numbers of docs/results.md.")
    commands = parser.add_subparsers(dest="command", required=True)
    of_runs = commands.add_parser("gather", help="keep the numbers of finished runs")
    of_runs.add_argument("experiment", type=Path, help="folder of `dataseg table`")
    of_runs.add_argument("recipe", help="name of the recipe")
    commands.add_parser("write", help="fill the tables of docs/results.md")
    given = parser.parse_args()
    if given.command == "gather":
        for file in gather(given.experiment, given.recipe):
            sys.stderr.write(f"written: {file}\n")
    else:
        PAGE.write_text(filled(PAGE.read_text()))


if __name__ == "__main__":
    main()
