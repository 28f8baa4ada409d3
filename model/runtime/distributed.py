"""The processes that train together, as torchrun starts them; or one alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import distributed

from model.inference.run import chosen_device
from o365seg.errors import InputError


@dataclass(frozen=True)
class Ranks:
    """Which of how many processes this is, and what it works on."""

    rank: int
    count: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        """Whether it is the one that writes."""
        return self.rank == 0

    def wait(self) -> None:
        """Wait until all processes are here."""
        if self.count > 1:
            distributed.barrier()


@contextmanager
def join_ranks(device: str | None) -> Iterator[Ranks]:
    """Join the processes that torchrun started, if it did.

    Args:
        device: What was asked for; None for a GPU where there is one, each process its own.

    Raises:
        InputError: PyTorch has no such device here.
    """
    name = chosen_device(device)
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Ranks(0, 1, torch.device(name))
        return
    if name == "cuda":
        own = int(os.environ.get("LOCAL_RANK", "0"))
        if own >= torch.cuda.device_count():
            raise InputError(
                f"{own + 1} processes here, but {torch.cuda.device_count()} GPUs", field="--device"
            )
        name = f"cuda:{own}"
        torch.cuda.set_device(own)
    distributed.init_process_group("nccl" if name.startswith("cuda") else "gloo")
    try:
        yield Ranks(distributed.get_rank(), count, torch.device(name))
    finally:
        distributed.destroy_process_group()


def is_first_process() -> bool:
    """Whether this process is the one that writes, of those that torchrun started."""
    return os.environ.get("RANK", "0") == "0"
