"""What `dataseg predict` and `dataseg embed` do, apart from reading the command line."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from model.data.image_list import ListedImage, list_images, read_image
from model.text.embedding_files import read_embeddings, save_embeddings
from model.text.encoder import TextEncoder, default_cache, text_embeddings
from model.text.vocabulary import Vocabulary
from o365seg.errors import InputError
from o365seg.formats.task import Task
from o365seg.terminal import command_line


@dataclass(frozen=True)
class TextChoice:
    """Where text embeddings come from: a file, else an encoder behind the cache."""

    file: Path | None
    encoder: TextEncoder


@dataclass(frozen=True)
class Drawing:
    """Whether pictures are drawn, and from which score on instances are in them."""

    wanted: bool
    shown_score: float


def find_embeddings(vocabulary: Vocabulary, choice: TextChoice, device: str = "cpu") -> np.ndarray:
    """float32 (K, D), from the file, the cache or the encoder, whichever comes first.

    Raises:
        InputError: see `embedding_files.read_embeddings` and `encoder.text_embeddings`.
    """
    if choice.file is not None:
        return read_embeddings(choice.file, vocabulary)
    return text_embeddings(
        vocabulary.prompt_names,
        choice.encoder,
        cache=default_cache(),
        device=device,
        progress=command_line.progress,
    )


def write_embeddings(vocabulary: Vocabulary, encoder: TextEncoder, out: Path) -> None:
    """Write the vocabulary's embeddings to a file that `--embeddings` reads."""
    if out.suffix != ".npz":
        raise InputError("text embeddings are written as .npz", file=out)
    embeddings = find_embeddings(vocabulary, TextChoice(None, encoder))
    about = {"model": encoder.model, "pretrained": encoder.pretrained}
    about |= {"templates": encoder.templates}
    save_embeddings(out, vocabulary.names, embeddings, about)
    sys.stderr.write(f"written: {out}: {embeddings.shape[0]} classes × {embeddings.shape[1]}\n")


def predict_files(
    given: list[Path],
    checkpoint: Path,
    vocabulary: Vocabulary,
    text: TextChoice,
    tasks: list[Task],
    out: Path,
    *,
    image_ids: Path | None,
    size: int | None,
    confidence: float,
    device: str | None,
    drawing: Drawing,
) -> None:
    """Predict images one after the other; one that is at fault does not stop the others.

    Raises:
        InputError: nothing can be run; or, at the end, an image was at fault (each is named on
            stderr by then, and the results of the others are written).
    """
    # What can be at fault is looked at first, so that nobody waits for the model to be told.
    images = list_images(given, image_ids)
    device = chosen_device(device)
    embeddings = find_embeddings(vocabulary, text, device)
    from model.inference.predictor import load_predictor
    from model.inference.result_files import ResultFiles

    predictor = load_predictor(
        checkpoint, vocabulary, embeddings, size=size, confidence=confidence, device=device
    )
    files = ResultFiles(out, vocabulary, overlays=drawing.wanted, shown_score=drawing.shown_score)
    failures: list[InputError] = []

    def run(image: ListedImage) -> None:
        pixels = read_image(image.path)
        files.add(image, pixels, predictor.predict([pixels], tasks)[0])

    try:
        for image in command_line.progress(images, "images"):
            try:
                run(image)
            except InputError as error:
                failures.append(error)
    finally:  # interrupted or out of memory: the records of the images done so far are not lost
        written = files.finish()
    if failures and len(images) == 1:
        raise failures[0]
    for failure in failures:
        sys.stderr.write(f"left out: {failure}\n")
    if failures:
        raise InputError(f"{len(failures)} of {len(images)} images were left out", file=out)
    sys.stderr.write(f"written: {out}: {', '.join(path.name for path in written)}\n")


def write_untrained(
    name: str, text_width: int, seed: int, backbone_weights: str | None, out: Path
) -> None:
    """Write a checkpoint of a preset with random weights, the backbone's pretrained if so wished.

    What became of each key of the pretrained weights goes to stderr.

    Raises:
        InputError: no such preset or weights, or the place cannot be written.
    """
    import torch

    from model.network.config import preset
    from model.network.dataseg import build_dataseg
    from model.runtime.checkpoint import save_checkpoint

    config = replace(preset(name), text_width=text_width)
    torch.manual_seed(seed)
    network = build_dataseg(config)
    about = {}
    if backbone_weights is not None:
        from model.network.pretrained import load_pretrained

        report = load_pretrained(network.backbone, backbone_weights)
        for what in ("resized", "missing", "unused"):
            for key in getattr(report, what):
                sys.stderr.write(f"{what}: {key}\n")
        sys.stderr.write(f"{backbone_weights}: {report.summary()}\n")
        about = {"backbone_weights": backbone_weights}
    save_checkpoint(out, network, about)
    count = sum(parameter.numel() for parameter in network.parameters())
    sys.stderr.write(f"written: {out}: {name}, {count:,} parameters, untrained\n")


def chosen_device(name: str | None) -> str:
    """The device asked for, else a GPU where there is one.

    Raises:
        InputError: PyTorch has no such device here.
    """
    import torch

    if name is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"PyTorch cannot use the device {name!r} here: {reason}") from None
    return name
