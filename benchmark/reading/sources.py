"""Predictions from a file, a pipe, standard input or Python records, in a form to read twice."""

import os

from benchmark.reading.input_text import InputText, is_stdin, read_stdin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any


def readable_twice(
    predictions: "str | Path | Sequence[dict[str, Any]]",
) -> "str | Path | InputText":
    """Predictions in a form that both the native path and the pycocotools path can read.

    A regular file stays a path; what can be read only once becomes its text.

    Raises:
        InputError: they cannot be read, or are not JSON-compatible.
    """
    if is_stdin(predictions):
        return read_stdin()
    if isinstance(predictions, str | os.PathLike):
        if not _is_fifo(predictions):
            return predictions
        from o365seg.formats.json_files import read_bytes

        return InputText(predictions, read_bytes(predictions))
    from benchmark.reading.predictions import NAMELESS, records_to_json

    return InputText(NAMELESS, records_to_json(predictions))


def _is_fifo(path: "str | Path") -> bool:
    from stat import S_ISFIFO

    try:
        return S_ISFIFO(os.stat(path).st_mode)  # noqa: PTH116 (without pathlib, see benchmark.average_precision.result)
    except OSError:
        return False
