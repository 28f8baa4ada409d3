"""Errors by kind: drawn cases, what TIDE's own code says, and skipped instances."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from error_oracle import errors_at_tides_recalls, oracle_errors, oracle_judge
from evaluation_cases import Case, Guess, Thing, rectangle
from evaluation_strategies import cases
from hypothesis import given, settings
from hypothesis import strategies as st
from random_sets import random_set

from benchmark import SkipRule, _native, evaluate
from benchmark.analysis.error_kinds import (
    ErrorKinds,
    Fate,
    Judgement,
    Kind,
    errors,
    judge,
)
from benchmark.average_precision import native_core, native_path
from benchmark.reading.input_text import InputText
from benchmark.reading.inputs import read_inputs
from o365seg.errors import InputError

REAL = rectangle(0, 0, 40, 40)
SKIPPED = (50.0, 50.0, 40.0, 40.0)
ON_SKIPPED = rectangle(50, 50, 40, 40)
HALF_ON_SKIPPED = rectangle(50, 50, 40, 15)


def errors_in(things: list[Thing], guesses: list[Guess], folder: Path) -> ErrorKinds:
    truth, results = Case(things, guesses).write(folder)
    return errors(results, truth)


def kinds_of(things: list[Thing], guesses: list[Guess], folder: Path, rule: str = "box") -> list:
    truth, results = Case(things, guesses).write(folder)
    judged = judge(results, truth, skip_rule=rule)
    return [
        Kind(judged.kind[judged.prediction.tolist().index(i)]).name.lower()
        if i in judged.prediction
        else "ignored"
        for i in range(len(guesses))
    ]


@pytest.mark.parametrize(
    ("guess", "kind"),
    [
        (Guess(REAL), "right"),
        (Guess(rectangle(0, 0, 40, 18)), "localisation"),
        (Guess(REAL, category=2), "classification"),
        (Guess(rectangle(0, 0, 40, 18), category=2), "both"),
        (Guess(rectangle(0, 0, 40, 3)), "background"),
        (Guess(rectangle(0, 0, 40, 3), category=2), "background"),
        (Guess(REAL, image=2), "background"),
    ],
)
def test_the_kinds(guess: Guess, kind: str, tmp_path: Path) -> None:
    assert kinds_of([Thing(REAL)], [guess], tmp_path) == [kind]


def test_a_second_prediction_of_a_found_object_is_a_duplicate(tmp_path: Path) -> None:
    guesses = [Guess(REAL, 0.5), Guess(REAL, 0.9)]
    assert kinds_of([Thing(REAL)], guesses, tmp_path) == ["duplicate", "right"]


def test_an_object_is_missed_unless_an_error_points_at_it(tmp_path: Path) -> None:
    things = [Thing(REAL), Thing(ON_SKIPPED)]
    found = errors_in(things, [Guess(REAL, category=2)], tmp_path)
    assert found.counts[Kind.MISSED] == 1
    assert found.counts[Kind.CLASSIFICATION] == 1


def test_of_errors_that_point_at_one_object_the_best_is_fixed(tmp_path: Path) -> None:
    """Three find half of it; fixed, one is right and the other two are gone."""
    guesses = [Guess(rectangle(0, 0, 40, 18), score) for score in (0.2, 0.9, 0.5)]
    truth, results = Case([Thing(REAL)], guesses).write(tmp_path)
    assert judge(results, truth).fixed_category.tolist() == [1, -1, -1]  # by falling score
    assert errors(results, truth).gains[Kind.LOCALISATION] == pytest.approx(1)


def test_fixing_each_kind_gains_what_it_costs(tmp_path: Path) -> None:
    """One object found below a false positive: AP 1/2, all of it the background's."""
    guesses = [Guess(REAL, 0.5), Guess(rectangle(60, 60, 30, 30), 0.9)]
    found = errors_in([Thing(REAL)], guesses, tmp_path)
    assert found.ap == pytest.approx(0.5)
    assert found.gains == {
        **dict.fromkeys(found.gains, 0.0),
        Kind.BACKGROUND: pytest.approx(0.5),
    }
    assert found.false_positives_gain == pytest.approx(0.5)
    assert found.false_negatives_gain == 0


class TestSkipped:
    def test_a_prediction_that_one_absorbs_is_no_error(self, tmp_path: Path) -> None:
        things, guesses = [Thing(REAL), Thing(box=SKIPPED)], [Guess(ON_SKIPPED)]
        assert kinds_of(things, guesses, tmp_path) == ["ignored"]
        assert kinds_of(things, guesses, tmp_path, "ioa") == ["ignored"]
        assert kinds_of(things, guesses, tmp_path, "none") == ["background"]

    def test_a_second_one_is_a_duplicate(self, tmp_path: Path) -> None:
        guesses = [Guess(ON_SKIPPED, 0.5), Guess(ON_SKIPPED, 0.9)]
        assert kinds_of([Thing(box=SKIPPED)], guesses, tmp_path) == ["duplicate", "ignored"]

    def test_of_another_category_it_is_a_classification_error(self, tmp_path: Path) -> None:
        guess = Guess(ON_SKIPPED, category=2)
        assert kinds_of([Thing(box=SKIPPED)], [guess], tmp_path) == ["classification"]

    def test_a_loose_one_is_a_localisation_error_and_fixing_takes_it_away(
        self, tmp_path: Path
    ) -> None:
        things = [Thing(REAL), Thing(box=SKIPPED)]
        guesses = [Guess(HALF_ON_SKIPPED, 0.9), Guess(REAL, 0.5)]
        assert kinds_of(things, guesses, tmp_path) == ["localisation", "right"]
        found = errors_in(things, guesses, tmp_path)
        assert found.gains[Kind.LOCALISATION] == pytest.approx(0.5)

    def test_it_is_never_missed(self, tmp_path: Path) -> None:
        found = errors_in([Thing(box=SKIPPED)], [Guess(REAL)], tmp_path)
        assert found.counts[Kind.MISSED] == 0
        assert found.ap == -1


@settings(max_examples=80)
@given(
    case=st.booleans().flatmap(lambda boxes: cases(with_boxes=boxes)),
    rule=st.sampled_from(list(SkipRule)),
    iou=st.sampled_from(["segm", "segm", "bbox", "boundary"]),
)
def test_it_judges_as_plain_numpy_does(
    tmp_path_factory: pytest.TempPathFactory, case: Case, rule: SkipRule, iou: str
) -> None:
    truth, results = case.write(tmp_path_factory.mktemp("case"))
    assert_judged_alike(truth, results, rule, iou)


@pytest.mark.parametrize("iou", ["segm", "boundary"])
@pytest.mark.parametrize("seed", range(4))
def test_it_judges_random_sets_as_plain_numpy_does(tmp_path: Path, seed: int, iou: str) -> None:
    truth, results = random_set(seed).write(tmp_path)
    for rule in SkipRule:
        assert_judged_alike(truth, results, rule, iou)


def assert_judged_alike(truth: Path, results: Path, rule: SkipRule, iou: str) -> None:
    inputs = read_inputs(results, truth, iou)
    expected, judgement = (
        oracle_judge(inputs, rule),
        Judgement(results, truth, iou=iou, skip_rule=rule),
    )
    judged = judgement.judged()
    for name in ("image", "prediction", "category", "score", "true", "kind", "fixed_category"):
        np.testing.assert_array_equal(getattr(judged, name), getattr(expected, name), name)
    missed = np.flatnonzero(judged.fate == Fate.MISSED)
    assert missed.tolist() == sorted(expected.missed_annotations.tolist())
    assert np.count_nonzero(judged.fate) == expected.positives.sum()
    unfound = np.isin(judged.fate, [Fate.MISSED, Fate.POINTED_AT])
    assert np.count_nonzero(unfound) == expected.unfound.sum()
    assert judgement.errors() == oracle_errors(inputs, expected)


@settings(max_examples=40)
@given(case=cases(), rule=st.sampled_from(list(SkipRule)), iou=st.sampled_from(["segm", "bbox"]))
def test_its_ap_is_the_evaluations_and_every_false_positive_has_one_kind(
    tmp_path_factory: pytest.TempPathFactory, case: Case, rule: SkipRule, iou: str
) -> None:
    case.first_id = 1  # pycocotools never finds an object of id 0; here it is found
    truth, results = case.write(tmp_path_factory.mktemp("case"))
    result = evaluate(results, truth, iou=iou, skip_rule=rule)
    judgement = Judgement(results, truth, iou=iou, skip_rule=rule)
    judged, found = judgement.judged(), judgement.errors()
    assert found.ap == pytest.approx(result.metrics["AP50"], abs=1e-12)
    true = sum((~m.ignored & m.matched)[0, 0].sum() for m in result.matches)
    counted = sum((~m.ignored)[0, 0].sum() for m in result.matches)
    assert (judged.true.sum(), len(judged.true)) == (true, counted)
    missed = np.count_nonzero(judged.fate == Fate.MISSED)
    assert sum(found.counts.values()) == counted - true + missed
    assert all(0 <= gain <= 1 for gain in found.gains.values() if found.ap >= 0)


def test_what_the_core_leaves_to_others_is_judged_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth, results = random_set(1).write(tmp_path)
    expected, read, calls = errors(results, truth), native_core.read, []

    def unusual_once(*texts: InputText, iou: str) -> _native.Evaluation:
        calls.append(texts)
        if len(calls) == 1:
            raise _native.Unusual
        return read(*texts, iou=iou)

    monkeypatch.setattr(native_core, "read", unusual_once)
    assert errors(results, truth) == expected
    assert len(calls) == 2


def test_without_the_core_one_line_says_what_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth, results = random_set(1).write(tmp_path)
    monkeypatch.setattr(native_path, "is_built", lambda: False)
    with pytest.raises(InputError, match="needs the native core"):
        errors(results, truth)


def random_scenes(seed: int) -> Case:
    """Objects of three categories, and predictions that are off in every way TIDE knows."""
    random = np.random.default_rng(seed)
    things, guesses = [], []
    images = list(range(1, 9))
    for image in images:
        for place, (x, y) in enumerate([(0, 0), (34, 0), (67, 0), (0, 55), (34, 55), (67, 55)]):
            category = place % 3 + 1
            width, height = int(random.integers(18, 33)), int(random.integers(30, 54))
            things.append(Thing(rectangle(x, y, width, height), image=image, category=category))
            for _ in range(random.integers(0, 4)):
                cut = int(height * random.choice([1, 0.95, 0.9, 0.6, 0.45, 0.3, 0.05]))
                mask = rectangle(x, y, width, max(1, cut))
                named = int(random.choice([category, category, category, 1, 2, 3]))
                guesses.append(Guess(mask, float(random.random()), image=image, category=named))
    for category in (1, 2, 3):  # TIDE counts a category without any as 0; here it leaves the mean
        guesses.append(Guess(things[category - 1].mask, 0.99, image=1, category=category))  # type: ignore[arg-type]
    return Case(things, guesses, images=images, categories=[1, 2, 3])


def tide(case: Case) -> Any:
    tidecv = pytest.importorskip("tidecv", reason="tidecv is not installed")
    truth, found = tidecv.Data("truth"), tidecv.Data("found")
    for annotation in case.truth()["annotations"]:
        truth.add_ground_truth(
            annotation["image_id"], annotation["category_id"], annotation["bbox"],
            annotation["segmentation"],
        )  # fmt: skip
    for record in case.results():
        found.add_detection(
            record["image_id"], record["category_id"], record["score"], None, record["segmentation"]
        )
    run = tidecv.TIDE(mode=tidecv.TIDE.MASK)
    run.evaluate(truth, found, name="it")
    return run


def in_tides_names(found: ErrorKinds) -> dict[str, float]:
    names = ("Cls", "Loc", "Both", "Dupe", "Bkg", "Miss")
    return {name: 100 * gain for name, gain in zip(names, found.gains.values(), strict=True)}


@pytest.mark.parametrize("seed", range(12))
def test_counts_and_gains_are_tides(seed: int, tmp_path: Path) -> None:
    case = random_scenes(seed)
    run = tide(case)
    truth, results = case.write(tmp_path)
    found = errors_at_tides_recalls(truth, results)
    counts = {error.short_name: n for error, n in run.runs["it"].count_errors().items()}
    assert list(counts.values()) == list(found.counts.values())
    assert 100 * found.ap == pytest.approx(run.runs["it"].ap, abs=1e-9)
    assert in_tides_names(found) == pytest.approx(run.get_main_errors()["it"], abs=1e-9)
    special = run.get_special_errors()["it"]
    assert 100 * found.false_positives_gain == pytest.approx(special["FalsePos"], abs=1e-9)
    assert 100 * found.false_negatives_gain == pytest.approx(special["FalseNeg"], abs=1e-9)
