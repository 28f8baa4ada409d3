"""The command `annotate-app`: serve a project to its raters, add raters, run the demo."""

from __future__ import annotations

import errno
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from annotate_app.commands import people as owner_commands
from annotate_app.commands import quality as quality_commands
from o365seg.errors import InputError
from o365seg.terminal import command_line

if TYPE_CHECKING:  # importing these takes longer than --help should
    from collections.abc import Callable

    from sqlalchemy import Connection

    from o365seg.project.folder import Project

app = command_line.make_app("Serve the painting tool, and manage who may sign in.")
rater_app = typer.Typer(help="Who may sign in.", no_args_is_help=True)
app.add_typer(rater_app, name="rater")
for _command, _example in owner_commands.EXAMPLES.items():
    app.command(epilog=f"Example: `annotate-app {_example}`")(_command)

app.add_typer(quality_commands.settings_app, name="settings")
app.add_typer(quality_commands.gold_app, name="gold")
app.command(epilog="Example: `annotate-app agreement my-project --json`")(
    quality_commands.agreement
)
rater_app.command(epilog="Example: `annotate-app rater qualify my-project Ada`")(
    quality_commands.qualify
)

ProjectFolder = Annotated[Path, typer.Argument(help="The project's folder.")]
Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for every interface.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for any free one.")]

RaterName = Annotated[
    str, typer.Argument(help="The name to sign in with.", callback=command_line.utf8)
]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]

# Of the extra `annotate`; without them `--help` works, and the rest says what to install.
_LIBRARIES = ("argon2", "fastapi", "gradio", "itsdangerous", "python_multipart", "uvicorn")

DEMO_RATER = "rater"
DEMO_KEY_FILE = "demo-password.txt"


@app.command(epilog="Example: `annotate-app serve my-project --host 0.0.0.0 --port 8000`")
def serve(
    project: ProjectFolder,
    host: Host = "127.0.0.1",
    port: Port = 7860,
    images: Annotated[
        str | None,
        typer.Option(help="Image root (a folder or URL), where it moved since `o365seg create`."),
    ] = None,
    database: command_line.DatabaseUrl = "",
    behind_proxy: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Address of your reverse proxy, as 127.0.0.1: only its X-Forwarded-For and "
            "X-Forwarded-Proto are believed.",
        ),
    ] = None,
) -> None:
    """Serve a project's painting tool until Ctrl-C."""
    from o365seg.project.folder import open_project
    from o365seg.store.people.raters import rater_names

    opened = open_project(project, images, database)
    try:
        opened.images.check()
    except InputError as error:
        raise InputError(
            f"{error.message}; say with --images where it is", file=error.file
        ) from None
    with opened.store.read() as db:
        names = rater_names(db)
    if names:
        sign_in = f"Sign in as {', '.join(names[:5])}{' …' if len(names) > 5 else ''}."
    else:
        sign_in = f"Nobody can sign in yet: annotate-app invite {project} --role owner"
    _serve(opened, _listen(host, port), sign_in, behind_proxy)


@app.command(epilog="Example: `annotate-app demo demo/project`")
def demo(
    project: Annotated[Path, typer.Argument(help="Where the demo project is, or shall be.")],
    host: Host = "127.0.0.1",
    port: Port = 7860,
) -> None:
    """Serve a project over scikit-image's public-domain photographs; makes it the first time."""
    from o365seg.demo import create_demo
    from o365seg.project.folder import open_project

    listening = _listen(host, port)
    if not project.exists():
        report = create_demo(project)
        typer.echo(f"made {project}: {report.images} images, {report.questions} questions")
    opened = open_project(project)
    password = _demo_password(opened)
    _serve(opened, listening, f"Sign in as {DEMO_RATER} with password {password}")


def _demo_password(project: Project) -> str:
    """The demo rater's password, which stays the same so that a restart signs nobody out.

    It lies readable in the project, as no real project's would: the demo is for oneself.
    """
    from annotate_app.access.passwords import hash_password, random_password
    from o365seg.store import audit
    from o365seg.store.people.raters import add_rater, find_rater
    from o365seg.store.schema import Role

    path = project.folder / DEMO_KEY_FILE
    if path.is_file():
        return path.read_text().strip()
    with project.store.write() as db:
        if find_rater(db, DEMO_RATER) is not None or not project.is_demo:
            raise InputError(
                "is not the demo; serve it with `annotate-app serve`", file=project.folder
            )
        password = random_password()
        add_rater(db, DEMO_RATER, hash_password(password), Role.OWNER)  # who sees every page
        audit.record(db, None, "person.add", DEMO_RATER)
        path.touch(0o600)
        path.write_text(password + "\n")
    return password


@rater_app.command("add", epilog="Example: `annotate-app rater add my-project Ada`")
def rater_add(
    project: ProjectFolder, name: RaterName, password_stdin: PasswordStdin = False
) -> None:
    """Add a rater."""
    from o365seg.store.people.raters import add_rater

    _give_password(
        project, name, add_rater, "person.add", f"added {name}", from_stdin=password_stdin
    )


@rater_app.command("password", epilog="Example: `annotate-app rater password my-project Ada`")
def rater_password(
    project: ProjectFolder, name: RaterName, password_stdin: PasswordStdin = False
) -> None:
    """Give a rater another password, which ends the sessions under the old one."""
    from o365seg.store.people.raters import set_password

    _give_password(
        project,
        name,
        set_password,
        "person.password",
        f"new password for {name}",
        from_stdin=password_stdin,
    )


@rater_app.command("list")
def list_raters(project: ProjectFolder) -> None:
    """List the raters' names."""
    from o365seg.project.folder import open_project
    from o365seg.store.people.raters import rater_names

    with open_project(project).store.read() as db:
        for name in rater_names(db):
            typer.echo(name)


def _give_password(
    project: Path,
    name: str,
    store_hash: Callable[[Connection, str, str], None],
    action: str,
    said: str,
    *,
    from_stdin: bool,
) -> None:
    """Store a new password's hash by `store_hash(db, name, hash)`; show it where we made it up."""
    from o365seg.project.folder import open_project
    from o365seg.store import audit

    opened = open_project(project)
    password, hashed = _new_password(from_stdin=from_stdin)
    with opened.store.write() as db:
        store_hash(db, name, hashed)
        audit.record(db, None, action, name)
    typer.echo(said)
    if not from_stdin:
        typer.echo(f"password: {password}")


def _new_password(*, from_stdin: bool) -> tuple[str, str]:
    """A password and its hash: the first line of standard input, or a random one."""
    from annotate_app.access.passwords import (
        MAX_PASSWORD,
        MIN_PASSWORD,
        hash_password,
        random_password,
    )

    if not from_stdin:
        password = random_password()
    else:
        try:
            password = sys.stdin.buffer.readline().decode().rstrip("\r\n")
        except UnicodeDecodeError:
            raise InputError("must be UTF-8 text", field="password") from None
        if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
            raise InputError(
                f"{MIN_PASSWORD} to {MAX_PASSWORD} characters are needed", field="password"
            )
    return password, hash_password(password)


def _serve(
    project: Project, listening: socket.socket, sign_in: str, proxy: str | None = None
) -> None:
    """Serve until interrupted; say where, and that everything is kept."""
    typer.echo("starting …")
    import uvicorn

    from annotate_app.server import make_app

    server = uvicorn.Server(
        uvicorn.Config(
            make_app(project),
            log_level="warning",
            # Unasked, uvicorn would believe these headers of anybody on this machine.
            proxy_headers=proxy is not None,
            forwarded_allow_ips=proxy,
            server_header=False,
            ws="none",
            # An open page holds a Gradio event stream that never ends by itself.
            timeout_graceful_shutdown=3,
        )
    )
    address = listening.getsockname()
    shown = f"[{address[0]}]" if ":" in address[0] else address[0]
    typer.echo(f"\n  http://{shown}:{address[1]}/\n\n{sign_in}\nCtrl-C stops the server.\n")
    try:
        server.run(sockets=[listening])
    except KeyboardInterrupt:
        pass
    finally:
        project.store.close()
    typer.echo("stopped; every submitted answer is kept, and starting again goes on from here")


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        advice = "; try another --port" if error.errno == errno.EADDRINUSE else ""
        raise InputError(f"cannot listen on {host} port {port}: {error.strerror}{advice}") from None
    return listening


def main() -> None:
    """Run the command."""
    command_line.run(app, dict.fromkeys(_LIBRARIES, "annotate"))
