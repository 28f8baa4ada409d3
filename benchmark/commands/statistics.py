"""`benchmark stats`: describe a data set."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from o365seg.statistics.relative_size import RelativeSize
from o365seg.terminal.options import JsonFile
from o365seg.terminal.output import show
from o365seg.terminal.overwriting import refuse_overwriting

if TYPE_CHECKING:
    from o365seg.statistics.tables import Measured


def add_command(app: typer.Typer) -> None:
    """Add the command of this module to the app."""
    app.command(
        epilog="Examples: `benchmark stats o365_instance_seg_val.json`, or beside other sets "
        "`benchmark stats o365_instance_seg_val.json --compare COCO=instances_val2017.json "
        "--compare LVIS=lvis_v1_val.json --out figures`"
    )(stats)


def stats(
    released: Annotated[
        Path, typer.Argument(help="A release, or any COCO-format file.", metavar="RELEASED.JSON")
    ],
    compare: Annotated[
        list[str] | None,
        typer.Option(
            help="Another data set to compare with, in COCO or LVIS format; repeatable.",
            metavar="NAME=ANNOTATIONS.JSON",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            help="Name of the first set in legends and tables.", show_default="its file name"
        ),
    ] = None,
    relative_size: Annotated[
        RelativeSize,
        typer.Option(
            help="Relative size of a mask: the square root of the area ratio (as in the paper's "
            "caption), or the ratio itself."
        ),
    ] = RelativeSize.ROOT,
    reference: Annotated[
        list[Path] | None,
        typer.Option(
            help="Published points to draw beside the curves, from a CSV file with the columns "
            "curve, x, y and source; repeatable. They are not in the tables.",
            metavar="POINTS.CSV",
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the figures and tables.")] = Path("stats"),
    json_file: JsonFile = None,
) -> None:
    """Describe a data set: masks per category and per image, and relative mask size (Figure 5).

    Also reports skips by category and box size, and rater time by size and answer, if the file
    has them.
    """
    from o365seg.statistics.figures import write_figures
    from o365seg.statistics.reference_points import read_reference
    from o365seg.statistics.skip_figures import write_skip_figures
    from o365seg.statistics.tables import numbers_json, numbers_table
    from o365seg.statistics.time_figures import write_time_figures

    name = name or released.stem
    sources = [(name, released), *_named_files(compare or [], name)]
    inputs = [*(path for _, path in sources), *(reference or [])]
    refuse_overwriting({"--json": json_file}, inputs)
    for path in reference or []:  # tables of figures are CSV files as well
        if path.resolve().parent == out.resolve():
            refuse_overwriting({"--out": path}, [path])
    points = [point for path in reference or [] for point in read_reference(path)]
    measured = [_measure(label, path, relative_size) for label, path in sources]
    written = write_figures([found.curves for found in measured], out, relative_size, points)
    first = measured[0]
    if first.rates is not None:
        written += write_skip_figures(first.rates, out, relative_size)
    if first.times is not None:
        written += write_time_figures(first.times, out, relative_size)
    sets = [numbers_json(found, path) for found, (_, path) in zip(measured, sources, strict=True)]
    show({"sets": sets}, json_file, numbers_table(measured))
    sys.stderr.write(f"written: {len(written)} files in {out}\n")


def _measure(name: str, path: Path, relative_size: RelativeSize) -> "Measured":
    from o365seg.formats.records import read_annotations
    from o365seg.statistics.contents import set_curves, set_numbers
    from o365seg.statistics.skip_statistics import skip_rates
    from o365seg.statistics.tables import Measured
    from o365seg.statistics.time_statistics import rater_times

    file = read_annotations(path)
    return Measured(
        set_numbers(file, name),
        set_curves(file, name, path, relative_size),
        skip_rates(file, relative_size),
        rater_times(file, path, relative_size),
    )


def _named_files(arguments: list[str], taken: str) -> list[tuple[str, Path]]:
    """`NAME=FILE` arguments as (name, path) pairs; anything else is refused."""
    names, pairs = {taken}, []
    for argument in arguments:
        name, equals, path = argument.partition("=")
        if not (name and equals and path):
            raise typer.BadParameter(
                f"expected NAME=FILE, got {argument!r}", param_hint="--compare"
            )
        if name in names:
            raise typer.BadParameter(f"duplicate name {name!r}", param_hint="--compare")
        names.add(name)
        pairs.append((name, Path(path)))
    return pairs
