"""COCO panoptic annotations and predictions: a JSON file and a folder of PNGs, checked and paired.

The JSON lists each image's segments; the PNG of that image holds their ids as colours. Both the
ground truth and the predictions come like that, predictions without `area` and `iscrowd`.
"""

from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from o365seg.errors import InputError
from o365seg.formats.json_files import read_json


class PanopticCategory(msgspec.Struct, gc=False):
    """A category of the ground truth; `isthing` tells things from stuff."""

    id: int
    isthing: int | bool
    name: str = ""


class _Segment(msgspec.Struct, gc=False):
    id: int
    category_id: int
    area: float | None = None
    iscrowd: int | bool = 0


class _Annotation(msgspec.Struct, gc=False):
    image_id: int | str
    file_name: str
    segments_info: list[_Segment]


class _GroundTruth(msgspec.Struct):
    annotations: list[_Annotation]
    categories: list[PanopticCategory]


class _Predictions(msgspec.Struct):
    annotations: list[_Annotation]


class Segments(NamedTuple):
    """The segments of one image as the JSON lists them; all arrays have one entry a segment.

    Attributes:
        ids: int64, from 1 on (0 is void), each once.
        categories: int64, places in the list of categories.
        areas: float64, pixels as the JSON states them; NaN where it does not.
        crowd: bool.
    """

    ids: np.ndarray
    categories: np.ndarray
    areas: np.ndarray
    crowd: np.ndarray


class PanopticImage(NamedTuple):
    """One image's segments and the PNG that holds them.

    Attributes:
        file: The JSON file, for errors.
        record: The image's record in it, for errors: `annotations[3] (image_id 139)`.
        png: The PNG.
        segments: What the record lists.
    """

    file: Path
    record: str
    png: Path
    segments: Segments

    def fault(self, message: str, field: str = "segments_info") -> InputError:
        """An error that names the file and the record."""
        return InputError(message, file=self.file, record=self.record, field=field)


class PanopticPairs(NamedTuple):
    """The images to compare.

    Attributes:
        categories: The ground truth's, in its order.
        pairs: Ground truth and prediction of every image of the ground truth, in its order.
        unused: Predictions of images that the ground truth does not have.
    """

    categories: list[PanopticCategory]
    pairs: list[tuple[PanopticImage, PanopticImage]]
    unused: int


def read_panoptic(
    predictions: str | Path,
    ground_truth: str | Path,
    prediction_pngs: str | Path | None = None,
    ground_truth_pngs: str | Path | None = None,
) -> PanopticPairs:
    """Read and check both JSON files, without opening a PNG.

    Args:
        predictions: Predictions in COCO's panoptic format.
        ground_truth: Ground truth in the same format, with `categories`.
        prediction_pngs: Folder of the predictions' PNGs; by default the JSON's path without
            `.json`, as COCO ships them.
        ground_truth_pngs: Likewise of the ground truth's.

    Raises:
        InputError: a file or folder is missing, not JSON, or not of this form; a duplicate image or
            segment id; the id 0; an unknown category; an image without a prediction.
    """
    truth, predictions = Path(ground_truth), Path(predictions)
    file, guesses = read_json(truth, _GroundTruth), read_json(predictions, _Predictions)
    truth_folder = _png_folder(truth, ground_truth_pngs, "--gt-pngs")
    prediction_folder = _png_folder(predictions, prediction_pngs, "--pred-pngs")
    if not file.annotations:
        raise InputError("no images", file=truth, field="annotations")
    places: dict[int, int] = {}
    for index, category in enumerate(file.categories):
        if places.setdefault(category.id, index) != index:
            raise InputError(
                f"duplicate id {category.id}",
                file=truth, record=f"categories[{index}]", field="id",
            )  # fmt: skip
    true = _images(file.annotations, places, truth, truth_folder)
    predicted = _images(guesses.annotations, places, predictions, prediction_folder)
    pairs = []
    for image_id, image in true.items():
        if image_id not in predicted:
            raise InputError(
                f"no prediction for image {image_id!r} of {truth}",
                file=predictions, field="annotations",
            )  # fmt: skip
        pairs.append((image, predicted[image_id]))
    return PanopticPairs(file.categories, pairs, unused=len(predicted) - len(pairs))


def _png_folder(file: Path, given: str | Path | None, option: str) -> Path:
    if given is None and file.suffix != ".json":
        raise InputError(
            f"must be named *.json; otherwise give the PNG folder with {option}", file=file
        )
    folder = file.with_suffix("") if given is None else Path(given)
    if not folder.is_dir():
        what = "no such folder" if given else f"no such folder; give the PNG folder with {option}"
        raise InputError(what, file=folder)
    return folder


def _images(
    annotations: list[_Annotation], places: dict[int, int], file: Path, folder: Path
) -> dict[int | str, PanopticImage]:
    """The records as images, by image id."""
    images: dict[int | str, PanopticImage] = {}
    for index, annotation in enumerate(annotations):
        record = f"annotations[{index}] (image_id {annotation.image_id})"
        if annotation.image_id in images:
            raise InputError(
                f"duplicate image_id {annotation.image_id}",
                file=file, record=record, field="image_id",
            )  # fmt: skip
        segments = _segments(annotation.segments_info, places, file, record)
        images[annotation.image_id] = PanopticImage(
            file, record, folder / annotation.file_name, segments
        )
    return images


def _segments(listed: list[_Segment], places: dict[int, int], file: Path, record: str) -> Segments:
    ids: set[int] = set()
    for number, segment in enumerate(listed):
        field = message = ""
        if segment.id in ids:
            field, message = "id", f"duplicate id {segment.id}"
        elif not 0 < segment.id < 2**63:
            field, message = "id", f"must be at least 1 (0 is void), not {segment.id}"
        elif segment.category_id not in places:
            field, message = (
                "category_id",
                f"unknown category {segment.category_id} (segment {segment.id})",
            )
        elif segment.area is not None and segment.area < 0:
            field, message = (
                "area",
                f"must not be negative, not {segment.area} (segment {segment.id})",
            )
        if field:
            field = f"segments_info[{number}].{field}"
            raise InputError(message, file=file, record=record, field=field)
        ids.add(segment.id)
    return Segments(
        ids=np.array([segment.id for segment in listed], np.int64),
        categories=np.array([places[segment.category_id] for segment in listed], np.int64),
        areas=np.array([np.nan if s.area is None else s.area for s in listed], np.float64),
        crowd=np.array([bool(segment.iscrowd) for segment in listed], bool),
    )
