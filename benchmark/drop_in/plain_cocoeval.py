"""pycocotools' own evaluation class with the rule for skipped instances, and without the core.

For input that the core does not take, for subclasses that change steps of the matching, and for an
install without a compiler. Parameters, attributes and printing are the original's, and so is every
number where nothing was skipped.
"""

import contextlib
import io
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval as StockCOCOeval

from benchmark.reading.choices import Iou, SkipRule


class PlainCOCOeval(StockCOCOeval):
    """`pycocotools.cocoeval.COCOeval`, ignoring predictions on instances that raters skipped.

    An annotation that is no crowd and has no segmentation (absent, null or empty), or that says
    `"skipped": true`, was skipped. For masks it is neither an object to find nor, under the rules
    `box` and `box50`, a false positive to predict; for boxes it is ground truth like any other. A
    crowd without a segmentation is a crowd whose region is its box. The annotations that `cocoGt`
    holds are left as they are.

    Args:
        cocoGt: pycocotools' index of the ground truth.
        cocoDt: The predictions, as `cocoGt.loadRes` gives them.
        iouType: `segm`, `bbox` or `boundary`; `keypoints` is passed on as it is. For `boundary`,
            which the original does not know, `params.iouType` says `segm`.
        skip_rule: How predictions on skipped instances count.

    Raises:
        InputError: on `evaluate`, a skipped instance or such a crowd lacks its `bbox`.
    """

    def __init__(
        self,
        cocoGt: Any = None,  # noqa: N803 - the original's names
        cocoDt: Any = None,  # noqa: N803
        iouType: str = "segm",  # noqa: N803
        skip_rule: SkipRule | str = SkipRule.BOX,
    ) -> None:
        self._boundaries = iouType == Iou.BOUNDARY
        iou_type: Any = Iou.SEGM.value if self._boundaries else iouType
        super().__init__(cocoGt, cocoDt, iou_type)
        self.skip_rule = SkipRule(skip_rule)
        self._skipped: dict[tuple[int, int], np.ndarray] = {}
        self._tight_boxes: dict[int, tuple[int, int, int, int]] = {}

    def _prepare(self) -> None:
        """The original's, on an index without the skipped instances or with them as crowds."""
        released: Any = self.cocoGt
        self._skipped, self._tight_boxes = {}, {}
        if self.params.iouType == "segm":
            self.cocoGt = self._for_matching(released)
        try:
            stock: Any = super()
            stock._prepare()
        finally:
            self.cocoGt = released

    def _for_matching(self, released: Any) -> Any:
        """An index that pycocotools can match masks with; the very same where it is one already.

        Sets aside the boxes of skipped instances where the rule asks for them.
        """
        annotations = released.dataset.get("annotations", [])
        plain = [not _is_skipped(one) and bool(one.get("segmentation")) for one in annotations]
        if all(plain):
            return released
        # Here and below: the core's way, which begins with this module, does without.
        from benchmark.reading.ground_truth import sort_boxes
        from o365seg.errors import InputError
        from o365seg.formats.pycocotools_variant import stock_annotation

        boxes: dict[tuple[int, int], list[list[float]]] = {}
        kept = []
        for index, (one, as_it_is) in enumerate(zip(annotations, plain, strict=True)):
            if as_it_is:
                kept.append(one)
                continue
            if one.get("bbox") is None:
                record = f"annotations[{index}] (id {one['id']})"
                raise InputError("missing", file="ground truth", record=record, field="bbox")
            if not _is_skipped(one) or self.skip_rule is SkipRule.IOA:
                image = released.imgs[one["image_id"]]
                kept.append(stock_annotation(one, (image["height"], image["width"])))
            elif self.skip_rule is not SkipRule.NONE:
                boxes.setdefault((one["image_id"], one["category_id"]), []).append(one["bbox"])
        self._skipped = {pair: sort_boxes(np.array(some, float)) for pair, some in boxes.items()}
        index = COCO()
        index.dataset = released.dataset | {"annotations": kept}
        with contextlib.redirect_stdout(io.StringIO()):
            index.createIndex()
        return index

    def computeIoU(self, imgId: int, catId: int) -> Any:  # noqa: N802, N803
        """The original's; for boundary AP lowered where the boundaries agree less."""
        found = super().computeIoU(imgId, catId)
        if not self._boundaries:
            return found
        from benchmark.average_precision.pycocotools_matching import boundary_overlaps

        return boundary_overlaps(self, imgId, catId, found)

    # Any: what the stubs call its record has none of the original's keys.
    def evaluateImg(  # noqa: N802
        self,
        imgId: int,  # noqa: N803
        catId: int,  # noqa: N803
        aRng: Any,  # noqa: N803
        maxDet: int,  # noqa: N803
    ) -> Any:
        """The original's record of an image and category, with what skips absorb ignored."""
        stock: Any = super()
        cell = stock.evaluateImg(imgId, catId, aRng, maxDet)
        boxes = self._boxes(imgId, catId)
        from benchmark.average_precision.skip_rule import absorb, box_iou

        if cell is None or not len(boxes) or not cell["dtIds"]:
            return cell
        least = np.asarray(self.params.iouThrs, float)
        if self.skip_rule is SkipRule.BOX50:
            least = np.full_like(least, 0.5)
        ignored = np.asarray(cell["dtIgnore"], bool)
        ours = np.array([self._tight_box(number) for number in cell["dtIds"]], float)
        absorbed = absorb((cell["dtMatches"] == 0) & ~ignored, box_iou(ours, boxes), least)
        return cell | {"dtIgnore": ignored | absorbed}

    def _boxes(self, image_id: int, category_id: int) -> np.ndarray:
        """The skipped boxes float64[n, 4] of an image and category (−1: of all categories)."""
        nothing = np.zeros((0, 4))
        if self.params.useCats:
            return self._skipped.get((image_id, category_id), nothing)
        from benchmark.reading.ground_truth import sort_boxes

        found = [boxes for (image, _), boxes in self._skipped.items() if image == image_id]
        return sort_boxes(np.concatenate(found)) if found else nothing

    def _tight_box(self, number: int) -> tuple[int, int, int, int]:
        """The box around the mask of a prediction, by its id; remembered, for each area asks."""
        from benchmark.reading.predictions import tight_box
        from o365seg.formats.masks import Rle, check_rle

        if number not in self._tight_boxes:
            index: Any = self.cocoDt
            rle = index.anns[number]["segmentation"]  # run lengths: `_prepare` made them so
            counts = rle["counts"]
            text = counts.decode("ascii") if isinstance(counts, bytes) else counts
            height, width = rle["size"]
            self._tight_boxes[number] = tight_box(check_rle(Rle((height, width), text)), height)
        return self._tight_boxes[number]


def _is_skipped(annotation: dict[str, Any]) -> bool:
    """As `records.Annotation.is_skipped` has it."""
    has_mask = bool(annotation.get("segmentation"))
    return not annotation.get("iscrowd") and (bool(annotation.get("skipped")) or not has_mask)
