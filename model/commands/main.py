"""The command `dataseg`. Nothing here loads PyTorch before a command needs it."""

from pathlib import Path
from typing import Annotated

import typer

from model.commands import data as data_command
from model.commands import evaluate as cli_evaluate
from model.commands.card import card
from model.commands.demo import demo
from model.commands.options import (
    Embeddings,
    Names,
    Preset,
    Prompts,
    Size,
    TextModel,
    TextWeights,
    input_size,
    model_libraries,
    parse_size,
    text_encoder,
)
from model.commands.train import train
from o365seg.formats.task import Task
from o365seg.terminal import command_line

app = command_line.make_app("Train, evaluate, run, describe and export DaTaSeg.")


@app.command(
    epilog='Example: `dataseg predict street.jpg --task panoptic --vocabulary "person, car, '
    'road:stuff" --checkpoint dataseg.safetensors --out results`'
)
def predict(
    images: Annotated[
        list[Path], typer.Argument(help="Images, or folders of images.", metavar="IMAGE…")
    ],
    vocabulary: Names,
    checkpoint: Annotated[Path, typer.Option(help="The model.", metavar="FILE.safetensors")],
    task: Annotated[
        list[Task] | None,
        typer.Option(
            help="What to predict; may be given again, and costs one forward pass all the same.",
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
    image_ids: Annotated[
        Path | None,
        typer.Option(
            help="A COCO-format file whose image ids the results are to carry.",
            show_default="numbers in the files' names, else 1, 2, …",
        ),
    ] = None,
    overlays: Annotated[bool, typer.Option(help="Draw pictures of the results.")] = True,
    shown_score: Annotated[
        float, typer.Option(help="Draw instances from this score on.", min=0.0, max=1.0)
    ] = 0.3,
    device: Annotated[
        str | None, typer.Option(help="cpu, cuda, …", show_default="a GPU where there is one")
    ] = None,
    embeddings: Embeddings = None,
    text_model: TextModel = "ViT-L-14",
    text_weights: TextWeights = "openai",
    prompt: Prompts = None,
) -> None:
    """Segment images by a vocabulary of your own: masks, COCO-format JSON and pictures.

    An image that cannot be read is named and left out, and the exit code is 1.
    """
    pixels = input_size(size, checkpoint)
    with model_libraries():
        from model.inference.run import Drawing, predict_files
        from model.text.choice import TextChoice
        from model.text.vocabulary import read_or_parse

        predict_files(
            images,
            checkpoint,
            read_or_parse(vocabulary),
            TextChoice(embeddings, text_encoder(text_model, text_weights, prompt)),
            list(dict.fromkeys(task or [Task.PANOPTIC])),
            out,
            image_ids=image_ids,
            size=pixels,
            confidence=confidence,
            device=device,
            drawing=Drawing(overlays, shown_score),
        )


@app.command(
    epilog="Example: `dataseg embed panoptic_coco_categories.json --out coco_text.npz`, then "
    "`dataseg predict … --embeddings coco_text.npz`"
)
def embed(
    vocabulary: Annotated[
        str,
        typer.Argument(help="The classes, or a file of them, as for predict.", metavar="NAMES"),
    ],
    out: Annotated[Path, typer.Option(help="The file to write.", metavar="FILE.npz")],
    text_model: TextModel = "ViT-L-14",
    text_weights: TextWeights = "openai",
    prompt: Prompts = None,
) -> None:
    """Write a vocabulary's text embeddings, so that no text encoder is needed where it is used."""
    with model_libraries():
        from model.text.choice import write_embeddings
        from model.text.vocabulary import read_or_parse

        encoder = text_encoder(text_model, text_weights, prompt)
        write_embeddings(read_or_parse(vocabulary), encoder, out)


@app.command(epilog="Example: `dataseg init tiny untrained.safetensors --text-dim 512`")
def init(
    preset: Preset,
    out: Annotated[Path, typer.Argument(help="The file to write.", metavar="OUT.safetensors")],
    text_dim: Annotated[
        int,
        typer.Option(
            "--text-dim",
            "--text-width",
            help="Length of the text embeddings (ViT-L/14: 768).",
            min=1,
        ),
    ] = 768,
    seed: Annotated[int, typer.Option(help="Same seed, same weights.")] = 0,
    backbone_weights: Annotated[
        str | None,
        typer.Option(
            help="Pretrained weights of the backbone: a .pth or .safetensors file, or timm's name "
            "for them (resnet50.tv_in1k, vit_base_patch16_224.mae).",
            show_default="random",
        ),
    ] = None,
) -> None:
    """Write a model with random weights, to try the commands on or to train from."""
    with model_libraries():
        from model.runtime.untrained import write_untrained

        write_untrained(preset, text_dim, seed, backbone_weights, out)


@app.command(epilog="Example: `dataseg describe dataseg_r50 --size 1024`")
def describe(
    preset: Preset,
    size: Annotated[
        int, typer.Option(help="Pixels of the input's sides, a multiple of 32.", min=32)
    ] = 512,
) -> None:
    """Print parameters, multiply-adds and memory of a preset, part by part."""
    parse_size(str(size))
    with model_libraries():
        from model.network.describe import describe_preset

        rows = describe_preset(preset, size).rows()
    from rich.table import Table

    table = Table(f"{preset}, {size}×{size}", "size", "multiply-adds", box=None)
    for row in rows:
        table.add_row(*row)
    command_line.output_console().print(table)


@app.command(
    epilog="Examples: `dataseg export dataseg.safetensors --onnx dataseg.onnx --size 1024`, "
    "`dataseg export dataseg.safetensors --program dataseg.pt2`"
)
def export(
    checkpoint: Annotated[Path, typer.Argument(help="The model.", metavar="FILE.safetensors")],
    onnx: Annotated[Path | None, typer.Option(help="Write ONNX to this file.")] = None,
    program: Annotated[
        Path | None, typer.Option(help="Write a torch.export program to this file.")
    ] = None,
    size: Size = None,
) -> None:
    """Write the network as ONNX or a PyTorch program; text embeddings stay an input of it."""
    if onnx is None and program is None:
        raise typer.BadParameter("name --onnx or --program, or both")
    pixels = input_size(size, checkpoint)
    if pixels is None:
        raise typer.BadParameter("an exported network has one size", param_hint="--size")
    with model_libraries():
        from model.inference.export import export_onnx, export_program

        if onnx is not None:
            export_onnx(checkpoint, onnx, pixels)
        if program is not None:
            export_program(checkpoint, program, pixels)
    for path in (onnx, program):
        if path is not None:
            typer.echo(f"written: {path}", err=True)


app.command(epilog="Example: `dataseg train synthetic --out runs/synthetic`")(train)
cli_evaluate.add_commands(app)
app.command(epilog="Example: `dataseg card dataseg.safetensors --evaluation numbers.json`")(card)
app.command(epilog="Example: `dataseg demo dataseg.safetensors --embeddings coco_text.npz`")(demo)
app.add_typer(data_command.app, name="data")


def main() -> None:
    """Run the command."""
    command_line.run(app)
