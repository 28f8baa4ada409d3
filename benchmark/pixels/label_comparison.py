"""Compare the label maps of all images: the core compares PNGs, and arrays everything else."""

from benchmark.average_precision.native_core import is_built, is_wanted
from benchmark.pixels.label_maps import GroundTruthFolder, PredictedFolder
from benchmark.pixels.label_pairs import add, count_in_pngs, plain
from benchmark.reading.processors import processors
from o365seg.errors import InputError
from o365seg.terminal.progress_bar import progress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmark.pixels.label_maps import GroundTruthMaps, PredictedMaps
    from benchmark.pixels.label_pairs import LabelPairs

_LABEL = "Comparing label maps"
_AT_ONCE = 64
"""Images for each thread that the core compares in one call."""


class LabelComparison:
    """Ground truth and predictions of the same images.

    Args:
        true: The ground truth of all images.
        predicted: The predictions for them.
        kept: The pairs of labels that count, of those of some images.
        known: The labels that may occur in them; None for any.
    """

    def __init__(
        self,
        true: "GroundTruthMaps",
        predicted: "PredictedMaps",
        kept: "Callable[[LabelPairs], LabelPairs]",
        known: set[int] | None,
    ) -> None:
        self._true = true
        self._predicted = predicted
        self._kept = kept
        self._known = known

    def run(self) -> "Iterator[LabelPairs]":
        """The pairs of labels that count, of some images each time.

        Raises:
            InputError: a map is unreadable, of the wrong kind or size, or has an unknown label; of
                several, the first in the order of the images.
        """
        true, predicted = self._true, self._predicted
        if (
            isinstance(true, GroundTruthFolder)
            and isinstance(predicted, PredictedFolder)
            and is_wanted()
            and is_built()
        ):
            return self._by_core(true, predicted)
        return self._by_arrays(range(len(true.images)))

    def _by_core(
        self, true: GroundTruthFolder, predicted: PredictedFolder
    ) -> "Iterator[LabelPairs]":
        paths = [(true.path(i), predicted.path(name)) for i, name in enumerate(true.images)]
        size = _AT_ONCE * processors()
        for start in progress(range(0, len(paths), size), _LABEL):
            batch = range(start, min(start + size, len(paths)))
            pairs, left = count_in_pngs(paths[start : start + size])
            pairs = self._kept(pairs)
            if self._has_unknown(pairs):  # one by one, to name the image
                pairs, left = {}, [*range(len(batch))]
            yield pairs
            if left:
                yield from self._by_arrays([batch[index] for index in left])

    def _by_arrays(self, indices: "Sequence[int]") -> "Iterator[LabelPairs]":
        from benchmark.pixels.ordered_threads import in_batches, map_in_order  # load numpy

        return map_in_order(self._compare, in_batches(indices), _LABEL)

    def _compare(self, indices: "Sequence[int]") -> "LabelPairs":
        from benchmark.pixels.pixel_pairs import count_pairs

        found: LabelPairs = {}
        for index in indices:
            name = self._true.images[index]
            labels = self._true.read(index)
            guesses = self._predicted.read(name, (labels.shape[0], labels.shape[1]))
            pairs = self._kept(plain(count_pairs(labels, guesses)))
            if self._has_unknown(pairs):
                self._check({true for true, _ in pairs}, self._true.place(index))
                self._check({guess for _, guess in pairs}, self._predicted.place(name))
            add(pairs, found)
        return found

    def _has_unknown(self, pairs: "LabelPairs") -> bool:
        return self._known is not None and not all(
            true in self._known and predicted in self._known for true, predicted in pairs
        )

    def _check(self, labels: set[int], place: str) -> None:
        unknown = labels - (self._known or labels)
        if unknown:
            raise InputError(f"unknown label {min(unknown)}: not among the classes", file=place)
