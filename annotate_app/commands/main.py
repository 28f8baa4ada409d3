"""The command `annotate-app`: serve a project or the demo; and the command groups."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from annotate_app.commands import gold, people, progress, raters, settings, tokens, webhooks
from annotate_app.commands.options import ProjectFolder
from o365seg.errors import InputError
from o365seg.store.roles import Role
from o365seg.terminal import command_line
from o365seg.terminal.output import say

if TYPE_CHECKING:  # importing these takes longer than --help should
    import socket
    from collections.abc import Sequence

    from o365seg.project.folder import Project

app = command_line.make_app("Serve the painting tool and manage its users.")

Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for every interface.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 picks a free one.")]

# Of the extra `annotate`; without them `--help` works, and the rest says what to install.
_LIBRARIES = ("argon2", "fastapi", "gradio", "itsdangerous", "python_multipart", "uvicorn")


@app.command(epilog="Example: `annotate-app serve my-project --host 0.0.0.0 --port 8000`")
def serve(
    project: ProjectFolder,
    host: Host = "127.0.0.1",
    port: Port = 7860,
    images: Annotated[
        str | None,
        typer.Option(help="Folder or URL of the images, if it changed since `o365seg create`."),
    ] = None,
    database: command_line.DatabaseUrl = "",
    hostname: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Host name that users reach the server by; may be repeated. Requests for other "
            "names are refused. By default any name is accepted, or only this machine's own "
            "(localhost) if the server listens on it alone.",
            show_default=False,
        ),
    ] = None,
    projects: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder in which programs make further projects by the HTTP API, with a token of "
            "scope create. Each project NAME of the folder is served at NAME.HOST, where HOST is "
            "a name of --hostname, or localhost.",
            show_default=False,
        ),
    ] = None,
    allow_images: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PLACE",
            help="With --projects: a folder or URL in which images of such projects may be; may "
            "be repeated.",
            show_default=False,
        ),
    ] = None,
    behind_proxy: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Address of your reverse proxy, such as 127.0.0.1. X-Forwarded-For and "
            "X-Forwarded-Proto are trusted from this address only.",
        ),
    ] = None,
) -> None:
    """Serve a project's painting tool until Ctrl-C."""
    from annotate_app.serving import listen
    from o365seg.project.folder import open_project
    from o365seg.store.database import now_ms
    from o365seg.store.people.invitations import list_open
    from o365seg.store.people.raters import rater_names

    opened = open_project(project, images, database)
    try:
        opened.images.check()
    except InputError as error:
        raise InputError(
            f"{error.message}; give its new place with --images", file=error.file
        ) from None
    with opened.store.read() as db:
        names, invited = rater_names(db, active_only=True), list_open(db, now_ms())
    sign_in = _who_can_sign_in(project, names, [one.role for one in invited])
    if not hostname and behind_proxy is None:
        hostname = _own_names(host)
    if projects is not None and not hostname:
        raise InputError("needs --hostname: projects are served at NAME.HOST", field="--projects")
    if allow_images and projects is None:
        raise InputError("needs --projects", field="--allow-images")
    _serve(
        opened,
        listen(host, port),
        sign_in,
        behind_proxy,
        hostname or [],
        projects,
        allow_images or [],
        database,
    )


@app.command(epilog="Example: `annotate-app demo demo/project`")
def demo(
    project: Annotated[
        Path, typer.Argument(help="Folder of the demo project; created if missing.")
    ],
    host: Host = "127.0.0.1",
    port: Port = 7860,
) -> None:
    """Create and serve a demo project with public-domain photographs from scikit-image."""
    from annotate_app.access.demo_rater import DEMO_RATER, demo_password
    from annotate_app.serving import listen
    from o365seg.demo import PREDICTIONS, PREDICTIONS_FOLDER, create_demo
    from o365seg.project.folder import open_project

    listening = listen(host, port)
    if not project.exists():
        report = create_demo(project)
        say(f"created {project}: {report.images} images, {report.questions} questions")
    opened = open_project(project)
    password = demo_password(opened)
    sign_in = f"Sign in as {DEMO_RATER} with password {password} and choose Paint"
    release = project.with_name("release.json")
    score = (
        "When you have painted some masks, score the demo's predictions on them, in another "
        f"terminal:\n  o365seg release {project} --out {release}\n"
        f"  benchmark evaluate {project}/{PREDICTIONS_FOLDER}/{PREDICTIONS[0]} --gt {release}\n"
    )
    _serve(opened, listening, f"{sign_in}\n\n{score}", None, _own_names(host))


def _who_can_sign_in(project: Path, names: Sequence[str], invited: Sequence[Role]) -> str:
    """Who has an account, who may join by a link, and what to do if there is nobody."""
    roles = [f"{invited.count(role)} {role.value}" for role in Role if role in invited]
    links = f"Open invitations: {', '.join(roles)}." if roles else ""
    if names:
        people = f"Sign in as {', '.join(names[:5])}{' …' if len(names) > 5 else ''}."
        return f"{people} {links}".rstrip()
    if links:
        return f"Nobody can sign in yet. {links} Whoever opens an invitation's link can join."
    return (
        "Nobody can sign in or join: there is no account and no open invitation. Invite an owner: "
        f"annotate-app invite {project} --role owner"
    )


def _own_names(host: str) -> list[str]:
    """The names of a server that only this machine can reach; none: it is reached from others."""
    from annotate_app.access.hosts import is_this_machine

    return [host] if is_this_machine(host) else []


def _serve(
    project: Project,
    listening: socket.socket,
    sign_in: str,
    proxy: str | None,
    hosts: Sequence[str],
    projects: Path | None = None,
    image_places: Sequence[str] = (),
    database: str = "",
) -> None:
    """Serve until interrupted; print the address and how to sign in."""
    say("starting …")
    from annotate_app.pipeline.new_projects import ProjectMaker
    from annotate_app.pipeline.webhook_sender import WebhookSender
    from annotate_app.project_hosts import ProjectHosts
    from annotate_app.server import make_app
    from annotate_app.serving import address_of, serve_until_interrupted

    more = None
    if projects is None:
        app = make_app(project, hosts)
    else:
        maker = ProjectMaker(project, projects, image_places)
        more = ProjectHosts(project, maker, hosts, database)
        app = more.home_app
    for language, texts in app.state.languages.catalogues.items():
        if texts.missing:
            missing = f"{len(texts.missing)} texts are missing, the first {texts.missing[0]}"
            say(f"texts/{language}.toml: {missing}; English is shown")
    sender = WebhookSender(project)
    sender.start()
    say(f"\n  {address_of(listening)}\n\n{sign_in}\nCtrl-C stops the server.\n")
    try:
        serve_until_interrupted(more or app, listening, proxy)
    finally:
        sender.stop()
        if more is not None:
            more.close()
        project.store.close()
    say("stopped; all submitted answers are saved")


app.add_typer(people.app)
app.add_typer(progress.app)
app.add_typer(raters.app, name="rater")
app.add_typer(settings.app, name="settings")
app.add_typer(tokens.app, name="token")
app.add_typer(webhooks.app, name="webhook")
app.add_typer(gold.app, name="gold")


def main() -> None:
    """Run the command."""
    command_line.run(app, dict.fromkeys(_LIBRARIES, "annotate"))
