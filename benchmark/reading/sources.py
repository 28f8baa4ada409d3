"""Predictions and ground truth from files, pipes and Python values, in a form to read twice."""

import os

from benchmark.reading.input_text import InputText, is_stdin, read_stdin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any, TypeAlias

    from o365seg.formats.records import AnnotationFile

    # Any: pycocotools.COCO, a pandas DataFrame, an array of boxes; all without importing them.
    PredictionsSource: TypeAlias = str | Path | InputText | Sequence[dict[str, Any]] | Any
    GroundTruthSource: TypeAlias = str | Path | InputText | AnnotationFile | dict[str, Any] | Any
else:
    PredictionsSource = GroundTruthSource = object

_held: dict[str, InputText] = {}  # what pipes held, by path

NAMELESS = "predictions"
"""The name that errors give to predictions passed as Python values, not as a file."""

NAMELESS_TRUTH = "ground truth"
"""Likewise, to ground truth."""


def hold_pipe(path: "str | Path") -> None:
    """Read a named pipe now, for everything that this process reads from that path later.

    For commands, which use a file several times and know that it is the same one. Any other file,
    and standard input, is left alone.

    Raises:
        InputError: it cannot be read.
    """
    if not is_stdin(path) and _is_fifo(path):
        _held[os.fspath(path)] = _read_pipe(path)


def readable_twice(predictions: PredictionsSource) -> "str | Path | InputText":
    """Predictions in a form that both the native path and the pycocotools path can read.

    A regular file stays a path; what can be read only once becomes its text.

    Args:
        predictions: A results file, `-` for standard input, its text; records (dicts or structs);
            a pandas DataFrame with a row per record; what `pycocotools.COCO.loadRes` returned; or
            float [n, 7], as `loadRes` takes it: image id, x, y, width, height, score, category id.

    Raises:
        InputError: they cannot be read, or are not JSON-compatible.
    """
    if isinstance(predictions, InputText):
        return predictions
    if is_stdin(predictions):
        return read_stdin()
    if isinstance(predictions, str | os.PathLike):
        if not _is_fifo(predictions):
            return predictions  # pyright: ignore[reportReturnType] (Any hides that it is a Path)
        return _held.get(os.fspath(predictions)) or _read_pipe(predictions)
    from benchmark.reading.python_values import encode, prediction_records

    return InputText(NAMELESS, encode(prediction_records(predictions), NAMELESS))


def truth_source(
    ground_truth: GroundTruthSource,
) -> "str | Path | InputText | AnnotationFile":
    """Ground truth in a form that both paths can read.

    Args:
        ground_truth: A COCO-format file, its text, its content as a dict (lists of dicts, or pandas
            DataFrames), what `read_annotations` made of it, or a `pycocotools.COCO`.

    Raises:
        InputError: it is not JSON-compatible.
    """
    if isinstance(ground_truth, str | os.PathLike) and _held:
        ground_truth = _held.get(os.fspath(ground_truth), ground_truth)
    if isinstance(ground_truth, InputText | str | os.PathLike):
        return ground_truth  # pyright: ignore[reportReturnType] (likewise)
    from o365seg.formats.records import AnnotationFile

    if isinstance(ground_truth, AnnotationFile):
        return ground_truth
    from benchmark.reading.python_values import encode, truth_content

    return InputText(NAMELESS_TRUTH, encode(truth_content(ground_truth), NAMELESS_TRUTH))


def _read_pipe(path: "str | os.PathLike[str]") -> InputText:
    from o365seg.formats.json_files import read_bytes

    return InputText(os.fspath(path), read_bytes(os.fspath(path)))


def _is_fifo(path: "str | os.PathLike[str]") -> bool:
    from stat import S_ISFIFO

    try:
        return S_ISFIFO(os.stat(path).st_mode)  # noqa: PTH116 (without pathlib, see benchmark.average_precision.result)
    except OSError:
        return False
