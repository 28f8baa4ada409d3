"""The saved state of a run, from which it resumes as if it had never stopped.

What is drawn (data sets, images, augmentation, dropout) is a function of the seed and the iteration
(`model.data.sampler`), so the iteration is the whole state of all random numbers and samplers;
what remains are the network, its averaged weights and the optimiser.
"""

from itertools import zip_longest
from pathlib import Path
from typing import Any

import torch
from torch import nn

from model.network.dataseg import DaTaSeg
from model.network.pixel_statistics import with_pixel_statistics
from o365seg.errors import InputError
from o365seg.formats.json_files import replacing

_FORMAT = "dataseg-run-1"


def save_state(
    folder: Path,
    iteration: int,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: nn.Module | None,
    drawn: list[int],
    sizes: dict[str, int],
    classes: dict[str, list[str]],
    keep: int,
) -> None:
    """Write the state after `iteration` iterations atomically; then delete older ones.

    Args:
        folder: Folder of the run.
        iteration: Number of finished iterations.
        network: The network.
        optimizer: The optimizer.
        average: The network of the averaged weights, if the run has one.
        drawn: Images drawn of each data set, to be checked when the run is resumed.
        sizes: Number of images of each data set, by name, to be checked likewise.
        classes: Classes of each data set, by name, to be checked likewise.
        keep: Number of states to keep, including this one.

    Raises:
        InputError: the file cannot be written.
    """
    state = {
        "format": _FORMAT,
        "iteration": iteration,
        "drawn": drawn,
        "sizes": sizes,
        "classes": classes,
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
    }
    if average is not None:
        state["average"] = average.state_dict()
    with replacing(folder / f"state-{iteration:08}.pt") as temporary:
        torch.save(state, temporary)
    for old in _states(folder)[:-keep]:
        old.unlink(missing_ok=True)


def load_state(
    folder: Path,
    network: DaTaSeg,
    optimizer: torch.optim.Optimizer,
    average: nn.Module | None,
    sizes: dict[str, int],
    classes: dict[str, list[str]],
) -> tuple[int, list[int]]:
    """Load the latest state of the folder into network, optimizer and averaged weights.

    Args:
        folder: Folder of the run.
        network: Changed in place.
        optimizer: Changed in place.
        average: Changed in place; None if the run has none.
        sizes: Number of images of each data set, by name.
        classes: Classes of each data set, by name, in order.

    Returns:
        The number of finished iterations, and of images drawn of each data set; 0 and an empty
        list if the folder has no state.

    Raises:
        InputError: the file is not a state of this network, or belongs to data sets of other
            sizes or classes; names it.
    """
    states = _states(folder)
    if not states:
        return 0, []
    path = states[-1]
    try:
        state: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # pickle and zip raise errors of every kind
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"cannot be read ({reason}); delete it to resume from an older one",
                         file=path) from None  # fmt: skip
    if not isinstance(state, dict) or state.get("format") != _FORMAT:
        raise InputError("not the state of a run of this program", file=path)
    for name, before in state.get("sizes", {}).items():
        if sizes.get(name) != before:
            raise InputError(
                f"this run started with {before:,} images of {name}, not {sizes.get(name, 0):,}",
                file=path,
            )
    for name, before in state.get("classes", {}).items():  # older states have none
        if changed := _changed_class(before, classes.get(name, [])):
            raise InputError(f"this run started with other classes of {name}: {changed}", file=path)
    try:
        network.load_state_dict(with_pixel_statistics(state["network"]))
        optimizer.load_state_dict(state["optimizer"])
        if average is not None:
            average.load_state_dict(with_pixel_statistics(state["average"]))
    except (RuntimeError, ValueError, KeyError) as error:
        raise InputError(f"belongs to another network: {str(error).splitlines()[0]}",
                         file=path) from None  # fmt: skip
    return state["iteration"], state["drawn"]


def has_state(folder: Path) -> bool:
    """Whether the folder has a state to resume from."""
    return bool(_states(folder))


def _changed_class(before: list[str], now: list[str]) -> str | None:
    """Say which class is the first that is another one, if any is."""
    for number, (one, other) in enumerate(zip_longest(before, now, fillvalue="none"), 1):
        if one != other:
            return f"number {number} was {one}, and is {other}"
    return None


def _states(folder: Path) -> list[Path]:
    """Paths of the states, oldest first; the numbers are padded, so that names sort like them."""
    return sorted(folder.glob("state-*.pt"))
