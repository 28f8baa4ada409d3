"""Arguments that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from o365seg.terminal.command_line import utf8


def _signed_64_bit(number: int) -> int:
    """Typer's callback for an id of the source data; without a range in the help."""
    if not -(2**63) <= number < 2**63:
        raise typer.BadParameter("must be a signed 64-bit integer")
    return number


ProjectFolder = Annotated[Path, typer.Argument(help="The project's folder.")]
PersonName = Annotated[str, typer.Argument(help="Name the person signs in with.", callback=utf8)]
QuestionId = Annotated[
    int, typer.Argument(help="Question id: its annotation's id.", callback=_signed_64_bit)
]
