"""The device to run on."""

import torch

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
