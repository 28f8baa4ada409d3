"""The `benchmark` program: its commands, and the options of `benchmark evaluate`."""

from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands import analysis as cli_analysis
from benchmark.commands import check as cli_check
from benchmark.commands import inspection as cli_inspection
from benchmark.commands import pieces as cli_pieces
from benchmark.commands import statistics as cli_statistics
from benchmark.reading.choices import By, Cityscapes, Iou, SkipRule
from o365seg.formats.task import Task
from o365seg.terminal import command_line
from o365seg.terminal.options import JsonFile

app = command_line.make_app(
    "Evaluate segmentation: AP that ignores skipped instances, panoptic quality, mean IoU; and "
    "describe data sets."
)

_INSTANCE, _PANOPTIC, _SEMANTIC = "Instance task", "Panoptic task", "Semantic task"

# The options of each task; giving one of another task is an error.
_TASK_OPTIONS = {
    Task.INSTANCE: {
        "iou",
        "skip_rule",
        "csv_file",
        "images_csv",
        "detections_csv",
        "slices",
        "by",
        "interval",
        "resamples",
        "seed",
        "report",
        "images",
        "pictures",
        "part",
        "save",
        "max_dets",
        "iou_thresholds",
        "areas",
    },
    Task.PANOPTIC: {"gt_pngs", "pred_pngs", "per_class"},
    Task.SEMANTIC: {"ignore_label", "reduce_zero_label", "classes", "per_class", "cityscapes"},
}

_OPTION_NAMES = {"csv_file": "csv", "slices": "slice", "areas": "area"}


@app.command(
    epilog="Examples: `benchmark evaluate preds.json`, or with all files named "
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
            help="Predictions. instance: COCO results JSON, may be gzipped; '-' reads standard "
            "input. panoptic: COCO panoptic JSON with its folder of PNGs. semantic: a folder of "
            "label-map PNGs, or COCO results with one mask per class.",
            metavar="PREDS",
        ),
    ],
    task: Annotated[Task, typer.Option(help="Task to evaluate.")] = Task.INSTANCE,
    gt: Annotated[
        Path | None,
        typer.Option(
            help="Ground truth. instance: a release, or any COCO-format file; by default "
            "o365_instance_seg_val.json in the current folder, else the file named by "
            "O365SEG_RELEASE. panoptic: COCO panoptic JSON. semantic: a folder of "
            "label-map PNGs, or a COCO-format file.",
            metavar="GT",
        ),
    ] = None,
    iou: Annotated[
        Iou,
        typer.Option(
            help="IoU to use: masks, boxes, or boundary (the smaller of mask and boundary IoU, as "
            "in boundary AP).",
            rich_help_panel=_INSTANCE,
        ),
    ] = Iou.SEGM,
    skip_rule: Annotated[
        SkipRule,
        typer.Option(
            help="How predictions on skipped instances count. box: ignored if the box IoU reaches "
            "the threshold, one prediction per instance. box50: the same at box IoU 0.5. ioa: "
            "ignored by the fraction of the prediction inside the skipped box, as for COCO crowds. "
            "none: false positives.",
            rich_help_panel=_INSTANCE,
        ),
    ] = SkipRule.BOX,
    max_dets: Annotated[
        str | None,
        typer.Option(
            help="Limits of detections per image and category, separated by commas; AP is at the "
            "largest.",
            show_default="1,10,100; LVIS: 300 per image",
            metavar="N,…",
            rich_help_panel=_INSTANCE,
        ),
    ] = None,
    iou_thresholds: Annotated[
        str | None,
        typer.Option(
            help="IoU thresholds: separated by commas, or FIRST:LAST:STEP.",
            show_default="0.5:0.95:0.05",
            metavar="T,…",
            rich_help_panel=_INSTANCE,
        ),
    ] = None,
    areas: Annotated[
        list[str] | None,
        typer.Option(
            "--area",
            help="Area range in pixels, in place of small, medium and large, such as tiny=0:256 "
            "or huge=65536:; repeatable.",
            metavar="NAME=LOW:HIGH",
            rich_help_panel=_INSTANCE,
        ),
    ] = None,
    by: Annotated[
        list[By] | None,
        typer.Option(
            help="Also report by category, supercategory or relative mask size; repeatable.",
            rich_help_panel=_INSTANCE,
        ),
    ] = None,
    csv_file: Annotated[
        Path | None,
        typer.Option(
            "--csv",
            help="Write per-category results as CSV to this file; '-' prints them instead of "
            "the tables.",
            rich_help_panel=_INSTANCE,
        ),
    ] = None,
    images_csv: Annotated[
        Path | None,
        typer.Option(
            help="Write one row per image, with its objects found and missed, to this file (.csv "
            "or .parquet); '-' prints them.",
            rich_help_panel=_INSTANCE,
        ),
    ] = None,
    detections_csv: Annotated[
        Path | None,
        typer.Option(
            help="Write one row per prediction, with what became of it, to this file (.csv or "
            ".parquet); '-' prints them.",
            rich_help_panel=_INSTANCE,
        ),
    ] = None,
    slices: Annotated[
        list[str] | None,
        typer.Option(
            "--slice",
            help="Also report on the images that a text file lists, by id or file name, one per "
            "line; repeatable.",
            metavar="NAME=IDS.TXT",
            rich_help_panel=_INSTANCE,
        ),
    ] = None,
    interval: Annotated[
        bool,
        typer.Option(
            "--interval",
            help="Also compute 95% intervals by bootstrapping over images.",
            rich_help_panel=_INSTANCE,
        ),
    ] = False,
    resamples: Annotated[
        int,
        typer.Option(
            help="Number of bootstrap resamples.", min=2, max=1_000_000, rich_help_panel=_INSTANCE
        ),
    ] = 1000,
    seed: Annotated[
        int,
        typer.Option(help="Random seed of the resamples.", min=0, rich_help_panel=_INSTANCE),
    ] = 0,
    report: Annotated[
        Path | None,
        typer.Option(
            help="Write a self-contained HTML report to this file.",
            rich_help_panel=_INSTANCE,
        ),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the images, for the pictures in the report.",
            rich_help_panel=_INSTANCE,
        ),
    ] = None,
    pictures: Annotated[
        int,
        typer.Option(
            help="Number of pictures in the report, images with most errors first.",
            min=1,
            rich_help_panel=_INSTANCE,
        ),
    ] = 24,
    part: Annotated[
        str | None,
        typer.Option(
            help="Evaluate the K-th of N parts of the images; requires --save.",
            metavar="K/N",
            rich_help_panel=_INSTANCE,
        ),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(
            help="Write what `benchmark merge` needs to this file, and print no numbers.",
            metavar="FILE",
            rich_help_panel=_INSTANCE,
        ),
    ] = None,
    pred_pngs: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the predicted PNGs.",
            show_default="PREDS without .json",
            rich_help_panel=_PANOPTIC,
        ),
    ] = None,
    gt_pngs: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the ground-truth PNGs.",
            show_default="GT without .json",
            rich_help_panel=_PANOPTIC,
        ),
    ] = None,
    ignore_label: Annotated[
        int,
        typer.Option(
            help="Ground-truth label whose pixels are ignored.",
            min=0,
            rich_help_panel=_SEMANTIC,
        ),
    ] = 255,
    reduce_zero_label: Annotated[
        bool,
        typer.Option(
            "--reduce-zero-label",
            help="Ignore label 0 of the ground truth and subtract 1 from the others, as for "
            "ADE20K. If predictions also start at 1, use --ignore-label 0 instead.",
            rich_help_panel=_SEMANTIC,
        ),
    ] = False,
    classes: Annotated[
        Path | None,
        typer.Option(
            help="Class names: a text file with one name per line, from label 0, or JSON with "
            "COCO categories. Other labels are errors.",
            show_default="those of a COCO-format GT, else every label found",
            metavar="NAMES.TXT|JSON",
            rich_help_panel=_SEMANTIC,
        ),
    ] = None,
    cityscapes: Annotated[
        Cityscapes | None,
        typer.Option(
            help="Pair Cityscapes' files by frame, and map label ids to its 19 classes. ids: "
            "predictions have label ids; train-ids: they have train ids.",
            rich_help_panel=_SEMANTIC,
        ),
    ] = None,
    per_class: Annotated[
        bool,
        typer.Option(
            "--per-class",
            help="Also print one row per class (--json always has them).",
            rich_help_panel="Panoptic and semantic task",
        ),
    ] = False,
    json_file: JsonFile = None,
) -> None:
    """Compute AP and AR, panoptic quality, or mean IoU.

    Predictions on skipped instances are ignored (see --skip-rule).
    """
    _check_options(context, task)
    if task is not Task.INSTANCE:
        if gt is None:
            raise typer.BadParameter(f"required with --task {task}", param_hint="--gt")
        from benchmark.commands.evaluate_pixels import run_panoptic, run_semantic

        if task is Task.PANOPTIC:
            run_panoptic(
                predictions, gt, pred_pngs=pred_pngs, gt_pngs=gt_pngs,
                per_class=per_class, json_file=json_file,
            )  # fmt: skip
        else:
            if cityscapes is not None:
                _refuse(context, ("classes", "reduce_zero_label"), "not valid with --cityscapes")
            run_semantic(
                predictions, gt, classes=classes, ignore_label=ignore_label,
                reduce_zero_label=reduce_zero_label, cityscapes=cityscapes,
                per_class=per_class, json_file=json_file,
            )  # fmt: skip
        return
    if images is not None and report is None:
        raise typer.BadParameter("requires --report", param_hint="--images")
    if part is not None and save is None:
        raise typer.BadParameter("requires --save", param_hint="--part")
    if save is not None:
        _refuse_numbers(context)
        cli_pieces.save_part(predictions, gt, iou, skip_rule, cli_pieces.parse_part(part), save)
        return
    from benchmark.commands.evaluate import run_evaluation
    from benchmark.commands.extras import Wanted
    from benchmark.commands.parameters import parse_parameters

    parameters = parse_parameters(iou_thresholds, areas, max_dets)
    if not parameters.is_default:
        _refuse_default_numbers(context)

    wanted = Wanted(
        by or [], csv_file, interval, resamples, seed, report, images, pictures,
        images_csv, detections_csv, _slices(slices or []),
    )  # fmt: skip
    run_evaluation(predictions, gt, iou, skip_rule, json_file, wanted, parameters=parameters)


def _check_options(context: typer.Context, task: Task) -> None:
    """Refuse an option that belongs to another task only."""
    for name in sorted(set().union(*_TASK_OPTIONS.values()) - _TASK_OPTIONS[task]):
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            option = "--" + _OPTION_NAMES.get(name, name).replace("_", "-")
            raise typer.BadParameter(f"not valid with --task {task}", param_hint=option)


def _slices(arguments: list[str]) -> dict[str, Path]:
    """`NAME=FILE` arguments by name."""
    found: dict[str, Path] = {}
    for argument in arguments:
        name, equals, path = argument.partition("=")
        if not (name and equals and path):
            raise typer.BadParameter(f"expected NAME=FILE, got {argument!r}", param_hint="--slice")
        if name in found:
            raise typer.BadParameter(f"duplicate name {name!r}", param_hint="--slice")
        found[name] = Path(path)
    return found


_NUMBERS = ("slices", "interval", "report", "images_csv", "detections_csv")


def _refuse_numbers(context: typer.Context) -> None:
    """Refuse an option for numbers with --save, which gives none."""
    _refuse(context, ("json_file",), "not valid with --save; use it with `benchmark merge`")
    names = ("by", "csv_file", *_NUMBERS, "max_dets", "iou_thresholds", "areas")
    _refuse(context, names, "not valid with --save")


def _refuse_default_numbers(context: typer.Context) -> None:
    """Refuse an option for numbers that are at COCO's own thresholds, areas and limits."""
    message = "not valid with --max-dets, --iou-thresholds or --area"
    _refuse(context, _NUMBERS, message)
    if By.SIZE in (context.params.get("by") or ()):
        raise typer.BadParameter(message, param_hint="--by size")


def _refuse(context: typer.Context, names: tuple[str, ...], message: str) -> None:
    for name in names:
        if context.params.get(name):
            option = "--" + _OPTION_NAMES.get(name, name.removesuffix("_file")).replace("_", "-")
            raise typer.BadParameter(message, param_hint=option)


cli_analysis.add_commands(app)
cli_inspection.add_commands(app)
cli_check.add_command(app)
cli_pieces.add_command(app)
cli_statistics.add_command(app)


def main() -> None:
    """Run the whole command line; `benchmark.commands.fast_path` runs before it."""
    command_line.run(app)
