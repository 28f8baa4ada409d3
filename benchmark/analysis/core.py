"""The native core for the analyses, with any input that the general reader accepts.

The core leaves unusual input to others; here that input is read by `reading.inputs`, which says
what is wrong, and written in the plain numbers of `plain_inputs`, and the core reads it again.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from benchmark.average_precision import native_core, native_path
from benchmark.average_precision.parameters import DEFAULT
from benchmark.reading.choices import Iou, SkipRule
from benchmark.reading.input_text import InputText
from benchmark.reading.mapped_files import MappedInUse
from benchmark.reading.sources import NAMELESS, NAMELESS_TRUTH, readable_twice, truth_source
from o365seg.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from benchmark import _native
    from benchmark.average_precision.lvis_rules import LvisRules
    from benchmark.reading.inputs import Inputs
    from benchmark.reading.sources import GroundTruthSource, PredictionsSource
    from o365seg.formats.records import AnnotationFile


@dataclass(frozen=True)
class MatchedCore:
    """Two sides, matched.

    Attributes:
        core: The core.
        notes: Notes on what was odd.
        lvis: The rules of LVIS, where the ground truth has its marks. The core then has only the
            predictions `kept`.
        kept: The indices of the core's predictions in the file; None for all.
        inputs: What was read, where ids and scores of the core are those of `plain_inputs`; None
            where they are the input's own.
    """

    core: "_native.Evaluation"
    notes: list[str]
    lvis: "LvisRules | None" = None
    kept: Sequence[int] | None = None
    inputs: "Inputs | None" = None


Prepare: TypeAlias = "Callable[[_native.Evaluation, Callable[[float], float]], None]"
"""Sets what is asked of the core before it matches. Its second argument turns a score of the input
into the core's."""


def matched_core(
    predictions: "PredictionsSource",
    ground_truth: "GroundTruthSource",
    iou: Iou,
    prepare: Prepare,
    *,
    at_half: bool,
) -> MatchedCore:
    """Read and match two sides by COCO's rules, or by those of LVIS.

    Args:
        predictions: As for `evaluate`.
        ground_truth: As for `evaluate`.
        iou: What is compared.
        prepare: Sets what is asked of the core before it matches.
        at_half: Whether only IoU 0.5 counts. The core then lacks the false positives at 0.5 that
            LVIS ignores; otherwise `lvis.ignored` is to be applied to its matches.

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
        with MappedInUse():
            core = native_core.read(truth_text, results, iou=iou)
            if core.facts()["federated"]:
                raise _native.Unusual  # LVIS, whose rules are other ones
            prepare(core, lambda score: score)
            core.match()
        return core

    try:
        return MatchedCore(match(native_path.text_of(truth), native_path.text_of(source)), [])
    except (_native.Unusual, OSError, ValueError, InputError):
        pass
    from benchmark.analysis.plain_inputs import plain_inputs, rank_of_score, refusal
    from benchmark.reading.inputs import read_inputs

    inputs = read_inputs(source, truth, iou)
    match_plain = _match_lvis if inputs.file.is_federated else _match_coco
    try:
        found = match_plain(
            plain_inputs(inputs),
            lambda core: prepare(core, lambda score: rank_of_score(inputs, score)),
            at_half=at_half,
        )
    except _native.Unusual:
        raise refusal(inputs, _name(truth), _name(source)) from None
    return replace(found, inputs=inputs)


def _name(source: "str | Path | InputText | AnnotationFile") -> object:
    if isinstance(source, InputText):
        return source.name
    return source if isinstance(source, str | os.PathLike) else NAMELESS_TRUTH


def _match_coco(
    inputs: "Inputs", prepare: "Callable[[_native.Evaluation], None]", *, at_half: bool
) -> MatchedCore:
    """Match by the rules of COCO, for which `at_half` makes no difference."""
    del at_half
    core = native_core.read(*_texts(inputs), iou=inputs.iou)
    prepare(core)
    core.match()
    return MatchedCore(core, inputs.notes)


def _match_lvis(
    inputs: "Inputs", prepare: "Callable[[_native.Evaluation], None]", *, at_half: bool
) -> MatchedCore:
    """Match by the rules of LVIS."""
    from benchmark.average_precision.lvis_rules import LvisRules

    (limit,) = DEFAULT.limits(lvis=True)
    rules = LvisRules(inputs, limit)
    kept = _without_ignored(rules) if at_half else rules.kept
    core = native_core.read(*rules.texts(kept), iou=inputs.iou)
    native_core.configure(core, DEFAULT.iou_thresholds, DEFAULT.area_ranges, (limit,))
    prepare(core)
    core.match()
    return MatchedCore(core, inputs.notes, rules, kept)


def _without_ignored(rules: "LvisRules") -> list[int]:
    """The predictions that count and are not ignored at IoU 0.5; the others match nothing."""
    found = rules.inputs.predictions
    incomplete = {
        (image.id, category)
        for image in rules.inputs.file.images
        for category in image.not_exhaustive_category_ids or ()
    }
    unsure = [i for i in rules.kept if (found.image_ids[i], found.category_ids[i]) in incomplete]
    if not unsure:
        return rules.kept
    # An image and category is matched without regard to the others.
    alone = DEFAULT.with_max_dets((rules.limit,))
    core = native_core.match(*rules.texts(unsure), iou=rules.inputs.iou, parameters=alone)
    matched = native_path.NativeMatched(core, SkipRule.NONE, alone)
    ignored: set[int] = set()
    for category_id in rules.incomplete:
        matches = rules.ignored(matched.category_matches(category_id))
        ignored.update(unsure[place] for place in matches.prediction[matches.ignored[0, 0]])
    return [index for index in rules.kept if index not in ignored]


def _texts(inputs: "Inputs") -> tuple[InputText, InputText]:
    """Ground truth and predictions as JSON that the core takes.

    Predicted masks go without `bbox`: judging has no area ranges, and relative sizes are the masks'
    own.
    """
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
        InputText(NAMELESS_TRUTH, msgspec.json.encode(inputs.file)),
        InputText(NAMELESS, msgspec.json.encode(records)),
    )
