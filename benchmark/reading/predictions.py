"""Read COCO results files and check every record before it is matched."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from pycocotools import mask as coco_mask

from benchmark.reading.input_text import InputText
from benchmark.reading.mask_batches import Measured, measure
from o365seg.errors import InputError
from o365seg.formats.json_files import decode_json, read_bytes
from o365seg.formats.masks import MaskError, Rle, check_rle, compress_runs, polygons_to_rle
from o365seg.formats.records import AnnotationFile
from o365seg.terminal.progress_bar import progress


class _Record(msgspec.Struct, gc=False):
    image_id: int | float
    category_id: int | float
    score: float
    segmentation: Rle | list[list[float]] | None = None
    bbox: list[float] | None = None


@dataclass(frozen=True)
class Predictions:
    """The predictions of a results file, in its order; all arrays have one entry a prediction.

    Attributes:
        image_ids: Known image ids.
        category_ids: Known category ids.
        scores: float64, finite.
        masks: Compressed run lengths; None where only boxes were asked for and the file has
            boxes.
        areas: float64, number of pixels of each mask; 0 where there are no masks.
        tight_boxes: float64[n, 4], the mask's (x, y, width, height) in pixels; 0 where there are
            no masks, and for misfits.
        boxes: float64[n, 4], each record's own `bbox`, else pycocotools' box of its mask.
        areas_of_boxes: Whether pycocotools takes the area of a prediction from its box: the first
            record has a `bbox`.
    """

    image_ids: list[int]
    category_ids: list[int]
    scores: np.ndarray
    masks: list[Rle] | None
    areas: np.ndarray
    tight_boxes: np.ndarray
    boxes: np.ndarray
    areas_of_boxes: bool
    misfits: list[int]
    """Indices of masks whose size differs from their image's: they overlap nothing."""
    places: Sequence[int]
    """The place of each prediction in the results file, where some of it do not count."""

    def __len__(self) -> int:
        """The number of predictions."""
        return len(self.image_ids)

    def subset(self, indices: list[int]) -> "Predictions":
        """Some of the predictions, by their rising indices."""
        position = {index: i for i, index in enumerate(indices)}
        return Predictions(
            image_ids=[self.image_ids[i] for i in indices],
            category_ids=[self.category_ids[i] for i in indices],
            scores=self.scores[indices],
            masks=None if self.masks is None else [self.masks[i] for i in indices],
            areas=self.areas[indices],
            tight_boxes=self.tight_boxes[indices],
            boxes=self.boxes[indices],
            areas_of_boxes=self.areas_of_boxes,
            misfits=[position[i] for i in self.misfits if i in position],
            places=[self.places[i] for i in indices],
        )


def read_predictions(
    source: str | Path | InputText,
    truth: AnnotationFile,
    *,
    masks: bool = True,
    misfits: bool = False,
) -> Predictions:
    """Read and check predictions in COCO's results format.

    A list of records with `image_id`, `category_id`, `score` and `segmentation` (compressed or
    plain run lengths, or polygons; `[]` is an empty mask). As in pycocotools, the first record
    decides whether the `bbox` of all of them counts.

    Args:
        source: A results file, or its text.
        truth: The ground truth, whose image sizes and ids the predictions must match.
        masks: Whether masks are needed. If not, a file with boxes may do without.
        misfits: Whether masks whose size differs from their image's are allowed.

    Raises:
        InputError: not readable, not JSON, not a list, a field missing or of the
            wrong type, an unknown id, NaN, a mask that is invalid or not of its image's size.
            Names the record and the field.
    """
    if not isinstance(source, InputText):
        source = InputText(source, read_bytes(source))
    name = source.name
    records = decode_json(source.data, list[_Record], name)
    places = source.places or range(len(records))
    sizes = {image.id: (image.height, image.width) for image in truth.images}
    categories = {category.id for category in truth.categories}
    has_boxes = bool(records and records[0].bbox)
    needs_masks = masks or not has_boxes
    image_ids, category_ids, rles, misfitting = [], [], [], []
    areas = np.zeros(len(records))
    tight_boxes = np.zeros((len(records), 4))
    boxes = np.zeros((len(records), 4))
    measured = _measure(records, sizes) if needs_masks else None
    for index in progress(range(len(records)), "Checking predictions"):
        record = records[index]
        try:
            image_id = _whole(record.image_id, "image_id")
            category_id = _whole(record.category_id, "category_id")
            if image_id not in sizes:
                raise _FieldError("image_id", f"unknown image {image_id}: not in the ground truth")
            if category_id not in categories:
                raise _FieldError(
                    "category_id", f"unknown category {category_id}: not in the ground truth"
                )
            if measured is not None and measured.known[index]:
                rle = record.segmentation
                assert isinstance(rle, Rle)
                rles.append(rle)
            elif needs_masks:
                rle, runs = _sound_mask(record.segmentation, sizes[image_id], misfits)
                rles.append(rle)
                areas[index] = runs[1::2].sum()
                boxes[index] = stock_box(rle)
                if tuple(rle.size) == sizes[image_id]:
                    tight_boxes[index] = tight_box(runs, rle.size[0])
                else:
                    misfitting.append(index)
            if has_boxes or record.bbox:
                boxes[index] = _sound_box(record.bbox, negative=masks)
        except _FieldError as error:
            ids = f"image_id {record.image_id}, category_id {record.category_id}"
            raise InputError(
                error.message,
                file=name,
                record=f"record [{places[index]}] ({ids})",
                field=error.field,
            ) from None
        image_ids.append(image_id)
        category_ids.append(category_id)
    if measured is not None:
        known = measured.known
        areas[known], tight_boxes[known] = measured.areas[known], measured.boxes[known]
        if not has_boxes:
            unboxed = known & np.array([not record.bbox for record in records], bool)
            boxes[unboxed] = measured.boxes[unboxed]
    return Predictions(
        image_ids=image_ids,
        category_ids=category_ids,
        scores=np.array([record.score for record in records]),
        masks=rles if needs_masks else None,
        areas=areas,
        tight_boxes=tight_boxes,
        boxes=boxes,
        areas_of_boxes=has_boxes,
        misfits=misfitting,
        places=places,
    )


class _FieldError(Exception):
    def __init__(self, field: str, message: str) -> None:
        self.field = field
        self.message = message


def _measure(records: Sequence[_Record], sizes: dict[Any, tuple[int, int]]) -> Measured:
    """Measure together the compressed masks of their image's size."""
    texts: list[str | None] = []
    shapes = [sizes.get(record.image_id, (1, 1)) for record in records]
    for record, size in zip(records, shapes, strict=True):
        mask = record.segmentation
        text = mask.counts if isinstance(mask, Rle) and tuple(mask.size) == size else None
        texts.append(text if isinstance(text, str) else None)
    return measure(texts, np.array(shapes, np.int64).reshape(-1, 2))


def _whole(value: int | float, field: str) -> int:
    """An id as an integer; 1.0 is accepted, since numpy and pandas write it."""
    if isinstance(value, float) and not value.is_integer():
        raise _FieldError(field, f"must be a whole number, not {value}")
    return int(value)


def _sound_box(bbox: list[float] | None, *, negative: bool) -> list[float]:
    """The box, checked; `negative` sides are allowed where it only gives an area."""
    if not bbox:
        raise _FieldError("bbox", "missing; the first prediction has one")
    if len(bbox) != 4:
        raise _FieldError("bbox", f"must be 4 numbers (x, y, width, height), not {len(bbox)}")
    if not negative and (bbox[2] < 0 or bbox[3] < 0):
        raise _FieldError(
            "bbox", f"width and height must not be negative, not {bbox[2]:g}×{bbox[3]:g}"
        )
    return bbox


def _sound_mask(
    segmentation: Rle | list[list[float]] | None, size: tuple[int, int], any_size: bool
) -> tuple[Rle, np.ndarray]:
    """The mask as compressed run lengths (verbatim where they were), and the lengths int64[runs].

    pycocotools trusts run lengths, and writes beyond its buffer if they are wrong, so all of them
    are checked first.
    """
    if segmentation is None:
        raise _FieldError(
            "segmentation", "missing (mask AP needs a mask; box AP needs a mask or a box)"
        )
    try:
        if isinstance(segmentation, list):
            rle = polygons_to_rle(segmentation, size)
            return rle, check_rle(rle)
        runs = check_rle(segmentation, None if any_size else size)
        if isinstance(segmentation.counts, list):
            return compress_runs(runs, segmentation.size), runs
    except MaskError as error:
        raise _FieldError(error.field, str(error)) from None
    return segmentation, runs


def tight_box(runs: np.ndarray, height: int) -> tuple[int, int, int, int]:
    """The smallest box around a mask's pixels.

    Unlike pycocotools' `toBbox`, which looks at the ends of every run, it ignores empty
    runs; on run lengths without such runs the two agree.

    Args:
        runs: Valid run lengths, int64[runs], background first, down the columns.
        height: The image's height in pixels.

    Returns:
        (x, y, width, height) in pixels; all 0 for a mask without a pixel.
    """
    ends = np.cumsum(runs)[1::2]
    starts = ends - runs[1::2]
    starts, ends = starts[starts < ends], ends[starts < ends]
    if starts.size == 0:
        return 0, 0, 0, 0
    left, top = np.divmod(starts, height)
    right, bottom = np.divmod(ends - 1, height)
    if (left < right).any():  # a run that goes on in the next column touches bottom and top
        y, last = 0, height - 1
    else:
        y, last = int(top.min()), int(bottom.max())
    return int(left[0]), y, int(right[-1] - left[0]) + 1, last - y + 1


def stock_box(rle: Rle) -> np.ndarray:
    """pycocotools' box of a mask: float64[4] of (x, y, width, height) in pixels.

    One mask per call: given more than 255, `toBbox` (and `area`) of pycocotools 2.0.11 overflow
    under NumPy 2.
    """
    packed: Any = {"size": list(rle.size), "counts": rle.counts}
    return coco_mask.toBbox(packed)
