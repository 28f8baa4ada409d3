"""An evaluation by the core under any of pycocotools' parameters.

The core matches at most 10 thresholds in 4 area ranges and accumulates for 3 limits of detections;
more of them take more than one pass. Thresholds, ranges and limits do not influence each other.
"""

import copy
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.average_precision import native_core
from benchmark.drop_in.core_input import CoreInput
from benchmark.drop_in.image_records import (
    image_records,
    joined,
    range_matches,
    recorded,
)
from benchmark.reading.choices import SkipRule
from benchmark.reading.input_text import InputText

if TYPE_CHECKING:
    from benchmark import _native

_THRESHOLDS, _RANGES, _LIMITS = 10, 4, 3


def read(given: CoreInput) -> "_native.Evaluation | None":
    """The core with both sides read; None where they need the general path."""
    from benchmark import _native

    truth, results = InputText("ground truth", given.truth), InputText("results", given.results)
    try:
        return native_core.read(truth, results, iou=given.iou, areas=given.areas)
    except (_native.Unusual, ValueError):
        return None


def is_possible(params: Any) -> bool:
    """Whether the core can evaluate with these parameters."""
    try:
        recalls = np.asarray(params.recThrs, float)
        ranges = np.asarray(params.areaRng, float)
        thresholds = np.asarray(params.iouThrs, float)
        limits = list(params.maxDets)
        return bool(
            params.iouType in ("segm", "bbox")
            and params.useSegm is None
            and len(params.imgIds)
            and thresholds.ndim == recalls.ndim == 1
            and thresholds.size
            and recalls.size
            and ranges.ndim == 2
            and ranges.shape[1] == 2
            and len(ranges)
            and np.isfinite([*thresholds, *recalls, *ranges.flat]).all()
            and (np.diff(recalls) >= 0).all()
            and limits
            and all(isinstance(one, int | np.integer) and 0 < one < 2**31 for one in limits)
            # Without categories pycocotools takes them in the order of the list.
            and (params.useCats or list(params.catIds) == sorted(set(params.catIds)))
        )
    except (TypeError, ValueError):
        return False


@dataclass(frozen=True)
class _Pass:
    core: "_native.Evaluation"
    thresholds: slice
    ranges: slice
    limits: slice


class Passes:
    """The evaluation of two indices.

    Args:
        given: What the core reads.
        core: The core that has read it.
        params: pycocotools' parameters, sorted as its `evaluate` sorts them.
        rule: How predictions on skipped instances count.

    Raises:
        Unusual: the input needs the general path.
    """

    def __init__(
        self, given: CoreInput, core: "_native.Evaluation", params: Any, rule: SkipRule
    ) -> None:
        self._given = given
        self._params = copy_of(params)  # the caller's may change
        self._rule = rule
        self._image_ids = core.ids(True)
        self._category_ids = core.ids(False)
        self._passes = self._match(core, record=False)

    def _match(self, first: "_native.Evaluation | None", *, record: bool) -> list[_Pass]:
        params, passes = self._params, []
        groups = product(
            _slices(len(params.iouThrs), _THRESHOLDS),
            _slices(len(params.areaRng), _RANGES),
            _slices(len(params.maxDets), _LIMITS),
        )
        for thresholds, ranges, limits in groups:
            if record and limits.start:  # matching does not depend on them
                continue
            core, first = first or self._read(), None
            core.configure(
                array("d", params.iouThrs[thresholds]),
                array("d", [bound for pair in params.areaRng[ranges] for bound in pair]),
                array("d", params.maxDets[limits]),
                int(params.maxDets[-1]),
                array("d", params.recThrs),
            )
            images, categories = list(params.imgIds), list(params.catIds)
            core.select(
                None if images == self._image_ids else images,
                None if categories == self._category_ids else categories,
                not params.useCats,
            )
            if record:
                core.record(self._rule)
            core.match()
            passes.append(_Pass(core, thresholds, ranges, limits))
        return passes

    def _read(self) -> "_native.Evaluation":
        core = read(self._given)
        assert core is not None, "what was read once"
        return core

    def stats(self) -> tuple[float, ...]:
        """The 12 numbers of pycocotools' default parameters."""
        return self._passes[0].core.stats(self._rule)[0]

    def curves(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """pycocotools' precision, recall and scores."""
        params = self._params
        shape = (
            len(params.iouThrs),
            len(params.recThrs),
            len(params.catIds) if params.useCats else 1,
            len(params.areaRng),
            len(params.maxDets),
        )
        precision, scores = np.full(shape, -1.0), np.full(shape, -1.0)
        recall = np.full((shape[0], *shape[2:]), -1.0)
        places, columns = self._columns()
        tail = (len(self._category_ids), _RANGES, _LIMITS)
        for one in self._passes:
            found = np.zeros((_THRESHOLDS, shape[1], *tail))
            reached, at = np.zeros((_THRESHOLDS, *tail)), np.zeros_like(found)
            one.core.curves(self._rule, found, reached, at)
            if len(self._passes) == 1 and found.shape == shape and places == columns:
                return found, reached, at
            t, a, m = (_count(part) for part in (one.thresholds, one.ranges, one.limits))
            for k, column in zip(places, columns, strict=True):
                here = (one.thresholds, slice(None), k, one.ranges, one.limits)
                precision[here] = found[:t, :, column, :a, :m]
                scores[here] = at[:t, :, column, :a, :m]
                recall[one.thresholds, k, one.ranges, one.limits] = reached[:t, column, :a, :m]
        return precision, recall, scores

    def _columns(self) -> tuple[list[int], list[int]]:
        """Places among the parameters' categories, and the core's columns for them."""
        if not self._params.useCats:
            return [0], [0]
        rank = {category_id: k for k, category_id in enumerate(self._category_ids)}
        known = [(k, rank[c]) for k, c in enumerate(self._params.catIds) if c in rank]
        return [k for k, _ in known], [column for _, column in known]

    def image_records(self) -> list[dict[str, Any] | None]:
        """pycocotools' `evalImgs`; matches once more, with a record of every choice."""
        params, ranges = self._params, [[] for _ in self._params.areaRng]
        passes = self._match(None, record=True)
        found = recorded(passes[0].core)
        ids = found.prediction + 1
        if self._given.result_ids is not None:
            ids = np.asarray(self._given.result_ids, np.int64)[found.prediction]
        for i, one in enumerate(passes):
            here = recorded(one.core) if i else found
            for place, bounds in enumerate(params.areaRng[one.ranges]):
                ranges[one.ranges.start + place].append(
                    range_matches(here, place, _count(one.thresholds), bounds, ids)
                )
        image_at = {image_id: i for i, image_id in enumerate(params.imgIds)}
        category_at = {category_id: k for k, category_id in enumerate(params.catIds)}
        return image_records(
            found,
            [joined(parts) for parts in ranges],
            ids,
            params,
            [image_at.get(image_id, -1) for image_id in self._image_ids],
            [category_at.get(c, -1) if params.useCats else 0 for c in self._category_ids],
        )


def _slices(count: int, most: int) -> list[slice]:
    return [slice(first, min(count, first + most)) for first in range(0, count, most)]


def _count(part: slice) -> int:
    return part.stop - part.start


def unique(values: Sequence[Any] | int) -> list[Any]:
    """As pycocotools' `evaluate` sorts ids; a single one too."""
    if isinstance(values, Iterable) and {type(value) for value in values} <= {int}:
        # `np.unique` loads `numpy.ma`, which takes longer than sorting.
        return list(np.array(sorted(set(values)), np.int64))
    return list(np.unique(values))


def copy_of(params: Any) -> Any:
    """A deep copy of pycocotools' parameters; ids cannot change, only their lists."""
    made = copy.copy(params)
    for name, value in vars(params).items():
        setattr(made, name, list(value) if name in ("imgIds", "catIds") else copy.deepcopy(value))
    return made
