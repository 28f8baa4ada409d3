"""Mean IoU of semantic segmentation by the rule of mmsegmentation's `IoUMetric`.

Pixels that the ground truth ignores do not exist. Of the others, pixels are counted by true and
predicted class over all images (`semantic_result` has the formulas). A prediction that is no class
(the ignore label, or no label at all) is wrong and belongs to nobody.
"""

from benchmark.pixels.label_comparison import LabelComparison
from benchmark.pixels.label_maps import NO_LABEL, ground_truth_maps, predicted_maps
from benchmark.pixels.label_pairs import add
from benchmark.pixels.semantic_result import ClassPixels, SemanticResult
from o365seg.errors import InputError

TYPE_CHECKING = False  # two folders are compared without numpy, typing and pathlib: see `Result`
if TYPE_CHECKING:
    from pathlib import Path

    from benchmark.pixels.label_maps import GroundTruthMaps, PredictedMaps
    from benchmark.pixels.label_pairs import LabelPairs
    from benchmark.reading.choices import Cityscapes

IGNORE_LABEL = 255


def evaluate_semantic(
    predictions: "str | Path",
    ground_truth: "str | Path",
    *,
    classes: "str | Path | None" = None,
    ignore_label: int = IGNORE_LABEL,
    reduce_zero_label: bool = False,
    cityscapes: "Cityscapes | str | None" = None,
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
    true, predicted, labels = _opened(predictions, ground_truth, cityscapes)
    if reduce_zero_label and true.classes is not None:
        raise InputError("--reduce-zero-label is only for label maps", file=ground_truth)
    notes = predicted.check(true.images)
    named = true.classes
    if classes is not None:
        from benchmark.pixels.class_names import read_classes  # loads msgspec

        named = read_classes(classes)

    def kept(pairs: "LabelPairs") -> "LabelPairs":
        if labels is not None:
            from benchmark.pixels.cityscapes import to_train_ids

            pairs = to_train_ids(pairs, labels)
        return _without_ignored(pairs, ignore_label, reduce_zero_label)

    known = None if named is None else {*named, ignore_label, NO_LABEL}
    pairs: LabelPairs = {}
    for more in LabelComparison(true, predicted, kept, known).run():
        add(more, pairs)
    return _result(pairs, named, ignore_label, len(true.images), notes)


def _opened(
    predictions: "str | Path", ground_truth: "str | Path", cityscapes: "Cityscapes | str | None"
) -> "tuple[GroundTruthMaps, PredictedMaps, Cityscapes | None]":
    """Both sides, and what Cityscapes' predicted labels are."""
    if cityscapes is None:
        true = ground_truth_maps(ground_truth)
        return true, predicted_maps(predictions, ground_truth), None
    from pathlib import Path

    from benchmark.pixels.cityscapes import CityscapesPredictions, CityscapesTruth
    from benchmark.reading.choices import Cityscapes

    labels = Cityscapes(cityscapes)
    true = CityscapesTruth(Path(ground_truth))
    return true, CityscapesPredictions(Path(predictions), Path(ground_truth)), labels


def _without_ignored(
    pairs: "LabelPairs", ignore_label: int, reduce_zero_label: bool
) -> "LabelPairs":
    """The pairs that count, by true label after any reduction."""
    ignored = {ignore_label, NO_LABEL}
    if reduce_zero_label:
        ignored |= {0, ignore_label + 1}
    less = int(reduce_zero_label)
    return {
        (true - less, predicted): pixels
        for (true, predicted), pixels in pairs.items()
        if true not in ignored
    }


def _result(
    pairs: "LabelPairs",
    named: dict[int, str] | None,
    ignore_label: int,
    images: int,
    notes: list[str],
) -> SemanticResult:
    no_class = {NO_LABEL, ignore_label}
    if named is None:
        found = {true for true, _ in pairs} | {guess for _, guess in pairs} - no_class
        named = {label: str(label) for label in found}
    classes = {label: ClassPixels(label, named[label]) for label in sorted(named)}
    for (true, predicted), pixels in pairs.items():
        classes[true].true += pixels
        if predicted not in no_class:
            classes[predicted].predicted += pixels
        if true == predicted:
            classes[true].hits += pixels
    return SemanticResult([*classes.values()], pairs, images, notes)
