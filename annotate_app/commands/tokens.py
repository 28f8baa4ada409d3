"""`annotate-app token …`: tokens of the HTTP API."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from annotate_app.commands.options import ProjectFolder
from o365seg.errors import InputError
from o365seg.store.pipeline.scopes import Scope
from o365seg.terminal.command_line import utf8
from o365seg.terminal.options import JsonFile
from o365seg.terminal.output import say, show
from o365seg.terminal.overwriting import refuse_overwriting

app = typer.Typer(help="Manage tokens of the HTTP API.", no_args_is_help=True)

TokenName = Annotated[str, typer.Argument(help="Name of the token.", callback=utf8)]


@app.command(epilog="Example: `annotate-app token create my-project nightly --scope release`")
def create(
    project: ProjectFolder,
    name: TokenName,
    scope: Annotated[
        Scope, typer.Option(help="What it allows; each scope includes those before it.")
    ] = Scope.READ,
) -> None:
    """Print a new token. It is not stored; the database holds its hash."""
    from o365seg.project.folder import open_project
    from o365seg.store.database import now_ms
    from o365seg.store.pipeline import tokens

    with open_project(project).store.write() as db:
        token = tokens.create(db, name, scope, now_ms())
    say(token)


@app.command("list", epilog="Example: `annotate-app token list my-project`")
def list_all(project: ProjectFolder, json: JsonFile = None) -> None:
    """List the tokens that work."""
    from rich.table import Table
    from rich.text import Text

    from o365seg.project.folder import open_project
    from o365seg.store.pipeline import tokens

    refuse_overwriting({"--json": json}, [project])
    with open_project(project).store.read() as db:
        found = tokens.list_working(db)
    table = Table("name", "scope", "created (UTC)", box=None)
    for token in found:
        at = datetime.fromtimestamp(token.created_at / 1000, UTC)
        table.add_row(Text(token.name), token.scope.value, f"{at:%Y-%m-%d %H:%M}")
    show(found, json, table)


@app.command(epilog="Example: `annotate-app token revoke my-project nightly`")
def revoke(project: ProjectFolder, name: TokenName) -> None:
    """Revoke a token, at once and for good."""
    from o365seg.project.folder import open_project
    from o365seg.store.database import now_ms
    from o365seg.store.pipeline import tokens

    with open_project(project).store.write() as db:
        if not tokens.revoke(db, name, now_ms()):
            raise InputError(f"no token {name!r} works", field="name")
    say(f"token {name} is revoked")
