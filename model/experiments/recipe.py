"""A recipe: the data sets, networks and schedules for the paper's tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from model.experiments.columns import Column, Role
from model.experiments.tables import Backbone, Modules, Run
from model.training.config import TrainConfig, train_config_from_dict


@dataclass(frozen=True)
class TrainingSet:
    """The training set of a role.

    Attributes:
        name: The data set's name.
        entry: Its `[[data]]` table of a training configuration, with `sampling_ratio`.
    """

    name: str
    entry: dict[str, Any]


@dataclass(frozen=True)
class Scored:
    """The data set and metric of a column.

    Attributes:
        source: The data set, as in a `[[data]]` table.
        metric: `mIoU`, `PQ`, `AP`, ….
        role: The training set whose dataset-specific modules are used, if the network has them.
        only: Classes to average the IoU of; empty for all.
    """

    source: dict[str, Any]
    metric: str
    role: Role
    only: tuple[str, ...] = ()


@dataclass(frozen=True)
class Network:
    """The training settings of a backbone.

    Attributes:
        model: The `[model]` table.
        optimizer: The `[optimizer]` table.
        iterations: Iterations of co-training on all three sets.
        batch_size: Images per iteration.
    """

    model: dict[str, Any]
    optimizer: dict[str, Any]
    iterations: int
    batch_size: int


@dataclass(frozen=True)
class Recipe:
    """The data sets, networks and settings of an experiment.

    Attributes:
        name: Name of the recipe.
        sets: The training sets.
        scored: The columns that can be scored; others stay empty.
        networks: The available backbones; rows of others stay empty.
        base: Folder for relative paths in `[[data]]` tables.
        text: The `[text]` table.
        image_size: Side of the input in pixels, in training and evaluation.
        queries: Shared queries that stand for the paper's 100; its other numbers are scaled alike.
        confidence: Class probability of a panoptic segment; None for the paper's thresholds.
        settings: Further keys of the training configuration.
        about: A note for the reader of the tables.
    """

    name: str
    sets: dict[Role, TrainingSet]
    scored: dict[Column, Scored]
    networks: dict[Backbone, Network]
    base: Path
    text: dict[str, Any]
    image_size: int
    queries: int
    confidence: float | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    about: str = ""


def for_iterations(recipe: Recipe, iterations: int) -> Recipe:
    """The recipe with another number of iterations of co-training."""
    networks = {b: replace(n, iterations=iterations) for b, n in recipe.networks.items()}
    return replace(recipe, networks=networks)


PAPER_QUERIES = 100


def run_config(recipe: Recipe, run: Run, seed: int) -> TrainConfig:
    """The training configuration of a run.

    Its number of iterations is the fraction of co-training's that draws its sets, so that each set
    is seen as often as in co-training (section 4.1: "the same number of images"; note T5).
    """
    network = recipe.networks[run.backbone]
    ratios = {role: one.entry["sampling_ratio"] for role, one in recipe.sets.items()}
    fraction = sum(ratios[role] for role in run.sets) / sum(ratios.values())
    chosen = [recipe.sets[role] for role in run.sets]
    queries = recipe.queries if run.queries is None else _scaled(run.queries, recipe)
    model = network.model | {"num_queries": queries}
    if run.modules is not None:
        model |= {"dataset_modules": _modules(run.modules, chosen, recipe)}
    table = dict(recipe.settings) | {
        "model": model,
        "optimizer": network.optimizer,
        "text": recipe.text,
        "data": [one.entry for one in chosen],
        "iterations": round(network.iterations * fraction),
        "batch_size": network.batch_size,
        "image_size": recipe.image_size,
        "seed": seed,
    }
    return train_config_from_dict(table, f"recipe {recipe.name}, {run.name}")


def _modules(modules: Modules, chosen: list[TrainingSet], recipe: Recipe) -> dict[str, Any]:
    return {
        "datasets": [one.name for one in chosen],
        "num_queries": _scaled(modules.queries, recipe),
        "classification": modules.classification,
    }


def _scaled(queries: int, recipe: Recipe) -> int:
    return round(queries * recipe.queries / PAPER_QUERIES)
