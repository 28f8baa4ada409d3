"""`annotate-app gold …`: questions whose answer is known."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from annotate_app.commands.options import ProjectFolder, QuestionId
from o365seg.terminal.options import JsonFile
from o365seg.terminal.output import say, show
from o365seg.terminal.overwriting import refuse_overwriting

app = typer.Typer(help="Manage gold questions, whose answer is known.", no_args_is_help=True)

Use = Annotated[
    Literal["gold", "qualification"],
    typer.Option(
        "--for", help="gold: hidden in the normal work. qualification: before it, with feedback."
    ),
]


@app.command(epilog="Example: `annotate-app gold add my-project 1234`")
def add(project: ProjectFolder, question: QuestionId, use: Use = "gold") -> None:
    """Make a question gold, with its mask as the reference.

    The mask must be accepted in review, or painted by a reviewer.
    """
    from o365seg.project.folder import open_project
    from o365seg.store.quality.gold import add_gold
    from o365seg.store.schema import Purpose

    with open_project(project).store.write() as db:
        add_gold(db, question, Purpose(use))
    say(f"question {question} is {use}")


@app.command(
    "import", epilog="Example: `annotate-app gold import my-project masks.json --for qualification`"
)
def import_file(
    project: ProjectFolder,
    file: Annotated[Path, typer.Argument(help="COCO-format file with the ids of the detections.")],
    use: Use = "gold",
    only: Annotated[
        list[int] | None, typer.Option("--id", help="Import only this question; repeatable.")
    ] = None,
) -> None:
    """Import reference masks made elsewhere."""
    from o365seg.project.folder import open_project
    from o365seg.store.quality.gold import import_gold
    from o365seg.store.schema import Purpose

    with open_project(project).store.write() as db:
        count = import_gold(db, file, Purpose(use), only or None)
    say(f"{count} questions are {use}")


@app.command(epilog="Example: `annotate-app gold remove my-project 1234`")
def remove(project: ProjectFolder, question: QuestionId) -> None:
    """Make a gold question an ordinary one again."""
    from o365seg.project.folder import open_project
    from o365seg.store.quality.gold import remove_gold

    with open_project(project).store.write() as db:
        remove_gold(db, question)
    say(f"question {question} is no longer gold")


@app.command("list", epilog="Example: `annotate-app gold list my-project`")
def list_all(project: ProjectFolder, json: JsonFile = None) -> None:
    """List gold questions and the raters' results on them."""
    from rich.table import Table
    from rich.text import Text

    from o365seg.project.folder import open_project
    from o365seg.store.quality.gold import list_gold

    refuse_overwriting({"--json": json}, [project])
    with open_project(project).store.read() as db:
        questions = list_gold(db)
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
    show(questions, json, table)
