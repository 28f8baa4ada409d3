"""`annotate-app invite`, `people`, `role` and so on: who can sign in, and as what."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from annotate_app.commands.options import PersonName, ProjectFolder
from o365seg.store.roles import Role
from o365seg.terminal.command_line import MOST
from o365seg.terminal.options import JsonFile
from o365seg.terminal.output import say, show
from o365seg.terminal.overwriting import refuse_overwriting

app = typer.Typer()


@app.command(
    epilog="Example: `annotate-app invite my-project --role owner --url https://paint.example.org`"
)
def invite(
    project: ProjectFolder,
    role: Annotated[Role, typer.Option(help="Role of the new person.")] = Role.RATER,
    name: Annotated[
        str | None,
        typer.Option(help="Name to sign in with; by default the person chooses one."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=90, help="Days until the link expires.")] = 7,
    url: Annotated[
        str, typer.Option(help="Address at which people reach the server.")
    ] = "http://127.0.0.1:7860",
) -> None:
    """Print an invitation link for one person.

    Use `--role owner` for the first owner of a project.
    """
    from annotate_app.access.sessions import join_link
    from o365seg.project.folder import open_project
    from o365seg.store.database import now_ms
    from o365seg.store.people import invitations

    with open_project(project).store.write() as db:
        token = invitations.invite(db, role, name=name, by=None, now=now_ms(), days=days)
    say(join_link(url, token))


@app.command(epilog="Example: `annotate-app invitations my-project`")
def invitations(project: ProjectFolder, json: JsonFile = None) -> None:
    """List open invitations. The links themselves are not stored."""
    from rich.table import Table
    from rich.text import Text

    from o365seg.project.folder import open_project
    from o365seg.store.database import now_ms
    from o365seg.store.people.invitations import list_open

    refuse_overwriting({"--json": json}, [project])
    with open_project(project).store.read() as db:
        found = list_open(db, now_ms())
    table = Table("id", "name", "role", "expires (UTC)", box=None)
    for invitation in found:
        table.add_row(
            str(invitation.id),
            Text(invitation.name or "(person chooses)"),
            invitation.role.value,
            datetime.fromtimestamp(invitation.expires_at / 1000, UTC).strftime("%Y-%m-%d %H:%M"),
        )
    show(found, json, table)


@app.command(epilog="Example: `annotate-app withdraw my-project 3`")
def withdraw(
    project: ProjectFolder,
    invitation: Annotated[
        int, typer.Argument(min=1, max=MOST, help="Invitation id, from `annotate-app invitations`.")
    ],
) -> None:
    """Withdraw an invitation, so that its link stops working."""
    from o365seg.errors import InputError
    from o365seg.project.folder import open_project
    from o365seg.store.database import now_ms
    from o365seg.store.people import invitations

    with open_project(project).store.write() as db:
        withdrawn = invitations.withdraw(db, invitation, by=None, now=now_ms())
    if not withdrawn:
        raise InputError("unknown or closed", record=f"invitation {invitation}")
    say(f"invitation {invitation} is withdrawn")


@app.command(epilog="Example: `annotate-app people my-project`")
def people(project: ProjectFolder, json: JsonFile = None) -> None:
    """List people with role, state and number of answers."""
    from rich.table import Table
    from rich.text import Text

    from o365seg.project.folder import open_project
    from o365seg.store.people.accounts import list_people

    refuse_overwriting({"--json": json}, [project])
    with open_project(project).store.read() as db:
        everybody = list_people(db)
    table = Table("name", "role", "state", "answers", box=None)
    table.columns[3].justify = "right"
    for person in everybody:
        state = "active" if person.active else "deactivated"
        table.add_row(Text(person.name), person.role.value, state, f"{person.answers:,}")
    show(everybody, json, table)


@app.command(epilog="Example: `annotate-app role my-project Ada reviewer`")
def role(
    project: ProjectFolder,
    name: PersonName,
    role: Annotated[Role, typer.Argument(help="The new role.")],
) -> None:
    """Change a person's role."""
    from o365seg.project.folder import open_project
    from o365seg.store.people import accounts

    with open_project(project).store.write() as db:
        accounts.set_role(db, name, role, by=None)
    say(f"{name} is {role.value} now")


@app.command(epilog="Example: `annotate-app deactivate my-project Ada`")
def deactivate(project: ProjectFolder, name: PersonName) -> None:
    """Deactivate a person: end their sessions, release their questions, keep their answers."""
    from o365seg.project.folder import open_project
    from o365seg.store.database import now_ms
    from o365seg.store.people import accounts

    with open_project(project).store.write() as db:
        accounts.deactivate(db, name, by=None, now=now_ms())
    say(f"{name} is deactivated")


@app.command(epilog="Example: `annotate-app reactivate my-project Ada`")
def reactivate(project: ProjectFolder, name: PersonName) -> None:
    """Reactivate a person, so that they can sign in again."""
    from o365seg.project.folder import open_project
    from o365seg.store.people import accounts

    with open_project(project).store.write() as db:
        accounts.reactivate(db, name, by=None)
    say(f"{name} can sign in again")
