"""Boundary AP by the published rule on whole images: pycocotools with another overlap, scipy."""

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from scipy.ndimage import binary_erosion


def published_boundary(mask: np.ndarray, dilation_ratio: float = 0.02) -> np.ndarray:
    """The mask uint8[height, width] without what `distance` steps of 3 × 3 leave of it."""
    diagonal = np.sqrt(mask.shape[0] ** 2 + mask.shape[1] ** 2)
    distance = max(1, round(float(dilation_ratio * diagonal)))
    inner = binary_erosion(mask, np.ones((3, 3)), iterations=distance, border_value=0)
    return mask - inner.astype(np.uint8)


class PublishedBoundaryEval(COCOeval):
    """The lesser of mask IoU and boundary IoU for each pair, crowds by mask IoU alone."""

    def computeIoU(self, imgId: int, catId: int) -> Any:  # noqa: N802, N803
        ious: Any = super().computeIoU(imgId, catId)
        stock: Any = self
        true, found = stock._gts[imgId, catId], stock._dts[imgId, catId]
        if not (true and found):
            return ious
        found = sorted(found, key=lambda one: -one["score"])[: self.params.maxDets[-1]]
        bands = [[_band(one["segmentation"]) for one in some] for some in (found, true)]
        crowd = np.array([one["iscrowd"] for one in true])
        of_bands: Any = coco_mask.iou(*bands, crowd.tolist())  # type: ignore[call-arg]
        return np.where(crowd, ious, np.minimum(ious, of_bands))


def _band(rle: Any) -> Any:
    pixels = np.asarray(coco_mask.decode(rle))
    return coco_mask.encode(np.asfortranarray(published_boundary(pixels)))


def boundary_evaluation(truth: Path, results: Path) -> Any:
    """Two files that stock tools can read, evaluated; ready to be compared with."""
    with contextlib.redirect_stdout(io.StringIO()):
        ground_truth = COCO(str(truth))
        loaded = ground_truth.loadRes(str(results))
        evaluation = PublishedBoundaryEval(ground_truth, loaded, "segm")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation
