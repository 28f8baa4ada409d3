"""Parts of the network that are not trained."""

from collections.abc import Sequence

from torch import nn

from model.network.dataseg import DaTaSeg
from o365seg.errors import InputError, unknown


def freeze(network: DaTaSeg, names: Sequence[str], source: str) -> None:
    """Exclude parts of a network from training.

    Args:
        network: The network, changed in place.
        names: Names of modules or parameters, such as `backbone` or `decoder.queries`.
        source: The configuration's file, for messages.

    Raises:
        InputError: the network has no such part, or nothing is left to train.
    """
    parameters = dict(network.named_parameters())
    for number, name in enumerate(names):
        inside = [p for key, p in parameters.items() if f"{key}.".startswith(f"{name}.")]
        if not inside:
            modules = [key for key, _ in network.named_modules() if key and key.count(".") < 2]
            message = unknown("part of the network", name, modules)
            raise InputError(message, file=source, field=f"freeze[{number}]")
        for parameter in inside:
            parameter.requires_grad_(False)
    if not any(parameter.requires_grad for parameter in parameters.values()):
        raise InputError("nothing is left to train", file=source, field="freeze")


def set_training(network: DaTaSeg, names: Sequence[str]) -> None:
    """Set training mode, except in frozen modules: their batch norm and dropout stay fixed."""
    network.train()
    modules = dict(network.named_modules())
    for name in names:
        module: nn.Module | None = modules.get(name)  # None for a parameter
        if module is not None:
            module.eval()
