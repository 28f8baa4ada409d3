"""AP of masks, boxes or boundaries; skipped instances count neither for nor against.

Two paths, one outcome: `native_path` is fast, and whatever is unusual about the input it leaves to
`pycocotools_path`, which runs pycocotools and is what the native core is tested against.
"""

from benchmark.average_precision import native_core, native_path
from benchmark.average_precision.parameters import DEFAULT, Parameters
from benchmark.average_precision.result import Result
from benchmark.reading.choices import Iou, SkipRule
from benchmark.reading.sources import readable_twice, truth_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from collections.abc import Sequence
    from pathlib import Path

    from benchmark.reading.input_text import InputText
    from benchmark.reading.sources import GroundTruthSource, PredictionsSource
    from o365seg.formats.records import AnnotationFile


def evaluate(
    predictions: "PredictionsSource",
    ground_truth: "GroundTruthSource",
    *,
    iou: Iou | str = Iou.SEGM,
    skip_rule: SkipRule | str = SkipRule.BOX,
    parameters: Parameters = DEFAULT,
    size_ranges: "Sequence[array[float]]" = (),
) -> Result:
    """Evaluate predictions as COCO does, ignoring those on instances that raters skipped.

    Where nothing was skipped, every number is pycocotools' to the last bit. Otherwise true
    positives, recall and the number of instances are still its own, whatever the rule; only false
    positives may turn to ignored ones, so AP never falls. For boxes (`iou="bbox"`) a skipped
    instance's box is ground truth like any other, and `skip_rule` plays no part. Ground truth that
    has LVIS's marks is evaluated by the rules of LVIS (`benchmark.average_precision.lvis`).

    Args:
        predictions: A file in COCO's results format (gzip too; `-`: standard input), its records,
            a pandas DataFrame, or what `pycocotools.COCO.loadRes` returned.
        ground_truth: A release or any other file in COCO's format, its content as a dict, what
            `read_annotations` made of it, or a `pycocotools.COCO`.
        iou: What is compared: masks (`segm`), boxes (`bbox`), or masks and their boundaries
            (`boundary`: the lesser of mask IoU and boundary IoU, see
            `benchmark.average_precision.boundary`).
        skip_rule: How predictions on skipped instances count.
        parameters: IoU thresholds, area ranges and limits of detections, where they are to be
            other than COCO's or LVIS's own.
        size_ranges: For `benchmark.analysis.by_size`: ranges of relative size to match in as well.

    Raises:
        InputError: predictions or ground truth are invalid; names the file, record and field.
        ValueError: no such `iou` or `skip_rule`.
    """
    iou, rule = Iou(iou), SkipRule(skip_rule)
    source, truth = readable_twice(predictions), truth_source(ground_truth)
    result = _evaluate(source, truth, iou, rule, parameters, size_ranges)
    result.ground_truth = ground_truth
    return result


def _evaluate(
    source: "str | Path | InputText",
    truth: "str | Path | InputText | AnnotationFile",
    iou: Iou,
    rule: SkipRule,
    parameters: Parameters,
    size_ranges: "Sequence[array[float]]",
) -> Result:
    native = native_core.is_wanted() and native_path.is_built()
    if native:
        result = native_path.evaluate(
            source, truth, iou, rule, parameters=parameters, size_ranges=size_ranges
        )
        if result is not None:
            return result
    from benchmark.average_precision import pycocotools_path
    from benchmark.reading.inputs import read_inputs

    inputs = read_inputs(source, truth, iou, misfits=iou is Iou.SEGM)
    if inputs.file.is_federated:
        from benchmark.average_precision.lvis import evaluate_lvis

        return evaluate_lvis(inputs, parameters)
    if native and inputs.texts is not None:  # no longer odd
        result = native_path.evaluate(
            *inputs.texts, iou, rule, parameters=parameters, size_ranges=size_ranges
        )
        if result is not None:
            result.notes.extend(inputs.notes)
            return result
    return pycocotools_path.evaluate_inputs(inputs, rule, parameters)
