"""What a run writes of its network: the state to resume from, and the model to use."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from model.data.sampler import drawn_before
from model.network.dataseg import DaTaSeg
from model.runtime.checkpoint import save_checkpoint
from model.training.averaging import AveragedNetwork
from model.training.config import TrainConfig, train_config_to_dict
from model.training.resume import Change
from model.training.state import load_state, save_state
from o365seg.errors import InputError

MODEL_FILE = "model.safetensors"


@dataclass(frozen=True)
class TrainingRun:
    """What a run trains, and what it has to know to save it.

    Attributes:
        folder: Folder of the run.
        config: Its configuration.
        network: The network.
        optimizer: Its optimizer.
        average: The averaged weights, if the run has them.
        plan: (iterations,), the data set of each iteration.
        images: Number of images of each data set, by name.
        classes: Classes of each data set, by name; `:stuff` marks stuff.
    """

    folder: Path
    config: TrainConfig
    network: DaTaSeg
    optimizer: torch.optim.Optimizer
    average: AveragedNetwork | None
    plan: np.ndarray
    images: dict[str, int]
    classes: dict[str, list[str]]

    @property
    def result(self) -> DaTaSeg:
        """The network that is validated and written: the averaged one if there is one."""
        return self.network if self.average is None else self.average.network

    def load(self) -> int:
        """Load the latest state, if there is one; return the number of finished iterations.

        Raises:
            InputError: the state is damaged or belongs to another run.
        """
        average = None if self.average is None else self.average.network
        start, drawn = load_state(
            self.folder, self.network, self.optimizer, average, self.images, self.classes
        )
        if drawn and drawn != self._drawn(start):
            message = "the images drawn so far belong to another configuration"
            raise InputError(message, file=self.folder)
        return start

    def save(self, done: int, changes: Sequence[Change]) -> None:
        """Write the state and the model after `done` iterations.

        Args:
            done: Finished iterations.
            changes: Changes of the configuration so far.

        Raises:
            InputError: a file cannot be written.
        """
        average = None if self.average is None else self.average.network
        save_state(
            self.folder, done, self.network, self.optimizer, average, self._drawn(done),
            self.images, self.classes, self.config.keep,
        )  # fmt: skip
        self.write_model(done, changes, self.folder / MODEL_FILE, {})

    def write_model(
        self, done: int, changes: Sequence[Change], path: Path, facts: dict[str, Any]
    ) -> None:
        """Write the model with `facts` in its header; see `save` for the other arguments."""
        about = {
            "iterations": done,
            "images": dict(zip(self.images, self._drawn(done), strict=True)),
            "config": train_config_to_dict(self.config),
        }
        about |= {"changes": [asdict(change) for change in changes]} if changes else {}
        save_checkpoint(path, self.result, {"trained": about} | facts)

    def _drawn(self, done: int) -> list[int]:
        """Images drawn of each data set in the first `done` iterations."""
        return drawn_before(self.plan, done, self.config.batch_size, len(self.images))
