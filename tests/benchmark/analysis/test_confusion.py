"""The confusion matrix: hand-made mistakes, and sums that agree with the evaluation."""

from pathlib import Path

import numpy as np
import pytest
from confusion_oracle import oracle_confusion
from evaluation_cases import Case, Guess, Thing, rectangle
from evaluation_strategies import cases
from hypothesis import given, settings
from hypothesis import strategies as st
from random_sets import random_set

from benchmark import SkipRule, evaluate
from benchmark.analysis.confusion import NOTHING, Confusion, confusion
from benchmark.analysis.worst_images import best_score
from benchmark.reading.inputs import read_inputs

LEFT, RIGHT, LOW = rectangle(0, 0, 30, 30), rectangle(50, 0, 30, 30), rectangle(0, 60, 30, 30)


def confused(case: Case, folder: Path, score: float = 0.0) -> Confusion:
    truth, results = case.write(folder)
    return confusion(results, truth, score)


def test_what_is_taken_for_what(tmp_path: Path) -> None:
    case = Case(
        [Thing(LEFT, category=1), Thing(RIGHT, category=2), Thing(LOW, category=2)],
        [
            Guess(LEFT, 0.9, category=2),  # takes category 1 for 2
            Guess(RIGHT, 0.8, category=2),
            Guess(rectangle(80, 80, 9, 9), 0.7, category=1),  # on nothing
        ],
    )
    found = confused(case, tmp_path)
    assert found.counts.tolist() == [[0, 1, 0], [0, 1, 1], [1, 0, 0]]
    assert found.mistakes(5) == [(1, 2, 1)]
    table = found.to_dataframe({1: "cat", 2: "dog"})
    assert table.loc["cat", "dog"] == 1
    assert table.loc["dog", NOTHING] == 1
    assert confused(case, tmp_path, score=0.85).counts.tolist() == [[0, 1, 0], [0, 0, 2], [0, 0, 0]]


def test_the_own_category_comes_before_a_better_overlap(tmp_path: Path) -> None:
    case = Case([Thing(LEFT, category=1), Thing(rectangle(3, 0, 30, 30), category=2)],
                [Guess(LEFT, 0.9, category=2), Guess(LEFT, 0.8, category=1)])  # fmt: skip
    assert confused(case, tmp_path).counts.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]


@pytest.mark.parametrize("seed", range(4))
def test_the_diagonal_is_aps_true_positives(tmp_path: Path, seed: int) -> None:
    truth, results = random_set(seed).write(tmp_path)
    result = evaluate(results, truth)
    found = confusion(results, truth, 0.0)
    for place, one in enumerate(result.matches):
        hits = np.count_nonzero(one.matched[0, 0] & ~one.ignored[0, 0])
        assert found.counts[place, place] == hits
        assert found.counts[place].sum() == one.positives[0].sum()
        assert found.counts[:, place].sum() == np.count_nonzero(~one.ignored[0, 0])


@settings(max_examples=60)
@given(
    case=cases(),
    rule=st.sampled_from(list(SkipRule)),
    iou=st.sampled_from(["segm", "segm", "bbox", "boundary"]),
    least=st.sampled_from([0.0, 0.25, 0.6, float("inf")]),
)
def test_it_counts_as_plain_numpy_does(
    tmp_path_factory: pytest.TempPathFactory, case: Case, rule: SkipRule, iou: str, least: float
) -> None:
    case.first_id = 1  # pycocotools never finds an object of id 0; here it is found
    truth, results = case.write(tmp_path_factory.mktemp("case"))
    result = evaluate(results, truth, iou=iou, skip_rule=rule)
    expected = oracle_confusion(result, read_inputs(results, truth, iou), least, rule)
    found = confusion(results, truth, least, iou=iou, skip_rule=rule)
    np.testing.assert_array_equal(found.counts, expected)


@pytest.mark.parametrize("seed", range(4))
def test_it_counts_random_sets_as_plain_numpy_does(tmp_path: Path, seed: int) -> None:
    truth, results = random_set(seed).write(tmp_path)
    expected = oracle_confusion(evaluate(results, truth), read_inputs(results, truth), 0.3)
    np.testing.assert_array_equal(confusion(results, truth, 0.3).counts, expected)


def test_columns_are_distinct_whatever_categories_are_called() -> None:
    names = {1: "cat", 2: "cat", 3: "true", 4: NOTHING, 5: "cat (id 2)", 6: "dog"}
    found = Confusion([*names], np.arange(49).reshape(7, 7), 0.5)
    table = found.to_dataframe(names)
    assert list(table.columns) == [
        "cat (id 1)", "cat (id 2) (id 2)", "true (id 3)", f"{NOTHING} (id 4)", "cat (id 2)", "dog",
        NOTHING,
    ]  # fmt: skip
    assert table.reset_index()["true"].tolist() == list(table.columns)
    assert table.to_numpy().tolist() == found.counts.tolist()


def test_without_categories_there_is_nothing_to_confuse() -> None:
    truth = {"images": [{"id": 1, "width": 9, "height": 9}], "annotations": [], "categories": []}
    assert best_score(evaluate([], truth).matches) == float("inf")
    found = confusion([], truth, float("inf"))
    assert (found.category_ids, found.counts.tolist()) == ([], [[0]])
    assert found.to_dataframe({}).to_numpy().tolist() == [[0]]
