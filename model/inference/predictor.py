"""From images to panoptic, semantic and instance results: one forward pass for all three tasks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from model.inference.postprocess import (
    CONFIDENCE,
    InstanceResult,
    PanopticResult,
    SemanticResult,
    instance_results,
    panoptic_results,
    semantic_results,
)
from model.network.dataseg import DaTaSeg
from model.network.preprocess import FIXED_SIZE, resize_and_pad
from model.runtime.checkpoint import load_checkpoint
from model.text.vocabulary import Vocabulary
from o365seg.errors import InputError
from o365seg.formats.task import Task


@dataclass(frozen=True)
class Prediction:
    """What was asked for of one image, in its size; None for a task not asked for."""

    panoptic: PanopticResult | None = None
    semantic: SemanticResult | None = None
    instance: InstanceResult | None = None


@dataclass(frozen=True)
class Predictor:
    """A network and the vocabulary it is asked for.

    Attributes:
        network: In evaluation mode, on the device it is to run on.
        vocabulary: K classes.
        text: float32 (K, D), their text embeddings, on the same device.
        size: Pixels of the input's sides (appendix E: fixed, first resized, then padded), or None
            for each image's own.
        confidence: Class probability that a panoptic segment must exceed (appendix F: 0.85 on COCO,
            0.8 on ADE20k).
        modules: Index of the data set whose own modules to use; None where the network has none.
    """

    network: DaTaSeg
    vocabulary: Vocabulary
    text: torch.Tensor
    size: int | None = FIXED_SIZE
    confidence: float = CONFIDENCE
    modules: int | None = None

    @torch.inference_mode()
    def predict(
        self, images: Sequence[np.ndarray], tasks: Collection[Task] = tuple(Task)
    ) -> list[Prediction]:
        """Results of images, in one batch; in native size one by one, as their sizes differ.

        Args:
            images: uint8 (H, W, 3) each, RGB.
            tasks: What to make of the proposals.

        Returns:
            One prediction an image.
        """
        if self.size is None and len(images) > 1:
            return [self.predict([image], tasks)[0] for image in images]
        device = self.text.device
        inputs, placements = zip(*(resize_and_pad(i, self.size) for i in images), strict=True)
        sizes = torch.tensor([placement.input for placement in placements])  # (B, 2), on the CPU
        proposals = self.network(
            torch.stack(inputs).to(device), self.text, sizes, self.modules
        ).final
        is_thing = torch.tensor(self.vocabulary.is_thing, device=device)
        empty = [None] * len(images)
        panoptic, semantic, instance = empty, empty, empty
        if Task.PANOPTIC in tasks:
            panoptic = panoptic_results(proposals, placements, is_thing, self.confidence)
        if Task.SEMANTIC in tasks:
            semantic = semantic_results(proposals, placements)
        if Task.INSTANCE in tasks:
            instance = instance_results(proposals, placements, is_thing)
        return [Prediction(*results) for results in zip(panoptic, semantic, instance, strict=True)]


def load_predictor(
    checkpoint: Path,
    vocabulary: Vocabulary,
    embeddings: np.ndarray,
    *,
    size: int | None = FIXED_SIZE,
    confidence: float = CONFIDENCE,
    device: str = "cpu",
) -> Predictor:
    """A predictor of a checkpoint.

    Args:
        checkpoint: As `model.runtime.checkpoint` writes it.
        vocabulary: K classes.
        embeddings: float32 (K, D), from `model.text.encoder` or `model.text.embedding_files`.
        size: See `Predictor`.
        confidence: See `Predictor`.
        device: `cpu`, `cuda`, ….

    Raises:
        InputError: no sound checkpoint, weights that are not finite (of a training that diverged),
            or embeddings of another length than it was made for.
    """
    network = load_checkpoint(checkpoint)
    for name, tensor in network.state_dict().items():
        if not torch.isfinite(tensor).all():
            raise InputError("contains non-finite values", file=checkpoint, field=name)
    width = network.config.text_dim
    if embeddings.shape[1] != width:
        raise InputError(
            f"needs text embeddings of length {width}, not {embeddings.shape[1]}; "
            "use the text encoder that the model was trained with",
            file=checkpoint,
        )
    text = torch.from_numpy(embeddings).to(device)
    return Predictor(network.eval().to(device), vocabulary, text, size, confidence)
