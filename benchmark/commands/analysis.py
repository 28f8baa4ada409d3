"""`benchmark compare`, `benchmark errors` and `benchmark curves`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from benchmark.reading.choices import Iou, SkipRule
from o365seg.terminal.options import JsonFile
from o365seg.terminal.output import say_written, show
from o365seg.terminal.overwriting import refuse_overwriting

Predictions = Annotated[
    Path, typer.Argument(help="Predictions in COCO's results format.", metavar="PREDS.JSON")
]
Gt = Annotated[
    Path | None,
    typer.Option(help="Ground truth, as for `benchmark evaluate`.", metavar="RELEASED.JSON"),
]
CompareWhat = Annotated[Iou, typer.Option("--iou", help="IoU to use: masks, boxes, or boundary.")]
Rule = Annotated[SkipRule, typer.Option(help="How predictions on skipped instances count.")]
Resamples = Annotated[
    int, typer.Option(help="Number of bootstrap resamples.", min=2, max=1_000_000)
]
Seed = Annotated[int, typer.Option(help="Random seed of the resamples.", min=0)]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module to the app."""
    app.command(
        epilog="Example: `benchmark compare baseline.json mine.json --gt "
        "o365_instance_seg_val.json --json differences.json`"
    )(compare)
    app.command(epilog="Example: `benchmark errors preds.json --gt o365_instance_seg_val.json`")(
        errors
    )
    app.command(epilog="Example: `benchmark curves preds.json --out figures`")(curves)


def compare(
    predictions: Annotated[
        list[Path],
        typer.Argument(
            help="Two or more results files; each is compared with the first.",
            metavar="FIRST.JSON OTHER.JSON …",
        ),
    ],
    gt: Gt = None,
    iou: CompareWhat = Iou.SEGM,
    skip_rule: Rule = SkipRule.BOX,
    resamples: Resamples = 1000,
    seed: Seed = 0,
    csv_file: Annotated[
        Path | None,
        typer.Option(
            "--csv",
            help="Write per-category differences and their intervals as CSV to this file; "
            "'-' prints them instead of the tables.",
        ),
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Compare models on the same images, with a paired bootstrap over images."""
    from benchmark.analysis.comparison import compare as compare_results
    from benchmark.average_precision import evaluation
    from benchmark.commands.evaluate import announced_release
    from benchmark.reading.inputs import read_plain_truth
    from benchmark.report import comparison_tables as tables
    from o365seg.statistics.t_intervals import LEAST_IMAGES

    if len(predictions) < 2:
        raise typer.BadParameter("give at least two results files", param_hint="PREDICTIONS")
    release = announced_release(gt)
    refuse_overwriting({"--csv": csv_file, "--json": json_file}, (*predictions, release))
    results = [
        evaluation.evaluate(path, release, iou=iou, skip_rule=skip_rule) for path in predictions
    ]
    truth = read_plain_truth(release, iou)
    found = compare_results(results, resamples, seed).as_in_files(truth.text_ids)
    names = truth.category_names
    files = [str(path) for path in predictions]
    numbers = {"ground_truth": str(release), "iou": str(iou)}
    numbers |= {"skip_rule": str(skip_rule)} if iou.of_masks else {}
    numbers |= tables.comparison_json(found, files, names)
    labels = _labels(predictions)
    shown = [tables.comparison_table(found, labels)]
    for categories, label in zip(found.categories, labels[1:], strict=True):
        if not any(one.difference for one in categories):
            continue
        title = f"AP by category: largest gains and losses of {label} over {labels[0]}"
        shown.append(tables.category_table(categories, names, title))
    rows = tables.categories_csv(found, files, names) if csv_file is not None else ""
    show(numbers, json_file, *shown, csv_file=csv_file, csv_text=rows)
    few = sum(one.interval is None for one in found.categories[0])
    if few:
        sys.stderr.write(
            f"{few} of {len(found.categories[0])} categories have objects in fewer than "
            f"{LEAST_IMAGES} images, and so neither interval nor p-value\n"
        )


def errors(
    predictions: Predictions,
    gt: Gt = None,
    iou: CompareWhat = Iou.SEGM,
    skip_rule: Rule = SkipRule.BOX,
    json_file: JsonFile = None,
) -> None:
    """Count errors by kind, as TIDE does, with the AP gained if each kind were fixed."""
    from benchmark.commands.run_errors import run_errors

    run_errors(predictions, gt, iou, skip_rule, json_file)


def curves(
    predictions: Predictions,
    gt: Gt = None,
    iou: CompareWhat = Iou.SEGM,
    skip_rule: Rule = SkipRule.BOX,
    out: Annotated[Path, typer.Option(help="Folder for the figure and the table.")] = Path(
        "curves"
    ),
) -> None:
    """Draw the mean precision-recall curve, and write the curves of all categories as CSV."""
    from benchmark.analysis.pr_curves import write_curves
    from benchmark.average_precision import evaluation
    from benchmark.commands.evaluate import announced_release
    from benchmark.reading.inputs import read_plain_truth

    release = announced_release(gt)
    result = evaluation.evaluate(predictions, release, iou=iou, skip_rule=skip_rule)
    truth = read_plain_truth(release, iou)
    names = {category.id: category.name for category in truth.file.categories}
    for path in write_curves(result, names, out, truth.text_ids):
        say_written(path)


def _labels(paths: list[Path]) -> list[str]:
    """File names without suffix; whole paths if the names are not distinct."""
    names = [path.stem for path in paths]
    return names if len(set(names)) == len(names) else [str(path) for path in paths]
