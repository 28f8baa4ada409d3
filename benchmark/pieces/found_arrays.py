"""What a model found in an image, as arrays or tensors, and as the records of a results file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from pycocotools import mask as coco_mask

from benchmark.average_precision import native_core, native_path
from benchmark.reading.python_values import encode
from o365seg.errors import InputError


@dataclass(frozen=True)
class FoundArrays:
    """The n predictions of an image.

    Attributes:
        size: The image's height and width in pixels.
        labels: int64[n], category ids.
        scores: float64[n].
        masks: bool[n, height, width]; None for none.
        rles: Instead of masks, run lengths as pycocotools has them.
        boxes: float64[n, 4] of (x, y, width, height) in pixels; None for none.
    """

    size: tuple[int, int]
    labels: np.ndarray
    scores: np.ndarray
    masks: np.ndarray | None
    rles: Sequence[dict[str, Any]] | None
    boxes: np.ndarray | None

    def records(self, image_id: int) -> bytes:
        """JSON records, separated by commas; masks are encoded by the core where it is built."""
        boxes = self.boxes
        by_core = native_core.is_wanted() and native_path.is_built()
        finite = np.isfinite(self.scores).all() and np.isfinite(0 if boxes is None else boxes).all()
        if by_core and self.rles is None and finite:
            from benchmark import _native

            return _native.records(
                image_id, *self.size, self.labels, self.scores, self.masks, boxes
            )
        found = self.rles if self.masks is None else _encoded(self.masks)
        columns: dict[str, Any] = {
            "category_id": self.labels.tolist(),
            "score": self.scores.tolist(),
        }
        columns |= {} if found is None else {"segmentation": found}
        columns |= {} if boxes is None else {"bbox": boxes.tolist()}
        columns |= {"image_id": [image_id] * len(self.scores)}
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        if finite and _are_text(found):
            try:
                return msgspec.json.encode(rows)[1:-1]  # a tenth of the time of `encode`
            except (TypeError, ValueError):
                pass  # values that only `encode` converts or refuses
        return encode(rows, "predictions")[1:-1]


def found_arrays(
    size: tuple[int, int],
    where: str,
    masks: Any,
    rles: Sequence[dict[str, Any]] | None,
    boxes: Any,
    scores: Any,
    labels: Any,
) -> FoundArrays:
    """Check what `Evaluator.update` takes; `where` is the name that errors give it.

    Raises:
        InputError: arrays of other lengths or shapes, or neither masks nor boxes.
    """
    found = FoundArrays(
        size,
        _whole(_array(labels), where),
        np.ascontiguousarray(_array(scores), float),
        None if masks is None else _pixels(_array(masks), size, where),
        None if masks is not None else rles,
        None if boxes is None else np.ascontiguousarray(_array(boxes), float),
    )
    count = len(found.scores)
    for name, values in (
        ("labels", found.labels), ("masks", found.masks), ("masks", found.rles),
        ("boxes", found.boxes),
    ):  # fmt: skip
        if values is not None and len(values) != count:
            raise InputError(f"{len(values)} {name} for {count} scores", file=where)
    if found.boxes is not None and count and found.boxes.shape != (count, 4):
        raise InputError(f"boxes must have shape (n, 4), not {found.boxes.shape}", file=where)
    if found.masks is found.rles is found.boxes and count:
        raise InputError("give masks, rles or boxes", file=where)
    return found


def _are_text(rles: Sequence[dict[str, Any]] | None) -> bool:
    """Whether all run lengths are text: pycocotools' own are bytes."""
    return rles is not None and all(
        isinstance(one, dict) and isinstance(one.get("counts"), str) for one in rles
    )


def _array(values: Any) -> np.ndarray:
    """An array of a sequence, an array or a tensor."""
    return np.asarray(values.detach().cpu() if hasattr(values, "detach") else values)


def _whole(labels: np.ndarray, where: str) -> np.ndarray:
    """Labels as int64; such as 1.0 are accepted."""
    if labels.dtype.kind not in "iuf" or (labels.astype(np.int64) != labels).any():
        raise InputError("labels must be whole numbers", file=where)
    return np.ascontiguousarray(labels, np.int64)


def _pixels(masks: np.ndarray, size: tuple[int, int], where: str) -> np.ndarray:
    """Masks as bool[n, height, width], row by row; `[]` is none.

    Floats may be probabilities, whose threshold is not ours to choose.
    """
    if masks.shape == (0,):
        return np.zeros((0, *size), bool)
    if masks.ndim != 3 or (len(masks) and masks.shape[1:] != size):
        message = f"masks must have shape (n, {size[0]}, {size[1]}), not {masks.shape}"
        raise InputError(message, file=where)
    pixels = masks if masks.dtype == bool else masks != 0
    if masks.dtype.kind == "f" and (masks[pixels] != 1).any():
        raise InputError("masks of floats must be 0 or 1; threshold them", file=where)
    return np.ascontiguousarray(pixels)


def _encoded(masks: np.ndarray) -> list[dict[str, Any]]:
    found: Any = coco_mask.encode(np.asfortranarray(masks.transpose(1, 2, 0)).view(np.uint8))
    return found
