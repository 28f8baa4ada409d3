"""What a semantic evaluation found: plain numbers at once, arrays when they are asked for.

    IoU = hits / (true + predicted − hits)        Acc = hits / true

where `hits` are the pixels that are of the class and predicted so.

    mIoU   mean IoU of the classes that are true or predicted anywhere; the others are NaN
    mAcc   mean Acc of the classes that are true anywhere
    aAcc   all hits / all true pixels
    fwIoU  mean IoU weighted by the classes' true pixels (not in mmsegmentation; as in detectron2)
"""

import math
from functools import cached_property

from benchmark.pixels.pairwise_sum import pairwise_sum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from benchmark.pixels.label_pairs import LabelPairs
    from benchmark.pixels.pixel_pairs import PixelPairs


class ClassPixels:
    """The pixels of a class.

    Attributes:
        label: Its label.
        name: Its name; the label in words where classes are not named.
        hits: Pixels of the class that are predicted so.
        true: Pixels of the class.
        predicted: Pixels predicted so, where the ground truth does not ignore them.
    """

    def __init__(self, label: int, name: str) -> None:
        self.label = label
        self.name = name
        self.hits = self.true = self.predicted = 0

    @property
    def iou(self) -> float:
        """NaN for a class neither true nor predicted anywhere."""
        return _ratio(self.hits, self.true + self.predicted - self.hits)

    @property
    def acc(self) -> float:
        """NaN for a class that is true nowhere."""
        return _ratio(self.hits, self.true)


class SemanticResult:
    """What was predicted for which pixels; all arrays have one entry a class.

    Attributes:
        classes: By label, rising: the named classes, or where none are named those that appear.
        pairs: Pixels by true label and predicted label; the latter may be `NO_LABEL`.
        images: Images compared.
        notes: Notes to the reader, one line each.
    """

    def __init__(
        self,
        classes: "Sequence[ClassPixels]",
        pairs: "LabelPairs",
        images: int,
        notes: list[str],
    ) -> None:
        self.classes = classes
        self.pairs = pairs
        self.images = images
        self.notes = notes

    @property
    def names(self) -> list[str]:
        """Of the classes; their labels in words where none are named."""
        return [one.name for one in self.classes]

    @cached_property
    def labels(self) -> "np.ndarray":
        """int64, rising."""
        return self._array("label", "int64")

    @cached_property
    def hits(self) -> "np.ndarray":
        """int64, pixels of the class that are predicted so."""
        return self._array("hits", "int64")

    @cached_property
    def true(self) -> "np.ndarray":
        """int64, pixels of the class."""
        return self._array("true", "int64")

    @cached_property
    def predicted(self) -> "np.ndarray":
        """int64, pixels predicted so, where the ground truth does not ignore them."""
        return self._array("predicted", "int64")

    @cached_property
    def iou(self) -> "np.ndarray":
        """float64[classes]; NaN for a class neither true nor predicted anywhere."""
        return self._array("iou", "float64")

    @cached_property
    def acc(self) -> "np.ndarray":
        """float64[classes]; NaN for a class that is true nowhere."""
        return self._array("acc", "float64")

    @cached_property
    def confusion(self) -> "PixelPairs":
        """`pairs` as arrays: true labels are `first`, predicted ones `second`."""
        import numpy as np

        from benchmark.pixels.pixel_pairs import PixelPairs

        rows = [(*labels, pixels) for labels, pixels in sorted(self.pairs.items())]
        return PixelPairs(*np.array(rows, np.int64).reshape(-1, 3).T)

    @property
    def pixels(self) -> int:
        """All true pixels."""
        return sum(one.true for one in self.classes)

    @property
    def metrics(self) -> dict[str, float]:
        """`mIoU`, `mAcc`, `aAcc` and `fwIoU` as fractions; NaN where no pixel counts."""
        ious = [one.iou for one in self.classes]
        weighted = [
            0.0 if math.isnan(iou) else iou * one.true
            for iou, one in zip(ious, self.classes, strict=True)
        ]
        return {
            "mIoU": _mean(ious),
            "mAcc": _mean([one.acc for one in self.classes]),
            "aAcc": _ratio(sum(one.hits for one in self.classes), self.pixels),
            "fwIoU": _ratio(pairwise_sum(weighted), self.pixels),
        }

    def _array(self, field: str, dtype: str) -> "np.ndarray":
        import numpy as np

        return np.array([getattr(one, field) for one in self.classes], dtype)


def _ratio(part: float, whole: int) -> float:
    return part / whole if whole else math.nan


def _mean(values: "Sequence[float]") -> float:
    """The mean of those that are not NaN; NaN of none."""
    found = [value for value in values if not math.isnan(value)]
    return _ratio(pairwise_sum(found), len(found))
