"""Panoptic, semantic and instance results of images, from one forward pass."""

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
    """Results of one image, in its own size; None for tasks that were not requested."""

    panoptic: PanopticResult | None = None
    semantic: SemanticResult | None = None
    instance: InstanceResult | None = None


@dataclass(frozen=True)
class Predictor:
    """A network with a vocabulary.

    Attributes:
        network: The network, in evaluation mode.
        vocabulary: K classes.
        text_embeddings: float32 (K, D), on the network's device.
        size: Side of the input in pixels (appendix E: images are resized, then padded); None for
            each image's own size.
        confidence: Minimum class probability of a panoptic segment, 0 to 1 (appendix F: 0.85 on
            COCO, 0.8 on ADE20K).
        dataset_index: Index of the data set whose modules are used; None if the network has no
            dataset-specific modules.
        exact: Whether scores are computed on the image's pixels instead of the stride-4 grid
            (`model.inference.postprocess`); takes longer.
    """

    network: DaTaSeg
    vocabulary: Vocabulary
    text_embeddings: torch.Tensor
    size: int | None = FIXED_SIZE
    confidence: float = CONFIDENCE
    dataset_index: int | None = None
    exact: bool = False

    @torch.inference_mode()
    def predict(
        self, images: Sequence[np.ndarray], tasks: Collection[Task] = tuple(Task)
    ) -> list[Prediction]:
        """Predict images in one batch; at native size one by one, as their sizes differ.

        Args:
            images: uint8 (H, W, 3) each, RGB.
            tasks: The tasks.

        Returns:
            One prediction per image.
        """
        if self.size is None and len(images) > 1:
            return [self.predict([image], tasks)[0] for image in images]
        device = self.text_embeddings.device
        inputs, placements = zip(*(resize_and_pad(i, self.size) for i in images), strict=True)
        sizes = torch.tensor([placement.input for placement in placements])  # (B, 2), on the CPU
        proposals = self.network(
            torch.stack(inputs).to(device), self.text_embeddings, sizes, self.dataset_index
        ).final
        is_thing = torch.tensor(self.vocabulary.is_thing, device=device)
        empty = [None] * len(images)
        panoptic, semantic, instance = empty, empty, empty
        if Task.PANOPTIC in tasks:
            panoptic = panoptic_results(
                proposals, placements, is_thing, self.confidence, self.exact
            )
        if Task.SEMANTIC in tasks:
            semantic = semantic_results(proposals, placements, self.exact)
        if Task.INSTANCE in tasks:
            instance = instance_results(proposals, placements, is_thing, self.exact)
        return [Prediction(*results) for results in zip(panoptic, semantic, instance, strict=True)]


def load_predictor(
    checkpoint: Path,
    vocabulary: Vocabulary,
    text_embeddings: np.ndarray,
    *,
    size: int | None = FIXED_SIZE,
    confidence: float = CONFIDENCE,
    device: str = "cpu",
    dataset_index: int | None = None,
    exact: bool = False,
) -> Predictor:
    """Load a checkpoint for prediction.

    Args:
        checkpoint: A file that `model.runtime.checkpoint` wrote.
        vocabulary: K classes.
        text_embeddings: float32 (K, D), from `model.text.encoder` or `model.text.embedding_files`.
        size: See `Predictor`.
        confidence: See `Predictor`.
        device: `cpu`, `cuda`, ….
        dataset_index: See `Predictor`.
        exact: See `Predictor`.

    Raises:
        InputError: the checkpoint is invalid, has non-finite weights (training diverged), or
            expects text embeddings of another length.
    """
    network = load_checkpoint(checkpoint)
    for name, tensor in network.state_dict().items():
        if not torch.isfinite(tensor).all():
            raise InputError("contains non-finite values", file=checkpoint, field=name)
    text_dim = network.config.text_dim
    if text_embeddings.shape[1] != text_dim:
        raise InputError(
            f"needs text embeddings of length {text_dim}, not {text_embeddings.shape[1]}; "
            "use the text encoder that the model was trained with",
            file=checkpoint,
        )
    on_device = torch.from_numpy(text_embeddings).to(device)
    network = network.eval().to(device)
    return Predictor(network, vocabulary, on_device, size, confidence, dataset_index, exact)
