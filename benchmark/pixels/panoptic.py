"""Panoptic quality by the rule of panopticapi, the reference of COCO's panoptic task.

Kirillov et al., "Panoptic Segmentation" (CVPR 2019), as panopticapi settles what the paper leaves
open. In one image, of the pixels of prediction P that the ground truth calls void, none counts:

    IoU(T, P) = |T ∩ P| / (|P| + |T| − |T ∩ P| − |P ∩ void|)

- T and P match where they are of one category, T is no crowd, and the IoU exceeds 0.5.
- A T without match is missed, unless it is a crowd.
- A P without match is false, unless more than half of it lies on void or on the crowd of its own
  category (of several crowds of a category in one image, the JSON's last alone).
- Per category over all images: PQ = SQ × RQ, SQ = Σ IoU / TP, RQ = TP / (TP + ½ FP + ½ FN).
- All, things and stuff are means over their categories that have a TP, FP or FN.

|T| is the `area` that the ground truth's JSON states, |P| the number of pixels in the PNG.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmark.pixels.ordered_threads import in_batches, map_in_order
from benchmark.pixels.panoptic_files import PanopticCategory, PanopticImage, Segments, read_panoptic
from benchmark.pixels.pixel_pairs import PixelPairs
from benchmark.pixels.png_pairs import count_in_pngs

VOID = 0


class SegmentMatch(NamedTuple):
    """What became of the segments of some images.

    Attributes:
        ious: float64[matches], in the order of the images and of their true ids.
        iou_categories: int64[matches], the place of each match's category.
        missed: int64[missed], the category of each true segment without match.
        false: int64[false], the category of each predicted segment that counts as false.
        stated_otherwise: True segments whose JSON area is not their number of pixels.
        unlisted: Ids in the true PNG that its JSON lacks: neither void nor ever matched.
    """

    ious: np.ndarray
    iou_categories: np.ndarray
    missed: np.ndarray
    false: np.ndarray
    stated_otherwise: int
    unlisted: int


class Quality(NamedTuple):
    """A row: means over `categories` categories, as fractions; NaN where there are none."""

    pq: float
    sq: float
    rq: float
    categories: int


class PanopticResult(NamedTuple):
    """Panoptic quality of a set of predictions; all arrays have one entry a category.

    Attributes:
        categories: The ground truth's, in its order.
        iou_sums: float64, Σ IoU over the matches.
        true_positives: int64, matches.
        false_positives: int64.
        false_negatives: int64.
        images: Images compared.
        notes: Notes to the reader, one line each.
    """

    categories: list[PanopticCategory]
    iou_sums: np.ndarray
    true_positives: np.ndarray
    false_positives: np.ndarray
    false_negatives: np.ndarray
    images: int
    notes: list[str]

    @property
    def present(self) -> np.ndarray:
        """bool[categories]: those that take part in the means."""
        return (self.true_positives + self.false_positives + self.false_negatives) > 0

    @property
    def sq(self) -> np.ndarray:
        """float64[categories], mean IoU of the matches; 0 without any, NaN where not present."""
        found = self.iou_sums / np.maximum(1, self.true_positives)
        return np.where(self.present, found, np.nan)

    @property
    def rq(self) -> np.ndarray:
        """float64[categories], the F1 score of the matches; NaN where not present."""
        return self._of_all(self.true_positives)

    @property
    def pq(self) -> np.ndarray:
        """float64[categories], panoptic quality; NaN where not present."""
        return self._of_all(self.iou_sums)

    def _of_all(self, amounts: np.ndarray) -> np.ndarray:
        whole = self.true_positives + 0.5 * self.false_positives + 0.5 * self.false_negatives
        out = np.full(len(self.categories), np.nan)
        return np.divide(amounts, whole, out=out, where=self.present)

    def rows(self) -> dict[str, Quality]:
        """The rows `All`, `Things` and `Stuff`."""
        things = np.array([bool(category.isthing) for category in self.categories], bool)
        everything = np.ones(len(things), bool)
        return {
            name: self._mean(chosen & self.present)
            for name, chosen in (("All", everything), ("Things", things), ("Stuff", ~things))
        }

    def _mean(self, chosen: np.ndarray) -> Quality:
        count = int(chosen.sum())
        values = (_mean_in_order(amounts[chosen]) for amounts in (self.pq, self.sq, self.rq))
        return Quality(*values, categories=count)


def evaluate_panoptic(
    predictions: str | Path,
    ground_truth: str | Path,
    *,
    prediction_pngs: str | Path | None = None,
    ground_truth_pngs: str | Path | None = None,
) -> PanopticResult:
    """Panoptic quality of predictions in COCO's panoptic format (JSON and PNGs).

    The numbers are panopticapi's own to the last bit (its `pq_compute_single_core`: its parallel
    form adds in another order), on any number of threads.

    Args:
        predictions: The JSON of the predictions.
        ground_truth: The JSON of the ground truth.
        prediction_pngs: Folder of PNGs; by default the path of the JSON without `.json`.
        ground_truth_pngs: Likewise of the ground truth.

    Raises:
        InputError: what `read_panoptic` raises; a PNG is missing, of another size or kind; a
            predicted segment is in the PNG and not in the JSON or the other way round.
    """
    found = read_panoptic(predictions, ground_truth, prediction_pngs, ground_truth_pngs)
    matches = list(map_in_order(_match_files, in_batches(found.pairs), "Comparing segments"))
    count = len(found.categories)

    def tally(field: str) -> np.ndarray:
        places = np.concatenate([getattr(match, field) for match in matches])
        return np.bincount(places, minlength=count)

    iou_categories = np.concatenate([match.iou_categories for match in matches])
    ious = np.concatenate([match.ious for match in matches])
    return PanopticResult(
        categories=found.categories,
        iou_sums=np.bincount(iou_categories, weights=ious, minlength=count),  # adds in order
        true_positives=tally("iou_categories"),
        false_positives=tally("false"),
        false_negatives=tally("missed"),
        images=len(found.pairs),
        notes=_notes(matches, found.unused),
    )


class SegmentFault(Exception):
    """The segments of an image do not go together with its PNGs.

    Attributes:
        image: Its position.
        of_truth: Whether the ground truth's record is wrong, or the prediction's.
    """

    def __init__(self, image: int, of_truth: bool, message: str) -> None:
        super().__init__(message)
        self.image = image
        self.of_truth = of_truth


def match_segments(
    pairs: Sequence[PixelPairs], truth: Sequence[Segments], predicted: Sequence[Segments]
) -> SegmentMatch:
    """Match the segments of some images by panopticapi's rule.

    Args:
        pairs: Of each image, joint counts of pixels: `first` true ids, `second` predicted ids, both
            below 2^24.
        truth: Of each image, the true segments.
        predicted: Of each image, the predicted segments.

    Raises:
        SegmentFault: of the first image where a predicted segment is in the PNG alone or in the
            JSON alone, or a true segment has pixels and a stated area of 0.
    """
    first, second, counts = _joined_pairs(pairs)
    (true, true_image), (guessed, guessed_image) = map(_joined_segments, (truth, predicted))
    at_truth = _places(true.ids, first)
    at_predicted = _places(guessed.ids, second)
    pixels = _sums(at_truth, counts, len(true.ids))
    areas = np.where(np.isnan(true.areas), pixels, true.areas)
    predicted_areas = _sums(at_predicted, counts, len(guessed.ids))
    void, unlisted = first % _IDS == VOID, (at_predicted < 0) & (second % _IDS != VOID)
    no_area = (areas == 0) & (pixels > 0)
    if unlisted.any() or no_area.any() or not predicted_areas.all():
        raise _first_fault(pairs, truth, predicted)
    on_void = _sums(np.where(void, at_predicted, -1), counts, len(guessed.ids))

    both = np.flatnonzero((at_truth >= 0) & (at_predicted >= 0))
    t, p, inter = at_truth[both], at_predicted[both], counts[both]
    comparable = ~true.crowd[t] & (true.categories[t] == guessed.categories[p])
    ct, cp, ci = t[comparable], p[comparable], inter[comparable]
    ious = ci / (predicted_areas[cp] + areas[ct] - ci - on_void[cp])
    match = ious > 0.5

    missed = ~true.crowd
    missed[ct[match]] = False
    own_crowds = _own_crowds(true, true_image, guessed, guessed_image)
    on_crowd = _sums(np.where(own_crowds[p] == t, p, -1), inter, len(guessed.ids))
    false = ~((on_void + on_crowd) / predicted_areas > 0.5)
    false[cp[match]] = False
    return SegmentMatch(
        ious=ious[match],
        iou_categories=true.categories[ct[match]],
        missed=true.categories[missed],
        false=guessed.categories[false],
        stated_otherwise=int(np.sum(areas != pixels)),
        unlisted=len(set(first[(at_truth < 0) & ~void].tolist())),
    )


_IDS = 2**24
"""Ids in a PNG are below. Those of image i are increased by i times this many."""


def _joined_pairs(
    pairs: Sequence[PixelPairs],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`first`, `second` and `counts` of all images, ids increased."""
    image = np.repeat(np.arange(len(pairs)), [len(some.counts) for some in pairs])
    first = np.concatenate([some.first for some in pairs]) + image * _IDS
    second = np.concatenate([some.second for some in pairs]) + image * _IDS
    return first, second, np.concatenate([some.counts for some in pairs])


def _joined_segments(segments: Sequence[Segments]) -> tuple[Segments, np.ndarray]:
    """The segments of all images, ids increased (−1: beyond a PNG's), and the image of each."""
    image = np.repeat(np.arange(len(segments)), [len(some.ids) for some in segments])
    ids = np.concatenate([some.ids for some in segments])
    joined = Segments(
        ids=np.where(ids < _IDS, ids + image * _IDS, -1),
        categories=np.concatenate([some.categories for some in segments]),
        areas=np.concatenate([some.areas for some in segments]),
        crowd=np.concatenate([some.crowd for some in segments]),
    )
    return joined, image


def _own_crowds(
    truth: Segments, true_image: np.ndarray, predicted: Segments, predicted_image: np.ndarray
) -> np.ndarray:
    """The last crowd of each predicted segment's image and category, int64; −1 for none."""
    crowds = np.flatnonzero(truth.crowd)
    if not crowds.size:
        return np.full(len(predicted.ids), -1)
    keys = zip(true_image[crowds].tolist(), truth.categories[crowds].tolist(), strict=True)
    last = dict(zip(keys, crowds.tolist(), strict=True))
    wanted = zip(predicted_image.tolist(), predicted.categories.tolist(), strict=True)
    return np.array([last.get(key, -1) for key in wanted], np.int64)


def _first_fault(
    pairs: Sequence[PixelPairs], truth: Sequence[Segments], predicted: Sequence[Segments]
) -> SegmentFault:
    """The fault of the first image that has one."""
    for image, (some, true, guessed) in enumerate(zip(pairs, truth, predicted, strict=True)):
        message = unlisted_segment(some, guessed)
        if message is not None:
            return SegmentFault(image, False, message)
        if np.isin(some.first, true.ids[true.areas == 0]).any():
            return SegmentFault(image, True, "a segment with area 0 has pixels in the PNG")
    raise AssertionError("no image has a fault")


def unlisted_segment(pairs: PixelPairs, predicted: Segments) -> str | None:
    """What is wrong between a prediction's PNG and JSON, naming the segment; None for nothing."""
    in_png = np.unique(pairs.second[pairs.second != VOID])
    extra = np.setdiff1d(in_png, predicted.ids)
    if extra.size:
        return f"segment {extra[0]} is in the PNG but not listed here"
    absent = np.setdiff1d(predicted.ids, in_png)
    if absent.size:
        return f"segment {absent[0]} is listed here but has no pixels in the PNG"
    return None


def _match_files(images: Sequence[tuple[PanopticImage, PanopticImage]]) -> SegmentMatch:
    pairs, fault = count_in_pngs([(true.png, found.png) for true, found in images])
    known = images[: len(pairs)]
    if known:
        try:
            match = match_segments(
                pairs, [true.segments for true, _ in known], [found.segments for _, found in known]
            )
        except SegmentFault as error:
            true, found = known[error.image]
            if error.of_truth:
                raise true.fault(str(error)) from None
            raise found.fault(f"{error} ({found.png})") from None
        if fault is None:
            return match
    assert fault is not None, "there are images, so one was compared or has a fault"
    raise fault


def _places(ids: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The index in `ids` of each of `values`, int64; −1 if it has none."""
    if ids.size == 0:
        return np.full(len(values), -1)
    order = np.argsort(ids)
    found = order[np.minimum(np.searchsorted(ids, values, sorter=order), len(ids) - 1)]
    return np.where(ids[found] == values, found, -1)


def _sums(places: np.ndarray, amounts: np.ndarray, length: int) -> np.ndarray:
    """Amounts summed by place, float64[length] and exact; those at −1 are left out."""
    inside = places >= 0
    return np.bincount(places[inside], weights=amounts[inside], minlength=length)


def _mean_in_order(values: np.ndarray) -> float:
    """The mean, added from the left as panopticapi does: numpy's sum would round otherwise."""
    return float(np.cumsum(values)[-1] / len(values)) if len(values) else math.nan


def _notes(matches: Sequence[SegmentMatch], unused: int) -> list[str]:
    notes = []
    if unused:
        notes.append(f"{unused:,} predicted images are not in the ground truth; ignored.")
    otherwise = sum(match.stated_otherwise for match in matches)
    if otherwise:
        notes.append(
            f"{otherwise:,} ground-truth segments have different areas in the JSON and the PNG; "
            "the JSON's is used, as in panopticapi."
        )
    unlisted = sum(match.unlisted for match in matches)
    if unlisted:
        notes.append(
            f"{unlisted:,} segments in ground-truth PNGs are not in the JSON; they are neither "
            "void nor matched, as in panopticapi."
        )
    return notes
