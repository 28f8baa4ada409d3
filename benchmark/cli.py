"""`benchmark`: predictions against ground truth, and a data set's statistics."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark import cli_analysis
from benchmark.choices import By, Iou, RelativeSize, SkipRule
from o365seg import command_line

if TYPE_CHECKING:
    from rich.console import Console

    from benchmark.statistics import SetCurves, SetNumbers

app = command_line.make_app(
    "Predictions against ground truth: AP that ignores skipped instances; a set's statistics."
)


@app.command(
    epilog="Examples: `benchmark evaluate preds.json`, or with everything named "
    "`benchmark evaluate preds.json --gt o365_instance_seg_val.json --iou segm --skip-rule box "
    "--json numbers.json`"
)
def evaluate(
    predictions: Annotated[
        Path, typer.Argument(help="Predictions in COCO's results format.", metavar="PREDS.JSON")
    ],
    gt: Annotated[
        Path | None,
        typer.Option(
            help="Ground truth: a release, or any COCO-format file. Default: "
            "o365_instance_seg_val.json in the current folder, else the file that "
            "O365SEG_RELEASE names.",
            metavar="RELEASED.JSON",
        ),
    ] = None,
    iou: Annotated[Iou, typer.Option(help="Compare masks or boxes.")] = Iou.SEGM,
    skip_rule: Annotated[
        SkipRule,
        typer.Option(
            help="What becomes of a prediction on an instance that raters skipped. box: ignored "
            "where its box IoU reaches the threshold, one prediction an instance. box50: the same "
            "at box IoU 0.5. ioa: ignored by the part inside the skipped box, as a COCO crowd. "
            "none: a false positive."
        ),
    ] = SkipRule.BOX,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Write the numbers to this file ('-': only to stdout)."),
    ] = None,
    csv_file: Annotated[
        Path | None,
        typer.Option("--csv", help="Write a table of the categories to this file."),
    ] = None,
    by: Annotated[
        list[By] | None,
        typer.Option(
            help="Also print the numbers by category, by supercategory or by relative mask size; "
            "may be given again."
        ),
    ] = None,
    interval: Annotated[
        bool,
        typer.Option("--interval", help="Also give 95 % intervals: a bootstrap over the images."),
    ] = False,
    resamples: Annotated[
        int, typer.Option(help="Resamples of an interval.", min=2, max=1_000_000)
    ] = 1000,
    seed: Annotated[int, typer.Option(help="Equal seeds draw equal resamples.", min=0)] = 0,
    report: Annotated[
        Path | None,
        typer.Option(help="Write a report to this file: one HTML page that loads nothing."),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(help="Where the images lie, for the worst of them in the report."),
    ] = None,
) -> None:
    """COCO AP and AR; predictions on skipped instances count neither for nor against."""
    from benchmark import evaluation, extras, ground_truth
    from benchmark.tables import result_json, result_lines, result_table
    from o365seg.json_files import write_bytes_atomic

    if images is not None and report is None:
        raise typer.BadParameter("asks for --report too", param_hint="--images")
    release, how = ground_truth.find_release(gt)
    sys.stderr.write(f"ground truth: {release} ({how})\n")
    result = evaluation.evaluate(predictions, release, iou=iou, skip_rule=skip_rule)
    wanted = extras.Wanted(by or [], csv_file, interval, resamples, seed, report, images)
    more = extras.find(result, predictions, release, wanted)
    numbers = {"predictions": str(predictions), "ground_truth": str(release)}
    numbers |= result_json(result) | more.numbers
    text = json.dumps(numbers, indent=2, ensure_ascii=False) + "\n"
    if json_file == Path("-"):
        sys.stdout.write(text)
        return
    console = _console()
    console.print(result_table(result))
    for line in result_lines(result):
        console.print(line, soft_wrap=True, markup=False, highlight=False)
    for line in more.lines:
        console.print(line, soft_wrap=True, markup=False, highlight=False)
    for table in more.tables:
        console.print(table)
    if json_file is not None:
        write_bytes_atomic(json_file, text.encode())
        more.written.append(json_file)
    for path in more.written:
        sys.stderr.write(f"written: {path}\n")


@app.command(
    epilog="Examples: `benchmark stats o365_instance_seg_val.json`, or beside other sets "
    "`benchmark stats o365_instance_seg_val.json --compare COCO=instances_val2017.json "
    "--compare LVIS=lvis_v1_val.json --out figures`"
)
def stats(
    released: Annotated[
        Path, typer.Argument(help="A release, or any COCO-format file.", metavar="RELEASED.JSON")
    ],
    compare: Annotated[
        list[str] | None,
        typer.Option(
            help="A set to compare with, COCO or LVIS format; may be given again.",
            metavar="NAME=ANNOTATIONS.JSON",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="The first set's name in legend and tables.", show_default="its file's"),
    ] = None,
    relative_size: Annotated[
        RelativeSize,
        typer.Option(
            help="Size of a mask in its image: the root of the ratio of the areas (the paper's "
            "caption), or the plain ratio."
        ),
    ] = RelativeSize.ROOT,
    out: Annotated[Path, typer.Option(help="Folder for the figures and tables.")] = Path("stats"),
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the numbers as JSON, for scripts.")
    ] = False,
) -> None:
    """Figure 5: masks per category and per image, relative mask size; and what the set holds."""
    from dataclasses import asdict

    from benchmark.figures import write_figures
    from benchmark.tables import numbers_table

    name = name or released.stem
    sources = [(name, released), *_named_files(compare or [], name)]
    measured = [_measure(label, path, relative_size) for label, path in sources]
    numbers = [numbers for numbers, _ in measured]
    written = write_figures([curves for _, curves in measured], out, relative_size)
    if as_json:
        sets = [
            {**asdict(found), "file": str(path)}
            for found, (_, path) in zip(numbers, sources, strict=True)
        ]
        sys.stdout.write(json.dumps({"sets": sets}, indent=2, ensure_ascii=False) + "\n")
    else:
        _console().print(numbers_table(numbers))
    sys.stderr.write(f"written: {len(written)} files in {out}\n")


cli_analysis.add_commands(app)


def _measure(
    name: str, path: Path, relative_size: RelativeSize
) -> tuple["SetNumbers", "SetCurves"]:
    from benchmark.statistics import set_curves, set_numbers
    from o365seg.records import read_annotations

    file = read_annotations(path)
    return set_numbers(file, name), set_curves(file, name, path, relative_size)


def _named_files(arguments: list[str], taken: str) -> list[tuple[str, Path]]:
    """`NAME=FILE` arguments as pairs; anything else is a fault of the command line."""
    names, pairs = {taken}, []
    for argument in arguments:
        name, equals, path = argument.partition("=")
        if not (name and equals and path):
            raise typer.BadParameter(f"{argument!r} is not NAME=FILE", param_hint="--compare")
        if name in names:
            raise typer.BadParameter(f"{name!r} is named twice", param_hint="--compare")
        names.add(name)
        pairs.append((name, Path(path)))
    return pairs


def _console() -> "Console":
    from rich.console import Console

    # A file or a pipe has no width of its own, and tables should not be cut to 80 columns there.
    return Console(width=None if sys.stdout.isatty() else 120)


def main() -> None:
    """The `benchmark` command."""
    command_line.run(app)
