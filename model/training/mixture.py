"""The mixture of a run: its data sets with their text embeddings and loss weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from model.data.augment import Augmentation
from model.data.loader import Source
from model.data.samples import Dataset
from model.datasets.configured import check_names
from model.datasets.opening import open_from_table
from model.datasets.synthetic import synthetic_text
from model.evaluation.evaluate import has_only_boxes
from model.objective.loss_weights import LossWeights
from model.objective.merge import mergeable_classes
from model.text.choice import TextChoice, find_embeddings
from model.text.encoder import TextEncoder
from model.text.vocabulary import Vocabulary, clean_name
from model.training.config import TABLE_10, DataConfig, TextConfig, TrainConfig
from o365seg.errors import InputError
from o365seg.formats.task import Task


@dataclass(frozen=True)
class Part:
    """A data set of the mixture, for the training loop.

    Attributes:
        name: Name of the data set.
        task: Its task, which determines the classes that merge.
        is_thing: (K,) bool.
        text_embeddings: (K, D) float32, the frozen classifier.
        weights: Weights of the matching cost and of the loss.
        lr: Learning-rate factor, above 0.
        dataset_index: Index of the data set in the network's dataset-specific modules; None
            without them.
    """

    name: str
    task: Task
    is_thing: torch.Tensor
    text_embeddings: torch.Tensor
    weights: LossWeights
    lr: float
    dataset_index: int | None


def open_datasets(config: TrainConfig, base: Path, source: str) -> list[Dataset]:
    """Open the data sets of a run; check that each has images, and weights for its ground truth.

    Args:
        config: Configuration of the run.
        base: Folder of relative paths.
        source: File of the configuration, for messages.

    Raises:
        InputError: a data set cannot be opened, is empty, or has weights for other ground truth; or
            two have the same name.
    """
    datasets = []
    for index, entry in enumerate(config.data):
        where = f"data[{index}]"
        dataset = open_from_table(entry.source, base, f"{source}: {where}")
        if not len(dataset):
            raise InputError(f"{dataset.name} has no images", file=source, field=where)
        boxes = has_only_boxes(dataset)
        weights = loss_weights(entry, dataset.task, boxes=boxes)
        for part in (weights.cost, weights.loss):
            if (boxes and (part.focal or part.dice)) or (not boxes and part.projection):
                kind = "boxes" if boxes else "masks"
                raise InputError(
                    f"{dataset.name} has {kind}, which these weights are not for; "
                    f"name one of {', '.join(TABLE_10)}, or all numbers",
                    file=source,
                    field=f"{where}.weights",
                )
        datasets.append(dataset)
    check_names(datasets, source, "data")
    return datasets


def loss_weights(entry: DataConfig, task: Task, *, boxes: bool) -> LossWeights:
    """The weights of the entry, by default those of its kind of ground truth in Table 10.

    Instances with masks have the row of panoptic segments.
    """
    if isinstance(entry.weights, LossWeights):
        return entry.weights
    masks = "ade20k_semantic" if task is Task.SEMANTIC else "coco_panoptic"
    return TABLE_10[entry.weights or ("objects365_boxes" if boxes else masks)]


def dataset_text_embeddings(
    text: TextConfig, vocabulary: Vocabulary, text_dim: int, base: Path, device: str
) -> np.ndarray:
    """Text embeddings of a vocabulary, float32 (K, text_dim).

    Raises:
        InputError: they are not available, or their length is not the network's.
    """
    if text.synthetic:
        return synthetic_text(vocabulary, text_dim)
    file = None if text.file is None else base / text.file
    encoder = TextEncoder(text.model, text.pretrained, tuple(text.prompts))
    text_embeddings = find_embeddings(vocabulary, TextChoice(file, encoder), device)
    if text_embeddings.shape[1] != text_dim:
        raise InputError(
            f"the text embeddings have length {text_embeddings.shape[1]}, not {text_dim}",
            file=file,
            field="model.text_dim",
        )
    return text_embeddings


def make_sources(config: TrainConfig, datasets: Sequence[Dataset]) -> list[Source]:
    """Sources for the loader, in the order of the mixture."""
    return [
        Source(
            dataset,
            Augmentation(config.image_size, entry.scale, entry.flip),
            mergeable_classes(dataset.task, torch.tensor(dataset.vocabulary.is_thing)).numpy(),
        )
        for entry, dataset in zip(config.data, datasets, strict=True)
    ]


def make_parts(
    config: TrainConfig, datasets: Sequence[Dataset], base: Path, source: str, device: str
) -> list[Part]:
    """The data sets of the mixture for the training loop, on its device.

    Raises:
        InputError: as `dataset_text_embeddings`; or the network has no modules for a data set.
    """
    modules = config.network.dataset_modules
    parts = []
    for entry, dataset in zip(config.data, datasets, strict=True):
        if modules is not None and dataset.name not in modules.datasets:
            raise InputError(
                f"has no modules for {dataset.name}; list this run's data sets here",
                file=source,
                field="model.dataset_modules.datasets",
            )
        text_embeddings = dataset_text_embeddings(
            config.text, dataset.vocabulary, config.network.text_dim, base, device
        )
        parts.append(
            Part(
                dataset.name,
                dataset.task,
                torch.tensor(dataset.vocabulary.is_thing, device=device),
                torch.from_numpy(text_embeddings).to(device),
                loss_weights(entry, dataset.task, boxes=has_only_boxes(dataset)),
                entry.lr,
                None if modules is None else modules.datasets.index(dataset.name),
            )
        )
    return parts


def all_text_embeddings(
    datasets: Sequence[Dataset], parts: Sequence[Part]
) -> tuple[tuple[str, ...], np.ndarray]:
    """Name and text embedding of every class, once each, for a file that `--embeddings` reads."""
    rows: dict[str, np.ndarray] = {}
    for dataset, part in zip(datasets, parts, strict=True):
        for name, row in zip(
            dataset.vocabulary.names, part.text_embeddings.cpu().numpy(), strict=True
        ):
            rows.setdefault(clean_name(name), row)
    return tuple(rows), np.stack(list(rows.values()))
