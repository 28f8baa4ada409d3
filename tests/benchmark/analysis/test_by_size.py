"""AP by relative size: pycocotools with sizes in the place of areas is the oracle."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluation_cases import HEIGHT, WIDTH, Case, Guess, Thing, rectangle, stock_files
from evaluation_strategies import cases
from hypothesis import given, settings
from hypothesis import strategies as st
from size_oracle import match_by_size, match_in_bins, numbers_by_size
from slow_resampling import resampled_precision

from benchmark import evaluate
from benchmark.analysis.by_size import (
    SIZE_EDGES,
    SizeBin,
    Sizes,
    half_open,
    match_in_sizes,
    size_ranges,
)
from benchmark.analysis.core import MatchedCore
from benchmark.average_precision.matches import CategoryMatches
from benchmark.average_precision.native_path import NativeMatched
from benchmark.reading.choices import Iou, SkipRule
from benchmark.reading.inputs import read_inputs

COCO_RANGES = np.array([[0, 1e10], [0, 32**2], [32**2, 96**2], [96**2, 1e10]])


@settings(max_examples=60)
@given(
    case=st.booleans().flatmap(lambda boxes: cases(with_boxes=boxes)),
    rule=st.sampled_from(list(SkipRule)),
    iou=st.sampled_from(["segm", "segm", "segm", "bbox"]),
)
def test_with_cocos_ranges_it_matches_as_the_evaluation_does(
    tmp_path_factory: pytest.TempPathFactory, case: Case, rule: SkipRule, iou: str
) -> None:
    truth, results = case.write(tmp_path_factory.mktemp("case"))
    inputs = read_inputs(results, truth, iou)
    found = inputs.predictions
    boxes = found.boxes[:, 2] * found.boxes[:, 3]
    ours = match_in_bins(
        inputs, rule, np.array([record["area"] for record in inputs.truth.records]),
        boxes if found.areas_of_boxes else found.areas, COCO_RANGES,
    )  # fmt: skip
    theirs = evaluate(results, truth, iou=iou, skip_rule=rule).matches
    assert [one.category_id for one in ours] == [one.category_id for one in theirs]
    for one, other in zip(ours, theirs, strict=True):
        for name in ("image", "prediction", "score", "ignored", "positives"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name), name)
        counted = ~one.ignored
        np.testing.assert_array_equal(one.matched & counted, other.matched & counted)


def stock_by_size(case: Case, folder: Path) -> Any:
    """pycocotools, told that areas are relative sizes and that its ranges are the bins."""
    evaluation = stock_files(*case.write(folder))
    for index in (evaluation.cocoGt, evaluation.cocoDt):
        for annotation in index.dataset["annotations"]:
            annotation["area"] = np.sqrt(annotation["area"] / (HEIGHT * WIDTH))
    evaluation.params.areaRng = half_open(SIZE_EDGES)
    evaluation.params.areaRngLbl = [str(edge) for edge in SIZE_EDGES[1:]]
    evaluation.evaluate()
    evaluation.accumulate()
    return evaluation


@settings(max_examples=30)
@given(case=cases(skips=False))
def test_equals_pycocotools_with_relative_sizes_for_areas(
    tmp_path_factory: pytest.TempPathFactory, case: Case
) -> None:
    for thing in case.things:  # pycocotools wants the region of a crowd
        if thing.mask is None:
            thing.mask = rectangle(*(int(number) for number in thing.known_box()))
    folder = tmp_path_factory.mktemp("case")
    stock = stock_by_size(case, folder)
    bins = bins_of(folder / "results.json", folder / "truth.json")
    for area, one in enumerate(bins):
        precision = stock.eval["precision"][:, :, :, area, -1]
        recall = stock.eval["recall"][:, :, area, -1]
        for value, expected in (
            (one.ap, precision), (one.ap50, precision[0]), (one.ap75, precision[5]),
            (one.ar, recall),
        ):  # fmt: skip
            known = expected[expected > -1]
            assert value == pytest.approx(known.mean() if known.size else -1, abs=1e-12)


@settings(max_examples=30)
@given(case=cases())
def test_every_object_is_in_one_bin(tmp_path_factory: pytest.TempPathFactory, case: Case) -> None:
    truth, results = case.write(tmp_path_factory.mktemp("case"))
    bins = bins_of(results, truth)
    assert sum(one.instances for one in bins) == evaluate(results, truth).counts.instances


@settings(max_examples=80)
@given(
    case=cases(),
    rule=st.sampled_from(list(SkipRule)),
    iou=st.sampled_from(list(Iou)),
    edges=st.sampled_from([SIZE_EDGES, (0.0, 0.1, 0.3, 1.0), tuple(np.linspace(0, 1, 10))]),
)
def test_the_core_gives_the_same_bins_and_matches(
    tmp_path_factory: pytest.TempPathFactory,
    case: Case,
    rule: SkipRule,
    iou: Iou,
    edges: tuple[float, ...],
) -> None:
    truth, results = case.write(tmp_path_factory.mktemp("case"))
    sizes = match_in_sizes(results, truth, iou=iou, skip_rule=rule, edges=edges)
    matches = match_by_size(read_inputs(results, truth, iou), rule, edges)
    assert sizes.bins() == numbers_by_size(matches, edges)
    weights = np.random.default_rng(0).integers(0, 3, (4, len(matches[0].positives[0])))
    for area, (found, with_objects) in enumerate(sizes.resampled(weights.astype(np.int32))):
        plain = [
            resampled_precision(_of_area(one, area), weights.astype(np.int32)) for one in matches
        ]
        np.testing.assert_allclose(found, np.transpose(plain), rtol=1e-12)
        objects = np.any([one.positives[area] > 0 for one in matches], axis=0)
        assert with_objects == np.count_nonzero(objects)


@settings(max_examples=30)
@given(case=cases(), rule=st.sampled_from(list(SkipRule)), iou=st.sampled_from(list(Iou)))
def test_an_evaluation_with_sizes_gives_both(
    tmp_path_factory: pytest.TempPathFactory, case: Case, rule: SkipRule, iou: Iou
) -> None:
    truth, results = case.write(tmp_path_factory.mktemp("case"))
    plain = evaluate(results, truth, iou=iou, skip_rule=rule)
    both = evaluate(results, truth, iou=iou, skip_rule=rule, size_ranges=size_ranges())
    assert both.numbers == plain.numbers
    assert both.ap_by_rule == plain.ap_by_rule
    assert both.absorbed_counts == plain.absorbed_counts
    assert isinstance(both.matched, NativeMatched)
    sizes = match_in_sizes(results, truth, iou=iou, skip_rule=rule)
    views = [MatchedCore(view, []) for view in both.matched.views]
    assert Sizes(views, rule).bins() == sizes.bins()


def _of_area(matches: CategoryMatches, area: int) -> CategoryMatches:
    return replace(
        matches,
        matched=matches.matched[area : area + 1],
        ignored=matches.ignored[area : area + 1],
        positives=matches.positives[area : area + 1],
    )


def bins_of(results: Path, truth: Path, rule: SkipRule = SkipRule.BOX) -> list[SizeBin]:
    return match_in_sizes(results, truth, skip_rule=rule).bins()


def small(things: list[Thing], guesses: list[Guess], folder: Path) -> tuple[Path, Path]:
    truth, results = Case(things, guesses).write(folder)
    return results, truth


def test_an_unmatched_prediction_counts_in_the_bin_of_its_own_size(tmp_path: Path) -> None:
    """Image of 11,000 pixels: 8×8 is 0.076 of it, 30×30 is 0.29."""
    things = [Thing(rectangle(0, 0, 8, 8)), Thing(rectangle(50, 50, 30, 30))]
    wrong = Guess(rectangle(0, 60, 30, 30), 0.9)
    guesses = [wrong, Guess(rectangle(0, 0, 8, 8), 0.5), Guess(rectangle(50, 50, 30, 30), 0.5)]
    by_low = {one.low: one for one in bins_of(*small(things, guesses, tmp_path))}
    assert by_low[0.05].ap == pytest.approx(1)
    assert by_low[0.2].ap == pytest.approx(0.5)
    assert by_low[0.4].ap == -1


def test_a_skipped_object_absorbs_in_every_bin(tmp_path: Path) -> None:
    things = [Thing(rectangle(0, 0, 30, 30)), Thing(box=(50, 50, 30, 30))]
    guesses = [Guess(rectangle(50, 50, 30, 30), 0.9), Guess(rectangle(0, 0, 30, 30), 0.5)]
    files = small(things, guesses, tmp_path)
    assert bins_of(*files)[3].ap == pytest.approx(1)
    assert bins_of(*files, SkipRule.NONE)[3].ap == pytest.approx(0.5)


def test_bins_hold_their_lower_edge_and_every_number_once() -> None:
    bins = np.array(half_open(SIZE_EDGES))
    for size, place in ((0, 0), (0.05, 1), (0.1, 2), (0.2, 3), (0.4, 4), (1.0, 4), (1.2, 4)):
        inside = (bins[:, 0] <= size) & (size <= bins[:, 1])
        assert np.flatnonzero(inside).tolist() == [place]


def test_a_predictions_size_is_its_masks_whatever_box_it_carries(tmp_path: Path) -> None:
    """A false positive of 11×10 pixels, 0.1 of the image, with a box of all of it."""
    guesses = [
        Guess(rectangle(50, 50, 11, 10), 0.9, box=(0, 0, 100, 110)),
        Guess(rectangle(0, 0, 11, 10), 0.5, box=(0, 0, 100, 110)),
    ]
    bins = bins_of(*small([Thing(rectangle(0, 0, 11, 10))], guesses, tmp_path))
    assert [one.ap for one in bins] == [-1, -1, pytest.approx(0.5), -1, -1]
