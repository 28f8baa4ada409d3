"""The command `o365seg`: create a project, see how far it is, release its annotations."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from o365seg.commands import release as cli_release
from o365seg.commands import status
from o365seg.terminal import command_line

app = command_line.make_app(
    "Make a painting project from Objects365 boxes, follow it, release its masks; then look at the "
    "release, tell of it and publish it."
)

ProjectFolder = Annotated[Path, typer.Argument(help="The project's folder.")]


@app.command(
    epilog="Example: `o365seg create my-project --detections zhiyuan_objv2_val.json "
    "--images val --count 1000 --seed 0`"
)
def create(
    project: Annotated[Path, typer.Argument(help="The folder to make; must be new or empty.")],
    detections: Annotated[
        Path, typer.Option(help="Detection JSON of the zhiyuan_objv2_val.json schema.")
    ],
    images: Annotated[
        str,
        typer.Option(help="The folder that its file names lead into, or its URL (s3://, http://)."),
    ],
    count: Annotated[int, typer.Option(min=1, help="How many images to sample.")] = 1000,
    seed: Annotated[int, typer.Option(help="Same seed, same sample, on every machine.")] = 0,
    database: command_line.DatabaseUrl = "",
) -> None:
    """Sample images and make one question of each non-crowd box."""
    from o365seg.project.folder import create_project

    report = create_project(
        project,
        detections,
        images,
        images=count,
        seed=seed,
        database=database,
        progress=command_line.progress,
    )
    _list("left out", report.excluded)
    _list("put right", report.remarks)
    _list("not asked: box", report.unaskable)
    _list("asked, though odd: box", report.overruns)
    typer.echo(
        f"{project}: {report.images} images, {report.questions} questions, "
        f"{report.crowds} crowd boxes not asked"
    )
    if report.images < count:
        typer.echo(f"only {report.images} of the {count} images asked for could be used", err=True)


app.command(epilog="Example: `o365seg status my-project --json - | jq .masks`")(status.status)


@app.command(
    epilog="Examples: `o365seg release my-project` · "
    "`o365seg release my-project --for pycocotools --out stock.json`"
)
def release(
    project: ProjectFolder,
    out: Annotated[
        Path | None,
        typer.Option(help="The file to write.", show_default="o365_instance_seg_val[.…].json"),
    ] = None,
    variant: Annotated[
        Literal["benchmark", "pycocotools"],
        typer.Option("--for", help="pycocotools: skipped and crowd become box-shaped crowds."),
    ] = "benchmark",
) -> None:
    """Write the annotation file: masks where painted, skips marked as such."""
    from o365seg.formats.json_files import write_json_atomic
    from o365seg.project.folder import open_project
    from o365seg.release.build import FILE_NAME, STOCK_FILE_NAME, build_release, note_export

    stock = variant == "pycocotools"
    path = out or Path(STOCK_FILE_NAME if stock else FILE_NAME)
    opened = open_project(project)
    built = build_release(opened, for_stock_tools=stock)
    write_json_atomic(path, built)
    note_export(opened, built, variant, None)
    info = built["info"]
    typer.echo(
        f"{path}: {len(built['images'])} images, {info['masks']} masks, {info['skipped']} skipped, "
        f"{info['unanswered']} unanswered"
    )
    if info["unanswered"]:
        typer.echo(
            "unanswered questions are marked so, and the benchmark ignores them like skips",
            err=True,
        )


@app.command(epilog="Example: `o365seg backup my-project my-project-2026-11-25.zip`")
def backup(
    project: ProjectFolder,
    archive: Annotated[Path, typer.Argument(help="The file to write; must be new.")],
) -> None:
    """Write a project, answers and all, into one file; it may be served meanwhile."""
    from o365seg.project.backup import back_up

    made = back_up(project, archive)
    typer.echo(f"{archive}: {len(made.files)} files, {made.answers:,} answers")


@app.command(
    epilog="Examples: `o365seg restore backup.zip my-project` · "
    "`o365seg restore backup.zip my-project --database postgresql://name@host/database`"
)
def restore(
    archive: Annotated[Path, typer.Argument(help="A file that `o365seg backup` wrote.")],
    project: Annotated[Path, typer.Argument(help="The folder to make; must be new or empty.")],
    database: command_line.DatabaseUrl = "",
) -> None:
    """Make a project folder of a backup, with SQLite or into PostgreSQL."""
    from o365seg.project.backup import restore as restore_backup

    made = restore_backup(archive, project, database)
    typer.echo(f"{project}: {len(made.files)} files, {made.answers:,} answers")


cli_release.add_commands(app)


def _list(label: str, items: list[tuple]) -> None:
    for name, why in items:
        typer.echo(f"{label} {name}: {why}", err=True)


def main() -> None:
    """Run the command."""
    command_line.run(app)
