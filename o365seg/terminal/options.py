"""Options that many commands share."""

from pathlib import Path
from typing import Annotated

import typer

JsonFile = Annotated[
    Path | None,
    typer.Option(
        "--json",
        metavar="FILE",
        help="Write the numbers as JSON to FILE; '-' prints them instead of the table.",
        show_default=False,
    ),
]
