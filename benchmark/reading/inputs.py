"""Predictions and ground truth, read and checked: what every analysis starts from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.reading.choices import Iou
from benchmark.reading.ground_truth import GroundTruth, load_ground_truth
from benchmark.reading.input_text import InputText
from benchmark.reading.predictions import Predictions, read_predictions
from benchmark.reading.sources import readable_twice
from o365seg.formats.records import AnnotationFile, read_annotations


@dataclass(frozen=True)
class Inputs:
    """Checked predictions and ground truth; `iou` says whether masks were read."""

    truth: GroundTruth
    predictions: Predictions
    iou: Iou

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
    predictions: str | Path | Sequence[dict[str, Any]] | InputText,
    ground_truth: str | Path | AnnotationFile,
    iou: Iou | str = Iou.SEGM,
    *,
    misfits: bool = False,
) -> Inputs:
    """Read and check both sides of an evaluation.

    `misfits` allows predicted masks whose size differs from their image's.

    Raises:
        InputError: predictions or ground truth are invalid; names the file, record and field.
    """
    if isinstance(ground_truth, AnnotationFile):
        name, file = "ground truth", ground_truth
    else:
        name, file = ground_truth, read_annotations(ground_truth)
    masks = Iou(iou).of_masks
    source = predictions if isinstance(predictions, InputText) else readable_twice(predictions)
    found = read_predictions(source, file, masks=masks, misfits=misfits)
    return Inputs(load_ground_truth(file, name, masks=masks), found, Iou(iou))
