"""The choice of text embeddings: a file of them, or an encoder behind the cache."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.text.embedding_files import read_embeddings, save_embeddings
from model.text.encoder import TextEncoder, default_cache, text_embeddings
from model.text.vocabulary import Vocabulary
from o365seg.errors import InputError
from o365seg.terminal import progress_bar


@dataclass(frozen=True)
class TextChoice:
    """Source of text embeddings: a file, or else an encoder whose results are cached."""

    file: Path | None
    encoder: TextEncoder


def choose_encoder(
    model: str | None,
    weights: str | None,
    prompts: Sequence[str] | None,
    trained: TextEncoder | None = None,
) -> TextEncoder:
    """The encoder of the given values, by default those of the one that a model was trained with.

    Weights are by default those trained with only if the model is, too: they are of that model.

    Raises:
        InputError: a prompt has no place for the name.
    """
    usual = TextEncoder()
    own = trained or usual
    model = model or own.model
    # A name may be spelled with a slash, as CLIP does.
    of_own = model.replace("/", "-") == own.model.replace("/", "-")
    weights = weights or (own if of_own else usual).pretrained
    return TextEncoder(model, weights, tuple(prompts) if prompts else own.templates)


def find_embeddings(vocabulary: Vocabulary, choice: TextChoice, device: str = "cpu") -> np.ndarray:
    """Text embeddings, float32 (K, D), from the file, the cache or the encoder.

    Raises:
        InputError: as `embedding_files.read_embeddings` and `encoder.text_embeddings`.
    """
    if choice.file is not None:
        return read_embeddings(choice.file, vocabulary)
    return text_embeddings(
        vocabulary.prompt_names,
        choice.encoder,
        cache=default_cache(),
        device=device,
        progress=progress_bar.progress,
    )


def write_embeddings(vocabulary: Vocabulary, encoder: TextEncoder, out: Path) -> None:
    """Write the vocabulary's embeddings to a file for `--embeddings`."""
    if out.suffix != ".npz":
        raise InputError("the name of a file of text embeddings must end in .npz", file=out)
    embeddings = find_embeddings(vocabulary, TextChoice(None, encoder))
    about = {"model": encoder.model, "pretrained": encoder.pretrained}
    about |= {"templates": encoder.templates}
    save_embeddings(out, vocabulary.names, embeddings, about)
    sys.stderr.write(f"written: {out}: {embeddings.shape[0]} classes × {embeddings.shape[1]}\n")
