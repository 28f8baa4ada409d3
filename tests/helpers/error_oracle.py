"""Errors by kind in plain numpy, to test the core's judgements."""

from array import array
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from overlap_oracle import ImageOverlaps, assign, image_overlaps

from benchmark.analysis.error_kinds import (
    BACKGROUND,
    FOREGROUND,
    KINDS,
    ErrorKinds,
    Kind,
    errors_of,
)
from benchmark.average_precision import native_core
from benchmark.average_precision.accumulation import (
    RECALLS,
    Ranking,
    mean_known,
    precision_at_recalls,
)
from benchmark.average_precision.skip_rule import absorb, box_iou
from benchmark.reading.choices import SkipRule
from benchmark.reading.input_text import read_file
from benchmark.reading.inputs import Inputs


@dataclass(frozen=True)
class OracleJudged:
    """Every prediction that counts, by image: one entry each.

    Attributes:
        image: int64[n], index among the ascending image ids.
        prediction: int64[n], index in the results file.
        category: int64[n], category id.
        score: float64[n].
        true: bool[n], true positives; all others are false positives.
        kind: int64[n], `Kind`.
        fixed_category: int64[n], the category in which the prediction is a true positive once its
            error is fixed; −1 if it is removed.
        positives: int64[categories], number of objects, categories by ascending id.
        missed: int64[categories], number of missed objects.
        unfound: int64[categories], number of unmatched objects, missed or not.
        missed_annotations: int64[m], indices of the missed among the records of the ground truth.
    """

    image: np.ndarray
    prediction: np.ndarray
    category: np.ndarray
    score: np.ndarray
    true: np.ndarray
    kind: np.ndarray
    fixed_category: np.ndarray
    positives: np.ndarray
    missed: np.ndarray
    unfound: np.ndarray
    missed_annotations: np.ndarray


def oracle_errors(inputs: Inputs, judged: OracleJudged) -> ErrorKinds:
    """Count errors and the AP gained if they were fixed, of what `oracle_judge` has judged."""
    everything = np.ones(len(judged.true), bool)
    ap = _ap(inputs, judged, everything, judged.category, judged.true, judged.positives)
    counts = {kind: int((judged.kind == kind).sum()) for kind in KINDS}
    counts[Kind.MISSED] = int(judged.missed.sum())
    gains = {}
    for kind in KINDS:
        wrong = judged.kind == kind
        moved = wrong & (judged.fixed_category >= 0)
        left = judged.positives - judged.missed * (kind is Kind.MISSED)
        fixed = _ap(
            inputs, judged, ~wrong | moved,
            np.where(moved, judged.fixed_category, judged.category), judged.true | moved, left,
        )  # fmt: skip
        gains[kind] = max(0.0, fixed - ap)
    found = judged.positives - judged.unfound
    only_true = _ap(inputs, judged, judged.true, judged.category, judged.true, judged.positives)
    all_found = _ap(inputs, judged, everything, judged.category, judged.true, found)
    return ErrorKinds(ap, counts, gains, max(0.0, only_true - ap), max(0.0, all_found - ap))


def oracle_judge(inputs: Inputs, rule: SkipRule = SkipRule.BOX) -> OracleJudged:
    """Find the kind of every prediction.

    Args:
        inputs: Predictions and ground truth.
        rule: How predictions on skipped instances count; without effect for boxes.
    """
    masks = inputs.iou.of_masks
    absorbing = masks and rule in (SkipRule.BOX, SkipRule.BOX50)
    boxes: dict[int, list[tuple[int, np.ndarray]]] = {}
    if absorbing:
        for (image_id, category_id), found in inputs.truth.skipped_boxes().items():
            boxes.setdefault(image_id, []).append((category_id, found))
    ids, image_ids = np.array(inputs.category_ids, np.int64), inputs.image_ids
    positives, unfound, missed = (np.zeros(len(ids), np.int64) for _ in range(3))
    columns: list[list[np.ndarray]] = [[np.zeros(0, np.int64)] for _ in range(7)]
    for overlaps in image_overlaps(inputs, skipped=not masks or rule is SkipRule.IOA):
        scene = _scene(inputs, overlaps, boxes.get(image_ids[overlaps.image], []))
        kind, fixed, lost = _judge_scene(scene)
        places = np.searchsorted(ids, scene.annotation_category)
        np.add.at(positives, places[scene.real], 1)
        np.add.at(unfound, places[scene.real & ~scene.used], 1)
        np.add.at(missed, places[lost], 1)
        kept = ~scene.ignored
        missed_here = overlaps.annotations[lost[: len(overlaps.annotations)]]
        of_scene = (
            np.full(kept.sum(), overlaps.image), overlaps.predictions[kept], scene.category[kept],
            scene.true[kept], kind[kept], fixed[kept], missed_here,
        )  # fmt: skip
        for column, values in zip(columns, of_scene, strict=True):
            column.append(values)
    image, prediction, category, true, kinds, fixed, lost = map(np.concatenate, columns)
    return OracleJudged(
        image=image,
        prediction=prediction,
        category=category,
        score=inputs.predictions.scores[prediction],
        true=true.astype(bool),
        kind=kinds,
        fixed_category=fixed,
        positives=positives,
        missed=missed,
        unfound=unfound,
        missed_annotations=lost,
    )


@dataclass(frozen=True)
class _Scene:
    """One image after matching; n predictions, m annotations with skipped instances as the last.

    Attributes:
        category: int64[n].
        rank: int64[n], places in the order of falling score.
        annotation_category: int64[m].
        ious: float64[n, m]; of boxes if the annotation is a skipped instance.
        real: bool[m], an object: neither a crowd nor skipped.
        crowd: bool[m].
        used: bool[m], matched.
        true: bool[n], true positives.
        ignored: bool[n], by a crowd or a skipped instance.
    """

    category: np.ndarray
    rank: np.ndarray
    annotation_category: np.ndarray
    ious: np.ndarray
    real: np.ndarray
    crowd: np.ndarray
    used: np.ndarray
    true: np.ndarray
    ignored: np.ndarray


def _scene(
    inputs: Inputs, overlaps: ImageOverlaps, skipped: list[tuple[int, np.ndarray]]
) -> _Scene:
    """Match one image at IoU 0.5; `skipped` holds its boxes float64[k, 4] per category."""
    threshold = np.array([FOREGROUND])
    ours = inputs.predictions.tight_boxes[overlaps.predictions]
    beside = {category_id: box_iou(ours, boxes) for category_id, boxes in skipped}
    counts = [ious.shape[1] for ious in beside.values()]
    category, crowd = overlaps.prediction_category, overlaps.crowd
    used = np.zeros(len(crowd) + sum(counts), bool)
    true, ignored = np.zeros(len(category), bool), np.zeros(len(category), bool)
    for category_id in np.unique(category).tolist():
        rows, columns = overlaps.of_category(category_id)
        block, crowds = overlaps.ious[np.ix_(rows, columns)], crowd[columns]
        taken = assign(block, crowds, crowds[None], threshold)[0, 0]
        hit = taken >= 0
        in_crowd = hit.copy()
        in_crowd[hit] = crowds[taken[hit]]
        true[rows], ignored[rows] = hit & ~in_crowd, in_crowd
        used[columns[taken[hit & ~in_crowd]]] = True
        if category_id in beside:
            ignored[rows] |= absorb(~hit[None], beside[category_id][rows], threshold)[0]
    scores = inputs.predictions.scores[overlaps.predictions]
    rank = np.empty(len(category), np.int64)
    rank[np.lexsort((overlaps.predictions, -scores))] = np.arange(len(category))
    none = np.zeros(sum(counts), bool)
    return _Scene(
        category=category,
        rank=rank,
        annotation_category=np.concatenate(
            [overlaps.annotation_category, np.repeat(np.array(list(beside), np.int64), counts)]
        ),
        ious=np.concatenate([overlaps.ious, *beside.values()], axis=1),
        real=np.concatenate([~crowd, none]),
        crowd=np.concatenate([crowd, none]),
        used=used,
        true=true,
        ignored=ignored,
    )


def _judge_scene(scene: _Scene) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Kinds int64[n], fixed categories int64[n] (−1: removed) and missed bool[m]."""
    wrong = ~scene.true & ~scene.ignored
    kind = np.where(wrong, int(Kind.BACKGROUND), int(Kind.RIGHT))
    fixed = np.full(len(kind), -1, np.int64)
    free = scene.real & ~scene.used
    if scene.ious.size == 0:
        return kind, fixed, free
    same = scene.category[:, None] == scene.annotation_category
    ious = np.where(scene.crowd, 0.0, scene.ious)
    of_same, of_other = np.where(same, ious, 0.0), np.where(same, 0.0, ious)
    own, other = of_same.max(axis=1), of_other.max(axis=1)
    near = (own >= BACKGROUND) & (own <= FOREGROUND)
    kind[wrong] = np.select(
        [near, other >= FOREGROUND, own >= FOREGROUND, np.maximum(own, other) <= BACKGROUND],
        [Kind.LOCALISATION, Kind.CLASSIFICATION, Kind.DUPLICATE, Kind.BACKGROUND],
        Kind.BOTH,
    )[wrong]
    target = np.where(near, of_same.argmax(axis=1), of_other.argmax(axis=1))
    points = np.isin(kind, (Kind.LOCALISATION, Kind.CLASSIFICATION)) & free[target]
    pointing = np.flatnonzero(points)
    pointing = pointing[np.argsort(scene.rank[pointing])]
    targets, first = np.unique(target[pointing], return_index=True)
    fixed[pointing[first]] = scene.annotation_category[targets]
    missed = free.copy()
    missed[targets] = False
    return kind, fixed, missed


def _ap(
    inputs: Inputs,
    judged: OracleJudged,
    kept: np.ndarray,
    category: np.ndarray,
    true: np.ndarray,
    positives: np.ndarray,
) -> float:
    """AP of the predictions bool[n] kept, of category int64[n], true bool[n], at one threshold."""
    order = np.flatnonzero(kept)
    order = order[np.lexsort((judged.image[order], -judged.score[order], category[order]))]
    bounds = np.searchsorted(category[order], inputs.category_ids, side="left")
    ends = np.searchsorted(category[order], inputs.category_ids, side="right")
    found = []
    for k, (start, end) in enumerate(zip(bounds, ends, strict=True)):
        here = order[start:end]
        ranking = Ranking(
            image=judged.image[here],
            score=judged.score[here],
            true=true[here][None],
            counted=np.ones((1, len(here)), bool),
            positives=positives[k : k + 1],
        )
        nothing_left = judged.positives[k] > 0 and positives[k] == 0
        if nothing_left and len(here):  # as tidecv: all of it missed, and still predicted
            found.append(np.zeros((1, len(RECALLS))))
        else:
            found.append(precision_at_recalls(ranking))
    return mean_known(np.concatenate(found))


def errors_at_tides_recalls(truth: Path, results: Path) -> ErrorKinds:
    """The core's errors with precision read at k / 100, as tidecv does.

    For some k that is a bit below pycocotools' `np.linspace`.
    """
    core = native_core.read(read_file(truth), read_file(results), iou="segm")
    recalls = array("d", (k / 100 for k in range(101)))
    core.configure(array("d", [0.5]), array("d", [0, 1e10]), array("d", [100]), 100, recalls)
    core.judge("box", float("nan"))
    core.match()
    return errors_of(core)
