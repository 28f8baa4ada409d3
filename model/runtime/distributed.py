"""The processes that torchrun started to work together, or a single one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import distributed

from model.runtime.device import chosen_device
from o365seg.errors import InputError

T = TypeVar("T")


@dataclass(frozen=True)
class Ranks:
    """This process among all that work together.

    Attributes:
        rank: Its number, from 0.
        count: Number of processes.
        device: The device that it uses.
    """

    rank: int
    count: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0

    def wait(self) -> None:
        """Wait for all processes."""
        if self.count > 1:
            distributed.barrier()

    def from_first(self, value: T) -> T:
        """Return the first process's value, in every process."""
        if self.count == 1:
            return value
        shared: list[Any] = [value]
        distributed.broadcast_object_list(shared, 0)
        return shared[0]


ALONE = Ranks(0, 1, torch.device("cpu"))


@contextmanager
def join_ranks(device: str | None) -> Iterator[Ranks]:
    """Join the processes that torchrun started, if any; a nested call joins the same ones.

    A GPU becomes the process's current one: what names no device (`torch.cuda.synchronize`, pinned
    memory) is about that.

    Args:
        device: Name of a device; None for a GPU if there is one, one for each process.

    Raises:
        InputError: PyTorch cannot use the device, there are fewer GPUs than processes of this
            machine, or another process stopped.
    """
    name = chosen_device(device)
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if name.startswith("cuda:") and int(os.environ.get("LOCAL_WORLD_SIZE", "1")) > 1:
        raise InputError(
            f"{name} is one GPU for several processes; give cuda for one each", field="--device"
        )
    if name == "cuda" and count > 1:
        own = int(os.environ.get("LOCAL_RANK", "0"))
        if own >= torch.cuda.device_count():
            raise InputError(
                f"{own + 1} processes on this machine, but only {torch.cuda.device_count()} GPUs",
                field="--device",
            )
        name = f"cuda:{own}"
    if name.startswith("cuda:"):
        torch.cuda.set_device(name)
    if count == 1:
        yield Ranks(0, 1, torch.device(name))
        return
    if distributed.is_initialized():
        yield Ranks(distributed.get_rank(), count, torch.device(name))
        return
    with _saying_what_stopped():
        distributed.init_process_group("nccl" if name.startswith("cuda") else "gloo")
        try:
            yield Ranks(distributed.get_rank(), count, torch.device(name))
        finally:
            distributed.destroy_process_group()


@contextmanager
def _saying_what_stopped() -> Iterator[None]:
    """One line instead of the backend's, where another process has ended."""
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, distributed.DistError) or "gloo" in str(error):
            raise InputError("another process stopped; its message says why") from error
        raise
