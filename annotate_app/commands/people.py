"""`annotate-app progress`, `audit`, and who may do what: `invite`, `people`, `role`, and so on."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from o365seg.store.roles import Role
from o365seg.terminal.command_line import MOST, utf8

ProjectFolder = Annotated[Path, typer.Argument(help="The project's folder.")]
Json = Annotated[bool, typer.Option("--json", help="For scripts.")]
PersonName = Annotated[str, typer.Argument(help="The name they sign in with.", callback=utf8)]


def invite(
    project: ProjectFolder,
    role: Annotated[Role, typer.Option(help="What they will be.")] = Role.RATER,
    name: Annotated[
        str | None, typer.Option(help="The name to sign in with; else theirs to choose.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=90, help="For how long the link works.")] = 7,
    url: Annotated[
        str, typer.Option(help="Where people reach the server.")
    ] = "http://127.0.0.1:7860",
) -> None:
    """Print a link by which one person joins; the first owner of a project comes in this way."""
    from annotate_app.access.sessions import JOIN_ROOT
    from o365seg.project.folder import open_project
    from o365seg.store.database import now_ms
    from o365seg.store.people import invitations

    with open_project(project).store.write() as db:
        token = invitations.invite(db, role, name=name, by=None, now=now_ms(), days=days)
    typer.echo(f"{url.rstrip('/')}{JOIN_ROOT}/{token}")


def invitations(project: ProjectFolder, json: Json = False) -> None:
    """List the invitations that nobody has followed yet; the links themselves are kept nowhere."""
    from dataclasses import asdict

    import msgspec
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from o365seg.project.folder import open_project
    from o365seg.store.database import now_ms
    from o365seg.store.people.invitations import list_open

    with open_project(project).store.read() as db:
        found = list_open(db, now_ms())
    if json:
        typer.echo(msgspec.json.encode([asdict(invitation) for invitation in found]).decode())
        return
    table = Table("id", "name", "role", "works until (UTC)", box=None)
    for invitation in found:
        table.add_row(
            str(invitation.id),
            Text(invitation.name or "(theirs to choose)"),
            invitation.role.value,
            _when(invitation.expires_at, "%Y-%m-%d %H:%M"),
        )
    Console().print(table)


def withdraw(
    project: ProjectFolder,
    invitation: Annotated[
        int, typer.Argument(min=1, max=MOST, help="Its id, as `invitations` lists it.")
    ],
) -> None:
    """Make an invitation's link useless."""
    from o365seg.errors import InputError
    from o365seg.project.folder import open_project
    from o365seg.store.database import now_ms
    from o365seg.store.people import invitations

    with open_project(project).store.write() as db:
        withdrawn = invitations.withdraw(db, invitation, by=None, now=now_ms())
    if not withdrawn:
        raise InputError("there is no such open invitation", record=f"invitation {invitation}")
    typer.echo(f"invitation {invitation} is withdrawn")


def people(project: ProjectFolder, json: Json = False) -> None:
    """List everybody: role, whether they may sign in, answers."""
    from dataclasses import asdict

    import msgspec
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from o365seg.project.folder import open_project
    from o365seg.store.people.accounts import list_people

    table = Table("name", "role", "state", "answers", box=None)
    table.columns[3].justify = "right"
    with open_project(project).store.read() as db:
        everybody = list_people(db)
    if json:
        typer.echo(msgspec.json.encode([asdict(person) for person in everybody]).decode())
        return
    for person in everybody:
        state = "active" if person.active else "shut out"
        table.add_row(Text(person.name), person.role.value, state, f"{person.answers:,}")
    Console().print(table)


def role(
    project: ProjectFolder,
    name: PersonName,
    role: Annotated[Role, typer.Argument(help="The new role.")],
) -> None:
    """Change what a person may do."""
    from o365seg.project.folder import open_project
    from o365seg.store.people import accounts as people

    with open_project(project).store.write() as db:
        people.set_role(db, name, role, by=None)
    typer.echo(f"{name} is {role.value} now")


def deactivate(project: ProjectFolder, name: PersonName) -> None:
    """Shut a person out: their sessions end, their questions are free; what they painted stays."""
    from o365seg.project.folder import open_project
    from o365seg.store.database import now_ms
    from o365seg.store.people import accounts as people

    with open_project(project).store.write() as db:
        people.deactivate(db, name, by=None, now=now_ms())
    typer.echo(f"{name} is shut out")


def reactivate(project: ProjectFolder, name: PersonName) -> None:
    """Let a person in again."""
    from o365seg.project.folder import open_project
    from o365seg.store.people import accounts as people

    with open_project(project).store.write() as db:
        people.reactivate(db, name, by=None)
    typer.echo(f"{name} may sign in again")


def audit(
    project: ProjectFolder,
    action: Annotated[
        str | None, typer.Option(help="Only this, as `person.invite`.", callback=utf8)
    ] = None,
    actor: Annotated[
        str | None, typer.Option(help="Only what this person did.", callback=utf8)
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="The newest so many.")] = 50,
    json: Annotated[bool, typer.Option("--json", help="For scripts: one object a line.")] = False,
) -> None:
    """Show who changed what, newest first."""
    from dataclasses import asdict

    import msgspec

    from o365seg.project.folder import open_project
    from o365seg.store.audit import list_entries

    with open_project(project).store.read() as db:
        entries = list_entries(db, actor=actor, action=action, limit=limit)
    for entry in entries:
        if json:
            typer.echo(msgspec.json.encode(asdict(entry)).decode())
            continue
        when = _when(entry.at, "%Y-%m-%d %H:%M:%S")
        detail = " ".join(f"{key}={_brief(value)}" for key, value in entry.detail.items())
        who = entry.actor or "(command line)"
        typer.echo(f"{when}  {who}  {entry.action}  {entry.subject}  {detail}".rstrip())


def progress(
    project: ProjectFolder,
    json: Json = False,
) -> None:
    """Show what is left and until when, and each rater's pace, agreement, gold and rejections.

    Counts and hours of the whole project: `o365seg status`.
    """
    from dataclasses import asdict

    import msgspec
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from o365seg.project.folder import open_project
    from o365seg.store.database import now_ms
    from o365seg.store.progress import pace
    from o365seg.store.quality import rater_quality

    with open_project(project).store.read() as db:
        left = pace.estimate(db, now_ms())
        people = rater_quality.measure_raters(db)
        skips = rater_quality.skips_by_category(db)
    if json:
        found = {
            "estimate": asdict(left),
            "raters": [asdict(person) for person in people],
            "skips_by_category": [asdict(row) for row in skips],
        }
        typer.echo(msgspec.json.encode(found).decode())
        return
    hours = "" if left.hours_left is None else f", about {left.hours_left:.1f} rater hours"
    typer.echo(f"{left.left:,} questions left{hours}")
    if left.done_at is not None:
        day = datetime.fromtimestamp(left.done_at / 1000, UTC).date()
        typer.echo(f"done by {day} at {left.per_day:.0f} a day, as of late")
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
    Console().print(table)
    for row in skips:
        why = ", ".join(f"{reason} {count}" for reason, count in row.by_reason.items())
        typer.echo(f"{row.category}: {row.skipped} of {row.answered} skipped ({why})")


def _brief(value: object) -> str:
    """Of guidelines, the first line."""
    text = str(value)
    first = text.partition("\n")[0]
    return first if first == text else f"{first}…"


def _when(ms: int, form: str) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime(form)


EXAMPLES = {
    progress: "progress my-project --json | jq .estimate",
    invite: "invite my-project --role owner --url https://paint.example.org",
    invitations: "invitations my-project",
    withdraw: "withdraw my-project 3",
    people: "people my-project",
    role: "role my-project Ada reviewer",
    deactivate: "deactivate my-project Ada",
    reactivate: "reactivate my-project Ada",
    audit: "audit my-project --action person.invite",
}
