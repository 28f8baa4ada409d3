"""`annotate-app rater …`: add raters, set passwords, qualify."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from annotate_app.commands.options import PersonName, ProjectFolder
from o365seg.errors import InputError
from o365seg.terminal.output import say

if TYPE_CHECKING:  # importing these takes longer than --help should
    from collections.abc import Callable
    from pathlib import Path

    from o365seg.store.database import Connection

app = typer.Typer(help="Add raters, set their passwords, qualify them.", no_args_is_help=True)

PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


@app.command(epilog="Example: `annotate-app rater add my-project Ada`")
def add(project: ProjectFolder, name: PersonName, password_stdin: PasswordStdin = False) -> None:
    """Add a rater."""
    from o365seg.store.people.raters import add_rater

    _give_password(
        project, name, add_rater, "person.add", f"added {name}", from_stdin=password_stdin
    )


@app.command(epilog="Example: `annotate-app rater password my-project Ada`")
def password(
    project: ProjectFolder, name: PersonName, password_stdin: PasswordStdin = False
) -> None:
    """Set a new password and end the rater's sessions."""
    from o365seg.store.people.raters import set_password

    _give_password(
        project,
        name,
        set_password,
        "person.password",
        f"new password for {name}",
        from_stdin=password_stdin,
    )


@app.command("list", epilog="Example: `annotate-app rater list my-project`")
def list_all(project: ProjectFolder) -> None:
    """List the raters' names."""
    from o365seg.project.folder import open_project
    from o365seg.store.people.raters import rater_names

    with open_project(project).store.read() as db:
        names = rater_names(db)
    for name in names:
        say(name)


@app.command(epilog="Example: `annotate-app rater qualify my-project Ada`")
def qualify(project: ProjectFolder, name: PersonName) -> None:
    """Qualify a rater, whatever the result of their qualification."""
    from o365seg.project.folder import open_project
    from o365seg.store.database import now_ms
    from o365seg.store.people.qualification import pass_by_hand

    with open_project(project).store.write() as db:
        pass_by_hand(db, name, now_ms())
    say(f"{name} is qualified")


def _give_password(
    project: Path,
    name: str,
    store_hash: Callable[[Connection, str, str], None],
    action: str,
    done: str,
    *,
    from_stdin: bool,
) -> None:
    """Store a new password's hash by `store_hash(db, name, hash)`; print a random password."""
    from annotate_app.access.passwords import hash_password, random_password
    from o365seg.project.folder import open_project
    from o365seg.store import audit

    opened = open_project(project)
    new = _password_from_stdin(name) if from_stdin else random_password()
    hashed = hash_password(new)
    with opened.store.write() as db:
        store_hash(db, name, hashed)
        audit.record(db, None, action, name)
    say(done)
    if not from_stdin:
        say(f"password: {new}")


def _password_from_stdin(name: str) -> str:
    """The first line of standard input, if `name` may have it as password."""
    from annotate_app.access.passwords import password_fault

    try:
        given = sys.stdin.buffer.readline().decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise InputError("must be UTF-8 text", field="password") from None
    fault = password_fault(given, name)
    if fault is not None:
        raise InputError(fault, field="password")
    return given
