"""The commands `dataseg init`, `dataseg describe` and `dataseg export`."""

from pathlib import Path
from typing import Annotated

import typer

from model.commands.options import (
    Checkpoint,
    FixedSize,
    OwnModules,
    Preset,
    input_size,
    model_libraries,
    parse_size,
)
from model.network.config import PRESETS
from o365seg.terminal import output
from o365seg.terminal.overwriting import refuse_overwriting


def init(
    preset: Preset,
    out: Annotated[Path, typer.Argument(help="The file to write.", metavar="OUT.safetensors")],
    text_dim: Annotated[
        int,
        typer.Option(
            "--text-dim",
            "--text-width",
            help="Dimension of the text embeddings (ViT-L/14: 768).",
            min=1,
        ),
    ] = 768,
    seed: Annotated[int, typer.Option(help="Seed of the random weights.")] = 0,
    backbone_weights: Annotated[
        str | None,
        typer.Option(
            help="Pretrained weights of the backbone: a .pth or .safetensors file, or a name in "
            "timm (resnet50.tv_in1k, vit_base_patch16_224.mae).",
            show_default="random",
        ),
    ] = None,
) -> None:
    """Write a model with random weights, to try the commands or to start training."""
    refuse_overwriting({"OUT": out}, [backbone_weights])
    with model_libraries():
        from model.runtime.untrained import write_untrained

        write_untrained(preset, text_dim, seed, backbone_weights, out)


def describe(
    model: Annotated[
        str,
        typer.Argument(
            help=f"A checkpoint, or one of {', '.join(PRESETS)}.", metavar="FILE.safetensors|PRESET"
        ),
    ],
    size: Annotated[
        int | None,
        typer.Option(
            help="Side of the input in pixels, a multiple of 32.",
            min=32,
            show_default="the size the checkpoint was trained at; 512 for a preset",
        ),
    ] = None,
) -> None:
    """Print the parameters, multiply-adds and memory of each part of a checkpoint or preset."""
    if size is not None:
        parse_size(str(size))
    is_file = model.endswith(".safetensors") or Path(model).exists()
    with model_libraries():
        from model.network.describe import describe as describe_network
        from model.network.describe import describe_preset
        from model.runtime.checkpoint import read_header, trained_size

        size = size or (trained_size(model) if is_file else None) or 512
        found = (
            describe_network(read_header(model)[0], size)
            if is_file
            else describe_preset(model, size)
        )
    from rich.table import Table

    table = Table(f"{model}, {size}×{size}", "size", "multiply-adds", box=None)
    for row in found.rows():
        table.add_row(*row)
    output.output_console().print(table)


def export(
    checkpoint: Checkpoint,
    onnx: Annotated[Path | None, typer.Option(help="Write ONNX to this file.")] = None,
    program: Annotated[
        Path | None, typer.Option(help="Write a torch.export program to this file.")
    ] = None,
    size: FixedSize = None,
    dataset: OwnModules = None,
) -> None:
    """Export the network as ONNX or a PyTorch program, with text embeddings as an input."""
    if onnx is None and program is None:
        raise typer.BadParameter("give --onnx or --program, or both")
    refuse_overwriting({"--onnx": onnx, "--program": program}, [checkpoint])
    pixels = input_size(size, checkpoint)
    if pixels is None:
        raise typer.BadParameter("must be a number of pixels", param_hint="--size")
    with model_libraries():
        from model.inference.export import export_onnx, export_program
        from model.network.dataset_modules import dataset_index
        from model.runtime.checkpoint import read_header

        modules = read_header(checkpoint)[0].dataset_modules
        index = dataset_index(modules, dataset, checkpoint, "--dataset")
        if onnx is not None:
            export_onnx(checkpoint, onnx, pixels, index)
        if program is not None:
            export_program(checkpoint, program, pixels, index)
    for path in (onnx, program):
        if path is not None:
            output.say_written(path)
