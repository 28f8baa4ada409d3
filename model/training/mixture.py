"""The mixture that a run trains on: its data sets opened, with their text vectors and weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from model.data.augment import Augmentation
from model.data.loader import Source
from model.data.samples import BoxTruth, Dataset
from model.datasets.opening import open_from_table
from model.datasets.synthetic import synthetic_text
from model.objective.loss_weights import LossWeights
from model.objective.merge import mergeable_classes
from model.text.choice import TextChoice, find_embeddings
from model.text.encoder import TextEncoder
from model.text.vocabulary import Vocabulary, clean_name
from model.training.config import TABLE_10, DataConfig, TextConfig, TrainConfig
from o365seg.errors import InputError
from o365seg.formats.task import Task

_ROW_OF_TASK = {
    Task.SEMANTIC: "ade20k_semantic",
    Task.PANOPTIC: "coco_panoptic",
    Task.INSTANCE: "objects365_boxes",
}


@dataclass(frozen=True)
class Part:
    """A data set of the mixture, as the training loop needs it.

    Attributes:
        name: Of the data set.
        task: Which classes merge.
        is_thing: (K,) bool.
        text: (K, D) float32, the frozen classifiers.
        weights: Of the matching cost and of the loss.
        lr: Factor of the learning rate.
        module: Its place among the network's data-set-specific modules; None without them.
    """

    name: str
    task: Task
    is_thing: torch.Tensor
    text: torch.Tensor
    weights: LossWeights
    lr: float
    module: int | None


def open_datasets(config: TrainConfig, base: Path, source: str) -> list[Dataset]:
    """Open the data sets of a run, and see that each has images and the truth its weights are for.

    Args:
        config: Of the run.
        base: The folder that its paths begin at.
        source: Its file, for messages.

    Raises:
        InputError: a data set cannot be opened, is empty, or its weights do not go with it.
    """
    datasets = []
    for index, entry in enumerate(config.data):
        where = f"data[{index}]"
        dataset = open_from_table(entry.source, base, f"{source}: {where}")
        if not len(dataset):
            raise InputError(f"{dataset.name} has no images", file=source, field=where)
        weights = loss_weights(entry, dataset.task)
        boxes = isinstance(dataset[0].truth, BoxTruth)
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
    return datasets


def loss_weights(entry: DataConfig, task: Task) -> LossWeights:
    """The weights that the entry gives; else those of its task's row in Table 10."""
    if isinstance(entry.weights, LossWeights):
        return entry.weights
    return TABLE_10[entry.weights or _ROW_OF_TASK[task]]


def text_vectors(
    text: TextConfig, vocabulary: Vocabulary, width: int, base: Path, device: str
) -> np.ndarray:
    """float32 (K, width), the classifiers of a vocabulary.

    Raises:
        InputError: they cannot be had, or are of another width than the network's.
    """
    if text.synthetic:
        return synthetic_text(vocabulary, width)
    file = None if text.file is None else base / text.file
    encoder = TextEncoder(text.model, text.pretrained, tuple(text.prompts))
    vectors = find_embeddings(vocabulary, TextChoice(file, encoder), device)
    if vectors.shape[1] != width:
        raise InputError(
            f"the text vectors have {vectors.shape[1]} components, the network takes {width}",
            file=file,
            field="model.text_dim",
        )
    return vectors


def make_sources(config: TrainConfig, datasets: Sequence[Dataset]) -> list[Source]:
    """What the loader reads from, in the order of the mixture."""
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
    """What the loop needs of each data set, on its device.

    Raises:
        InputError: as `text_vectors`; or the network's own modules are of other data sets.
    """
    modules = config.network.dataset_modules
    parts = []
    for entry, dataset in zip(config.data, datasets, strict=True):
        if modules is not None and dataset.name not in modules.datasets:
            raise InputError(
                f"has no modules for {dataset.name}",
                file=source,
                field="model.dataset_modules.datasets",
            )
        vectors = text_vectors(
            config.text, dataset.vocabulary, config.network.text_dim, base, device
        )
        parts.append(
            Part(
                dataset.name,
                dataset.task,
                torch.tensor(dataset.vocabulary.is_thing, device=device),
                torch.from_numpy(vectors).to(device),
                loss_weights(entry, dataset.task),
                entry.lr,
                None if modules is None else modules.datasets.index(dataset.name),
            )
        )
    return parts


def all_vectors(
    datasets: Sequence[Dataset], parts: Sequence[Part]
) -> tuple[tuple[str, ...], np.ndarray]:
    """Every class's name and vector, once each, for a file that prediction can take."""
    rows: dict[str, np.ndarray] = {}
    for dataset, part in zip(datasets, parts, strict=True):
        for name, row in zip(dataset.vocabulary.names, part.text.cpu().numpy(), strict=True):
            rows.setdefault(clean_name(name), row)
    return tuple(rows), np.stack(list(rows.values()))
