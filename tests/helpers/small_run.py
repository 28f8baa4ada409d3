"""A training run that takes seconds, and a process's gradients of its first iteration.

`python small_run.py OUT.pt BATCH ACCUMULATE DATASET` writes the latter; torchrun may start it.
"""

import sys
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from model.data.loader import Batch, load_batches
from model.data.sampler import rank_draws
from model.network.dataseg import DaTaSeg
from model.runtime.distributed import Ranks, join_ranks
from model.training.config import TrainConfig, train_config_from_dict
from model.training.loop import add_gradients, parallel
from model.training.mixture import Part, make_parts, make_sources, open_datasets
from model.training.optimizer import trained
from model.training.starting import make_network

KINDS = ("semantic", "panoptic", "boxes")


def small_tables(**changes: Any) -> dict[str, Any]:
    """A configuration's tables: the synthetic trio and a network without batch norm."""
    data = [
        {"layout": "synthetic", "which": which, "size": 64, "images": 12, "lr": lr}
        | {"sampling_ratio": ratio}
        for which, lr, ratio in zip(KINDS, (3, 5, 2), (1, 2, 2), strict=True)
    ]
    model = {
        "preset": "tiny",
        "backbone": {"name": "vitdet_tiny", "drop_path": 0.2},
        "hidden_dim": 32,
        "dim_feedforward": 64,
        "decoder_layers": 2,
        "num_queries": 10,
        "text_dim": 32,
    }
    tables = {
        "iterations": 8,
        "batch_size": 4,
        "image_size": 64,
        "workers": 0,
        "checkpoint_every": 2,
        "log_every": 1,
        "model": model,
        "text": {"synthetic": True},
        "optimizer": {"lr": 1e-4},
        "data": data,
    }
    return tables | changes


def as_toml(tables: dict[str, Any]) -> str:
    """The same as text, for a command."""

    def value(item: Any) -> str:
        if isinstance(item, dict):
            return "{" + ", ".join(f"{k} = {value(v)}" for k, v in item.items()) + "}"
        if isinstance(item, (list, tuple)):
            return "[" + ", ".join(value(part) for part in item) + "]"
        if isinstance(item, bool):
            return str(item).lower()
        return f'"{item}"' if isinstance(item, str) else str(item)

    return "\n".join(f"{key} = {value(item)}" for key, item in tables.items()) + "\n"


def prepare(config: TrainConfig) -> tuple[DaTaSeg, list[Part]]:
    """The network at the start, in training mode, and the parts of the mixture."""
    datasets = open_datasets(config, Path(), "config.toml")
    return make_network(config, Path()).train(), make_parts(config, datasets, Path(), "", "cpu")


def first_batches(config: TrainConfig, dataset: int, rank: int = 0, ranks: int = 1) -> list[Batch]:
    """What a process has of an iteration on that data set."""
    datasets = open_datasets(config, Path(), "config.toml")
    draws = rank_draws(
        np.full(1, dataset, np.int16),
        [len(one) for one in datasets],
        start=0,
        batch_size=config.batch_size,
        accumulate=config.accumulate,
        rank=rank,
        ranks=ranks,
        seed=config.seed,
    )
    sources = make_sources(config, datasets)
    loaded = load_batches(sources, draws, seed=config.seed, workers=0, pin=False)
    return list(islice(loaded, config.accumulate))


def gradients(config: TrainConfig, dataset: int, ranks: Ranks) -> dict[str, torch.Tensor | None]:
    """The gradients of an iteration, by the parameters' names; this process's part of the work."""
    network, parts = prepare(config)
    run = parallel(network, ranks, config.compile)
    batches = first_batches(config, dataset, ranks.rank, ranks.count)
    add_gradients(run, network, parts[dataset], batches, config.precision, ranks.device)
    assert len(list(network.parameters())) == len(list(trained(network)))
    return {name: parameter.grad for name, parameter in network.named_parameters()}


def alone() -> Ranks:
    """One process on the CPU."""
    return Ranks(0, 1, torch.device("cpu"))


def without_chance(**changes: Any) -> TrainConfig:
    """The small run's configuration with a network that draws nothing."""
    tables = small_tables(**changes)
    tables["model"]["backbone"]["drop_path"] = 0.0
    return train_config_from_dict(tables)


def cut_power(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, at: int) -> list[int]:
    """Let a function fail with "power cut" at call number `at`; returns a list, an item a call."""
    whole, calls = getattr(owner, name), []

    def failing(*arguments: object) -> object:
        calls.append(1)
        if len(calls) == at:
            raise RuntimeError("power cut")
        return whole(*arguments)

    monkeypatch.setattr(owner, name, failing)
    return calls


def main() -> None:
    """See the top."""
    torch.set_num_threads(1)
    out, batch, accumulate, dataset = sys.argv[1:]
    config = without_chance(batch_size=int(batch), accumulate=int(accumulate))
    with join_ranks("cpu") as ranks:
        found = gradients(config, int(dataset), ranks)
        if ranks.is_first:
            torch.save(found, out)


if __name__ == "__main__":
    main()
