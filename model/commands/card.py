"""The command `dataseg card`."""

from pathlib import Path
from typing import Annotated

import typer

from model.commands.options import model_libraries


def card(
    checkpoint: Annotated[Path, typer.Argument(help="The model.", metavar="FILE.safetensors")],
    evaluation: Annotated[
        list[Path] | None,
        typer.Option(
            help="What `dataseg evaluate --json` wrote; may be given again.", metavar="NUMBERS.JSON"
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("model_card.md"),
    name: Annotated[
        str | None, typer.Option(help="The model's name.", show_default="its file's")
    ] = None,
    licence: Annotated[str | None, typer.Option(help="Of the weights, in words.")] = None,
) -> None:
    """Write the model card: the network, what it was trained on, its scores, its limits."""
    with model_libraries():
        from model.evaluation.card import model_card, read_evaluations
        from o365seg.formats.json_files import write_bytes_atomic

        command = ["dataseg", "card", checkpoint.name]
        for path in evaluation or []:
            command += ["--evaluation", path.name]
        for option, value in (("--name", name), ("--licence", licence)):
            command += [option, value] if value else []
        text = model_card(
            checkpoint, read_evaluations(evaluation or [], checkpoint),
            name=name, licence=licence, command=command,
        )  # fmt: skip
        write_bytes_atomic(out, text.encode())
    typer.echo(f"written: {out}", err=True)
