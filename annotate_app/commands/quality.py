"""`annotate-app settings …`, `gold …`, `agreement`, `rater qualify`: how the work is checked."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from o365seg.terminal.command_line import utf8

ProjectFolder = Annotated[Path, typer.Argument(help="The project's folder.")]
QuestionId = Annotated[
    int,
    typer.Argument(min=-(2**63), max=2**63 - 1, help="The question's id: its annotation's."),
]
Use = Annotated[
    Literal["gold", "qualification"],
    typer.Option("--for", help="Hidden among the work, or before it, with feedback."),
]
Json = Annotated[bool, typer.Option("--json", help="For scripts.")]

settings_app = typer.Typer(help="How a project wants its work checked.", no_args_is_help=True)
gold_app = typer.Typer(help="Questions whose answer is known.", no_args_is_help=True)


@settings_app.command("show", epilog="Example: `annotate-app settings show my-project`")
def show(project: ProjectFolder, json: Json = False) -> None:
    """Print every setting."""
    from dataclasses import asdict

    import msgspec

    from o365seg.project.folder import open_project
    from o365seg.store.settings import read_settings

    with open_project(project).store.read() as db:
        settings = asdict(read_settings(db))
    if json:
        typer.echo(msgspec.json.encode(settings).decode())
        return
    guidelines = settings.pop("guidelines")
    for name, value in settings.items():
        typer.echo(f"{name} = {str(value).lower()}")
    typer.echo(f"\n{guidelines.rstrip()}")


@settings_app.command(
    "set", epilog="Example: `annotate-app settings set my-project gold_share 0.1`"
)
def set_one(
    project: ProjectFolder,
    name: Annotated[str, typer.Argument(help="As `settings show` names it.")],
    value: Annotated[str, typer.Argument(help="Its new value.")],
) -> None:
    """Change one setting; a running server follows at once."""
    from o365seg.project.folder import open_project
    from o365seg.store.settings import change_setting

    with open_project(project).store.write() as db:
        settings = change_setting(db, name, value)
    typer.echo(f"{name} = {str(getattr(settings, name)).lower()}")


@settings_app.command(
    "guidelines", epilog="Example: `annotate-app settings guidelines my-project guidelines.md`"
)
def set_guidelines(
    project: ProjectFolder,
    file: Annotated[Path, typer.Argument(help="Markdown; HTML in it stays text.")],
) -> None:
    """Take the raters' guidelines from a file."""
    from o365seg.errors import InputError
    from o365seg.formats.json_files import read_bytes
    from o365seg.project.folder import open_project
    from o365seg.store.settings import change_setting

    try:
        text = read_bytes(file).decode()
    except UnicodeDecodeError:
        raise InputError("must be UTF-8 text", file=file) from None
    with open_project(project).store.write() as db:
        change_setting(db, "guidelines", text)
    typer.echo(f"guidelines: {len(text.split())} words")


@gold_app.command("add", epilog="Example: `annotate-app gold add my-project 1234`")
def add(project: ProjectFolder, question: QuestionId, use: Use = "gold") -> None:
    """Make a question's mask the reference; it must be accepted, or a reviewer's own."""
    from o365seg.project.folder import open_project
    from o365seg.store.quality.gold import add_gold
    from o365seg.store.schema import Purpose

    with open_project(project).store.write() as db:
        add_gold(db, question, Purpose(use))
    typer.echo(f"question {question} is {use}")


@gold_app.command(
    "import", epilog="Example: `annotate-app gold import my-project masks.json --for qualification`"
)
def import_file(
    project: ProjectFolder,
    file: Annotated[Path, typer.Argument(help="COCO format; ids as in the detections.")],
    use: Use = "gold",
    only: Annotated[
        list[int] | None, typer.Option("--id", help="Only this question; may be repeated.")
    ] = None,
) -> None:
    """Take references from masks made elsewhere."""
    from o365seg.project.folder import open_project
    from o365seg.store.quality.gold import import_gold
    from o365seg.store.schema import Purpose

    with open_project(project).store.write() as db:
        count = import_gold(db, file, Purpose(use), only or None)
    typer.echo(f"{count} questions are {use}")


@gold_app.command("remove", epilog="Example: `annotate-app gold remove my-project 1234`")
def remove(project: ProjectFolder, question: QuestionId) -> None:
    """Make a question an ordinary one again."""
    from o365seg.project.folder import open_project
    from o365seg.store.quality.gold import remove_gold

    with open_project(project).store.write() as db:
        remove_gold(db, question)
    typer.echo(f"question {question} is no longer gold")


@gold_app.command("list", epilog="Example: `annotate-app gold list my-project`")
def list_all(project: ProjectFolder, json: Json = False) -> None:
    """List the questions whose answer is known, and how raters did on them."""
    from dataclasses import asdict

    import msgspec
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from o365seg.project.folder import open_project
    from o365seg.store.quality.gold import list_gold

    with open_project(project).store.read() as db:
        questions = list_gold(db)
    if json:
        typer.echo(msgspec.json.encode([asdict(question) for question in questions]).decode())
        return
    table = Table("question", "category", "for", "area", "answers", "mean IoU", box=None)
    for column in table.columns[3:]:
        column.justify = "right"
    for question in questions:
        table.add_row(
            str(question.question_id),
            Text(question.category),
            question.purpose.value,
            f"{question.area:,}",
            f"{question.answers:,}",
            "" if question.mean_iou is None else f"{question.mean_iou:.3f}",
        )
    Console().print(table)


def agreement(project: ProjectFolder, json: Json = False) -> None:
    """How much raters agree on the questions that several of them painted."""
    from dataclasses import asdict

    import msgspec
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from o365seg.project.folder import open_project
    from o365seg.store.quality.agreement import measure_agreement

    with open_project(project).store.read() as db:
        report = measure_agreement(db)
    if json:
        by_raters = [
            {"raters": list(names), **asdict(group)} for names, group in report.by_raters.items()
        ]
        numbers = {**asdict(report), "by_raters": by_raters}
        typer.echo(msgspec.json.encode(numbers).decode())
        return
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
    Console().print(table)


def qualify(
    project: ProjectFolder,
    name: Annotated[str, typer.Argument(help="The rater's name.", callback=utf8)],
) -> None:
    """Let a rater work, whatever the qualification questions said."""
    from o365seg.project.folder import open_project
    from o365seg.store.database import now_ms
    from o365seg.store.people.qualification import pass_by_hand

    with open_project(project).store.write() as db:
        pass_by_hand(db, name, now_ms())
    typer.echo(f"{name} may work")
