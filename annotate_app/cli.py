"""The command `annotate-app`: serve a project to its raters, add raters, run the demo."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from o365seg import command_line
from o365seg.errors import InputError

if TYPE_CHECKING:  # importing these takes longer than --help should
    from o365seg.project import Project
    from o365seg.store.database import Store

app = command_line.make_app("Serve the painting tool, and manage who may sign in.")
rater_app = typer.Typer(help="Who may sign in.", no_args_is_help=True)
app.add_typer(rater_app, name="rater")

ProjectFolder = Annotated[Path, typer.Argument(help="The project's folder.")]
Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for every interface.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for any free one.")]

DEMO_RATER = "rater"


@app.command(epilog="Example: `annotate-app serve my-project --host 0.0.0.0 --port 8000`")
def serve(
    project: ProjectFolder,
    host: Host = "127.0.0.1",
    port: Port = 7860,
    images: Annotated[
        Path | None, typer.Option(help="Image root, where it moved since `o365seg create`.")
    ] = None,
) -> None:
    """Serve a project's painting tool until Ctrl-C."""
    from o365seg.project import open_project

    if images is not None and not images.is_dir():
        raise InputError("no such image folder", file=images)
    opened = open_project(project, images and images.resolve())
    with opened.store.read() as db:
        from o365seg.store.raters import rater_names

        names = rater_names(db)
    if names:
        sign_in = f"Sign in as {', '.join(names[:5])}{' …' if len(names) > 5 else ''}."
    else:
        sign_in = f"Nobody can sign in yet: annotate-app rater add {project} NAME"
    _serve(opened, host, port, sign_in)


@app.command(epilog="Example: `annotate-app demo demo/project`")
def demo(
    project: Annotated[Path, typer.Argument(help="Where the demo project is, or shall be.")],
    host: Host = "127.0.0.1",
    port: Port = 7860,
) -> None:
    """Serve a project over scikit-image's public-domain photographs; makes it the first time."""
    from annotate_app.passwords import random_password
    from o365seg.demo import create_demo
    from o365seg.project import open_project

    if not project.exists():
        report = create_demo(project)
        typer.echo(f"made {project}: {report.images} images, {report.questions} questions")
    opened = open_project(project)
    password = random_password()  # a new one at each start, since only its hash is kept
    _set_password(opened.store, DEMO_RATER, password)
    _serve(opened, host, port, f"Sign in as {DEMO_RATER} with password {password}")


@rater_app.command("add", epilog="Example: `annotate-app rater add my-project Ada`")
def add_rater(
    project: ProjectFolder,
    name: Annotated[str, typer.Argument(help="The name to sign in with.")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
) -> None:
    """Add a rater, or give one a new password, which ends the sessions under the old one."""
    from annotate_app.passwords import random_password
    from o365seg.project import open_project

    opened = open_project(project)
    password = sys.stdin.readline().rstrip("\n") if password_stdin else random_password()
    if len(password) < 8:
        raise InputError("at least 8 characters are needed", field="password")
    is_new = _set_password(opened.store, name, password)
    typer.echo(f"{'added' if is_new else 'new password for'} {name}")
    if not password_stdin:
        typer.echo(f"password: {password}")


@rater_app.command("list")
def list_raters(project: ProjectFolder) -> None:
    """List the raters' names."""
    from o365seg.project import open_project
    from o365seg.store.raters import rater_names

    with open_project(project).store.read() as db:
        for name in rater_names(db):
            typer.echo(name)


def _set_password(store: Store, name: str, password: str) -> bool:
    from annotate_app.passwords import hash_password
    from o365seg.store.raters import set_password

    hashed = hash_password(password)
    with store.write() as db:
        return set_password(db, name, hashed)


def _serve(project: Project, host: str, port: int, sign_in: str) -> None:
    """Serve until interrupted; say where, and that everything is kept."""
    listening = _listen(host, port)
    typer.echo("starting …")
    import uvicorn

    from annotate_app.server import make_app

    server = uvicorn.Server(
        uvicorn.Config(
            make_app(project),
            log_level="warning",
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
        raise InputError(
            f"cannot listen on {host} port {port}: {error.strerror}; try another --port"
        ) from None
    return listening


def main() -> None:
    """Run the command."""
    command_line.run(app)
