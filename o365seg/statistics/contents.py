"""The numbers and curves of the paper's figure 5, for a release and for sets to compare it with."""

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from o365seg.errors import InputError
from o365seg.formats.coco_sizes import SIZE_RANGES
from o365seg.formats.masks import MaskError, rle_area, segmentation_to_rle
from o365seg.formats.records import Annotation, AnnotationFile
from o365seg.statistics.relative_size import RelativeSize
from o365seg.terminal.progress_bar import progress

BIN_EDGES = np.arange(21) / 20  # not linspace: its 0.15 is a hair above 0.15
"""20 bins of 0.05; each holds its lower edge, the last its upper one too."""

AREA_NAMES = tuple(SIZE_RANGES)
"""COCO's sizes: below 32² pixels, below 96², and from there on."""
_AREA_EDGES = [low for low, _ in SIZE_RANGES.values()][1:]


@dataclass(frozen=True)
class SetNumbers:
    """What a set holds.

    Attributes:
        name: The set's name.
        questions: Objects that raters are asked about: masks, skipped and unanswered ones.
        masks: Objects with a mask that are not crowds.
        skipped: Objects that raters skipped.
        skipped_by_reason: Those, per reason; "not given" where the file has none.
        unanswered: Objects that no rater has answered yet (an interim release).
        unaskable: Boxes without area or outside their image, which are never asked about.
        crowds: Crowds, which are never asked about.
        images: Images, those without annotations included.
        images_without_mask: Images without a mask.
        categories: Categories that the file lists.
        categories_with_masks: Categories with at least one mask.
        rater_hours: Time that raters spent, in hours; None where not recorded.
        minutes_per_valid_mask: That time per mask, in minutes; None where not recorded.
    """

    name: str
    questions: int
    masks: int
    skipped: int
    skipped_by_reason: dict[str, int]
    unanswered: int
    unaskable: int
    crowds: int
    images: int
    images_without_mask: int
    categories: int
    categories_with_masks: int
    rater_hours: float | None
    minutes_per_valid_mask: float | None


@dataclass(frozen=True)
class SetCurves:
    """The three curves of a set, and its masks by size.

    Attributes:
        name: The set's name.
        masks_per_category: int64[categories with masks], falling.
        masks_per_image: int64[images with masks], falling.
        relative_sizes: int64[20], the masks in each of the bins between `BIN_EDGES`.
        masks_by_area: int64[3], the small, medium and large masks (see `AREA_NAMES`).
    """

    name: str
    masks_per_category: np.ndarray
    masks_per_image: np.ndarray
    relative_sizes: np.ndarray
    masks_by_area: np.ndarray

    @property
    def shares(self) -> np.ndarray:
        """float64[20], the share of masks in each bin; all 0 for a set without masks."""
        return self.relative_sizes / max(1, self.relative_sizes.sum())


def set_numbers(file: AnnotationFile, name: str) -> SetNumbers:
    """Count what a file holds."""
    kinds = [kind_of(annotation) for annotation in file.annotations]
    total = Counter(kinds)
    pairs = list(zip(file.annotations, kinds, strict=True))
    unaskable = sum(annotation.is_unaskable for annotation in file.annotations)
    skipped = [a for a, kind in pairs if kind == "skipped" and not a.is_unaskable]
    reasons = Counter(annotation.skip_reason or "not given" for annotation in skipped)
    masks = [annotation for annotation, kind in pairs if kind == "mask"]
    hours, minutes = _rater_time(file.info, total["mask"])
    return SetNumbers(
        name=name,
        questions=total["mask"] + len(skipped) + total["unanswered"],
        masks=total["mask"],
        skipped=len(skipped),
        skipped_by_reason=dict(sorted(reasons.items())),
        unanswered=total["unanswered"],
        unaskable=unaskable,
        crowds=total["crowd"],
        images=len(file.images),
        images_without_mask=len(file.images) - len({annotation.image_id for annotation in masks}),
        categories=len(file.categories),
        categories_with_masks=len({annotation.category_id for annotation in masks}),
        rater_hours=hours,
        minutes_per_valid_mask=minutes,
    )


def set_curves(
    file: AnnotationFile,
    name: str,
    source: str | Path,
    relative_size: RelativeSize = RelativeSize.ROOT,
) -> SetCurves:
    """The three curves over the masks of a file; crowds and skipped objects are left out.

    The relative size is, as figure 5's caption says, the root of the ratio of mask area to image
    area. (The figure itself looks more like the plain ratio.)

    Args:
        file: The file, read.
        name: The set's name.
        source: What errors call the file.
        relative_size: Which measure of size to use.

    Raises:
        InputError: a segmentation whose area the file does not state is unsound.
    """
    sizes = {image.id: (image.height, image.width) for image in file.images}
    ratios, areas = [], []
    per_category: Counter[int] = Counter()
    per_image: Counter[int] = Counter()
    for index in progress(range(len(file.annotations)), f"Measuring {name}"):
        annotation = file.annotations[index]
        if kind_of(annotation) != "mask":
            continue
        per_category[annotation.category_id] += 1
        per_image[annotation.image_id] += 1
        height, width = sizes[annotation.image_id]
        try:
            area = mask_area(annotation, (height, width))
        except MaskError as error:
            record = f"annotations[{index}] (id {annotation.id})"
            raise InputError(str(error), file=source, record=record, field=error.field) from None
        ratios.append(area / (height * width))
        areas.append(area)
    # A polygon that overruns its image may have more area than the image.
    relative = np.clip(np.array(ratios, float), 0, 1)
    if relative_size is RelativeSize.ROOT:
        relative = np.sqrt(relative)
    return SetCurves(
        name=name,
        masks_per_category=_falling(per_category),
        masks_per_image=_falling(per_image),
        relative_sizes=np.histogram(relative, BIN_EDGES)[0],
        masks_by_area=np.bincount(np.searchsorted(_AREA_EDGES, areas, side="right"), minlength=3),
    )


def kind_of(annotation: Annotation) -> str:
    """The kind of an annotation: "mask", "skipped", "unanswered" or "crowd"."""
    if annotation.iscrowd:
        return "crowd"
    if annotation.unanswered:
        return "unanswered"
    return "skipped" if annotation.is_skipped else "mask"


def area_name(area: float) -> str:
    """COCO's name for an area in pixels: one of `AREA_NAMES`."""
    return AREA_NAMES[int(np.searchsorted(_AREA_EDGES, area, side="right"))]


def mask_area(annotation: Annotation, size: tuple[int, int]) -> float:
    """The area in pixels as the file states it, else of the mask itself."""
    if annotation.area is not None:
        return annotation.area
    return rle_area(segmentation_to_rle(annotation.segmentation, size))


def _falling(counts: Counter[int]) -> np.ndarray:
    return np.sort(np.fromiter(counts.values(), np.int64, len(counts)))[::-1]


def _rater_time(info: Any, masks: int) -> tuple[float | None, float | None]:
    """Hours and minutes per valid mask from a release's `info`; None for what is not there."""
    if not isinstance(info, dict):
        return None, None
    hours, minutes = _number(info.get("rater_hours")), _number(info.get("minutes_per_valid_mask"))
    if minutes is None and hours is not None and masks:
        minutes = 60 * hours / masks
    return hours, minutes


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
