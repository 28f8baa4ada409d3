"""The evaluation once more, slow and plain, written from the rules alone.

It knows masks as sets of pixels (the bits of an integer), handles one prediction, threshold, area
range and detection limit at a time, and shares no code with the package or with pycocotools.
"""

from dataclasses import dataclass

import numpy as np
from evaluation_cases import Box, Case, Guess, Thing, tight_box

THRESHOLDS = np.linspace(0.5, 0.95, 10).tolist()
RECALLS = np.linspace(0, 1, 101).tolist()
AREA_RANGES = [(0, 1e10), (0, 32**2), (32**2, 96**2), (96**2, 1e10)]
LIMITS = [1, 10, 100]


@dataclass
class Answer:
    """Arrays laid out as pycocotools lays them out."""

    precision: np.ndarray
    recall: np.ndarray
    scores: np.ndarray
    stats: list[float]


def evaluate_plainly(case: Case, rule: str = "box", iou: str = "segm") -> Answer:
    """Precision, recall, scores and the 12 numbers of a case."""
    shape = (10, 101, len(case.categories), 4, 3)
    precision, scores = np.full(shape, -1.0), np.full(shape, -1.0)
    recall = np.full((10, *shape[2:]), -1.0)
    for k, category in enumerate(sorted(case.categories)):
        for a, area_range in enumerate(AREA_RANGES):
            for m, limit in enumerate(LIMITS):
                for t, threshold in enumerate(THRESHOLDS):
                    instances, outcomes = 0, []
                    for image in sorted(case.images):
                        found = _in_one_image(
                            case, image, category, area_range, limit, threshold, rule, iou
                        )
                        instances += found[0]
                        outcomes += found[1]
                    if instances:
                        curve = _curve(outcomes, instances)
                        precision[t, :, k, a, m], scores[t, :, k, a, m], recall[t, k, a, m] = curve
    ap = [
        _mean(precision[:, :, :, 0, 2]),
        _mean(precision[0, :, :, 0, 2]),
        _mean(precision[5, :, :, 0, 2]),
        *(_mean(precision[:, :, :, a, 2]) for a in (1, 2, 3)),
    ]
    ar = [
        *(_mean(recall[:, :, 0, m]) for m in range(3)),
        *(_mean(recall[:, :, a, 2]) for a in (1, 2, 3)),
    ]
    return Answer(precision, recall, scores, ap + ar)


def _in_one_image(
    case: Case, image: int, category: int, area_range: tuple[float, float], limit: int,
    threshold: float, rule: str, iou: str,
) -> tuple[int, list[tuple[float, str]]]:  # fmt: skip
    """The instances to find, and each prediction's score and outcome: true, false or ignored."""
    here = [
        (case.first_id + index, thing)
        for index, thing in enumerate(case.things)
        if (thing.image, thing.category) == (image, category)
    ]
    guesses = [g for g in case.guesses if (g.image, g.category) == (image, category)]
    guesses = sorted(guesses, key=lambda guess: -guess.score)[:limit]
    skipped = [thing for _, thing in here if thing.skipped] if iou == "segm" else []
    takes_part = [
        (number, thing)
        for number, thing in here
        if iou == "bbox" or rule == "ioa" or not thing.skipped
    ]

    def is_crowd(thing: Thing) -> bool:
        return thing.crowd or (iou == "segm" and thing.skipped)

    def to_find(thing: Thing) -> bool:
        return not is_crowd(thing) and area_range[0] <= thing.known_area() <= area_range[1]

    taken: set[int] = set()
    outcomes = []
    for guess in guesses:
        chosen = None
        for sought in (True, False):  # first what is to be found, only then what is ignored
            best = min(threshold, 1 - 1e-10)
            for number, thing in takes_part:
                if to_find(thing) is not sought or (number in taken and not is_crowd(thing)):
                    continue
                overlap = _overlap(guess, thing, is_crowd(thing), iou)
                if overlap >= best:  # of equals the later one
                    best, chosen = overlap, (number, thing)
            if chosen is not None:
                break
        area = _guess_area(guess, case.guesses[0].box is not None)
        outside = not area_range[0] <= area <= area_range[1]
        if chosen is None:
            outcomes.append("ignored" if outside else "false")
            continue
        taken.add(chosen[0])
        if not to_find(chosen[1]):
            outcomes.append("ignored")
        elif chosen[0] == 0:  # pycocotools takes id 0 for no match at all
            outcomes.append("ignored" if outside else "false")
        else:
            outcomes.append("true")

    if rule in ("box", "box50"):
        free = [thing.known_box() for thing in skipped]
        least = threshold if rule == "box" else 0.5
        for place, guess in enumerate(guesses):
            if outcomes[place] != "false" or not free:
                continue
            box = tight_box(guess.mask)
            best_box = min(free, key=lambda other: (-_box_overlap(box, other), other))
            if _box_overlap(box, best_box) >= least:
                free.remove(best_box)
                outcomes[place] = "ignored"
    instances = sum(to_find(thing) for _, thing in takes_part)
    return instances, [(g.score, o) for g, o in zip(guesses, outcomes, strict=True)]


def _guess_area(guess: Guess, boxes_count: bool) -> float:
    if boxes_count:
        assert guess.box is not None
        return guess.box[2] * guess.box[3]
    return int(guess.mask.sum())


def _overlap(guess: Guess, thing: Thing, crowd: bool, iou: str) -> float:
    """Intersection over union; with a crowd, over the prediction alone."""
    if iou == "bbox":
        return _box_overlap(guess.box or tight_box(guess.mask), thing.known_box(), crowd)
    first, second = _pixels(guess.mask), _region(thing)
    inter = (first & second).bit_count()
    whole = first.bit_count() if crowd else (first | second).bit_count()
    return inter / whole if inter else 0.0


def _region(thing: Thing) -> int:
    """Its pixels; for a box of whole numbers without a mask, the pixels in the box."""
    if thing.mask is not None:
        return _pixels(thing.mask)
    x, y, width, height = (int(number) for number in thing.known_box())
    mask = np.zeros_like(_CANVAS)
    mask[y : y + height, x : x + width] = True
    return _pixels(mask)


_CANVAS = np.zeros((110, 100), bool)


def _pixels(mask: np.ndarray) -> int:
    return int.from_bytes(np.packbits(mask).tobytes(), "big")


def _box_overlap(first: Box, second: Box, crowd: bool = False) -> float:
    width = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    height = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    if width <= 0 or height <= 0:
        return 0.0
    inter = width * height
    alone = first[2] * first[3]
    return inter / (alone if crowd else alone + second[2] * second[3] - inter)


def _curve(
    outcomes: list[tuple[float, str]], instances: int
) -> tuple[list[float], list[float], float]:
    """Precision and score at each of the 101 recalls, and the final recall."""
    ranked = sorted(outcomes, key=lambda outcome: -outcome[0])
    true = false = 0
    points = []  # (recall, precision, score), the ignored ones too
    for score, outcome in ranked:
        true += outcome == "true"
        false += outcome == "false"
        points.append((true / instances, true / (false + true + np.spacing(1)), score))
    envelope = []
    best = 0.0
    for _, precision, _ in reversed(points):
        best = max(best, precision)
        envelope.append(best)
    envelope.reverse()
    precisions, scores = [], []
    for wanted in RECALLS:
        place = next((i for i, point in enumerate(points) if point[0] >= wanted), None)
        precisions.append(0.0 if place is None else envelope[place])
        scores.append(0.0 if place is None else points[place][2])
    return precisions, scores, points[-1][0] if points else 0.0


def _mean(values: np.ndarray) -> float:
    known = values[values > -1]
    return float(sum(known.tolist()) / known.size) if known.size else -1.0
