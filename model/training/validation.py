"""Validation while training: scores every N iterations, the best checkpoint, and the early end.

A validation changes nothing of the training: a run with it ends with the same weights as one
without. The network predicts one image at a time, at the size it is trained at, without gradients;
whatever has an image's own size exists once (`model.inference.postprocess`), and what training has
freed is given back before. So it needs less memory than a training step.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from model.datasets.checking import spread
from model.datasets.chosen import ChosenImages
from model.datasets.configured import check_names
from model.evaluation.evaluate import default_confidence, evaluate_dataset, has_only_boxes
from model.evaluation.requests import Asked, modules_index, open_asked
from model.evaluation.scores import metric_names
from model.inference.predictor import Predictor
from model.network.dataseg import DaTaSeg
from model.runtime.checkpoint import read_header
from model.runtime.device import release_unused_memory
from model.runtime.distributed import Ranks
from model.training.config import TrainConfig, ValidationConfig
from model.training.log import ValidationLog
from model.training.mixture import dataset_text_embeddings
from o365seg.errors import InputError, unknown
from o365seg.formats.task import Task
from o365seg.terminal.percent import percent

BEST_FILE = "best.safetensors"
FOLDER = "validation"

Metrics = dict[str, dict[str, float | None]]
"""By data set and name: fractions, None if undefined."""


@dataclass(frozen=True)
class Best:
    """The best validation so far.

    Attributes:
        iteration: Finished iterations.
        metric: `NAME/METRIC`.
        value: Its value, a fraction.
    """

    iteration: int
    metric: str
    value: float


class Validation:
    """The validations of a run.

    Args:
        config: The run's configuration, with a `validation`.
        base: Folder for the configuration's relative paths.
        source: The configuration's file, for messages.
        folder: Folder of the run.
        ranks: This process; all take part.

    Raises:
        InputError: a data set or its text embeddings cannot be had, or `best` is no metric.
    """

    def __init__(
        self, config: TrainConfig, base: Path, source: str, folder: Path, ranks: Ranks
    ) -> None:
        assert config.validation is not None
        self._config, self._settings = config, config.validation
        self._folder, self._ranks = folder, ranks
        self._asked = _open(config.validation, base, source)
        self.metric = _best_metric(config.validation.best, self._asked, source)
        modules = config.network.dataset_modules
        self._modules = [
            modules_index(modules, one, source, f"validation.data[{number}].modules_of")
            for number, one in enumerate(self._asked)
        ]
        self._embeddings = [
            torch.from_numpy(
                dataset_text_embeddings(
                    config.text, one.dataset.vocabulary, config.network.text_dim, base,
                    str(ranks.device),
                )
            ).to(ranks.device)
            for one in self._asked
        ]  # fmt: skip
        self._best: Best | None = None
        self._done: list[int] = []  # iterations of the validations so far
        self._log: ValidationLog | None = None

    def resume(self, start: int) -> None:
        """Read what the validations up to iteration `start` found, and open the log."""
        best, done = None, []
        if self._ranks.is_first:
            self._log = ValidationLog(self._folder, start)
            done = self._log.iterations
            best = _stored_best(self._folder / BEST_FILE, self.metric, start)
        self._best, self._done = self._ranks.from_first((best, done))

    def is_due(self, done: int) -> bool:
        """Whether one is wanted after `done` iterations and has not been made yet."""
        wanted = done % self._settings.every == 0 or done == self._config.iterations
        return wanted and done > 0 and done not in self._done

    def is_over(self) -> bool:
        """Whether the run ends early: the best validation is `patience` validations ago."""
        patience, best = self._settings.patience, self._best
        if patience is None or best is None:
            return False
        return sum(done > best.iteration for done in self._done) >= patience

    def run(
        self, network: DaTaSeg, done: int, write: Callable[[Path, dict[str, Any]], None]
    ) -> None:
        """Score the network after `done` iterations; every process must call this.

        Args:
            network: The network, whose mode stays as it was.
            done: Finished iterations.
            write: Writes the model to a file with facts for its header; called in the first
                process if the network is the best so far.

        Raises:
            InputError: an image or the ground truth is invalid, or a file cannot be written.
        """
        share_buffers(network, self._ranks)
        release_unused_memory()
        was_training = [module for module in network.modules() if module.training]
        network.eval()
        metrics = self._ranks.from_first(self._score(network))
        for module in was_training:
            module.training = True
        release_unused_memory()
        self._done.append(done)
        name, _, metric = self.metric.rpartition("/")
        value = metrics[name][metric]
        is_best = value is not None and (self._best is None or value > self._best.value)
        if is_best:
            assert value is not None
            self._best = Best(done, self.metric, value)
            if self._ranks.is_first:
                write(self._folder / BEST_FILE, {"best": vars(self._best)})
        if self._log is not None:  # last, so that a validation in the log is complete
            self._log.add(done, metrics)
            _say(done, metrics, self.metric, is_best)
        self._ranks.wait()

    def close(self) -> None:
        """Close the log."""
        if self._log is not None:
            self._log.close()

    def summary(self) -> str | None:
        """Say which validation was the best; None if none had a value."""
        best = self._best
        if best is None:
            return None
        return f"best {best.metric}: {percent(best.value)} after {best.iteration} iterations"

    def _score(self, network: DaTaSeg) -> Metrics:
        """Scores of all data sets in the first process, nothing in the others."""
        found: Metrics = {}
        for one, embeddings, index in zip(
            self._asked, self._embeddings, self._modules, strict=True
        ):
            dataset = one.dataset
            if one.confidence is None:
                one = replace(one, confidence=default_confidence(dataset.name))
            assert one.confidence is not None
            predictor = Predictor(
                network, dataset.vocabulary, embeddings, self._config.image_size, one.confidence,
                index,
            )  # fmt: skip
            out = self._folder / FOLDER / dataset.name
            scores = evaluate_dataset(predictor, dataset, out, ranks=self._ranks)
            if scores is not None:
                found[dataset.name] = scores.metrics
        return found


def share_buffers(network: DaTaSeg, ranks: Ranks) -> None:
    """Give every process the first one's batch-norm statistics, as DDP does before each step."""
    if ranks.count > 1:
        for buffer in network.buffers():
            torch.distributed.broadcast(buffer, 0)


def _open(settings: ValidationConfig, base: Path, source: str) -> list[Asked]:
    """Open the data sets, each reduced to the images asked for."""
    found = []
    for number, table in enumerate(settings.data):
        where = f"validation.data[{number}]"
        one = open_asked(table, base, f"{source}: {where}")
        if not len(one.dataset):
            raise InputError(f"{one.dataset.name} has no images", file=source, field=where)
        if settings.images is not None and settings.images < len(one.dataset):
            chosen = np.array(spread(len(one.dataset), settings.images), np.int64)
            one = replace(one, dataset=ChosenImages(one.dataset, chosen))
        found.append(one)
    check_names((one.dataset for one in found), source, "validation.data")
    return found


def _best_metric(given: str | None, asked: list[Asked], source: str) -> str:
    """`NAME/METRIC`, checked."""
    choices = [
        f"{one.dataset.name}/{metric}"
        for one in asked
        for metric in metric_names(Task(one.dataset.task), boxes=has_only_boxes(one.dataset))
    ]
    if given is None:
        return choices[0]
    if given not in choices:
        raise InputError(unknown("metric", given, choices), file=source, field="validation.best")
    return given


def _stored_best(path: Path, metric: str, start: int) -> Best | None:
    """The best validation that a checkpoint says it is of, if the run still knows it."""
    if not path.is_file():
        return None
    stored = read_header(path)[1].get("best")
    if not isinstance(stored, dict) or stored.get("metric") != metric:
        return None
    best = Best(**stored)
    return best if best.iteration <= start else None


def _say(done: int, metrics: Metrics, metric: str, is_best: bool) -> None:
    parts = []
    for name, values in metrics.items():
        first = next(iter(values))
        parts.append(f"{name} {first} {percent(values[first])}")
    name, _, key = metric.rpartition("/")
    if key != next(iter(metrics[name])):
        parts.append(f"{metric} {percent(metrics[name][key])}")
    sys.stderr.write(f"{done}: {', '.join(parts)}{' (best so far)' if is_best else ''}\n")
