"""The commands `dataseg data …`. Nothing here loads PyTorch before a command needs it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from model.commands.options import model_libraries
from o365seg.errors import InputError
from o365seg.terminal import output, progress_bar
from o365seg.terminal.options import JsonFile
from o365seg.terminal.overwriting import refuse_overwriting

if TYPE_CHECKING:
    from rich.table import Table

    from model.data.file_dataset import FileDataset
    from model.datasets.checking import CheckReport

app = typer.Typer(help="Check and convert data sets.", no_args_is_help=True)

Split = Annotated[str | None, typer.Option(help="train or val, with ROOT.", show_default="train")]
_SHOWN = 10  # faults of each kind that are printed; --json has all


@app.callback()
def _data() -> None:
    """Check and convert data sets."""


@app.command(
    epilog="Examples: `dataseg data check coco_panoptic /data/coco --split val`; "
    "`dataseg data check train.toml`"
)
def check(
    name: Annotated[
        str,
        typer.Argument(
            help="A data set of the catalogue (docs/data_sets.md), or a file with [[data]] "
            "tables as in a training configuration.",
            metavar="NAME|FILE.toml",
        ),
    ],
    root: Annotated[
        Path | None, typer.Argument(help="Folder of the downloaded data set.", metavar="ROOT")
    ] = None,
    split: Split = None,
    read: Annotated[
        int,
        typer.Option(
            help="Number of images to decode with their ground truth, evenly spread. Of the "
            "others only the file's header is read.",
            min=0,
        ),
    ] = 1000,
    samples: Annotated[int, typer.Option(help="Number of samples in the picture.", min=0)] = 6,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The picture of the samples with their ground truth.",
            metavar="FILE.png",
            show_default="NAME_SPLIT.png",
        ),
    ] = None,
    json_file: JsonFile = None,
    bad_images: Annotated[
        Path | None,
        typer.Option(
            help="Write the names of invalid images to this file, for leave_out.",
            metavar="FILE.txt",
        ),
    ] = None,
) -> None:
    """Check a data set's folder, and draw a few samples. The exit code is 1 if it has faults."""
    refuse_overwriting(
        {"--out": out, "--json": json_file, "--bad-images": bad_images}, [name, root]
    )
    with model_libraries():
        from model.datasets.checking import check_dataset
        from o365seg.formats.json_files import write_bytes_atomic

        opened = _opened(name, root, split)
        reports: list[CheckReport] = []
        for number, dataset in enumerate(opened):
            report = check_dataset(dataset, read, progress_bar.progress)
            reports.append(report)
            if json_file != output.STDOUT:
                output.output_console().print(_table(report))
            for line in _fault_lines(report):
                output.say(line, err=True)
            if samples:
                stem = dataset.name if root is None else f"{dataset.name}_{split or 'train'}"
                picture = out or Path(f"{stem}.png")
                if out is not None and len(opened) > 1:
                    picture = out.with_stem(f"{out.stem}_{number}")
                _write_picture(dataset, samples, picture)
        output.show([report.as_json() for report in reports], json_file)
        bad = [fault.image for report in reports for fault in report.faults]
        if bad_images is not None:
            write_bytes_atomic(bad_images, "".join(f"{n}\n" for n in dict.fromkeys(bad)).encode())
    if bad:
        raise InputError(f"{len(dict.fromkeys(bad)):,} images are invalid", file=root or name)


@app.command(
    epilog="Examples: `dataseg data shard coco_panoptic /data/coco --out /data/coco-shards`; then, "
    'in a configuration, `layout = "shards"` and `root = "/data/coco-shards"` or the URL that the '
    "folder was copied to."
)
def shard(
    name: Annotated[
        str,
        typer.Argument(
            help="A data set of the catalogue (docs/data_sets.md), or a file with [[data]] "
            "tables as in a training configuration.",
            metavar="NAME|FILE.toml",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            help="The folder to write; with several data sets, a folder for each in it.",
            metavar="FOLDER",
        ),
    ],
    root: Annotated[
        Path | None, typer.Argument(help="Folder of the downloaded data set.", metavar="ROOT")
    ] = None,
    split: Split = None,
    shard_size: Annotated[int, typer.Option(help="MiB in a shard, about.", min=1)] = 256,
) -> None:
    """Write a data set as tar files (WebDataset's layout), for disks and stores with few files."""
    with model_libraries():
        from model.datasets.shard_writing import write_shards

        opened = _opened(name, root, split)
        for dataset in opened:
            folder = out if len(opened) == 1 else out / dataset.name
            written = write_shards(dataset, folder, shard_size * 2**20, progress_bar.progress)
            size = f"{written.bytes / 2**20:,.0f} MiB"
            output.say(
                f"{dataset.name}: {written.images:,} images, {written.shards:,} shards, {size}"
            )
            output.say_written(folder)


def _opened(name: str, root: Path | None, split: str | None) -> "list[FileDataset]":
    """Open the data set of the catalogue, or those of a configuration."""
    from model.datasets.configured import open_configured
    from model.datasets.opening import open_dataset

    if name.endswith(".toml"):
        for given, what, option in ((root, "folders", "ROOT"), (split, "splits", "--split")):
            if given is not None:
                raise InputError(
                    f"a configuration file names its {what} itself; leave out {option}", file=name
                )
        return open_configured(Path(name))
    if root is None:
        raise InputError(f"{name}: give ROOT, too")
    return [open_dataset(name, root, split or "train")]


def _table(report: "CheckReport") -> "Table":
    from rich.table import Table

    classes, things = report.classes
    table = Table(report.name, "", box=None)
    table.add_row("task", report.task)
    table.add_row("classes", f"{classes} ({things} things, {classes - things} stuff)")
    table.add_row("images", f"{report.images:,}")
    table.add_row("decoded with their ground truth", f"{report.read:,}")
    what = {"panoptic": "segments", "semantic": "classes, summed over images"}
    table.add_row(what.get(report.task, "objects"), f"{report.annotations:,}")
    table.add_row("images without any", f"{len(report.empty):,}")
    table.add_row("classes never seen", f"{len(report.unseen):,}")
    for kind, count in report.counts().items():
        table.add_row(kind, f"{count:,}" if count else "0", style="bold red" if count else None)
    return table


def _fault_lines(report: "CheckReport") -> list[str]:
    lines = []
    for kind, count in report.counts().items():
        found = [fault.message for fault in report.faults if fault.kind == kind]
        lines += [f"{kind}: {message}" for message in found[:_SHOWN]]
        if count > _SHOWN:
            lines.append(f"{kind}: and {count - _SHOWN:,} more; --json FILE lists all")
    return lines


def _write_picture(dataset: "FileDataset", wanted: int, path: Path) -> None:
    """Draw valid samples, evenly spread over the data set."""
    from model.datasets.checking import spread
    from model.inference.contact_sheet import contact_sheet
    from model.inference.visualize import save_picture

    shown = []
    for index in spread(len(dataset), wanted):
        try:
            shown.append(dataset[index])
        except InputError:
            continue  # it is in the report
    if shown:
        save_picture(contact_sheet(shown, dataset.vocabulary), path)
        output.say_written(path)
