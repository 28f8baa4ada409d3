"""The commands `dataseg predict` and `dataseg embed`."""

from pathlib import Path
from typing import Annotated

import typer

from model.commands.options import (
    Device,
    Embeddings,
    Exact,
    Names,
    OwnModules,
    Prompts,
    Size,
    TextModel,
    TextWeights,
    input_size,
    model_libraries,
    text_choice,
)
from model.inference.result_names import IMAGES_FILE, RECORD_FILES
from o365seg.formats.task import Task
from o365seg.terminal.overwriting import refuse_overwriting


def predict(
    images: Annotated[
        list[Path], typer.Argument(help="Images, or folders of images.", metavar="IMAGE…")
    ],
    vocabulary: Names,
    checkpoint: Annotated[
        Path, typer.Option(help="Checkpoint of the model.", metavar="FILE.safetensors")
    ],
    task: Annotated[
        list[Task] | None,
        typer.Option(
            help="What to predict; repeatable. All tasks take one forward pass together.",
            show_default="panoptic",
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("predictions"),
    size: Size = None,
    confidence: Annotated[
        float,
        typer.Option(
            help="Class probability that a panoptic segment must exceed (paper: 0.85 on COCO, "
            "0.8 on ADE20K).",
            min=0.0,
            max=1.0,
        ),
    ] = 0.8,
    exact: Exact = False,
    image_ids: Annotated[
        Path | None,
        typer.Option(
            help="A COCO-format file with the image ids to use in the results.",
            show_default="numbers in the file names, or 1, 2, …",
        ),
    ] = None,
    overlays: Annotated[bool, typer.Option(help="Draw pictures of the results.")] = True,
    shown_score: Annotated[
        float, typer.Option(help="Lowest score of instances in the pictures.", min=0.0, max=1.0)
    ] = 0.3,
    device: Device = None,
    dataset: OwnModules = None,
    embeddings: Embeddings = None,
    text_model: TextModel = None,
    text_weights: TextWeights = None,
    prompt: Prompts = None,
) -> None:
    """Segment images by a vocabulary of your own: masks, COCO-format JSON and pictures.

    Images that cannot be read are listed and skipped; the exit code is then 1.
    """
    tasks = list(dict.fromkeys(task or [Task.PANOPTIC]))
    for name in (IMAGES_FILE, *(RECORD_FILES[one] for one in tasks)):
        inputs = [image_ids, vocabulary, embeddings, checkpoint]
        refuse_overwriting({"--out": out / name}, inputs)
    pixels = input_size(size, checkpoint)
    with model_libraries():
        from model.inference.run import Drawing, predict_files
        from model.text.vocabulary import read_or_parse

        predict_files(
            images,
            checkpoint,
            read_or_parse(vocabulary),
            text_choice(embeddings, text_model, text_weights, prompt, checkpoint),
            tasks,
            out,
            image_ids=image_ids,
            size=pixels,
            confidence=confidence,
            exact=exact,
            device=device,
            dataset=dataset,
            drawing=Drawing(overlays, shown_score),
        )


def embed(
    vocabulary: Annotated[
        str,
        typer.Argument(help="The classes, or a file with them, as for predict.", metavar="NAMES"),
    ],
    out: Annotated[Path, typer.Option(help="The file to write.", metavar="FILE.npz")],
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            help="Use the text encoder that this model was trained with.",
            metavar="FILE.safetensors",
        ),
    ] = None,
    text_model: TextModel = None,
    text_weights: TextWeights = None,
    prompt: Prompts = None,
) -> None:
    """Write a vocabulary's text embeddings to a file, to predict without a text encoder."""
    refuse_overwriting({"--out": out}, [vocabulary, checkpoint])
    with model_libraries():
        from model.text.choice import write_embeddings
        from model.text.vocabulary import read_or_parse

        choice = text_choice(None, text_model, text_weights, prompt, checkpoint)
        write_embeddings(read_or_parse(vocabulary), choice.encoder, out)
