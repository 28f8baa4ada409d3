"""Refuse an output file that is also an input; separate from `output`, to load nothing else."""

import os

from o365seg.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def refuse_printing(outputs: "dict[str, str | Path | None]") -> None:
    """Refuse `-` for files that are not printed.

    Args:
        outputs: The file of each option, such as `--report`; None for no file.

    Raises:
        InputError: names the option.
    """
    for option, path in outputs.items():
        if str(path) == "-":
            raise InputError(f"{option} cannot be printed; give a file instead of '-'")


def refuse_overwriting(
    outputs: "dict[str, str | Path | None]", inputs: "Iterable[str | Path | None]"
) -> None:
    """Check, before anything is written, that no output file is an input or another output.

    Args:
        outputs: The file of each option, such as `--json`; None or `-` is no file.
        inputs: The files and folders that are read; likewise. No file in such a folder may be
            replaced; new ones are allowed.

    Raises:
        InputError: names the option and the file; or two outputs are `-`, the standard output.
    """
    given = [os.path.realpath(str(path)) for path in inputs if path is not None]
    taken = dict.fromkeys(given, "an input file")
    folders = [os.path.join(path, "") for path in given if os.path.isdir(path)]  # noqa: PTH112, PTH118 (without pathlib, see benchmark.average_precision.result)
    printed = [option for option, path in outputs.items() if str(path) == "-"]
    if len(printed) > 1:
        raise InputError(f"{' and '.join(printed)} are both '-'; only one can be printed")
    for option, path in outputs.items():
        if path is None or str(path) == "-":
            continue
        real = os.path.realpath(str(path))
        other = taken.setdefault(real, option)
        if any(real.startswith(folder) for folder in folders) and os.path.exists(real):  # noqa: PTH110
            other = "a file of an input folder"
        if other != option:
            raise InputError(f"{option} would overwrite {other}; choose another file", file=path)
