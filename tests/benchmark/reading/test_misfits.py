"""Predicted masks of another size than their image's: scored as pycocotools does, and told."""

import json
from pathlib import Path

import numpy as np
import pytest
from evaluation_cases import HEIGHT, WIDTH, Case, Guess, Thing, coded, rectangle, stock_evaluation
from evaluation_strategies import cases
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark import evaluate
from benchmark.reading.choices import Iou, SkipRule
from benchmark.reading.inputs import read_inputs
from o365seg.errors import InputError

SIZES = [(HEIGHT, WIDTH + 1), (HEIGHT - 1, WIDTH), (WIDTH, HEIGHT), (1, 1), (40, 300)]


def misfit(guess: np.ndarray, size: tuple[int, int]) -> dict:
    """The same pixels, cut off or surrounded by background, as run lengths of another size."""
    mask = np.zeros(size, bool)
    height, width = min(size[0], HEIGHT), min(size[1], WIDTH)
    mask[:height, :width] = guess[:height, :width]
    return coded(mask)


@settings(max_examples=150)
@given(
    case=cases(skips=False),
    sizes=st.lists(st.sampled_from([(HEIGHT, WIDTH), *SIZES]), min_size=14, max_size=14),
)
def test_every_number_is_pycocotools(
    tmp_path_factory: pytest.TempPathFactory, case: Case, sizes: list[tuple[int, int]]
) -> None:
    for thing in case.things:  # stock tools know no crowd without a mask
        if thing.mask is None:
            thing.mask = rectangle(*(int(n) for n in thing.known_box()))
    truth, results = case.write(tmp_path_factory.mktemp("case"))
    records = case.results()
    for record, guess, size in zip(records, case.guesses, sizes, strict=False):
        record["segmentation"] = misfit(guess.mask, size)
    results.write_text(json.dumps(records))
    found, stock = evaluate(results, truth), stock_evaluation(truth, results)
    assert found.stats.tobytes() == stock.stats.tobytes()
    for name in ("precision", "recall", "scores"):
        assert getattr(found.curves, name).tobytes() == stock.eval[name].tobytes(), name
    places = [i for i in range(len(records)) if sizes[i] != (HEIGHT, WIDTH)]
    told = [note for note in found.notes if "whose size differs" in note]
    assert len(told) == bool(places)
    if places:
        assert f": {len(places)}. The first is record [{places[0]}]: " in told[0]


CASE = Case(
    [Thing(rectangle(0, 0, 30, 30)), Thing(None, (50.0, 50.0, 20.0, 20.0))],
    [Guess(rectangle(50, 50, 20, 20), 0.9), Guess(rectangle(0, 0, 30, 30), 0.8)],
)


def misfitting(folder: Path) -> tuple[Path, Path]:
    truth, results = CASE.write(folder)
    records = CASE.results()
    records[0]["segmentation"] = misfit(CASE.guesses[0].mask, (HEIGHT, WIDTH + 50))
    results.write_text(json.dumps(records))
    return truth, results


@pytest.mark.parametrize("rule", SkipRule)
def test_a_skipped_instance_absorbs_none(tmp_path: Path, rule: SkipRule) -> None:
    truth, results = CASE.write(tmp_path)
    expected = 0.5 if rule is SkipRule.NONE else 1.0
    assert evaluate(results, truth, skip_rule=rule).numbers[0] == pytest.approx(expected)
    truth, results = misfitting(tmp_path)
    found = evaluate(results, truth, skip_rule=rule)
    assert found.numbers[0] == pytest.approx(0.5)
    assert found.absorbed_counts == (0,) * 10
    assert f"110×150 for an image of {HEIGHT}×{WIDTH} (height × width)" in found.notes[0]


@pytest.mark.parametrize("iou", [Iou.BBOX, Iou.BOUNDARY])
def test_other_comparisons_refuse_them(tmp_path: Path, iou: Iou) -> None:
    truth, results = misfitting(tmp_path)
    with pytest.raises(InputError, match=r"record \[0\].*'segmentation'.*110×150 differs") as error:
        evaluate(results, truth, iou=iou)
    assert str(results) in str(error.value)


def test_analyses_refuse_them(tmp_path: Path) -> None:
    truth, results = misfitting(tmp_path)
    with pytest.raises(InputError, match=r"record \[0\].*'segmentation'.*110×150 differs"):
        read_inputs(results, truth)
