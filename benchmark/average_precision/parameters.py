"""What an evaluation measures: IoU thresholds, area ranges and limits of detections.

Plain classes, without libraries: this is on the way of every evaluation (see `result`).
"""

import itertools

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from benchmark.average_precision.result import Curves

_STEP = (0.95 - 0.5) / 9
IOU_THRESHOLDS = (*(step * _STEP + 0.5 for step in range(9)), 0.95)
"""pycocotools' `numpy.linspace(.5, .95, 10)`, to the bit."""

AREAS = {"small": (0, 32**2), "medium": (32**2, 96**2), "large": (96**2, 1e10)}
"""pycocotools' area ranges in pixels, by name; both ends belong to a range."""

MAX_DETS = (1, 10, 100)
"""pycocotools' limits of detections per image and category."""

LVIS_MAX_DETS = (300,)
"""LVIS's limit of detections per image, of all categories together."""

FREQUENCIES = {"r": "rare", "c": "common", "f": "frequent"}
"""LVIS's groups of categories."""

_EVERYTHING = (0, 1e10)
_MOST = 2**31 - 1


class Measure:
    """One number of an evaluation.

    Attributes:
        name: Such as `AP50`, `ARs` or, of a range of one's own, `AP-tiny`.
        column: The same in tables by category: `ap50`, `ar_small`, `ap_tiny`.
        recall: Whether it is a recall (AR), not a precision (AP).
        threshold: The index of its IoU threshold; None for the mean over all.
        area: The index of its area range; 0 for all objects.
        limit: The index of its limit of detections.
        frequency: LVIS's group of categories, a key of `FREQUENCIES`; None for all.
    """

    def __init__(
        self,
        name: str,
        column: str,
        *,
        recall: bool = False,
        threshold: int | None = None,
        area: int = 0,
        limit: int = -1,
        frequency: str | None = None,
    ) -> None:
        self.name = name
        self.column = column
        self.recall = recall
        self.threshold = threshold
        self.area = area
        self.limit = limit
        self.frequency = frequency

    def of(self, curves: "Curves", categories: "Sequence[int] | slice" = slice(None)) -> float:
        """The number, as a fraction; −1 if there are no objects.

        Args:
            curves: Precision and recall.
            categories: The indices of the categories that take part.
        """
        from benchmark.average_precision.accumulation import mean_known

        found: np.ndarray = curves.recall if self.recall else curves.precision
        found = found[..., categories, self.area, self.limit]
        return mean_known(found if self.threshold is None else found[self.threshold])


class Parameters:
    """What is measured; by default, what pycocotools measures, or lvis-api for LVIS.

    AP and AR are means over `iou_thresholds`. AP is at the largest limit of `max_dets`.

    Args:
        iou_thresholds: Ascending, over 0 and at most 1.
        areas: Smallest and largest area in pixels by name, both inclusive, in place of small,
            medium and large; all objects are always measured.
        max_dets: Ascending limits of detections per image and category; for LVIS one limit per
            image. None for (1, 10, 100), and 300 for LVIS.

    Raises:
        ValueError: thresholds, areas or limits are empty, out of order or out of range.
    """

    def __init__(
        self,
        *,
        iou_thresholds: "Sequence[float]" = IOU_THRESHOLDS,
        areas: "Mapping[str, tuple[float, float]]" = AREAS,
        max_dets: "Sequence[int] | None" = None,
    ) -> None:
        self.iou_thresholds = tuple(iou_thresholds)
        self.areas = dict(areas)
        self.max_dets = None if max_dets is None else tuple(max_dets)
        if not _ascending(self.iou_thresholds) or not self.iou_thresholds[0] > 0:
            raise ValueError("IoU thresholds must be ascending numbers above 0")
        if self.iou_thresholds[-1] > 1:
            raise ValueError("IoU thresholds must be at most 1")
        for name, (low, high) in self.areas.items():
            if not name or name == "all" or not 0 <= low <= high:
                raise ValueError(f"area range {name!r} must be 0 ≤ low ≤ high, and not called all")
        if self.max_dets is not None and not (
            _ascending(self.max_dets) and self.max_dets[0] >= 1 and self.max_dets[-1] <= _MOST
        ):
            raise ValueError("limits of detections must be ascending whole numbers from 1")

    def __eq__(self, other: object) -> bool:
        """Equal parameters are equal."""
        return isinstance(other, Parameters) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    @property
    def is_default(self) -> bool:
        """Whether they are pycocotools' and lvis-api's own."""
        return (
            self.max_dets is None
            and self.iou_thresholds == IOU_THRESHOLDS
            and [*self.areas.items()] == [*AREAS.items()]
        )

    @property
    def area_ranges(self) -> list[tuple[float, float]]:
        """All objects, then the area ranges."""
        return [_EVERYTHING, *self.areas.values()]

    @property
    def labels(self) -> list[str]:
        """The names of `area_ranges`."""
        return ["all", *self.areas]

    def with_max_dets(self, max_dets: "Sequence[int]") -> "Parameters":
        """The same with other limits of detections."""
        return Parameters(iou_thresholds=self.iou_thresholds, areas=self.areas, max_dets=max_dets)

    def limits(self, *, lvis: bool = False) -> tuple[int, ...]:
        """The limits of detections; of LVIS the largest alone."""
        if lvis:
            return (self.max_dets or LVIS_MAX_DETS)[-1:]
        return self.max_dets or MAX_DETS

    def measures(self, *, lvis: bool = False) -> list[Measure]:
        """The numbers of an evaluation, in order."""
        found = [Measure("AP", "ap")]
        if len(self.iou_thresholds) > 1:
            for percent in (50, 75):
                for i, threshold in enumerate(self.iou_thresholds):
                    if abs(threshold - percent / 100) < 1e-9:
                        found.append(Measure(f"AP{percent}", f"ap{percent}", threshold=i))
        areas = list(enumerate(self.areas, 1))
        found += [Measure(f"AP{_suffix(a)}", f"ap_{a}", area=i) for i, a in areas]
        if lvis:
            found += [
                Measure(f"AP{key}", f"ap_{word}", frequency=key)
                for key, word in FREQUENCIES.items()
            ]
        found += [
            Measure(f"AR{limit}", f"ar{limit}", recall=True, limit=i)
            for i, limit in enumerate(self.limits(lvis=lvis))
        ]
        return found + [
            Measure(f"AR{_suffix(a)}", f"ar_{a}", recall=True, area=i) for i, a in areas
        ]


def _suffix(area: str) -> str:
    """The letter of COCO's own ranges; a dash and the name of others."""
    return area[0] if area in AREAS else f"-{area}"


def _ascending(values: "Sequence[float]") -> bool:
    pairs = itertools.pairwise(values)
    return bool(values) and all(first < second for first, second in pairs)


DEFAULT = Parameters()
"""pycocotools' and lvis-api's parameters."""

STAT_NAMES = tuple(one.name for one in DEFAULT.measures())
"""The names of pycocotools' 12 numbers."""

LVIS_NAMES = tuple(one.name for one in DEFAULT.measures(lvis=True))
"""Of LVIS: also the APs of rare, common and frequent categories, and 300 detections an image."""
