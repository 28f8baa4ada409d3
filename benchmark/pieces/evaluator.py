"""Evaluate image by image, in several processes or file by file: the bytes of one evaluation.

    evaluator = Evaluator("o365_instance_seg_val.json")
    for image_id, found in predictions:
        evaluator.update(image_id, masks=found.masks, scores=found.scores, labels=found.labels)
    print(evaluator.result().metrics)

Predictions are matched as soon as there are many, and only what became of them is kept.
"""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmark.average_precision import evaluation, native_path, notes
from benchmark.average_precision.result import Counts, Result
from benchmark.pieces.found_arrays import found_arrays
from benchmark.pieces.outcomes import Outcomes, outcome_type, pack
from benchmark.pieces.positives import Positives
from benchmark.pieces.summable import Summable
from benchmark.reading.choices import Iou, SkipRule
from benchmark.reading.input_text import InputText
from benchmark.reading.inputs import read_plain_truth
from benchmark.reading.sources import GroundTruthSource
from o365seg.errors import InputError
from o365seg.formats.records import Annotation, AnnotationFile

BATCH = 100_000
"""Predictions that are matched together."""


class Evaluator(Summable):
    """An evaluation in pieces.

    Args:
        ground_truth: As of `benchmark.evaluate`.
        iou: What is compared.
        skip_rule: How predictions on skipped instances count.

    Raises:
        InputError: the ground truth is invalid, or is LVIS's, whose rules span an image.
    """

    def __init__(
        self,
        ground_truth: GroundTruthSource,
        *,
        iou: Iou | str = Iou.SEGM,
        skip_rule: SkipRule | str = SkipRule.BOX,
    ) -> None:
        self.iou, self.rule = Iou(iou), SkipRule(skip_rule)
        file, flags, odd, self.text_ids = read_plain_truth(ground_truth, self.iou)
        if file.is_federated:
            raise InputError("LVIS is not evaluated in pieces", file="ground truth")
        self.names = ["predictions", name_of(ground_truth)]
        self.file = file
        self.image_ids = sorted(image.id for image in file.images)
        self.category_ids = sorted(category.id for category in file.categories)
        texts = [one for one in vars(self.text_ids).values() if one]
        self.fingerprint = hashlib.sha256(
            msgspec.json.encode([file.images, file.categories, file.annotations, *texts])
        ).hexdigest()
        self.odd = list(odd)
        self._rank = {image_id: i for i, image_id in enumerate(self.image_ids)}
        self._numbers = {self.text_ids.image(image_id): image_id for image_id in self.image_ids}
        self._labels = {text: number for number, text in self.text_ids.categories.items()}
        self._categories = file.categories
        self._images = {image.id: image for image in file.images}
        self._annotations: dict[int, list[Annotation]] = {}
        for one in file.annotations:
            self._annotations.setdefault(one.image_id, []).append(one)
        self._evaluate_truth(file, flags)
        self.rules = list(SkipRule) if self._any_skipped else [SkipRule.NONE]
        self.outcomes = Outcomes(outcome_type(len(self.rules)))
        self.covered: set[int] = set()
        self.predictions = 0
        self.boxed: bool | None = None
        self._waiting: list[bytes] = []
        self._waiting_images: list[int] = []
        self._waiting_count = 0

    def update(
        self,
        image_id: int | str,
        *,
        masks: Any = None,
        rles: Sequence[dict[str, Any]] | None = None,
        boxes: Any = None,
        scores: Any,
        labels: Any,
    ) -> None:
        """Add all predictions of an image; each image once.

        Args:
            image_id: The image, as the ground truth has it.
            masks: bool (N, H, W), an array or a tensor.
            rles: Instead of masks: run lengths, as pycocotools has them.
            boxes: float (N, 4) of (x, y, width, height) in pixels; with masks, as in a results file
                whose records have both, they give the areas.
            scores: float (N,).
            labels: int (N,), category ids; texts where those of the ground truth are text.

        Raises:
            InputError: an unknown image, an image given twice, arrays of other lengths, or invalid
                masks or boxes. Or predictions that wait are invalid: they stay, and no numbers are
                given without them.
        """
        where = f"image {image_id}"
        number = self._number(image_id, where)
        size = (self._images[number].height, self._images[number].width)
        numbers = self._category_numbers(labels, where)
        given = found_arrays(size, where, masks, rles, boxes, scores, numbers)
        count = len(given.scores)
        records = given.records(number) if count else b""
        self.claim([number], boxes is not None if count else None)
        if not count:
            return
        self._waiting.append(records)
        self._waiting_images.append(number)
        self._waiting_count += count
        if self._waiting_count >= BATCH:
            self.flush()

    def add_records(
        self, image_ids: Iterable[int], records: Sequence[Any], places: Sequence[int], boxed: bool
    ) -> None:
        """Add all predictions of some images from the records of a results file.

        Args:
            image_ids: The images, with or without predictions.
            records: JSON-compatible records or raw JSON.
            places: The place of each record in the file.
            boxed: Whether the records have `bbox`.
        """
        self.flush()
        images, boxed_if_any = list(image_ids), boxed if records else None
        self.check_claim(images, boxed_if_any)
        if records:
            self._match(images, msgspec.json.encode(records), places)
        self.claim(images, boxed_if_any)
        self.predictions += len(records)

    def flush(self) -> None:
        """Match the predictions that wait for more."""
        if self._waiting_count:
            count, images = self._waiting_count, self._waiting_images
            text = b"[" + b",".join(self._waiting) + b"]"
            self._match(images, text, range(self.predictions, self.predictions + count))
            self._waiting, self._waiting_images, self._waiting_count = [], [], 0
            self.predictions += count

    def image_name(self, image_id: int) -> str:
        """See `Summable.image_name`."""
        return f"image {self.text_ids.image(image_id)}"

    def _number(self, image_id: Any, where: str) -> int:
        """The number of an image, from its id in the ground truth."""
        if self.text_ids.images and not isinstance(image_id, str):
            raise InputError("is a number, but the ids of the ground truth are text", file=where)
        number = self._numbers.get(image_id)  # of the type of the file's, not numpy's
        if number is None:
            raise InputError("not in the ground truth", file=where)
        return number

    def _category_numbers(self, labels: Any, where: str) -> Any:
        """Labels as numbers, from texts where the ids of the ground truth are text."""
        if not self._labels:
            return labels
        for label in labels:
            if label not in self._labels:
                raise InputError(f"unknown category {label!r}: not in the ground truth", file=where)
        return [self._labels[label] for label in labels]

    def _piece(self, image_ids: list[int]) -> AnnotationFile:
        return AnnotationFile(
            [self._images[image_id] for image_id in image_ids],
            [one for image_id in image_ids for one in self._annotations.get(image_id, ())],
            self._categories,
        )

    def _match(self, image_ids: list[int], text: bytes, places: Sequence[int]) -> None:
        truth, found = self._piece(image_ids), InputText("predictions", text, places)
        results = self._results(found, truth)
        first = results[0]
        if first.counts.predictions != len(places) or first.tallies is None:
            raise InputError(
                "not evaluated in pieces: " + " ".join(first.notes), file="predictions"
            )
        images = np.array([self._rank[image_id] for image_id in first.image_ids], np.int32)
        where = np.asarray(places, np.int64)
        packed = [
            pack([one.category_matches(category) for one in results], images, where)
            for category in self.category_ids
        ]
        self.tallies.add(first.tallies)
        self.outcomes.add(packed)

    def _results(self, found: InputText, truth: AnnotationFile) -> list[Result]:
        """The evaluation of a piece under every rule, matched once where the core can do it."""
        first = evaluation.evaluate(found, truth, iou=self.iou, skip_rule=self.rules[0])
        if isinstance(first.matched, native_path.NativeMatched):
            core = first.matched.core
            return [first, *(native_path.result_of(core, self.iou, r) for r in self.rules[1:])]
        others = self.rules[1:]
        return [
            first,
            *(evaluation.evaluate(found, truth, iou=self.iou, skip_rule=r) for r in others),
        ]

    def _evaluate_truth(self, file: AnnotationFile, flags: int) -> None:
        """What the ground truth alone gives: counts, what notes tell, and the instances to find."""
        masks = self.iou.of_masks
        result = evaluation.evaluate([], file, iou=self.iou, skip_rule=self.rule)
        counts = result.counts
        self.counts = Counts(**(vars(counts) | {"predictions": 0}))
        assert result.tallies is not None
        self.tallies = notes.Tallies(
            stock=result.tallies.stock,
            ignore_flags=flags,
            gt_no_pixels=result.tallies.gt_no_pixels,
        )
        self._any_skipped = masks and counts.skipped + counts.unanswered > 0
        self.positives = Positives.of(
            (result.category_matches(category).positives for category in self.category_ids),
            len(self.image_ids),
        )


def name_of(source: object) -> str:
    """The name of a file; of a value from Python, what it is."""
    return str(source) if isinstance(source, str | Path) else "ground truth"
