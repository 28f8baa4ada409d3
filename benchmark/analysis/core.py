"""The native core for the analyses, with any input that the general reader accepts.

The core leaves unusual input to others; here that input is read by `reading.inputs`, which says
what is wrong or writes it plainly, and the core reads it again.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from benchmark.average_precision import native_core, native_path
from benchmark.reading.choices import Iou
from benchmark.reading.input_text import InputText
from benchmark.reading.sources import readable_twice, truth_source
from o365seg.errors import InputError

if TYPE_CHECKING:
    from benchmark import _native
    from benchmark.reading.inputs import Inputs
    from benchmark.reading.sources import GroundTruthSource, PredictionsSource


def matched_core(
    predictions: "PredictionsSource",
    ground_truth: "GroundTruthSource",
    iou: Iou,
    prepare: "Callable[[_native.Evaluation], None]",
) -> "tuple[_native.Evaluation, list[str]]":
    """Read and match two sides by COCO's rules, also where the ground truth is LVIS's.

    Args:
        predictions: As for `evaluate`.
        ground_truth: As for `evaluate`.
        iou: What is compared.
        prepare: Sets what is asked of the core before it matches.

    Returns:
        The core, and notes on what was odd.

    Raises:
        InputError: predictions or ground truth are invalid; names the file, record and field. Or
            the core was not built.
    """
    if not native_path.is_built():
        raise InputError(
            "this analysis needs the native core: install a wheel, or install from source with a "
            "C compiler"
        )
    from benchmark import _native

    source, truth = readable_twice(predictions), truth_source(ground_truth)

    def match(truth_text: InputText, results: InputText) -> "_native.Evaluation":
        core = native_core.read(truth_text, results, iou=iou)
        prepare(core)
        core.match()
        return core

    try:
        return match(native_path.text_of(truth), native_path.text_of(source)), []
    except (_native.Unusual, OSError, ValueError, InputError):
        pass
    from benchmark.reading.inputs import read_inputs

    inputs = read_inputs(source, truth, iou)
    results, truth_text = inputs.texts or _plain_texts(inputs)
    return match(truth_text, results), inputs.notes


def _plain_texts(inputs: "Inputs") -> tuple[InputText, InputText]:
    """Predictions and ground truth as JSON that the core takes."""
    import msgspec

    found = inputs.predictions
    records: list[dict[str, Any]] = [
        {"image_id": image_id, "category_id": category_id, "score": score}
        for image_id, category_id, score in zip(
            found.image_ids, found.category_ids, found.scores.tolist(), strict=True
        )
    ]
    for index, record in enumerate(records):
        if inputs.iou.of_masks:
            assert found.masks is not None
            mask = found.masks[index]
            record["segmentation"] = {"size": mask.size, "counts": mask.counts}
        else:
            record["bbox"] = found.boxes[index].tolist()
    return (
        InputText("predictions", msgspec.json.encode(records)),
        InputText("ground truth", msgspec.json.encode(inputs.file)),
    )
