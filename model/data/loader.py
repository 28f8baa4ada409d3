"""Batches for training: drawn images read, augmented and stacked, by worker processes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader

from model.data.augment import Augmentation, Example, augment
from model.data.sampler import Draw, augmentation_rng
from model.data.samples import Dataset
from model.objective.targets import BatchTargets, join_targets
from o365seg.errors import InputError


@dataclass(frozen=True)
class Batch:
    """Images of one data set with their targets.

    Attributes:
        dataset: The data set's place in the mixture.
        images: (B, 3, S, S) uint8, padded at the bottom and the right.
        sizes: (B, 2) int64, heights and widths of the unpadded parts; stays on the CPU.
        targets: Targets of the B images.
        files: The images' files, for messages.
    """

    dataset: int
    images: torch.Tensor
    sizes: torch.Tensor
    targets: BatchTargets
    files: tuple[str, ...]

    def pin_memory(self) -> "Batch":
        """In memory that a GPU reads by itself; the data loader calls this."""
        return replace(
            self,
            images=self.images.pin_memory(),
            sizes=self.sizes.pin_memory(),
            targets=self.targets.pin_memory(),
        )

    def to(self, device: torch.device) -> "Batch":
        """The same on a device; the host does not wait for it where the memory is pinned."""
        images = self.images.to(device, non_blocking=True)
        return replace(self, images=images, targets=self.targets.to(device))


@dataclass(frozen=True)
class Source:
    """A data set as it is trained on.

    Attributes:
        dataset: Where samples come from.
        augmentation: How they are changed.
        mergeable: (K,) bool, the classes that merge.
    """

    dataset: Dataset
    augmentation: Augmentation
    mergeable: np.ndarray


def load_batches(
    sources: Sequence[Source], draws: Iterable[list[Draw]], *, seed: int, workers: int, pin: bool
) -> Iterator[Batch]:
    """Batches in the order of `draws`, the same for any number of workers.

    Args:
        sources: The mixture.
        draws: What each batch is made of (`sampler.rank_draws`).
        seed: Of the run.
        workers: Processes that load; 0 for none.
        pin: Whether a GPU will read them.

    Raises:
        InputError: a sample is missing or damaged; it is raised here, where the batch would come.
    """
    loader: Any = DataLoader(
        _Drawn(sources, seed),  # type: ignore[arg-type]
        batch_sampler=draws,  # type: ignore[arg-type]
        collate_fn=_collate,
        num_workers=workers,
        pin_memory=pin,
        worker_init_fn=_start_worker,
        # Nothing here draws from PyTorch's generator, whose state is the training's.
        generator=torch.Generator().manual_seed(seed),
    )
    for batch in loader:
        if isinstance(batch, InputError):
            raise batch
        yield batch


class _Drawn:
    """What the data loader indexes by a draw."""

    def __init__(self, sources: Sequence[Source], seed: int) -> None:
        self._sources, self._seed = sources, seed

    def __getitem__(self, draw: Draw) -> tuple[Draw, str, Example] | InputError:
        source = self._sources[draw.dataset]
        try:
            sample = source.dataset[draw.index]
        except InputError as error:  # raised in a worker, it would come wrapped in a traceback
            return error
        rng = augmentation_rng(self._seed, draw)
        return draw, str(sample.path), augment(sample, source.augmentation, source.mergeable, rng)


def _collate(items: list[Any]) -> Batch | InputError:
    for item in items:
        if isinstance(item, InputError):
            return item
    draws, files, examples = zip(*items, strict=True)
    return Batch(
        draws[0].dataset,
        torch.stack([example.image for example in examples]),
        torch.tensor([example.size for example in examples]),
        join_targets([example.target for example in examples]),
        files,
    )


def _start_worker(_: int) -> None:
    """A worker is one thread: there are as many of them as there should be threads."""
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
