"""`annotate-app progress`, `agreement` and `audit`: how the work goes, and who changed what."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from annotate_app.commands.options import ProjectFolder
from o365seg.terminal.command_line import MOST, utf8
from o365seg.terminal.options import JsonFile
from o365seg.terminal.output import STDOUT, say, show
from o365seg.terminal.overwriting import refuse_overwriting

app = typer.Typer()


@app.command(epilog="Example: `annotate-app progress my-project --json - | jq .estimate`")
def progress(project: ProjectFolder, json: JsonFile = None) -> None:
    """Show the questions left, the expected end, and each rater's pace and quality.

    For counts and hours of the whole project, see `o365seg status`.
    """
    from rich.table import Table
    from rich.text import Text

    from o365seg.project.folder import open_project
    from o365seg.store.database import now_ms
    from o365seg.store.progress import pace
    from o365seg.store.quality import rater_quality

    refuse_overwriting({"--json": json}, [project])
    with open_project(project).store.read() as db:
        left = pace.estimate(db, now_ms())
        people = rater_quality.measure_raters(db)
        skips = rater_quality.skips_by_category(db)
    hours = "" if left.hours_left is None else f", about {left.hours_left:.1f} rater hours"
    head = Text(f"{left.left:,} questions left{hours}")
    if left.done_at is not None:
        day = datetime.fromtimestamp(left.done_at / 1000, UTC).date()
        head.append(f"\nexpected end: {day}, at the recent {left.per_day:.0f} answers a day")
    titles = ("rater", "masks", "skips", "minutes/mask", "gold IoU", "agreement IoU", "rejected")
    table = Table(*titles, box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for person in people:
        measures = (person.minutes_per_mask, person.gold_iou, person.agreement_iou)
        table.add_row(
            Text(person.name),
            f"{person.masks:,}",
            f"{person.skips:,}",
            *("" if value is None else f"{value:.2f}" for value in measures),
            f"{person.rejected} of {person.reviewed}" if person.reviewed else "",
        )
    by_category = [
        Text(
            f"{row.category}: {row.skipped} of {row.answered} skipped "
            f"({', '.join(f'{reason} {count}' for reason, count in row.by_reason.items())})"
        )
        for row in skips
    ]
    odd = [
        Text(
            f"{person.name}: {person.odd_times} answers claimed more time than possible; see "
            "`annotate-app audit --action answer.odd_time`"
        )
        for person in people
        if person.odd_times
    ]
    numbers = {"estimate": left, "raters": people, "skips_by_category": skips}
    show(numbers, json, head, table, *by_category, *odd)


@app.command(epilog="Example: `annotate-app agreement my-project --json agreement.json`")
def agreement(project: ProjectFolder, json: JsonFile = None) -> None:
    """Show how well raters agree on questions that several of them painted."""
    from dataclasses import asdict

    from rich.table import Table
    from rich.text import Text

    from o365seg.project.folder import open_project
    from o365seg.release.stated_ceiling import ceiling_line
    from o365seg.statistics.human_ceiling import human_ceiling, released_ceiling
    from o365seg.store.quality.agreement import list_pairs, measure_agreement

    refuse_overwriting({"--json": json}, [project])
    with open_project(project).store.read() as db:
        pairs = list_pairs(db)
    report, ceiling = measure_agreement(pairs), released_ceiling(human_ceiling(pairs))
    columns = ("pairs", "both painted", "mean IoU", "median IoU", "same choice", "kappa")
    table = Table("", *columns, box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    groups = [
        ("all", report.overall),
        *((f"{one} – {other}", group) for (one, other), group in report.by_raters.items()),
        *report.by_category.items(),
        *report.by_size.items(),
    ]
    for name, group in groups:
        figures = (group.mean_iou, group.median_iou, group.same_choice, group.kappa)
        table.add_row(
            Text(name),
            f"{group.pairs:,}",
            f"{group.both_painted:,}",
            *("" if figure is None else f"{figure:.3f}" for figure in figures),
        )
    by_raters = [
        {"raters": list(names), **asdict(group)} for names, group in report.by_raters.items()
    ]
    numbers = {**asdict(report), "by_raters": by_raters}
    numbers["human_ceiling"] = ceiling
    show(numbers, json, table, *([] if ceiling is None else [Text(f"\n{ceiling_line(ceiling)}")]))


@app.command(epilog="Example: `annotate-app audit my-project --action person.invite`")
def audit(
    project: ProjectFolder,
    action: Annotated[
        str | None,
        typer.Option(help="Show only this action, such as person.invite.", callback=utf8),
    ] = None,
    actor: Annotated[
        str | None, typer.Option(help="Show only what this person did.", callback=utf8)
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="Number of entries.")] = 50,
    json: JsonFile = None,
) -> None:
    """Show the audit log, newest first."""
    from o365seg.project.folder import open_project
    from o365seg.store.audit import list_entries

    refuse_overwriting({"--json": json}, [project])
    with open_project(project).store.read() as db:
        entries = list_entries(db, actor=actor, action=action, limit=limit)
    for entry in entries if json != STDOUT else ():
        when = datetime.fromtimestamp(entry.at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
        detail = " ".join(f"{key}={_first_line(value)}" for key, value in entry.detail.items())
        who = entry.actor or "(command line)"
        say(f"{when}  {who}  {entry.action}  {entry.subject}  {detail}".rstrip())
    show(entries, json)


def _first_line(value: object) -> str:
    """A value in one line; guidelines have several."""
    text = str(value)
    first = text.partition("\n")[0]
    return first if first == text else f"{first}…"
