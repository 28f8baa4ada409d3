"""The command `o365seg`: create a project, follow its progress, release its annotations."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from o365seg.commands import release as cli_release
from o365seg.commands import status
from o365seg.terminal import command_line, progress_bar
from o365seg.terminal.options import JsonFile
from o365seg.terminal.output import STDOUT, say, show
from o365seg.terminal.overwriting import refuse_overwriting

app = command_line.make_app(
    "Create a painting project from Objects365 boxes, follow its progress, and release, describe "
    "and publish its masks."
)

ProjectFolder = Annotated[Path, typer.Argument(help="The project's folder.")]


@app.command(
    epilog="Examples: `o365seg create my-project --detections zhiyuan_objv2_val.json "
    "--images val --count 1000 --seed 0` · "
    "`o365seg create repairs --from release.json --only 12,40 --images val`"
)
def create(
    project: Annotated[Path, typer.Argument(help="Folder to create; must be new or empty.")],
    images: Annotated[
        str,
        typer.Option(help="Folder or URL (s3://, http://) that contains the images."),
    ],
    detections: Annotated[
        Path | None,
        typer.Option(help="Detections JSON in the format of zhiyuan_objv2_val.json."),
    ] = None,
    masks: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Instead of --detections: a release or another COCO file. Each question starts "
            "with its mask, to be corrected.",
        ),
    ] = None,
    only: Annotated[
        str,
        typer.Option(
            help="With --from: ids of the annotations to correct, such as 12,40, or a file with "
            "one on each line.",
            show_default="all",
        ),
    ] = "",
    count: Annotated[int, typer.Option(min=1, help="Number of images to sample.")] = 1000,
    seed: Annotated[
        int, typer.Option(help="Random seed; the same seed gives the same sample anywhere.")
    ] = 0,
    database: command_line.DatabaseUrl = "",
    json: JsonFile = None,
) -> None:
    """Create a project: sample images and ask one question for each non-crowd box."""
    from o365seg.errors import InputError
    from o365seg.project.correction import read_ids
    from o365seg.project.creation import create_project
    from o365seg.project.folder import database_for_new

    source = detections or masks
    if source is None or (detections and masks):
        raise InputError("give either --detections or --from")
    if only and not masks:
        raise InputError("needs --from", field="--only")
    report = create_project(
        project,
        source,
        images,
        images=count,
        seed=seed,
        database=database or database_for_new(),
        corrects=masks is not None,
        only=read_ids(only) if only else None,
        progress=progress_bar.progress,
    )
    _list("image not used:", report.excluded)
    _list("image corrected:", report.remarks)
    _list("box not used:", report.unaskable)
    _list("box used, but unusual:", report.overruns)
    if json != STDOUT:
        say(
            f"{project}: {report.images} images, {report.questions} questions, "
            f"{report.crowds} crowd boxes not used"
        )
    show(report, json)
    if report.warning:
        say(f"warning: {source}: {report.warning}", err=True)
    if detections and report.images < count:
        say(f"only {report.images} of the {count} requested images could be used", err=True)


app.command(epilog="Example: `o365seg status my-project --json - | jq .masks`")(status.status)


@app.command(
    epilog="Examples: `o365seg release my-project` · "
    "`o365seg release my-project --for pycocotools --out stock.json` · "
    "`o365seg release my-project --consensus --out consensus.json`"
)
def release(
    project: ProjectFolder,
    out: Annotated[
        Path | None,
        typer.Option(help="File to write.", show_default="o365_instance_seg_val[.…].json"),
    ] = None,
    variant: Annotated[
        Literal["benchmark", "pycocotools"],
        typer.Option(
            "--for", help="pycocotools: write skipped and crowd objects as box-shaped crowds."
        ),
    ] = "benchmark",
    consensus: Annotated[
        bool,
        typer.Option(
            "--consensus",
            help="Where three raters or more painted a question, write the pixels that most of "
            "them painted.",
        ),
    ] = False,
) -> None:
    """Write the annotation file, with masks and marked skips."""
    from o365seg.errors import InputError
    from o365seg.formats.checksums import file_sha256
    from o365seg.formats.json_files import replacing
    from o365seg.project.folder import open_project
    from o365seg.release.build import FILE_NAME, STOCK_FILE_NAME, note_export, write_release

    stock = variant == "pycocotools"
    path = out or Path(STOCK_FILE_NAME if stock else FILE_NAME)
    opened = open_project(project)
    refuse_overwriting({"--out": path}, [project])
    about = opened.about
    if about.corrects and path.is_file() and file_sha256(path) == about.source_sha256:
        raise InputError("is the file that this project corrects; choose another", file=path)
    with replacing(path) as temporary, temporary.open("wb") as file:
        written = write_release(opened, file, for_stock_tools=stock, consensus=consensus)
    info = written.info
    note_export(opened, info, variant, None)
    if written.warning:
        say(f"warning: {path}: {written.warning}", err=True)
    say(
        f"{path}: {written.images} images, {info['masks']} masks, {info['skipped']} skipped, "
        f"{written.unanswered} unanswered"
        + (f", {info['unaskable']} boxes without question" if info["unaskable"] else "")
    )
    if consensus:
        agreed = info["consensus"]
        say(
            f"masks by majority of three raters or more: {agreed['masks']}, of which "
            f"{agreed['changed']} differ from the answer"
        )
    if written.unanswered and not opened.about.corrects:
        say(
            "unanswered questions are marked as unanswered; the benchmark ignores them, like skips",
            err=True,
        )


@app.command(epilog="Example: `o365seg backup my-project my-project-2026-11-25.zip`")
def backup(
    project: ProjectFolder,
    archive: Annotated[Path, typer.Argument(help="File to write; must not exist.")],
) -> None:
    """Back up a project to one file; its server may keep running."""
    from o365seg.project.backup import back_up

    made = back_up(project, archive)
    say(f"{archive}: {len(made.files)} files, {made.answers:,} answers")


@app.command(
    epilog="Examples: `o365seg restore backup.zip my-project` · "
    "`o365seg restore backup.zip my-project --database postgresql://name@host/database`"
)
def restore(
    archive: Annotated[Path, typer.Argument(help="A file that `o365seg backup` wrote.")],
    project: Annotated[Path, typer.Argument(help="Folder to create; must be new or empty.")],
    database: command_line.DatabaseUrl = "",
) -> None:
    """Restore a project from a backup, to SQLite or PostgreSQL."""
    from o365seg.project.backup import restore as restore_backup
    from o365seg.project.folder import database_for_new

    made = restore_backup(archive, project, database or database_for_new())
    say(f"{project}: {len(made.files)} files, {made.answers:,} answers")


cli_release.add_commands(app)


def _list(label: str, items: list[tuple]) -> None:
    for name, why in items:
        say(f"{label} {name}: {why}", err=True)


def main() -> None:
    """Run the command."""
    command_line.run(app)
