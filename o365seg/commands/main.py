"""The command `o365seg`: create a project, see how far it is, release its annotations."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer

from o365seg.commands import release as cli_release
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


@app.command(epilog="Example: `o365seg status my-project --json | jq .masks`")
def status(
    project: ProjectFolder,
    skips: Annotated[
        bool, typer.Option("--skips", help="List every skip with the rater's note.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Show what is done, what is left, and the hours it took."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from o365seg.project.folder import open_project
    from o365seg.store.database import now_ms
    from o365seg.store.progress.summary import MS_PER_HOUR, list_skips, measure_progress

    opened = open_project(project)
    with opened.store.read() as db:
        done = measure_progress(db, now_ms())
        skipped = list_skips(db) if skips else []
    if json:
        numbers = {**asdict(done), "skipped": done.skipped, "unanswered": done.unanswered}
        if skips:
            numbers["skipped_questions"] = [asdict(skip) for skip in skipped]
        typer.echo(msgspec.json.encode(numbers).decode())
        return
    console = Console()
    counts = Table("", "", show_header=False, box=None, pad_edge=False)
    counts.columns[1].justify = "right"
    counts.add_row("images", f"{done.images:,}")
    counts.add_row("questions", f"{done.questions:,}")
    counts.add_row("masks", f"{done.masks:,}")
    counts.add_row("skips", f"{done.skipped:,}")
    for reason, number in done.skips.items():
        counts.add_row(f"  {reason}", f"{number:,}")
    counts.add_row("unanswered", f"{done.unanswered:,}")
    counts.add_row("  being painted now", f"{done.leased:,}")
    if done.rejected:
        counts.add_row("  sent back by a reviewer", f"{done.rejected:,}")
    if done.accepted or done.repainted or done.rejected:
        counts.add_row("accepted in review", f"{done.accepted:,}")
        counts.add_row("repainted by a reviewer", f"{done.repainted:,}")
        counts.add_row("waiting for review", f"{done.waiting_for_review:,}")
    if done.replicas_wanted:
        counts.add_row("replicas", f"{done.replicas:,} of {done.replicas_wanted:,}")
    if done.gold:
        counts.add_row("answers to hidden gold", f"{done.gold:,}")
    if done.late:
        counts.add_row("answers that came too late, kept as drafts", f"{done.late:,}")
    counts.add_row("rater hours (active, all answers)", f"{done.rater_hours:.2f}")
    counts.add_row("wall hours", f"{done.wall_hours:.2f}")
    if done.minutes_per_valid_mask is not None and done.mean_mask_minutes is not None:
        counts.add_row("minutes per valid mask", f"{done.minutes_per_valid_mask:.2f}")
        counts.add_row("  of the masks alone, mean", f"{done.mean_mask_minutes:.2f}")
    console.print(counts)
    if done.raters:
        raters = Table("rater", "masks", "skips", "hours", "minutes/mask", box=None)
        for column in raters.columns[1:]:
            column.justify = "right"
        for person in done.raters:
            pace = person.mean_mask_active_ms
            raters.add_row(
                Text(person.name),
                f"{person.masks:,}",
                f"{person.skips:,}",
                f"{person.active_ms / MS_PER_HOUR:.2f}",
                "" if pace is None else f"{pace / 60_000:.2f}",
            )
        console.print(raters)
    if skipped:
        table = Table("question", "image", "category", "reason", "note", "rater", box=None)
        for skip in skipped:
            row = (skip.question, skip.image, skip.category, skip.reason, skip.note, skip.rater)
            table.add_row(*(Text(str(value)) for value in row))
        console.print(table)


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
