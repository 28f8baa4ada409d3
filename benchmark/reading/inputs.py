"""Predictions and ground truth, read and checked: what every analysis starts from."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from benchmark.reading.choices import Iou
from benchmark.reading.ground_truth import GroundTruth, load_ground_truth
from benchmark.reading.input_text import InputText
from benchmark.reading.odd_ground_truth import Rewritten, rewrite_ground_truth
from benchmark.reading.odd_predictions import rewrite_predictions
from benchmark.reading.predictions import Predictions, read_predictions
from benchmark.reading.sources import GroundTruthSource, PredictionsSource, truth_source
from benchmark.reading.sources import readable_twice as predictions_source
from benchmark.reading.text_ids import TextIds, annotation_texts, text_of_numbers
from o365seg.errors import InputError
from o365seg.formats.json_files import plain_text, read_bytes
from o365seg.formats.records import AnnotationFile, parse_annotations


@dataclass(frozen=True)
class Inputs:
    """Checked predictions and ground truth.

    Attributes:
        truth: The ground truth.
        predictions: The predictions.
        iou: What is compared; it says whether masks were read.
        notes: Notes to the reader: what was odd, and how it was read.
        texts: Predictions and ground truth as rewritten, where they were odd.
        text_ids: The ids that were text.
    """

    truth: GroundTruth
    predictions: Predictions
    iou: Iou
    notes: list[str] = field(default_factory=list)
    texts: tuple[InputText, InputText] | None = None
    text_ids: TextIds = field(default_factory=TextIds)

    @property
    def file(self) -> AnnotationFile:
        """The annotation file."""
        return self.truth.file

    @property
    def image_ids(self) -> list[int]:
        """All images of the file, ascending: the order of image indices in matches."""
        return sorted(image.id for image in self.file.images)

    @property
    def category_ids(self) -> list[int]:
        """All categories of the file, ascending."""
        return sorted(category.id for category in self.file.categories)


def read_inputs(
    predictions: PredictionsSource,
    ground_truth: GroundTruthSource,
    iou: Iou | str = Iou.SEGM,
    *,
    misfits: bool = False,
) -> Inputs:
    """Read and check both sides of an evaluation.

    Input that is odd but that pycocotools scores is read as pycocotools reads it
    (`odd_ground_truth`, `odd_predictions`).

    Args:
        predictions: A results file, its text, its records, or what `predictions_source` takes.
        ground_truth: A COCO-format file, or what `truth_source` takes.
        iou: What is compared.
        misfits: Whether predicted masks may differ from their image in size.

    Raises:
        InputError: predictions or ground truth are invalid; names the file, record and field.
    """
    iou = Iou(iou)
    found, truth = _text(predictions_source(predictions)), truth_source(ground_truth)
    truth = truth if isinstance(truth, AnnotationFile) else _text(truth)
    try:
        return _read(found, truth, iou, misfits)
    except InputError:
        rewritten = _rewrite(found, truth, iou)
        if rewritten is None:
            raise
    *texts, odd, ids = rewritten
    inputs = _read(texts[0], texts[1], iou, misfits)
    return Inputs(inputs.truth, inputs.predictions, iou, [_note(odd)], (texts[0], texts[1]), ids)


def _note(odd: Counter[str]) -> str:
    listed = "; ".join(f"{what} ({count:,})" for what, count in odd.items())
    return f"Odd input, scored as pycocotools scores it: {listed}."


class PlainTruth(NamedTuple):
    """Ground truth without predictions.

    Attributes:
        file: The ground truth.
        ignore_flags: How many `ignore` flags are without effect.
        notes: Notes on what was odd.
        text_ids: The ids that were text.
    """

    file: AnnotationFile
    ignore_flags: int = 0
    notes: Sequence[str] = ()
    text_ids: TextIds = TextIds()

    @property
    def category_names(self) -> dict[int | str, str]:
        """Names of the categories by their ids as the file has them."""
        return {self.text_ids.category(one.id): one.name for one in self.file.categories}


def read_plain_truth(ground_truth: GroundTruthSource, iou: Iou | str = Iou.SEGM) -> PlainTruth:
    """The ground truth alone.

    Raises:
        InputError: it is invalid; names the file, record and field.
    """
    truth = truth_source(ground_truth)
    if isinstance(truth, AnnotationFile):
        return PlainTruth(truth)
    text, notes, ids = _text(truth), [], TextIds()
    try:
        file = parse_annotations(text.data, text.name)
    except InputError:
        rewritten, ids = _rewrite_truth(text, Iou(iou))
        if rewritten is None or not rewritten.odd:
            raise
        text, notes = (
            InputText(text.name, msgspec.json.encode(rewritten.content)),
            [_note(rewritten.odd)],
        )
        file = parse_annotations(text.data, text.name)
    return PlainTruth(file, _count_ignore_flags(text.data, file), notes, ids)


def read_truth(ground_truth: GroundTruthSource, iou: Iou | str = Iou.SEGM) -> AnnotationFile:
    """The ground truth alone, read as `read_inputs` reads it.

    Raises:
        InputError: it is invalid; names the file, record and field.
    """
    return read_plain_truth(ground_truth, iou).file


def _text(source: str | Path | InputText) -> InputText:
    return source if isinstance(source, InputText) else InputText(source, read_bytes(source))


def _read(found: InputText, truth: InputText | AnnotationFile, iou: Iou, misfits: bool) -> Inputs:
    if isinstance(truth, AnnotationFile):
        name, file, flags = "ground truth", truth, 0
    else:
        name, file = truth.name, parse_annotations(truth.data, truth.name)
        flags = _count_ignore_flags(truth.data, file)
    predictions = read_predictions(found, file, masks=iou.of_masks, misfits=misfits)
    loaded = load_ground_truth(file, name, masks=iou.of_masks, ignore_flags=flags)
    return Inputs(loaded, predictions, iou)


def _rewrite(
    found: InputText, truth: InputText | AnnotationFile, iou: Iou
) -> tuple[InputText, InputText, Counter[str], TextIds] | None:
    """The texts with what is odd rewritten, what that was, and ids; None where nothing is odd."""
    if isinstance(truth, AnnotationFile):
        truth = InputText("ground truth", msgspec.json.encode(truth))
    rewritten, ids = _rewrite_truth(truth, iou)
    if rewritten is None:
        return None
    content = _decoded(found)
    records = rewrite_predictions(content, str(found.name), rewritten, rewritten.odd)
    if records is None or not rewritten.odd:
        return None
    kept, places = records
    return (
        InputText(found.name, msgspec.json.encode(kept), places),
        InputText(truth.name, msgspec.json.encode(rewritten.content)),
        rewritten.odd,
        ids,
    )


def _rewrite_truth(text: InputText, iou: Iou) -> tuple[Rewritten | None, TextIds]:
    content = _decoded(text)
    annotations = annotation_texts(content)
    found = rewrite_ground_truth(content, str(text.name), masks=iou.of_masks)
    if found is None:
        return None, TextIds()
    images, categories = map(text_of_numbers, (found.image_numbers, found.category_numbers))
    return found, TextIds(images, categories, annotations)


def _decoded(text: InputText) -> Any:
    """JSON as Python values; None where it is invalid, as the strict reader says."""
    try:
        return msgspec.json.decode(plain_text(text.data, text.name))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


class _Flags(msgspec.Struct, gc=False):
    ignore: Any = None


class _Flagged(msgspec.Struct):
    annotations: Sequence[_Flags]


def _count_ignore_flags(data: bytes, file: AnnotationFile) -> int:
    """How many annotations have `ignore` and are neither crowds nor marked as skipped."""
    if b'"ignore"' not in data:
        return 0
    flags = msgspec.json.decode(plain_text(data, ""), type=_Flagged).annotations
    return sum(
        isinstance(flag.ignore, bool | int | float)
        and flag.ignore != 0
        and not (one.iscrowd or one.skipped or one.unanswered)
        for flag, one in zip(flags, file.annotations, strict=True)
    )
