"""Predict one image at a time for any vocabulary: the demo without its page."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from model.data.image_reading import read_pixels
from model.inference.predictor import load_predictor
from model.inference.visualize import draw_instances, draw_panoptic, draw_semantic
from model.network.preprocess import FIXED_SIZE
from model.runtime.checkpoint import read_header
from model.text.choice import TextChoice, find_embeddings
from model.text.vocabulary import Vocabulary, parse_vocabulary

_KEPT = 8
"""Number of vocabularies whose embeddings are cached."""


@dataclass(frozen=True)
class Pictures:
    """Pictures of the three tasks' results, each with a legend."""

    panoptic: Image.Image
    semantic: Image.Image
    instance: Image.Image


class Demo:
    """A loaded model for any image and vocabulary.

    Args:
        checkpoint: A file from `model.runtime.checkpoint`.
        text: Source of text embeddings; a file limits the vocabulary to its names.
        vocabulary: The classes at the start.
        size: Side of the input in pixels; None for the image's own size.
        device: `cpu`, `cuda`, ….

    Raises:
        InputError: the checkpoint or a text embedding is invalid.
    """

    def __init__(
        self,
        checkpoint: Path,
        text: TextChoice,
        vocabulary: Vocabulary,
        size: int | None = FIXED_SIZE,
        device: str = "cpu",
    ) -> None:
        embeddings = find_embeddings(vocabulary, text, device)
        self._predictor = load_predictor(
            checkpoint, vocabulary, embeddings, size=size, device=device
        )
        self._text = text
        self._embeddings = OrderedDict({vocabulary.names: self._predictor.text_embeddings})
        self._lock = threading.Lock()
        modules = read_header(checkpoint)[0].dataset_modules
        self.module_names: tuple[str, ...] = () if modules is None else tuple(modules.datasets)
        """The data sets of the network's dataset-specific modules (appendix D)."""

    def segment(
        self,
        image: Path,
        vocabulary: str,
        confidence: float,
        shown_score: float,
        modules: str | None = None,
    ) -> Pictures:
        """Segment an image.

        Args:
            image: Its file.
            vocabulary: As `parse_vocabulary` reads it.
            confidence: Minimum class probability of a panoptic segment, 0 to 1.
            shown_score: Minimum score of the instances drawn, 0 to 1.
            modules: Data set whose modules are used, if the network has any; None for the first.

        Raises:
            InputError: the image or the vocabulary is invalid, or there is no text encoder.
        """
        pixels = read_pixels(image)
        words = parse_vocabulary(vocabulary)
        dataset_index = None
        if self.module_names:
            dataset_index = self.module_names.index(modules or self.module_names[0])
        with self._lock:  # the cache and the network handle one request at a time
            predictor = replace(
                self._predictor,
                vocabulary=words,
                text_embeddings=self._text_of(words),
                confidence=confidence,
                dataset_index=dataset_index,
            )
            found = predictor.predict([pixels])[0]
        assert found.panoptic is not None
        assert found.semantic is not None
        assert found.instance is not None
        return Pictures(
            draw_panoptic(pixels, found.panoptic, words),
            draw_semantic(pixels, found.semantic, words),
            draw_instances(pixels, found.instance, words, shown_score),
        )

    def _text_of(self, words: Vocabulary) -> torch.Tensor:
        """float32 (K, D) on the network's device, cached for the next image."""
        if words.names not in self._embeddings:
            like = self._predictor.text_embeddings
            rows: np.ndarray = find_embeddings(words, self._text, str(like.device))
            self._embeddings[words.names] = torch.from_numpy(rows).to(like)
            if len(self._embeddings) > _KEPT:
                self._embeddings.popitem(last=False)
        self._embeddings.move_to_end(words.names)
        return self._embeddings[words.names]
