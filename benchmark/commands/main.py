"""`benchmark`: predictions against ground truth, and a data set's statistics."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmark.commands import analysis as cli_analysis
from benchmark.commands import statistics as cli_statistics
from benchmark.reading.choices import By, Iou, SkipRule
from o365seg.formats.task import Task
from o365seg.terminal import command_line

if TYPE_CHECKING:
    from rich.table import Table

app = command_line.make_app(
    "Predictions against ground truth: AP that ignores skipped instances, panoptic quality, mean "
    "IoU; a set's statistics."
)

_INSTANCE, _PANOPTIC, _SEMANTIC = "Instance task", "Panoptic task", "Semantic task"

# Which options a task reads; one of another task is a mistake that must not pass unnoticed.
_TASK_OPTIONS = {
    Task.INSTANCE: {
        "iou",
        "skip_rule",
        "csv_file",
        "by",
        "interval",
        "resamples",
        "seed",
        "report",
        "images",
        "pictures",
    },
    Task.PANOPTIC: {"gt_pngs", "pred_pngs", "per_class"},
    Task.SEMANTIC: {"ignore_label", "reduce_zero_label", "classes", "per_class"},
}


@app.command(
    epilog="Examples: `benchmark evaluate preds.json`, or with everything named "
    "`benchmark evaluate preds.json --gt o365_instance_seg_val.json --iou segm --skip-rule box "
    "--json numbers.json`; "
    "`benchmark evaluate panoptic_pred.json --task panoptic --gt panoptic_val2017.json`; "
    "`benchmark evaluate label_maps/ --task semantic --gt annotations/validation/ "
    "--reduce-zero-label`"
)
def evaluate(
    context: typer.Context,
    predictions: Annotated[
        Path,
        typer.Argument(
            help="Predictions. instance: COCO's results format, gzip too, '-': from standard "
            "input. panoptic: COCO's panoptic JSON, "
            "its PNGs beside it. semantic: a folder of label-map PNGs, or COCO results with a "
            "mask per class.",
            metavar="PREDS",
        ),
    ],
    task: Annotated[Task, typer.Option(help="What was predicted.")] = Task.INSTANCE,
    gt: Annotated[
        Path | None,
        typer.Option(
            help="Ground truth. instance: a release, or any COCO-format file; by default "
            "o365_instance_seg_val.json in the current folder, else the file that "
            "O365SEG_RELEASE names. panoptic: COCO's panoptic JSON. semantic: a folder of "
            "label-map PNGs, or a COCO-format file.",
            metavar="GT",
        ),
    ] = None,
    iou: Annotated[
        Iou,
        typer.Option(
            help="What to compare: masks, boxes, or the lesser of the IoU of masks and of their "
            "boundaries (boundary AP).",
            rich_help_panel=_INSTANCE,
        ),
    ] = Iou.SEGM,
    skip_rule: Annotated[
        SkipRule,
        typer.Option(
            help="What becomes of a prediction on an instance that raters skipped. box: ignored "
            "where its box IoU reaches the threshold, one prediction an instance. box50: the same "
            "at box IoU 0.5. ioa: ignored by the part inside the skipped box, as a COCO crowd. "
            "none: a false positive.",
            rich_help_panel=_INSTANCE,
        ),
    ] = SkipRule.BOX,
    by: Annotated[
        list[By] | None,
        typer.Option(
            help="Also print the numbers by category, by supercategory or by relative mask size; "
            "may be given again.",
            rich_help_panel=_INSTANCE,
        ),
    ] = None,
    csv_file: Annotated[
        Path | None,
        typer.Option(
            "--csv",
            help="Write a table of the categories to this file.",
            rich_help_panel=_INSTANCE,
        ),
    ] = None,
    interval: Annotated[
        bool,
        typer.Option(
            "--interval",
            help="Also give 95 % intervals: a bootstrap over the images.",
            rich_help_panel=_INSTANCE,
        ),
    ] = False,
    resamples: Annotated[
        int,
        typer.Option(
            help="Resamples of an interval.", min=2, max=1_000_000, rich_help_panel=_INSTANCE
        ),
    ] = 1000,
    seed: Annotated[
        int,
        typer.Option(help="Equal seeds draw equal resamples.", min=0, rich_help_panel=_INSTANCE),
    ] = 0,
    report: Annotated[
        Path | None,
        typer.Option(
            help="Write a report to this file: one HTML page that loads nothing.",
            rich_help_panel=_INSTANCE,
        ),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(
            help="Where the images lie, to see predictions beside the truth in the report.",
            rich_help_panel=_INSTANCE,
        ),
    ] = None,
    pictures: Annotated[
        int,
        typer.Option(
            help="How many images the report shows, those with the most errors.",
            min=1,
            rich_help_panel=_INSTANCE,
        ),
    ] = 24,
    pred_pngs: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the predictions' PNGs.",
            show_default="PREDS without .json",
            rich_help_panel=_PANOPTIC,
        ),
    ] = None,
    gt_pngs: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the ground truth's PNGs.",
            show_default="GT without .json",
            rich_help_panel=_PANOPTIC,
        ),
    ] = None,
    ignore_label: Annotated[
        int,
        typer.Option(
            help="Pixels of this label in the ground truth do not count.",
            min=0,
            rich_help_panel=_SEMANTIC,
        ),
    ] = 255,
    reduce_zero_label: Annotated[
        bool,
        typer.Option(
            "--reduce-zero-label",
            help="In the ground truth alone, ignore label 0 and take 1 off all others, as for "
            "ADE20K. (Where predictions count from 1 too: --ignore-label 0 instead.)",
            rich_help_panel=_SEMANTIC,
        ),
    ] = False,
    classes: Annotated[
        Path | None,
        typer.Option(
            help="The classes: a text file, a name a line from label 0 on, or JSON with "
            "COCO's categories. Any other label is then an error.",
            show_default="a COCO-format GT's; else all labels there are",
            metavar="NAMES.TXT|JSON",
            rich_help_panel=_SEMANTIC,
        ),
    ] = None,
    per_class: Annotated[
        bool,
        typer.Option(
            "--per-class",
            help="Print a row per category too (--json has them always).",
            rich_help_panel="Panoptic and semantic task",
        ),
    ] = False,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Write the numbers to this file ('-': only to stdout)."),
    ] = None,
) -> None:
    """COCO AP and AR, predictions on skipped instances apart; or panoptic quality; or mean IoU."""
    _check_options(context, task)
    if task is not Task.INSTANCE:
        if gt is None:
            raise typer.BadParameter(f"--task {task} needs a ground truth", param_hint="--gt")
        if task is Task.PANOPTIC:
            shown = _panoptic(predictions, gt, pred_pngs, gt_pngs, per_class)
        else:
            shown = _semantic(predictions, gt, classes, ignore_label, reduce_zero_label, per_class)
        _report(predictions, gt, json_file, *shown)
        return
    if images is not None and report is None:
        raise typer.BadParameter("asks for --report too", param_hint="--images")
    from benchmark.commands.evaluate import run_evaluation
    from benchmark.commands.extras import Wanted

    wanted = Wanted(by or [], csv_file, interval, resamples, seed, report, images, pictures)
    run_evaluation(predictions, gt, iou, skip_rule, json_file, wanted)


def _check_options(context: typer.Context, task: Task) -> None:
    """An option given that only other tasks read is a fault of the command line."""
    for name in sorted(set().union(*_TASK_OPTIONS.values()) - _TASK_OPTIONS[task]):
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            option = "--" + name.replace("_", "-")
            raise typer.BadParameter(f"is not for --task {task}", param_hint=option)


def _panoptic(
    predictions: Path, gt: Path, pred_pngs: Path | None, gt_pngs: Path | None, per_class: bool
) -> tuple[dict[str, Any], list["Table"], list[str]]:
    from benchmark.pixels import panoptic
    from benchmark.report import pixel_tables

    result = panoptic.evaluate_panoptic(
        predictions, gt, prediction_pngs=pred_pngs, truth_pngs=gt_pngs
    )
    return (
        pixel_tables.panoptic_json(result),
        pixel_tables.panoptic_tables(result, per_category=per_class),
        pixel_tables.panoptic_lines(result),
    )


def _semantic(
    predictions: Path,
    gt: Path,
    classes: Path | None,
    ignore_label: int,
    reduce_zero_label: bool,
    per_class: bool,
) -> tuple[dict[str, Any], list["Table"], list[str]]:
    from benchmark.pixels import semantic
    from benchmark.report import pixel_tables

    result = semantic.evaluate_semantic(
        predictions, gt, classes=classes,
        ignore_label=ignore_label, reduce_zero_label=reduce_zero_label,
    )  # fmt: skip
    return (
        pixel_tables.semantic_json(result),
        pixel_tables.semantic_tables(result, per_class=per_class),
        pixel_tables.semantic_lines(result),
    )


def _report(
    predictions: Path,
    truth: Path,
    json_file: Path | None,
    numbers: dict[str, Any],
    tables: list["Table"],
    lines: list[str],
) -> None:
    """Print tables and lines, and write the numbers where asked; with `-` print those alone."""
    from o365seg.formats.json_files import write_bytes_atomic

    numbers = {"predictions": str(predictions), "ground_truth": str(truth)} | numbers
    text = json.dumps(numbers, indent=2, ensure_ascii=False) + "\n"
    if json_file == Path("-"):
        sys.stdout.write(text)
        return
    console = command_line.output_console()
    for table in tables:
        console.print(table)
    for line in lines:
        console.print(line, soft_wrap=True, markup=False, highlight=False)
    if json_file is not None:
        write_bytes_atomic(json_file, text.encode())
        sys.stderr.write(f"written: {json_file}\n")


cli_analysis.add_commands(app)
cli_statistics.add_command(app)


def main() -> None:
    """The whole command line; `benchmark.commands.fast_path` comes before it."""
    command_line.run(app)
