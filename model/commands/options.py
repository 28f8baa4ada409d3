"""Options that several commands of `dataseg` have, and the parsing of their values."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from model.network.config import PRESETS
from o365seg.terminal import command_line, output

if TYPE_CHECKING:
    from model.text.choice import TextChoice

_EXTRA = dict.fromkeys(
    ("open_clip", "safetensors", "scipy", "tensorboard", "timm", "torch", "torchvision"), "model"
) | {"gradio": "demo", "onnx": "export", "onnxscript": "export"}
"""The extra of this package that installs a library."""
_TEXT = "Text embeddings"

Names = Annotated[
    str,
    typer.Option(
        help="The classes, separated by commas; append :stuff to what cannot be counted. Or a file "
        "with a class on each line, or with COCO's categories as JSON.",
        metavar='"CAT, SOFA, WALL:STUFF"|FILE',
    ),
]
TextModel = Annotated[
    str | None,
    typer.Option(
        "--text-model",
        help="Text encoder: a model in open_clip.",
        show_default="the one the checkpoint was trained with, or ViT-L-14",
        rich_help_panel=_TEXT,
    ),
]
TextWeights = Annotated[
    str | None,
    typer.Option(
        "--text-weights",
        help="Its weights: a tag of open_clip, or a file.",
        show_default="those the checkpoint was trained with, or openai",
        rich_help_panel=_TEXT,
    ),
]
Prompts = Annotated[
    list[str] | None,
    typer.Option(
        "--prompt",
        help="A prompt template with {} for the class name; repeatable.",
        show_default="those the checkpoint was trained with, or built-in templates",
        rich_help_panel=_TEXT,
    ),
]
Embeddings = Annotated[
    Path | None,
    typer.Option(
        help="File of text embeddings (.npy, .npz, .safetensors) to use instead of a text encoder.",
        rich_help_panel=_TEXT,
    ),
]
Checkpoint = Annotated[
    Path, typer.Argument(help="Checkpoint of the model.", metavar="FILE.safetensors")
]
Device = Annotated[
    str | None,
    typer.Option("--device", help="cpu, cuda, …", show_default="a GPU if there is one"),
]
Exact = Annotated[
    bool,
    typer.Option(
        "--exact",
        help="Compute scores on the image's pixels instead of a grid of every fourth; takes "
        "longer.",
    ),
]
OwnModules = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        help="The data set whose own modules to use, if the model has such modules "
        "(dataset_modules).",
        metavar="NAME",
    ),
]
Preset = Annotated[str, typer.Argument(help=f"One of {', '.join(PRESETS)}.")]


def model_libraries() -> AbstractContextManager[None]:
    """Turn a missing library of an extra into one line that says how to install it."""
    return command_line.needed(_EXTRA)


Size = Annotated[
    str | None,
    typer.Option(
        help="Side of the input in pixels, a multiple of 32; or native: each image's own size.",
        metavar="PIXELS|native",
        show_default="the size the model was trained at",
    ),
]
FixedSize = Annotated[
    str | None,
    typer.Option(
        "--size",
        help="Side of the input in pixels, a multiple of 32.",
        metavar="PIXELS",
        show_default="the size the model was trained at",
    ),
]
NATIVE = "native"


def input_size(text: str | None, checkpoint: Path) -> int | None:
    """Parse `--size`: pixels, or None for native; the default is the size trained at.

    Another size than the checkpoint was trained at is used, with a notice on standard error.

    Raises:
        BadParameter: not a multiple of 32.
        InputError: the checkpoint cannot be read.
    """
    pixels = None if text in (None, NATIVE) else parse_size(text)
    with model_libraries():
        from model.network.preprocess import FIXED_SIZE
        from model.runtime.checkpoint import trained_size
    trained = trained_size(checkpoint)
    if text is None:
        return trained or FIXED_SIZE
    if trained is not None and trained != pixels:
        output.say(
            f"{checkpoint}: trained at {trained} pixels, used at {text}; results may be worse",
            err=True,
        )
    return pixels


def parse_size(text: str) -> int:
    """Parse a number of pixels that the network accepts.

    Raises:
        BadParameter: not a multiple of 32.
    """
    if not text.isdecimal() or int(text) < 32 or int(text) % 32:
        raise typer.BadParameter("must be a multiple of 32, or native", param_hint="--size")
    return int(text)


def text_choice(
    embeddings: Path | None,
    model: str | None,
    weights: str | None,
    prompts: list[str] | None,
    checkpoint: Path | None,
) -> "TextChoice":
    """The text embeddings that the options describe; by default those trained with.

    Others than the checkpoint was trained with are used, with a notice on standard error.

    Raises:
        InputError: the checkpoint cannot be read, or a prompt has no place for the name.
    """
    from model.text.choice import TextChoice, choose_encoder

    trained = None
    if checkpoint is not None:
        from model.runtime.checkpoint import trained_encoder  # loads PyTorch

        trained = trained_encoder(checkpoint)
    encoder = choose_encoder(model, weights, prompts, trained)
    if trained is not None and embeddings is None:
        said = []
        if encoder.name != trained.name:
            said.append(f"with the text encoder {trained.name}, used with {encoder.name}")
        if encoder.templates != trained.templates:
            said.append("with other prompts")
        for what in said:
            output.say(f"{checkpoint}: trained {what}; results may be worse", err=True)
    return TextChoice(embeddings, encoder)
