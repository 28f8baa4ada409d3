"""The device to run on, and its memory."""

import torch

from model.runtime.allocator import give_back_freed_memory
from o365seg.errors import InputError


def chosen_device(name: str | None) -> str:
    """Return the device with that name; without a name, a GPU if there is one, or else the CPU.

    Raises:
        InputError: PyTorch cannot use the device.
    """
    if name is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"PyTorch cannot use the device {name!r} here: {reason}") from None
    return name


def release_unused_memory() -> None:
    """Give the memory of freed tensors back, on the CPU and the GPU.

    Allocators keep it for tensors like those before. Between training and validation, whose tensors
    have other sizes, that would add the memory of one to that of the other.
    """
    give_back_freed_memory()
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
