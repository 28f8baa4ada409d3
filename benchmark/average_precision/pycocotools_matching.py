"""pycocotools' matching and accumulation, driven piece by piece and without its printing.

The numbers must be pycocotools' to the last bit, its faults included, so its own code computes
them. What is added sits between its two halves: `Matching` holds which predictions its first half
ignored, so that they can be changed before its second half makes curves of them.
"""

import contextlib
import copy
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from benchmark.average_precision.boundary import lesser_ious
from benchmark.average_precision.parameters import DEFAULT, Parameters
from benchmark.average_precision.result import Curves
from benchmark.reading.choices import Iou
from benchmark.reading.predictions import Predictions
from o365seg.formats.records import AnnotationFile
from o365seg.terminal.progress_bar import progress


class BoundaryCOCOeval(COCOeval):
    """pycocotools' evaluation of masks, matched by the lesser of mask IoU and boundary IoU."""

    def computeIoU(self, imgId: int, catId: int) -> Any:  # noqa: N802, N803
        """The original's array, lowered where the boundaries agree less than the masks do."""
        stock: Any = self
        return boundary_overlaps(stock, imgId, catId, super().computeIoU(imgId, catId))


def boundary_overlaps(evaluation: Any, image_id: int, category_id: int, mask_ious: Any) -> Any:
    """What `COCOeval.computeIoU` found for masks, as boundary AP has it.

    Args:
        evaluation: A prepared `COCOeval` for masks.
        image_id: The image.
        category_id: The category; without meaning where `params.useCats` is off.
        mask_ious: float64[predictions, annotations], or an empty list.
    """
    if len(mask_ious) == 0:
        return mask_ious
    params = evaluation.params
    categories = [category_id] if params.useCats else params.catIds
    true = [one for c in categories for one in evaluation._gts[image_id, c]]
    found = [one for c in categories for one in evaluation._dts[image_id, c]]
    order = np.argsort([-one["score"] for one in found], kind="mergesort")[: params.maxDets[-1]]
    return lesser_ious(
        mask_ious,
        [found[i]["segmentation"] for i in order],
        [one["segmentation"] for one in true],
        [bool(one["iscrowd"]) for one in true],
        least=min(params.iouThrs, default=0.0) - 1e-9,  # a threshold of 1 is met a bit below it
    )


class Matching:
    """Predictions matched to ground truth, per image, category and area range.

    Args:
        truth: The file that the ground truth comes from (for its images and categories).
        records: The ground truth that takes part, in the file's order: COCO records with run
            lengths as `segmentation` where masks are compared.
        predictions: What to match.
        iou: What to compare.
        image_ids: Only these images; None for all of the file's.
        parameters: IoU thresholds, area ranges and limits of detections.
        lvis: Whether the limit of detections is that of LVIS.
    """

    def __init__(
        self,
        truth: AnnotationFile,
        records: list[dict[str, Any]],
        predictions: Predictions,
        iou: Iou,
        image_ids: Sequence[int] | None = None,
        parameters: Parameters = DEFAULT,
        *,
        lvis: bool = False,
    ) -> None:
        wanted = None if image_ids is None else set(image_ids)
        kept = [
            index
            for index, image_id in enumerate(predictions.image_ids)
            if wanted is None or image_id in wanted
        ]
        # Any: its type stubs are stricter than what it reads and than what it keeps.
        kind = BoundaryCOCOeval if iou is Iou.BOUNDARY else COCOeval
        evaluation: Any = kind(
            _index(truth, records),
            _index(truth, _result_records(predictions, kept, iou)),
            "segm" if iou.of_masks else "bbox",
        )
        params = evaluation.params
        params.maxDets = list(parameters.limits(lvis=lvis))
        params.iouThrs = np.array(parameters.iou_thresholds)
        params.areaRng = [list(bounds) for bounds in parameters.area_ranges]
        params.areaRngLbl = parameters.labels
        self.parameters = parameters
        params.imgIds = sorted(wanted if wanted is not None else {i.id for i in truth.images})
        params.catIds = sorted({category.id for category in truth.categories})
        self.image_ids: list[int] = params.imgIds
        self.category_ids: list[int] = params.catIds
        self.thresholds: np.ndarray = params.iouThrs
        self.area_ranges: list[list[float]] = params.areaRng
        self._evaluation = evaluation
        self._match()

    def _match(self) -> None:
        """`COCOeval.evaluate`, without its printing and passing over pairs that hold nothing."""
        evaluation, params = self._evaluation, self._evaluation.params
        evaluation._prepare()
        filled = {pair for pair, found in evaluation._gts.items() if found}
        filled |= {pair for pair, found in evaluation._dts.items() if found}
        ranges, images = len(params.areaRng), len(params.imgIds)
        cells: list[dict[str, Any] | None] = [None] * (len(params.catIds) * ranges * images)
        category_at = {category: k for k, category in enumerate(params.catIds)}
        image_at = {image: i for i, image in enumerate(params.imgIds)}
        evaluation.ious = {}
        for image, category in progress(sorted(filled), "Matching"):
            evaluation.ious[image, category] = evaluation.computeIoU(image, category)
            first = category_at[category] * ranges * images + image_at[image]
            for a, area_range in enumerate(params.areaRng):
                cells[first + a * images] = evaluation.evaluateImg(
                    image, category, area_range, params.maxDets[-1]
                )
            del evaluation.ious[image, category]
        evaluation.evalImgs = cells
        evaluation._paramsEval = copy.deepcopy(params)

    def _position(self, image_id: int, category_id: int) -> int:
        """Where the cell of an image and category lies, for the first area range."""
        k = self.category_ids.index(category_id)
        i = self.image_ids.index(image_id)
        return k * len(self.area_ranges) * len(self.image_ids) + i

    def cells(self, image_id: int, category_id: int) -> list[dict[str, Any] | None]:
        """pycocotools' records of an image and category, one an area range; None where empty."""
        step = len(self.image_ids)
        first = self._position(image_id, category_id)
        return self._evaluation.evalImgs[first : first + step * len(self.area_ranges) : step]

    def replace_cells(
        self, image_id: int, category_id: int, cells: list[dict[str, Any] | None]
    ) -> None:
        """Put other records in the place of those that `cells` gives."""
        step = len(self.image_ids)
        first = self._position(image_id, category_id)
        self._evaluation.evalImgs[first : first + step * len(self.area_ranges) : step] = cells

    def curves(self) -> Curves:
        """Precision, recall and scores over all images."""
        with contextlib.redirect_stdout(io.StringIO()):
            self._evaluation.accumulate()
        return Curves(*(self._evaluation.eval[name] for name in ("precision", "recall", "scores")))

    def stats(self) -> np.ndarray:
        """The 12 numbers named by `STAT_NAMES`, float64[12], after `curves`; -1 for none."""
        with contextlib.redirect_stdout(io.StringIO()):
            self._evaluation.summarize()
        return np.asarray(self._evaluation.stats)

    def average_precision(self) -> float:
        """AP alone, equal to `stats()[0]` and much cheaper than `curves`."""
        params = copy.deepcopy(self._evaluation.params)
        params.areaRng, params.maxDets = params.areaRng[:1], params.maxDets[-1:]
        kept = self._evaluation.eval
        with contextlib.redirect_stdout(io.StringIO()):
            self._evaluation.accumulate(params)
        precision = self._evaluation.eval["precision"]
        self._evaluation.eval = kept
        found = precision[precision > -1]
        return float(found.mean()) if found.size else -1.0


def _index(truth: AnnotationFile, annotations: list[dict[str, Any]]) -> COCO:
    coco: Any = COCO()
    coco.dataset = {
        "images": [
            {"id": image.id, "height": image.height, "width": image.width} for image in truth.images
        ],
        "categories": [{"id": category.id} for category in truth.categories],
        "annotations": annotations,
    }
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
    return coco


def _result_records(
    predictions: Predictions, kept: Sequence[int], iou: Iou
) -> list[dict[str, Any]]:
    """Predictions as `COCO.loadRes` would hold them; the id is the place in the file plus one.

    As there, the area is that of the box where the first prediction has a `bbox`.
    """
    records = []
    for index in kept:
        box = predictions.boxes[index].tolist()
        record = {
            "id": index + 1,
            "image_id": predictions.image_ids[index],
            "category_id": predictions.category_ids[index],
            "score": float(predictions.scores[index]),
            "bbox": box,
            "area": box[2] * box[3] if predictions.areas_of_boxes else predictions.areas[index],
            "iscrowd": 0,
        }
        if iou.of_masks:
            assert predictions.masks is not None
            mask = predictions.masks[index]
            record["segmentation"] = {"size": list(mask.size), "counts": mask.counts}
        records.append(record)
    return records
