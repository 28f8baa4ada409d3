"""The commands `dataseg evaluate` and `dataseg table`. Nothing here loads PyTorch."""

from pathlib import Path
from typing import Annotated

import typer

from model.commands.options import (
    Embeddings,
    Prompts,
    Size,
    TextModel,
    TextWeights,
    input_size,
    model_libraries,
    text_encoder,
)


def add_commands(app: typer.Typer) -> None:
    """Add both to the command `dataseg`."""
    app.command(
        epilog="Examples: `dataseg evaluate dataseg.safetensors --data coco_panoptic=coco --data "
        "ade20k_semantic=ADEChallengeData2016 --json numbers.json`; "
        "`torchrun --nproc-per-node 4 -m model evaluate dataseg.safetensors --config data.toml`"
    )(evaluate)
    app.command(
        name="table",
        epilog="Examples: `dataseg table 1 --recipe small --seeds 3`, "
        "`dataseg table 2 --recipe paper --data-root /data --list`",
    )(fill_table)


def evaluate(
    checkpoint: Annotated[Path, typer.Argument(help="The model.", metavar="FILE.safetensors")],
    data: Annotated[
        list[str] | None,
        typer.Option(
            help="A data set of the catalogue and its folder, the validation split; may be given "
            "again. Its task decides what is scored.",
            metavar="NAME=ROOT",
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help="A file with [[data]] entries as in a training configuration; each may also have "
            "confidence, and modules_of: whose dataset-specific modules to use.",
            metavar="FILE.toml",
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("evaluation"),
    size: Size = None,
    confidence: Annotated[
        float | None,
        typer.Option(
            help="Class probability that a panoptic segment must exceed.",
            min=0.0,
            max=1.0,
            show_default="0.85 on COCO, else 0.8",
        ),
    ] = None,
    batch: Annotated[int, typer.Option(help="Images a forward pass.", min=1)] = 1,
    images: Annotated[
        int | None, typer.Option(help="Only the first so many images of each.", min=1)
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="cpu, cuda, …", show_default="a GPU where there is one")
    ] = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Write all numbers to this file ('-': only to stdout)."),
    ] = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help="Write the main numbers to this file.")
    ] = None,
    embeddings: Embeddings = None,
    text_model: TextModel = "ViT-L-14",
    text_weights: TextWeights = "openai",
    prompt: Prompts = None,
) -> None:
    """Score a model: mIoU, PQ or mask AP, by the task of each data set.

    The predictions stay in the folder, in the formats that `benchmark evaluate` takes; it prints
    the same numbers. Under torchrun the processes share the images.
    """
    pixels = input_size(size, checkpoint)
    if not data and config is None:
        raise typer.BadParameter("name a data set by --data or --config")
    with model_libraries():
        from model.evaluation import requests as evaluate_command
        from model.text.choice import TextChoice

        asked = evaluate_command.asked_on_command_line(data or [])
        asked += [] if config is None else evaluate_command.asked_in_file(config)
        scores = evaluate_command.evaluate_all(
            checkpoint,
            [evaluate_command.with_confidence(one, confidence) for one in asked],
            TextChoice(embeddings, text_encoder(text_model, text_weights, prompt)),
            evaluate_command.Settings(out, pixels, batch, images, device),
        )
        if scores is not None:
            evaluate_command.report(scores, checkpoint, json_file, csv_file)


def fill_table(
    number: Annotated[
        int, typer.Argument(help="The paper's table: 1 to 9.", min=1, max=9, metavar="NUMBER")
    ],
    recipe: Annotated[
        str,
        typer.Option(
            help="small: the synthetic trio on a CPU, no download. real: small sets of photographs "
            "on a CPU. paper: the paper's own data and schedule."
        ),
    ] = "small",
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the runs; what is there already is not trained again.",
            show_default="experiments/ and the recipe's name",
        ),
    ] = None,
    data_root: Annotated[
        Path | None, typer.Option(help="Folder of the data, for real and paper.")
    ] = None,
    seeds: Annotated[int, typer.Option(help="How many seeds, from 0 on.", min=1)] = 1,
    device: Annotated[
        str | None, typer.Option(help="cpu, cuda, …", show_default="a GPU where there is one")
    ] = None,
    list_only: Annotated[
        bool, typer.Option("--list", help="Print what would be trained, and do nothing else.")
    ] = False,
    scored_only: Annotated[
        bool,
        typer.Option(
            "--scored-only", help="Train and score nothing: the table of what is scored so far."
        ),
    ] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the numbers to this file.")
    ] = None,
) -> None:
    """Fill a table of the paper: train what is missing, score it, print it beside the paper's.

    Run it again after a stop: it goes on where it was.
    """
    with model_libraries():
        from model.experiments import filling as table_command
        from model.experiments.run import Place
        from model.experiments.tables import TABLES

        folder = out or Path("experiments") / recipe
        chosen, place = table_command.find_recipe(recipe, data_root, folder), Place(folder, device)
        if list_only:
            table_command.list_runs(TABLES[number], chosen, range(seeds), place)
        else:
            table_command.fill_table(
                number, chosen, range(seeds), place, json_file, scored_only=scored_only
            )
