"""The command `dataseg card`."""

from pathlib import Path
from typing import Annotated

import typer

from model.commands.options import Checkpoint, model_libraries
from o365seg.terminal import output
from o365seg.terminal.overwriting import refuse_overwriting


def card(
    checkpoint: Checkpoint,
    evaluation: Annotated[
        list[Path] | None,
        typer.Option(
            help="A file from `dataseg evaluate --json`; repeatable.", metavar="NUMBERS.JSON"
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("model_card.md"),
    name: Annotated[
        str | None, typer.Option(help="Name of the model.", show_default="that of its file")
    ] = None,
    licence: Annotated[
        str | None,
        typer.Option(
            help="Licence of the weights: an SPDX identifier such as Apache-2.0, a URL, or text."
        ),
    ] = None,
    contact: Annotated[str | None, typer.Option(help="Address for questions.")] = None,
    citation: Annotated[str | None, typer.Option(help="How to cite the model.")] = None,
) -> None:
    """Write the model card: network, training data, scores and limits."""
    refuse_overwriting({"--out": out}, [checkpoint, *(evaluation or [])])
    with model_libraries():
        from model.evaluation.card import model_card, read_evaluations
        from o365seg.formats.json_files import write_bytes_atomic

        command = ["dataseg", "card", checkpoint.name]
        for path in evaluation or []:
            command += ["--evaluation", path.name]
        for option, value in (
            ("--name", name), ("--licence", licence),
            ("--contact", contact), ("--citation", citation),
        ):  # fmt: skip
            command += [option, value] if value else []
        text = model_card(
            checkpoint, read_evaluations(evaluation or [], checkpoint),
            name=name, licence=licence, contact=contact, citation=citation, command=command,
        )  # fmt: skip
        write_bytes_atomic(out, text.encode())
    output.say_written(out)
