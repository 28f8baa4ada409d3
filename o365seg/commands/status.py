"""`o365seg status`: how far a project is."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from o365seg.terminal.options import JsonFile
from o365seg.terminal.output import say, show
from o365seg.terminal.overwriting import refuse_overwriting

if TYPE_CHECKING:
    from rich.table import Table

    from o365seg.store.database import Store
    from o365seg.store.progress.summary import Progress, RaterProgress, SkippedQuestion


def status(
    project: Annotated[Path, typer.Argument(help="The project's folder.")],
    skips: Annotated[
        bool, typer.Option("--skips", help="List every skip with the rater's note.")
    ] = False,
    check: Annotated[
        bool,
        typer.Option("--check", help="Check that the database and every mask are undamaged."),
    ] = False,
    json_file: JsonFile = None,
) -> None:
    """Show what is done, what is left, and the hours it took."""
    from o365seg.project.folder import count_unaskable, open_project
    from o365seg.store.database import now_ms
    from o365seg.store.progress.summary import list_skips, measure_progress

    refuse_overwriting({"--json": json_file}, [project])
    opened = open_project(project)
    store = opened.store
    if check:
        _check(store)
    with store.read() as db:
        done = measure_progress(db, now_ms())
        skipped = list_skips(db) if skips else []
    unaskable = count_unaskable(opened, done.questions)
    numbers = {
        **asdict(done),
        "skipped": done.skipped,
        "unanswered": done.unanswered,
        "unaskable": unaskable,
    }
    if skips:
        numbers["skipped_questions"] = [asdict(skip) for skip in skipped]
    tables = [_counts(done, unaskable)]
    tables += [_raters(done.raters)] if done.raters else []
    tables += [_skips(skipped)] if skipped else []
    show(numbers, json_file, *tables)


def _check(store: "Store") -> None:
    from o365seg.errors import InputError
    from o365seg.store.integrity import find_damage

    found = find_damage(store)
    for damage in found[1:]:
        say(f"{store.name}: {damage}", err=True)
    if found:
        raise InputError(f"damaged: {found[0].what}", file=store.name, record=found[0].record)
    say(f"{store.name}: checked, undamaged", err=True)


def _counts(done: "Progress", unaskable: int) -> "Table":
    from rich.table import Table

    table = Table("", "", show_header=False, box=None, pad_edge=False)
    table.columns[1].justify = "right"
    for name, value in _count_rows(done, unaskable):
        table.add_row(name, value if isinstance(value, str) else f"{value:.2f}")
    return table


def _count_rows(done: "Progress", unaskable: int) -> Iterator[tuple[str, str | float]]:
    """Name and value of each row; those that this project has no use for are left out."""
    yield "images", f"{done.images:,}"
    yield "questions", f"{done.questions:,}"
    yield "masks", f"{done.masks:,}"
    yield "skips", f"{done.skipped:,}"
    for reason, number in done.skips.items():
        yield f"  {reason}", f"{number:,}"
    yield "unanswered", f"{done.unanswered:,}"
    yield "  being painted now", f"{done.leased:,}"
    if unaskable:
        yield "boxes without question", f"{unaskable:,}"
    if done.rejected:
        yield "  sent back by a reviewer", f"{done.rejected:,}"
    if done.accepted or done.repainted or done.rejected:
        yield "accepted in review", f"{done.accepted:,}"
        yield "repainted by a reviewer", f"{done.repainted:,}"
        yield "waiting for review", f"{done.waiting_for_review:,}"
    if done.replicas_wanted:
        yield "replicas", f"{done.replicas:,} of {done.replicas_wanted:,}"
    if done.gold:
        yield "answers to hidden gold", f"{done.gold:,}"
    if done.late:
        yield "late answers, kept as drafts", f"{done.late:,}"
    yield "rater hours (active, all answers)", done.rater_hours
    yield "wall hours", done.wall_hours
    if done.minutes_per_valid_mask is not None and done.mean_mask_minutes is not None:
        yield "minutes per valid mask", done.minutes_per_valid_mask
        yield "  without skips", done.mean_mask_minutes


def _raters(raters: "list[RaterProgress]") -> "Table":
    from rich.table import Table
    from rich.text import Text

    from o365seg.store.progress.summary import MS_PER_HOUR

    table = Table("rater", "masks", "skips", "hours", "minutes/mask", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for person in raters:
        pace = person.mean_mask_active_ms
        table.add_row(
            Text(person.name),
            f"{person.masks:,}",
            f"{person.skips:,}",
            f"{person.active_ms / MS_PER_HOUR:.2f}",
            "" if pace is None else f"{pace / 60_000:.2f}",
        )
    return table


def _skips(skipped: "list[SkippedQuestion]") -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table("question", "image", "category", "reason", "note", "rater", box=None)
    for skip in skipped:
        row = (skip.question, skip.image, skip.category, skip.reason, skip.note, skip.rater)
        table.add_row(*(Text(str(value)) for value in row))
    return table
