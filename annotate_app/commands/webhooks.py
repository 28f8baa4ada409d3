"""`annotate-app webhook …`: addresses that are told of new answers."""

from typing import Annotated

import typer

from annotate_app.commands.options import ProjectFolder
from o365seg.errors import InputError
from o365seg.terminal.command_line import MOST, utf8
from o365seg.terminal.options import JsonFile
from o365seg.terminal.output import say, show
from o365seg.terminal.overwriting import refuse_overwriting

app = typer.Typer(help="Manage webhooks, which are told of new answers.", no_args_is_help=True)


@app.command(epilog="Example: `annotate-app webhook add my-project https://ci.example/painted`")
def add(
    project: ProjectFolder,
    url: Annotated[str, typer.Argument(help="An http or https URL.", callback=utf8)],
) -> None:
    """Add a webhook, and print the secret that signs its messages."""
    from o365seg.project.folder import open_project
    from o365seg.store.database import now_ms
    from o365seg.store.pipeline import webhooks

    with open_project(project).store.write() as db:
        added = webhooks.add(db, url, now_ms())
    say(f"webhook {added.id}; secret: {added.secret}")


@app.command("list", epilog="Example: `annotate-app webhook list my-project`")
def list_all(project: ProjectFolder, json: JsonFile = None) -> None:
    """List webhooks and the result of the last message to each."""
    from dataclasses import asdict

    from rich.table import Table
    from rich.text import Text

    from o365seg.project.folder import open_project
    from o365seg.store.pipeline import webhooks

    refuse_overwriting({"--json": json}, [project])
    with open_project(project).store.read() as db:
        found = webhooks.list_all(db)
    table = Table("id", "URL", "told up to answer", "failures", "last message", box=None)
    for one in found:
        table.add_row(
            str(one.id),
            Text(one.url),
            str(one.sent_up_to),
            str(one.failures),
            Text(one.last_result),
        )
    numbers = [
        {name: value for name, value in asdict(one).items() if name != "secret"} for one in found
    ]
    show(numbers, json, table)


@app.command(epilog="Example: `annotate-app webhook remove my-project 1`")
def remove(
    project: ProjectFolder,
    webhook: Annotated[int, typer.Argument(min=0, max=MOST, help="Id, from `webhook list`.")],
) -> None:
    """Remove a webhook."""
    from o365seg.project.folder import open_project
    from o365seg.store.pipeline import webhooks

    with open_project(project).store.write() as db:
        if not webhooks.remove(db, webhook):
            raise InputError(f"there is no webhook {webhook}", field="webhook")
    say(f"webhook {webhook} is removed")
