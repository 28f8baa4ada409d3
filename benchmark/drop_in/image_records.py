"""pycocotools' `evalImgs` from what the core has recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from benchmark import _native

_RANGES, _THRESHOLDS, _CELL_NUMBERS = 4, 10, 6
_LEFT_OUT = 2


@dataclass(frozen=True)
class Recorded:
    """What the core recorded in one pass; `benchmark/native/sum/image_records.h` names the arrays.

    Annotations are named by their ids, predictions by their indices among the results.
    """

    cells: np.ndarray
    prediction: np.ndarray
    score: np.ndarray
    ignored: np.ndarray
    chosen: np.ndarray
    annotation: np.ndarray
    area: np.ndarray
    kind: np.ndarray


def recorded(core: "_native.Evaluation") -> Recorded:
    """The records of a matched evaluation that was asked to keep them."""
    cells, predictions, annotations = core.record_counts()
    found = Recorded(
        cells=np.empty((cells, _CELL_NUMBERS), np.int64),
        prediction=np.empty(predictions, np.int64),
        score=np.empty(predictions),
        ignored=np.empty(predictions, np.uint64),
        chosen=np.empty((predictions, _RANGES, _THRESHOLDS), np.int32),
        annotation=np.empty(annotations, np.int64),
        area=np.empty(annotations),
        kind=np.empty(annotations, np.uint8),
    )
    core.records(*vars(found).values())
    return found


@dataclass(frozen=True)
class RangeMatches:
    """Matches in one area range: T thresholds, n predictions, m annotations, cell by cell.

    Attributes:
        matches: float64[T, n], the matched annotation's id; 0 for none.
        ignored: bool[T, n].
        truth_matches: float64[T, m], the matched prediction's id; 0 for none.
        truth_ignored: int64[m].
        truth_ids: The m ids.
    """

    matches: np.ndarray
    ignored: np.ndarray
    truth_matches: np.ndarray
    truth_ignored: np.ndarray
    truth_ids: list[int]


def range_matches(
    found: Recorded, place: int, thresholds: int, bounds: Sequence[float], result_ids: np.ndarray
) -> RangeMatches:
    """The matches in the area range at `place` among those of the pass.

    Args:
        found: What was recorded.
        place: Which of the pass's area ranges.
        thresholds: How many of its thresholds count.
        bounds: The range's smallest and largest area.
        result_ids: int64[n], ids of the predictions.
    """
    chosen = found.chosen[:, place, :thresholds].T
    bits = np.uint64(place * _THRESHOLDS) + np.arange(thresholds, dtype=np.uint64)
    ids = np.append(found.annotation, 0)  # the last: of none
    outside = (found.area < bounds[0]) | (found.area > bounds[1])
    order, ignored = _ignored_last(found, (found.kind == 1) | outside)
    by_truth = np.zeros((thresholds, len(found.annotation)))
    for t in range(thresholds):  # of a crowd's predictions the last one stays
        matched = np.flatnonzero(chosen[t] >= 0)
        by_truth[t, chosen[t, matched]] = result_ids[matched]
    return RangeMatches(
        matches=ids[chosen].astype(float),
        ignored=(found.ignored >> bits[:, None] & np.uint64(1)).astype(bool),
        truth_matches=by_truth[:, order],
        truth_ignored=ignored[order].astype(np.int64),
        truth_ids=found.annotation[order].tolist(),
    )


def _ignored_last(found: Recorded, ignored: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the annotations that take part, each cell's ignored ones last."""
    cell = np.repeat(np.arange(len(found.cells)), found.cells[:, 5])
    order = np.lexsort((ignored, cell))
    return order[found.kind[order] != _LEFT_OUT], ignored


def joined(parts: Sequence[RangeMatches]) -> RangeMatches:
    """The same range of passes with other thresholds, one after the other."""
    if len(parts) == 1:
        return parts[0]
    return RangeMatches(
        matches=np.concatenate([part.matches for part in parts]),
        ignored=np.concatenate([part.ignored for part in parts]),
        truth_matches=np.concatenate([part.truth_matches for part in parts]),
        truth_ignored=parts[0].truth_ignored,
        truth_ids=parts[0].truth_ids,
    )


def image_records(
    found: Recorded,
    ranges: Sequence[RangeMatches],
    result_ids: np.ndarray,
    params: Any,
    image_place: Sequence[int],
    category_place: Sequence[int],
) -> list[dict[str, Any] | None]:
    """`evalImgs`, in pycocotools' order: by category, area range and image.

    Args:
        found: What was recorded; the same in every pass but for the choices.
        ranges: The matches in each area range.
        result_ids: int64[n], ids of the predictions.
        params: pycocotools' parameters.
        image_place: By image rank, its place in `params.imgIds`.
        category_place: By category rank, its place in `params.catIds`.
    """
    categories = params.catIds if params.useCats else [-1]
    images, areas = len(params.imgIds), len(params.areaRng)
    records: list[dict[str, Any] | None] = [None] * (len(categories) * areas * images)
    kept = np.concatenate([[0], np.cumsum(found.kind != _LEFT_OUT)])
    ids, scores = result_ids.tolist(), found.score.tolist()
    for image, category, first, count, first_truth, truth_count in found.cells.tolist():
        start, end = int(kept[first_truth]), int(kept[first_truth + truth_count])
        if count == 0 and start == end:
            continue
        i, k = image_place[image], category_place[category]
        guesses = slice(first, first + count)
        things = slice(start, end)
        for a, one in enumerate(ranges):
            records[(k * areas + a) * images + i] = {
                "image_id": params.imgIds[i],
                "category_id": categories[k],
                "aRng": params.areaRng[a],
                "maxDet": params.maxDets[-1],
                "dtIds": ids[guesses],
                "gtIds": one.truth_ids[things],
                "dtMatches": one.matches[:, guesses],
                "gtMatches": one.truth_matches[:, things],
                "dtScores": scores[guesses],
                "gtIgnore": one.truth_ignored[things] if end > start else np.array([]),
                "dtIgnore": one.ignored[:, guesses],
            }
    return records
