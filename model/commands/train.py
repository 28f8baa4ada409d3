"""The command `dataseg train`. Nothing here loads PyTorch before the command runs."""

from pathlib import Path
from typing import Annotated

import typer

from model.commands.options import model_libraries


def train(
    config: Annotated[
        str,
        typer.Argument(
            help="What to train: a TOML file (docs/training.md), or the name of a shipped recipe.",
            metavar="CONFIG.toml|RECIPE",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the run. A run that is there already goes on.",
            show_default="runs/ and the configuration's name",
        ),
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="cpu, cuda, …", show_default="a GPU where there is one")
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Print the configuration and do nothing else.")
    ] = False,
) -> None:
    """Train on one or several data sets; a stopped run goes on where its last checkpoint is.

    On several processors: `torchrun --nproc-per-node 8 -m model train …`.
    """
    with model_libraries():
        from model.training.config import RECIPES, find_config, read_train_config

        path = find_config(config)
        if show:
            typer.echo(path.read_text("utf-8"), nl=False)
            return
        settings = read_train_config(path)
        from model.training.loop import train_run

        # The paths in a file begin at its folder; those in a shipped recipe where the user is.
        base = Path() if path.parent == RECIPES else path.parent
        train_run(settings, base, str(path), out or Path("runs") / path.stem, device)
