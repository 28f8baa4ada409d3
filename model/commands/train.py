"""The command `dataseg train`. Nothing here loads PyTorch before the command runs."""

import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from model.commands.options import Device, model_libraries
from o365seg.terminal import output


def train(
    config: Annotated[
        str,
        typer.Argument(
            help="A TOML file (docs/training.md), or the name of a shipped recipe.",
            metavar="CONFIG.toml|RECIPE",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the run. An unfinished run in it is resumed.",
            show_default="runs/ and the configuration's name",
        ),
    ] = None,
    device: Device = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Replace a value of the configuration, such as optimizer.lr=1e-4; repeatable. "
            "When a run is resumed, iterations, optimizer.lr and skip may change.",
            metavar="NAME=VALUE",
        ),
    ] = None,
    extend: Annotated[
        int | None,
        typer.Option(help="Train to this many iterations: --set iterations=N.", min=1),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(
            help="Start from the weights of this checkpoint, of other data sets or another size, "
            "too; without a [model] table the network is the checkpoint's. Weights that do not fit "
            "are listed.",
            metavar="FILE.safetensors",
        ),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Print the configuration, and exit.")
    ] = False,
) -> None:
    """Train on one or several data sets; an interrupted run resumes at its last checkpoint.

    On several processors: `torchrun --nproc-per-node 8 -m model train …`.
    """
    with model_libraries():
        from model.training.config import base_folder, find_config, read_train_config

        path = find_config(config)
        if show:
            output.say(path.read_text("utf-8").rstrip("\n"))
            return
        replaced = parse_settings(settings or [])
        replaced |= {} if extend is None else {"iterations": extend}
        replaced |= {} if start is None else {"start": str(start.absolute())}
        from model.training.resume import CONFIG_FILE

        folder = out or Path("runs") / path.stem
        run = read_train_config(path, replaced, folder / CONFIG_FILE)
        from model.training.loop import train_run

        train_run(run, base_folder(path), str(path), folder, device, replaced)


def parse_settings(given: list[str]) -> dict[str, Any]:
    """`NAME=VALUE` as name and value; a value is TOML's, or text where it is not TOML.

    Raises:
        BadParameter: no name or no value.
    """
    found: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name or not equals or not value:
            raise typer.BadParameter(f"must be NAME=VALUE, not {text!r}", param_hint="--set")
        try:
            found[name.strip()] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            found[name.strip()] = value
    return found
