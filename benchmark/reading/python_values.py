"""Predictions and ground truth from Python values: as JSON text, they pass a file's checks."""

import json
from typing import Any

import msgspec
import numpy as np

from o365seg.errors import InputError


def prediction_records(predictions: Any) -> Any:
    """The records of predictions; see `benchmark.reading.sources.readable_twice`."""
    if isinstance(predictions, np.ndarray):
        return _rows_of_boxes(predictions)
    if _is_index(predictions):
        return _of_index(predictions)
    if _is_frame(predictions):
        return _of_frame(predictions)
    return predictions if isinstance(predictions, dict) else list(predictions)


def truth_content(truth: Any) -> Any:
    """The content of ground truth; see `benchmark.reading.sources.truth_source`."""
    if _is_index(truth):
        truth = truth.dataset
    if isinstance(truth, dict):
        return {key: _of_frame(one) if _is_frame(one) else one for key, one in truth.items()}
    return truth


def encode(value: Any, name: str) -> bytes:
    """A value as JSON text.

    Raises:
        InputError: it is not JSON-compatible; `name` is the name that this gives it.
    """
    try:
        return json.dumps(value, default=_plain).encode()
    except (TypeError, ValueError) as error:
        raise InputError(f"invalid records: {error}", file=name) from None


def _is_index(value: Any) -> bool:
    """Whether it is a `pycocotools.COCO` or has its form."""
    return hasattr(value, "dataset") and hasattr(value, "imgToAnns")


def _is_frame(value: Any) -> bool:
    """Whether it is a pandas DataFrame or has its form."""
    return hasattr(value, "to_dict") and hasattr(value, "columns")


def _of_frame(frame: Any) -> list[dict[str, Any]]:
    """A record per row, without the values that are missing."""
    return [
        {key: one for key, one in row.items() if not _is_missing(one)}
        for row in frame.to_dict("records")
    ]


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value != value)


def _of_index(index: Any) -> list[dict[str, Any]]:
    """The records that `loadRes` was given.

    It adds to each record an area, and to masks a box; only where all areas are those of the boxes
    did the records have boxes, or does it not matter.
    """
    records = index.dataset.get("annotations", [])
    boxed = all(
        "bbox" in one and one.get("area") == one["bbox"][2] * one["bbox"][3] for one in records
    )
    kept = {"image_id", "category_id", "score", "segmentation"} | ({"bbox"} if boxed else set())
    return [{key: one for key, one in record.items() if key in kept} for record in records]


def _rows_of_boxes(rows: np.ndarray) -> list[dict[str, Any]]:
    if rows.ndim != 2 or rows.shape[1] != 7:
        raise InputError(f"an array must have shape (n, 7), not {rows.shape}", file="predictions")
    return [
        {"image_id": int(row[0]), "bbox": row[1:5], "score": row[5], "category_id": int(row[6])}
        for row in rows.tolist()
    ]


def _plain(value: object) -> object:
    """Convert values that JSON lacks: `bytes` counts, numpy's numbers, structs, tensors."""
    if isinstance(value, bytes):
        return value.decode("ascii")
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, msgspec.Struct):
        return msgspec.to_builtins(value)
    if hasattr(value, "tolist"):
        return value.tolist()  # pyright: ignore[reportAttributeAccessIssue]
    raise TypeError(f"must be JSON-compatible, not {type(value).__name__}")
