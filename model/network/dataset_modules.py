"""Which data set's own modules a network uses (section 4.7, appendix D)."""

from pathlib import Path

from model.network.config import DatasetModulesConfig
from o365seg.errors import InputError, unknown


def dataset_index(
    modules: DatasetModulesConfig | None, name: str | None, file: str | Path, option: str
) -> int | None:
    """Return the index of a data set among those that the network has modules for.

    For images of no such data set "it's hard to decide" (appendix D): the user decides.

    Args:
        modules: Those of the network.
        name: The data set; None if the user named none.
        file: The checkpoint or configuration that errors name.
        option: How the user names one, for messages.

    Returns:
        The index; None for a network without such modules.

    Raises:
        InputError: the network has modules and no or an unknown data set is named, or it has none
            and one is named.
    """
    if modules is None:
        if name is None:
            return None
        message = f"has no modules of data sets; leave out {option}"
        raise InputError(message, file=file)
    if name is None:
        names = ", ".join(modules.datasets)
        raise InputError(f"has modules for {names}; choose one with {option}", file=file)
    if name not in modules.datasets:
        message = unknown("data set", name, modules.datasets)
        raise InputError(f"has modules of data sets: {message}", file=file, field=option)
    return modules.datasets.index(name)
