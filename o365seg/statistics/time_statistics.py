"""How long raters worked on an object: by the answer they gave, and by the object's size.

Taken from `active_seconds` of a release's records: the active time of the answer that counts. Time
that went into answers since corrected is in the release's `rater_hours` alone.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from o365seg.errors import InputError
from o365seg.formats.masks import MaskError
from o365seg.formats.records import Annotation, AnnotationFile
from o365seg.statistics.contents import BIN_EDGES, kind_of, mask_area
from o365seg.statistics.relative_size import RelativeSize


@dataclass(frozen=True)
class Times:
    """Seconds of active time, group by group; arrays of [groups], NaN for a group of none.

    Attributes:
        answers: int64, how many have a time.
        mean: float64.
        quartiles: float64[groups, 3], the lower quartile, the median and the upper quartile.
    """

    answers: np.ndarray
    mean: np.ndarray
    quartiles: np.ndarray


@dataclass(frozen=True)
class RaterTimes:
    """Rater time of a set.

    Attributes:
        answers: What was answered: "mask", then "skipped: " and each reason ("not given" for none).
        by_answer: A group for each of `answers`.
        masks_by_size: A group for each of the 20 bins between `BIN_EDGES`, by the size of the mask
            in its image.
        skips_by_size: The same for skipped objects, which have no mask, by the size of their box.
    """

    answers: list[str]
    by_answer: Times
    masks_by_size: Times
    skips_by_size: Times


def answer_words(answer: str) -> str:
    """An answer or skip reason as people read it: `skipped: box_wrong` is `skipped: box wrong`."""
    return answer.replace("_", " ")


def rater_times(
    file: AnnotationFile, source: str | Path, relative_size: RelativeSize = RelativeSize.ROOT
) -> RaterTimes | None:
    """Rater time of a file; None where no record has any.

    Args:
        file: The file, read.
        source: What errors call the file.
        relative_size: The root of the ratio of mask (or box) area to image area, or the plain
            ratio.

    Raises:
        InputError: a segmentation whose area the file does not state is unsound.
    """
    sizes = {image.id: (image.height, image.width) for image in file.images}
    seconds: list[float] = []
    reasons: list[str | None] = []  # None: a mask
    ratios: list[float] = []
    for index, annotation in enumerate(file.annotations):
        kind = kind_of(annotation)
        if annotation.active_seconds is None or kind not in ("mask", "skipped"):
            continue
        height, width = sizes[annotation.image_id]
        try:
            area = _area(annotation, kind, (height, width))
        except MaskError as error:
            record = f"annotations[{index}] (id {annotation.id})"
            raise InputError(str(error), file=source, record=record, field=error.field) from None
        seconds.append(annotation.active_seconds)
        reasons.append(None if kind == "mask" else annotation.skip_reason or "not given")
        ratios.append(area / (height * width))
    if not seconds:
        return None
    relative = np.clip(np.array(ratios), 0, 1)  # NaN for what has neither mask nor box
    if relative_size is RelativeSize.ROOT:
        relative = np.sqrt(relative)
    # As numpy.histogram: a bin holds its lower edge, the last its upper one too; NaN is in none.
    bins = np.minimum(np.searchsorted(BIN_EDGES, relative, side="right") - 1, len(BIN_EDGES) - 2)
    bins[np.isnan(relative)] = -1
    taken = np.array(seconds)
    masks = np.array([reason is None for reason in reasons])
    names: list[str | None] = [None] if masks.any() else []
    names += sorted({reason for reason in reasons if reason is not None})
    places = {name: place for place, name in enumerate(names)}
    return RaterTimes(
        answers=["mask" if name is None else f"skipped: {name}" for name in names],
        by_answer=_times(taken, np.array([places[one] for one in reasons]), len(names)),
        masks_by_size=_times(taken[masks], bins[masks], len(BIN_EDGES) - 1),
        skips_by_size=_times(taken[~masks], bins[~masks], len(BIN_EDGES) - 1),
    )


def _area(annotation: Annotation, kind: str, size: tuple[int, int]) -> float:
    """Pixels of the mask, or of the box of a skipped object; NaN where it has none."""
    if kind == "mask":
        return mask_area(annotation, size)
    box = annotation.bbox
    return np.nan if box is None else max(0.0, box[2]) * max(0.0, box[3])


def _times(seconds: np.ndarray, groups: np.ndarray, count: int) -> Times:
    """Of float64[n] seconds in groups int64[n]; a group of −1 is none."""
    answers = np.bincount(groups[groups >= 0], minlength=count)
    mean, quartiles = np.full(count, np.nan), np.full((count, 3), np.nan)
    for group in np.flatnonzero(answers).tolist():
        here = seconds[groups == group]
        mean[group], quartiles[group] = here.mean(), np.quantile(here, [0.25, 0.5, 0.75])
    return Times(answers, mean, quartiles)
