"""Refuse an output file that is also an input; apart from `output`, so that it loads nothing."""

import os

from o365seg.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def refuse_overwriting(
    outputs: "dict[str, str | Path | None]", inputs: "Iterable[str | Path | None]"
) -> None:
    """Check, before anything is written, that no output file is an input or another output.

    Args:
        outputs: The file of each option, such as `--json`; None or `-` is no file.
        inputs: The files that are read; likewise.

    Raises:
        InputError: names the option and the file.
    """
    taken = {os.path.realpath(str(path)): "an input file" for path in inputs if path is not None}
    for option, path in outputs.items():
        if path is None or str(path) == "-":
            continue
        other = taken.setdefault(os.path.realpath(str(path)), option)
        if other != option:
            raise InputError(f"{option} would overwrite {other}; choose another file", file=path)
