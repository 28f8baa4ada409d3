"""The command `dataseg evaluate`."""

from pathlib import Path
from typing import Annotated

import typer

from model.commands.options import (
    Checkpoint,
    Device,
    Embeddings,
    Exact,
    Prompts,
    Size,
    TextModel,
    TextWeights,
    input_size,
    model_libraries,
    text_choice,
)
from o365seg.terminal.options import JsonFile
from o365seg.terminal.overwriting import refuse_overwriting


def evaluate(
    checkpoint: Checkpoint,
    data: Annotated[
        list[str] | None,
        typer.Option(
            help="A data set of the catalogue and its folder; its validation split is used. "
            "Repeatable. The data set's task decides the metric.",
            metavar="NAME=ROOT",
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help="A file with [[data]] tables as in a training configuration; each may also have "
            "confidence, and modules_of: the data set whose own modules to use.",
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
            show_default="0.85 on COCO, 0.8 on others",
        ),
    ] = None,
    exact: Exact = False,
    batch: Annotated[int, typer.Option(help="Images per forward pass.", min=1)] = 1,
    images: Annotated[
        int | None, typer.Option(help="Number of images of each data set, from the first.", min=1)
    ] = None,
    device: Device = None,
    json_file: JsonFile = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help="Write the main numbers as CSV to this file.")
    ] = None,
    embeddings: Embeddings = None,
    text_model: TextModel = None,
    text_weights: TextWeights = None,
    prompt: Prompts = None,
) -> None:
    """Evaluate a model: mIoU, PQ or mask AP, depending on the task of each data set.

    The folder keeps the predictions in the formats of `benchmark evaluate`, which prints the same
    numbers. Under torchrun the processes divide the images among themselves.
    """
    refuse_overwriting({"--json": json_file, "--csv": csv_file}, [checkpoint, config, embeddings])
    pixels = input_size(size, checkpoint)
    if not data and config is None:
        raise typer.BadParameter("give a data set with --data or --config")
    with model_libraries():
        from model.evaluation import requests as evaluate_command

        asked = evaluate_command.asked_on_command_line(data or [])
        asked += [] if config is None else evaluate_command.asked_in_file(config)
        scores = evaluate_command.evaluate_all(
            checkpoint,
            [evaluate_command.with_confidence(one, confidence) for one in asked],
            text_choice(embeddings, text_model, text_weights, prompt, checkpoint),
            evaluate_command.Settings(out, pixels, batch, images, device, exact),
        )
        if scores is not None:
            evaluate_command.report(scores, checkpoint, json_file, csv_file)
