"""pycocotools' evaluation class on the core.

Replace `from pycocotools.cocoeval import COCOeval` by `from benchmark import COCOeval`, or call
`benchmark.patch_pycocotools()` first; the rest stays. Parameters, attributes, printed lines and
bytes are the original's. `evalImgs`, `eval`, `ious`, `_gts` and `_dts` are made when somebody asks.
What the core does not take, and a subclass that changes how matching works, goes to
`plain_cocoeval`.
"""

import datetime
import time
from typing import Any

import numpy as np
from pycocotools.cocoeval import COCOeval as StockCOCOeval

from benchmark.average_precision import native_core
from benchmark.average_precision.native_path import is_built
from benchmark.average_precision.parameters import IOU_THRESHOLDS
from benchmark.drop_in.core_input import CoreInput, input_of, untouched_input
from benchmark.drop_in.core_passes import Passes, copy_of, is_possible, read, unique
from benchmark.drop_in.plain_cocoeval import PlainCOCOeval
from benchmark.drop_in.summary_lines import summary_lines
from benchmark.reading.choices import Iou, SkipRule

_ON_DEMAND = ("evalImgs", "eval", "ious", "_gts", "_dts")
_STEPS = ("_prepare", "computeIoU", "evaluateImg")


class COCOeval(PlainCOCOeval):
    """`pycocotools.cocoeval.COCOeval` on the core; see `PlainCOCOeval` for skipped instances.

    Args:
        cocoGt: The index of the ground truth: `benchmark.COCO` or pycocotools' own.
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
        self._passes: Passes | None = None
        self._accumulated: datetime.datetime | None = None
        self._read: tuple[CoreInput, Any] | None = None
        wanted = self._may_use_core(iouType)
        given = untouched_input(cocoGt, cocoDt, iou=iouType) if wanted else None
        core = read(given) if given else None
        if given is None or core is None:
            super().__init__(cocoGt, cocoDt, iouType, skip_rule)
            return
        super().__init__(None, None, iouType, skip_rule)
        self.cocoGt, self.cocoDt = cocoGt, cocoDt
        self.params.imgIds, self.params.catIds = core.ids(True), core.ids(False)
        self._read = given, core

    def _may_use_core(self, iou_type: str) -> bool:
        steps = (getattr(type(self), name) is getattr(COCOeval, name) for name in _STEPS)
        known = iou_type in list(Iou)
        return known and native_core.is_wanted() and is_built() and all(steps)

    def __getattr__(self, name: str) -> Any:
        """Make what the core left out when it is asked for."""
        if name not in _ON_DEMAND or (passes := vars(self).get("_passes")) is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        if name == "evalImgs":
            self.evalImgs = passes.image_records()
        elif name == "eval":
            made: Any = self._curves(passes) if self._accumulated else {}
            self.eval = made
        else:
            self._make_indices(name)
        return vars(self)[name]

    def _curves(self, passes: Passes) -> dict[str, Any]:
        assert self._accumulated is not None
        precision, recall, scores = passes.curves()
        return {
            "params": self.params,
            "counts": list(precision.shape),
            "date": self._accumulated.strftime("%Y-%m-%d %H:%M:%S"),
            "precision": precision,
            "recall": recall,
            "scores": scores,
        }

    def _make_indices(self, name: str) -> None:
        """`_gts`, `_dts` and `ious`, as the original's `evaluate` leaves them."""
        kept = {one: vars(self)[one] for one in ("evalImgs", "eval") if one in vars(self)}
        params, self.params = self.params, self._paramsEval
        self._prepare()
        if name == "ious":
            categories = self.params.catIds if self.params.useCats else [-1]
            self.ious = {
                (image, category): self.computeIoU(image, category)
                for image in self.params.imgIds
                for category in categories
            }
        self.params = params
        for one in ("evalImgs", "eval"):
            vars(self).pop(one, None)
        vars(self).update(kept)

    def evaluate(self) -> None:
        """The original's, by the core."""
        start = time.time()
        passes = self._match()
        if passes is None:
            self._go_plain()
            super().evaluate()
            return
        print("Running per image evaluation...")
        print(f"Evaluate annotation type *{self.params.iouType}*")
        self._passes, self._accumulated = passes, None
        for name in _ON_DEMAND:
            vars(self).pop(name, None)
        self._paramsEval = copy_of(self.params)
        print(f"DONE (t={time.time() - start:0.2f}s).")

    def _match(self) -> Passes | None:
        """The core's evaluation; None where the general path must do it."""
        params = self.params
        kind = "boundary" if self._boundaries else params.iouType
        if not (self._may_use_core(kind) and is_possible(params)):
            return None
        params.imgIds = unique(params.imgIds)
        if params.useCats:
            params.catIds = unique(params.catIds)
        params.maxDets = sorted(params.maxDets)
        known, self._read = self._read, None
        given = untouched_input(self.cocoGt, self.cocoDt, iou=kind)
        if known is not None and known[0] == given:
            core = known[1]
        else:
            core = read(given) if given else None
        if given and core and (passes := self._passes_of(given, core)):
            return passes
        # Records in memory, or those of files that the core does not take as they are.
        given = input_of(self.cocoGt, self.cocoDt, params.imgIds, params.catIds, iou=kind)
        core = read(given) if given else None
        return self._passes_of(given, core) if given and core else None

    def _passes_of(self, given: CoreInput, core: Any) -> Passes | None:
        from benchmark import _native

        try:
            return Passes(given, core, self.params, self.skip_rule)
        except (_native.Unusual, OverflowError, TypeError):
            return None

    def _go_plain(self) -> None:
        """Leave the core, with the attributes that the original starts from."""
        self._passes = self._accumulated = None
        for name, empty in vars(StockCOCOeval(iouType=self.params.iouType)).items():
            if name in _ON_DEMAND:
                vars(self).setdefault(name, empty)

    def accumulate(self, p: Any = None) -> None:
        """The original's; by the core unless parameters or `evalImgs` have been changed or read."""
        start = time.time()
        untouched = self._passes is not None and "evalImgs" not in vars(self)
        if not untouched or p is not None or not _equal(self.params, self._paramsEval):
            super().accumulate(p)
            return
        print("Accumulating evaluation results...")
        self.params.catIds = self.params.catIds if self.params.useCats == 1 else [-1]
        self._accumulated = datetime.datetime.now()
        vars(self).pop("eval", None)
        print(f"DONE (t={time.time() - start:0.2f}s).")

    def summarize(self) -> None:
        """The original's, without making its arrays where nobody has asked for them."""
        params, passes = self.params, self._passes
        by_core = passes is not None and self._accumulated and "eval" not in vars(self)
        if passes is None or not by_core or not _is_default(params):
            super().summarize()
            return
        stats = passes.stats()
        print("\n".join(summary_lines(stats)))
        self.stats = np.array(stats)

    def __getstate__(self) -> dict[str, Any]:
        """Copies and pickles hold the records and arrays, not the core."""
        if self._passes is not None:
            for name in _ON_DEMAND:
                getattr(self, name)
        return vars(self) | {"_passes": None, "_read": None}


def _is_default(params: Any) -> bool:
    """Whether `summarize` finds the core's 12 numbers by these parameters."""
    return (
        tuple(params.iouThrs) == IOU_THRESHOLDS
        and list(params.maxDets) == [1, 10, 100]
        and list(params.areaRngLbl) == ["all", "small", "medium", "large"]
        and len(params.areaRng) == 4
    )


def _equal(params: Any, evaluated: Any) -> bool:
    """Whether parameters are still those of `evaluate`."""
    names = ("imgIds", "catIds", "areaRng", "maxDets", "iouThrs", "recThrs", "useCats")
    return all(np.array_equal(getattr(params, n), getattr(evaluated, n)) for n in names)
