"""The command `dataseg demo`."""

from typing import Annotated

import typer

from model.commands.options import (
    Checkpoint,
    Device,
    Embeddings,
    Prompts,
    Size,
    TextModel,
    TextWeights,
    input_size,
    model_libraries,
    text_choice,
)

CLASSES = "cat, person, cup, table, wall:stuff, floor:stuff, sky:stuff, grass:stuff"
_FIRST = 40  # names of an embeddings file that the page starts with


def demo(
    checkpoint: Checkpoint,
    vocabulary: Annotated[
        str | None,
        typer.Option(
            help="The classes at the start, as for predict.",
            show_default="common ones, or those of --embeddings",
            metavar='"CAT, SOFA, WALL:STUFF"',
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 for every interface.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port.", min=1, max=65535)] = 7861,
    size: Size = None,
    device: Device = None,
    embeddings: Embeddings = None,
    text_model: TextModel = None,
    text_weights: TextWeights = None,
    prompt: Prompts = None,
) -> None:
    """Try a model in the browser, with any image and any vocabulary.

    With --embeddings, the vocabulary is limited to the names in the file.
    """
    pixels = input_size(size, checkpoint)
    with model_libraries():
        # The page first: a missing gradio is reported before PyTorch is loaded.
        from model.demo.page import make_page, serve_page  # isort: skip
        from model.demo.demo import Demo
        from model.runtime.device import chosen_device
        from model.text.embedding_files import read_names
        from model.text.vocabulary import parse_vocabulary

        if vocabulary is None:
            names = read_names(embeddings) if embeddings is not None else None
            kept = [name for name in names or [] if "," not in name][:_FIRST]
            vocabulary = ", ".join(kept) or CLASSES
        choice = text_choice(embeddings, text_model, text_weights, prompt, checkpoint)
        words = parse_vocabulary(vocabulary)
        ready = Demo(checkpoint, choice, words, pixels, chosen_device(device))
        serve_page(make_page(ready, checkpoint.name, vocabulary), host, port)
