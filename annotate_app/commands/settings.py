"""`annotate-app settings …`: how a project's work is checked."""

from pathlib import Path
from typing import Annotated

import typer

from annotate_app.commands.options import ProjectFolder
from o365seg.terminal.command_line import utf8
from o365seg.terminal.options import JsonFile
from o365seg.terminal.output import STDOUT, say, show
from o365seg.terminal.overwriting import refuse_overwriting

app = typer.Typer(help="Show and change a project's settings.", no_args_is_help=True)


@app.command("show", epilog="Example: `annotate-app settings show my-project`")
def show_all(project: ProjectFolder, json: JsonFile = None) -> None:
    """Print all settings."""
    from dataclasses import asdict

    from o365seg.project.folder import open_project
    from o365seg.store.settings import read_settings

    refuse_overwriting({"--json": json}, [project])
    with open_project(project).store.read() as db:
        settings = asdict(read_settings(db))
    if json != STDOUT:
        for name, value in settings.items():
            if name != "guidelines":
                say(f"{name} = {str(value).lower()}")
        say(f"\n{settings['guidelines'].rstrip()}")
    show(settings, json)


@app.command("set", epilog="Example: `annotate-app settings set my-project gold_share 0.1`")
def set_one(
    project: ProjectFolder,
    name: Annotated[str, typer.Argument(help="Setting, from `annotate-app settings show`.")],
    value: Annotated[str, typer.Argument(help="New value.")],
) -> None:
    """Change one setting; a running server uses it at once."""
    from o365seg.project.folder import open_project
    from o365seg.store.settings import change_setting

    with open_project(project).store.write() as db:
        settings = change_setting(db, name, value)
    say(f"{name} = {str(getattr(settings, name)).lower()}")


@app.command(epilog="Example: `annotate-app settings guidelines my-project guidelines.md`")
def guidelines(
    project: ProjectFolder,
    file: Annotated[Path, typer.Argument(help="Markdown file; HTML in it is shown as text.")],
) -> None:
    """Set the raters' guidelines from a Markdown file."""
    from o365seg.formats.file_bytes import read_text
    from o365seg.project.folder import open_project
    from o365seg.store.settings import change_setting

    text = read_text(file)
    with open_project(project).store.write() as db:
        change_setting(db, "guidelines", text)
    say(f"guidelines: {len(text.split())} words")


@app.command(epilog="Example: `annotate-app settings images my-project /mnt/new/val`")
def images(
    project: ProjectFolder,
    place: Annotated[
        str, typer.Argument(help="Folder or URL where the images are now.", callback=utf8)
    ],
) -> None:
    """Store where the images have moved to.

    Every image must be there. With `serve --projects`, a running server uses the new place at
    once for projects of that folder; any other server must be restarted.
    """
    from o365seg.project.folder import move_images

    move_images(project, place)
    say(f"images: {place}")
