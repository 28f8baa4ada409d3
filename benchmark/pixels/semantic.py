"""Mean IoU of semantic segmentation by the rule of mmsegmentation's `IoUMetric`.

Pixels that the ground truth ignores do not exist. Of the others, class by class over all images:

    IoU = hits / (true + predicted − hits)        Acc = hits / true

where `hits` are the pixels that are of the class and predicted so. A prediction that is no class
(the ignore label, or no label at all) is wrong and belongs to nobody.

    mIoU   mean IoU of the classes that are true or predicted anywhere; the others are NaN
    mAcc   mean Acc of the classes that are true anywhere
    aAcc   all hits / all true pixels
    fwIoU  mean IoU weighted by the classes' true pixels (not in mmsegmentation; as in detectron2)
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmark.pixels.cityscapes import CityscapesPredictions, CityscapesTruth, to_train_ids
from benchmark.pixels.label_maps import (
    NO_LABEL,
    GroundTruthFolder,
    GroundTruthMaps,
    PredictedFolder,
    PredictedMaps,
    ground_truth_maps,
    predicted_maps,
)
from benchmark.pixels.ordered_threads import in_batches, map_in_order
from benchmark.pixels.pixel_pairs import PixelPairs, count_pairs, merge
from benchmark.pixels.png_pairs import count_in_pngs
from benchmark.reading.choices import Cityscapes
from o365seg.errors import InputError

IGNORE_LABEL = 255


class SemanticResult(NamedTuple):
    """What was predicted for which pixels; all arrays have one entry a class.

    Attributes:
        labels: int64, rising: the named classes, or where none are named those that appear.
        names: Of the classes; their labels in words where none are named.
        hits: int64, pixels of the class that are predicted so.
        true: int64, pixels of the class.
        predicted: int64, pixels predicted so, where the ground truth does not ignore them.
        confusion: How often which true label (`first`) was predicted as which (`second`; may be
            `NO_LABEL`), in pixels.
        images: Images compared.
        notes: Notes to the reader, one line each.
    """

    labels: np.ndarray
    names: list[str]
    hits: np.ndarray
    true: np.ndarray
    predicted: np.ndarray
    confusion: PixelPairs
    images: int
    notes: list[str]

    @property
    def iou(self) -> np.ndarray:
        """float64[classes]; NaN for a class neither true nor predicted anywhere."""
        return _ratio(self.hits, self.true + self.predicted - self.hits)

    @property
    def acc(self) -> np.ndarray:
        """float64[classes]; NaN for a class that is true nowhere."""
        return _ratio(self.hits, self.true)

    @property
    def metrics(self) -> dict[str, float]:
        """`mIoU`, `mAcc`, `aAcc` and `fwIoU` as fractions; NaN where no pixel counts."""
        total = int(self.true.sum())
        weighted = np.nansum(self.iou * self.true) / total if total else np.nan
        return {
            "mIoU": _mean(self.iou),
            "mAcc": _mean(self.acc),
            "aAcc": float(self.hits.sum() / total) if total else float("nan"),
            "fwIoU": float(weighted),
        }


def evaluate_semantic(
    predictions: str | Path,
    ground_truth: str | Path,
    *,
    classes: str | Path | None = None,
    ignore_label: int = IGNORE_LABEL,
    reduce_zero_label: bool = False,
    cityscapes: Cityscapes | str | None = None,
) -> SemanticResult:
    """Compute the mean IoU of predicted label maps.

    Args:
        predictions: A folder of label-map PNGs, or a COCO results file with a run-length mask per
            class.
        ground_truth: A folder of label-map PNGs, or a COCO annotation file; `label_maps` says how
            images are paired.
        classes: Names of the classes (see `class_names`); every other label is then an error.
            Without, a COCO annotation file's categories; else whatever labels there are.
        ignore_label: True pixels of this label do not count (with `reduce_zero_label`, before or
            after it); predicted, it is no class.
        reduce_zero_label: Of the ground truth alone, as in mmsegmentation: label 0 is ignored,
            and every other is one less (ADE20K, for predictions that count from 0; where they
            count from 1 too, `ignore_label=0` does the same).
        cityscapes: What predicted labels are, for Cityscapes: files are paired by frame, and label
            ids mapped to its 19 classes (`cityscapes`).

    Raises:
        InputError: a file is missing, invalid, or of the wrong size or kind; an unknown label;
            masks of one image overlap. Names the file and the record.
    """
    labels = None if cityscapes is None else Cityscapes(cityscapes)
    true = CityscapesTruth(Path(ground_truth)) if labels else ground_truth_maps(Path(ground_truth))
    of_predictions = CityscapesPredictions if labels else predicted_maps
    predicted = of_predictions(Path(predictions), Path(ground_truth))
    if reduce_zero_label and true.classes is not None:
        raise InputError("--reduce-zero-label is only for label maps", file=ground_truth)
    notes = predicted.check(true.images)
    named = true.classes
    if classes is not None:
        from benchmark.pixels.class_names import read_classes  # loads msgspec

        named = read_classes(classes)
    known = None if named is None else np.array(sorted(named), np.int64)

    def kept(pairs: PixelPairs) -> PixelPairs:
        pairs = to_train_ids(pairs, labels) if labels else pairs
        return _without_ignored(pairs, ignore_label, reduce_zero_label)

    def compare(indices: Sequence[int]) -> PixelPairs:
        images, fault = _count(true, predicted, indices)
        pairs = kept(merge(images)) if images else None
        if pairs is not None and known is not None:
            allowed = np.append(known, [ignore_label, NO_LABEL])
            if not (np.isin(pairs.first, allowed).all() and np.isin(pairs.second, allowed).all()):
                for index, image in zip(indices, map(kept, images), strict=False):
                    _check_known(image.first, allowed, true.place(index))
                    _check_known(image.second, allowed, predicted.place(true.images[index]))
        if fault is not None or pairs is None:
            raise fault or AssertionError("no images")
        return pairs

    found: list[PixelPairs] = []
    batches = in_batches(range(len(true.images)))
    for pairs in map_in_order(compare, batches, "Comparing label maps"):
        found.append(pairs)
        if len(found) == _KEPT:
            found = [merge(found)]
    return _result(merge(found), named, known, ignore_label, len(true.images), notes)


_KEPT = 64
"""Tables of pairs that are kept before they are merged: merging each would take longer."""


def _count(
    true: GroundTruthMaps, predicted: PredictedMaps, indices: Sequence[int]
) -> tuple[list[PixelPairs], InputError | None]:
    """The pairs of labels of each image, up to the first with a fault, and that fault."""
    if isinstance(true, GroundTruthFolder) and isinstance(predicted, PredictedFolder):
        images = [(index, true.images[index]) for index in indices]
        paths = [(true.path(index), predicted.path(image)) for index, image in images]
        return count_in_pngs(paths, ids=False)
    found: list[PixelPairs] = []
    for index in indices:
        try:
            labels = true.read(index)
            guesses = predicted.read(true.images[index], (labels.shape[0], labels.shape[1]))
        except InputError as error:
            return found, error
        found.append(count_pairs(labels, guesses))
    return found, None


def _without_ignored(pairs: PixelPairs, ignore_label: int, reduce_zero_label: bool) -> PixelPairs:
    """The pairs that count, by true label after any reduction."""
    first = pairs.first
    ignored = (first == ignore_label) | (first == NO_LABEL)
    if reduce_zero_label:
        first = first - 1
        ignored |= (first == -1) | (first == ignore_label)
    kept = ~ignored
    return PixelPairs(first[kept], pairs.second[kept], pairs.counts[kept])


def _check_known(labels: np.ndarray, allowed: np.ndarray, place: str) -> None:
    unknown = np.setdiff1d(labels, allowed)
    if unknown.size:
        raise InputError(f"unknown label {unknown[0]}: not among the classes", file=place)


def _result(
    confusion: PixelPairs,
    named: dict[int, str] | None,
    known: np.ndarray | None,
    ignore_label: int,
    images: int,
    notes: list[str],
) -> SemanticResult:
    no_class = [NO_LABEL, ignore_label]
    labels = known
    if labels is None:
        found = {*confusion.first.tolist()} | {*confusion.second.tolist()}.difference(no_class)
        labels = np.array(sorted(found), np.int64)

    def totals(of: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        pixels = np.zeros(len(labels), np.int64)
        inside = chosen & np.isin(of, labels)
        np.add.at(pixels, np.searchsorted(labels, of[inside]), confusion.counts[inside])
        return pixels

    everywhere = np.ones(len(confusion.counts), bool)
    return SemanticResult(
        labels=labels,
        names=[str(n) if named is None else named[n] for n in labels.tolist()],
        hits=totals(confusion.first, confusion.first == confusion.second),
        true=totals(confusion.first, everywhere),
        predicted=totals(confusion.second, ~np.isin(confusion.second, no_class)),
        confusion=confusion,
        images=images,
        notes=notes,
    )


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)


def _mean(values: np.ndarray) -> float:
    """The mean of those that are not NaN; NaN of none."""
    found = values[~np.isnan(values)]
    return float(found.mean()) if found.size else float("nan")
