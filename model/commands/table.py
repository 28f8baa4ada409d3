"""The command `dataseg table`."""

from pathlib import Path
from typing import Annotated

import typer

from model.commands.options import Device, model_libraries
from o365seg.terminal.options import JsonFile


def table(
    number: Annotated[
        int, typer.Argument(help="The paper's table: 1 to 9.", min=1, max=9, metavar="NUMBER")
    ],
    recipe: Annotated[
        str,
        typer.Option(
            help="small: generated data on a CPU, no download. small-resnet18: a larger network. "
            "real: small sets of photographs on a CPU. real-256: with inputs of 256 pixels. "
            "real-tenth: with a tenth of CamVid. paper: the paper's data and schedule."
        ),
    ] = "small",
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the runs; finished ones are not trained again.",
            show_default="experiments/ and the recipe's name",
        ),
    ] = None,
    data_root: Annotated[
        Path | None, typer.Option(help="Folder of the data; generated data needs none.")
    ] = None,
    iterations: Annotated[
        int | None,
        typer.Option(
            help="Iterations on all three sets; other runs in proportion. Give each number a "
            "folder of its own.",
            min=1,
            show_default="the recipe's",
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(help="Number of seeds, from 0.", min=1)] = 1,
    device: Device = None,
    list_only: Annotated[
        bool, typer.Option("--list", help="Print what would be trained, and exit.")
    ] = False,
    scored_only: Annotated[
        bool,
        typer.Option(
            "--scored-only",
            help="Print the table of the scores so far, without training or scoring.",
        ),
    ] = False,
    json_file: JsonFile = None,
) -> None:
    """Fill a table of the paper: train and score what is missing, and print it beside the paper's.

    Run it again after an interruption to continue.
    """
    with model_libraries():
        from model.experiments import filling
        from model.experiments.recipe import for_iterations
        from model.experiments.run import Place
        from model.experiments.tables import TABLES

        folder = out or Path("experiments") / recipe
        chosen, place = filling.find_recipe(recipe, data_root, folder), Place(folder, device)
        if iterations is not None:
            chosen = for_iterations(chosen, iterations)
        if list_only:
            filling.list_runs(TABLES[number], chosen, range(seeds), place)
        else:
            filling.fill_table(
                number, chosen, range(seeds), place, json_file, scored_only=scored_only
            )
