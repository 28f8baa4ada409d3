"""The rule for skipped instances: what a sceptic would try, and the rule in isolation."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluation_cases import Case, Guess, Thing, rectangle, tight_box
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark import Result, SkipRule, evaluate
from benchmark.average_precision.skip_rule import absorb, box_iou
from benchmark.reading.ground_truth import sort_boxes

ONE = pytest.approx(1)  # pycocotools divides by the number of predictions plus 2e-16
REAL = rectangle(0, 0, 40, 40)
SKIPPED = (50.0, 50.0, 40.0, 40.0)
ON_SKIPPED = rectangle(50, 50, 40, 40)


def run(folder: Path, things: list[Thing], guesses: list[Guess], **options: Any) -> Result:
    truth, results = Case(things, guesses).write(folder)
    return evaluate(results, truth, **options)


def counted(things: list[Thing], guesses: list[Guess], folder: Path, rule: str = "box") -> float:
    """AP at IoU 0.5, where every false positive above the last true one costs."""
    return run(folder, things, guesses, skip_rule=rule).metrics["AP50"]


def test_a_prediction_on_a_skipped_object_is_no_false_positive(tmp_path: Path) -> None:
    things = [Thing(REAL), Thing(box=SKIPPED)]
    guesses = [Guess(ON_SKIPPED, 0.9), Guess(REAL, 0.5)]
    result = run(tmp_path, things, guesses)
    assert result.metrics["AP"] == ONE
    assert result.ap_by_rule[SkipRule.NONE] == pytest.approx(0.5)
    assert result.absorbed.tolist() == [1] * 10
    assert result.counts.skipped == 1


def test_a_skipped_object_is_no_miss(tmp_path: Path) -> None:
    result = run(tmp_path, [Thing(REAL), Thing(box=SKIPPED)], [Guess(REAL)])
    assert result.metrics["AP"] == ONE
    assert result.metrics["AR100"] == 1


def test_a_real_object_beside_a_skipped_one_keeps_its_true_positive(tmp_path: Path) -> None:
    """The prediction is matched to it, though it overlaps the skipped box more."""
    guess = rectangle(0, 0, 40, 40)
    things = [Thing(rectangle(0, 0, 40, 32)), Thing(box=tight_box(guess))]
    result = run(tmp_path, things, [Guess(guess)])
    assert result.metrics["AP50"] == ONE
    assert result.metrics["AR100"] == pytest.approx(0.7)  # found up to IoU 0.8
    assert result.absorbed.tolist() == [0] * 7 + [1] * 3


def test_of_duplicates_on_a_skipped_object_one_is_absorbed(tmp_path: Path) -> None:
    things = [Thing(REAL), Thing(box=SKIPPED)]
    guesses = [Guess(ON_SKIPPED, 0.9), Guess(ON_SKIPPED, 0.8), Guess(REAL, 0.5)]
    assert counted(things, guesses, tmp_path, "box") == pytest.approx(1 / 2)
    assert counted(things, guesses, tmp_path, "box50") == pytest.approx(1 / 2)
    assert counted(things, guesses, tmp_path, "none") == pytest.approx(1 / 3)
    assert counted(things, guesses, tmp_path, "ioa") == ONE  # a crowd takes any number


def test_two_skipped_objects_absorb_two(tmp_path: Path) -> None:
    things = [Thing(REAL), Thing(box=SKIPPED), Thing(box=SKIPPED)]
    guesses = [Guess(ON_SKIPPED, 0.9), Guess(ON_SKIPPED, 0.8), Guess(REAL, 0.5)]
    assert counted(things, guesses, tmp_path) == ONE


def test_another_category_or_image_absorbs_nothing(tmp_path: Path) -> None:
    guesses = [Guess(ON_SKIPPED, 0.9), Guess(REAL, 0.5)]
    for elsewhere in (Thing(box=SKIPPED, category=2), Thing(box=SKIPPED, image=2)):
        assert counted([Thing(REAL), elsewhere], guesses, tmp_path) == pytest.approx(1 / 2)


def test_a_category_whose_objects_are_all_skipped_has_no_ap(tmp_path: Path) -> None:
    things = [Thing(REAL), Thing(box=SKIPPED, category=2)]
    guesses = [Guess(REAL), Guess(ON_SKIPPED, category=2), Guess(REAL, category=2)]
    for rule in SkipRule:
        result = run(tmp_path, things, guesses, skip_rule=rule)
        assert (result.curves.precision[:, :, 1] == -1).all()
        assert result.metrics["AP"] == ONE  # and does not enter the mean as 0


def test_spamming_a_skipped_box_gains_one_prediction_at_most(tmp_path: Path) -> None:
    things = [Thing(REAL), Thing(box=SKIPPED)]
    spam = [Guess(np.roll(ON_SKIPPED, shift, 1), 0.9) for shift in (0, 1, -1, 2, -2)]
    result = run(tmp_path, things, [*spam, Guess(REAL, 0.5)])
    assert result.metrics["AP50"] == pytest.approx(1 / 5)
    assert result.absorbed[0] == 1


def test_the_box_must_reach_the_threshold_itself(tmp_path: Path) -> None:
    """A box IoU of 0.8 absorbs up to the threshold 0.8; under box50 at every threshold."""
    things = [Thing(REAL), Thing(box=(50, 50, 40, 50))]
    guesses = [Guess(ON_SKIPPED, 0.9), Guess(REAL, 0.5)]
    box, box50 = (run(tmp_path, things, guesses, skip_rule=rule) for rule in ("box", "box50"))
    assert box.absorbed.tolist() == [1] * 7 + [0] * 3
    assert box50.absorbed.tolist() == [1] * 10


def test_the_mask_s_tight_box_counts_not_the_box_in_the_file(tmp_path: Path) -> None:
    things = [Thing(REAL), Thing(box=SKIPPED)]
    guesses = [Guess(ON_SKIPPED, 0.9, box=(0, 0, 5, 5)), Guess(REAL, 0.5, box=(0, 0, 40, 40))]
    assert counted(things, guesses, tmp_path) == ONE


def test_a_prediction_outside_the_area_range_takes_no_skipped_object(tmp_path: Path) -> None:
    """Among the small ones a large prediction is ignored already; a small one is absorbed."""
    small, real = rectangle(50, 50, 30, 30), rectangle(0, 0, 20, 20)
    large = rectangle(50, 50, 33, 32)  # 1,056 pixels: just past small; box IoU with 30×30: 0.85
    things = [Thing(real), Thing(box=(50, 50, 30, 30))]
    guesses = [Guess(large, 0.9), Guess(small, 0.8), Guess(real, 0.5)]
    result = run(tmp_path, things, guesses)
    assert result.curves.precision[0, :, 0, 1, 2].max() == ONE  # small: `small` was absorbed
    assert result.metrics["AP50"] == pytest.approx(1 / 2)  # all: `large` took the skipped object


def test_a_skipped_object_absorbs_whatever_its_own_area(tmp_path: Path) -> None:
    """It has no mask that could be out of range; here the box is, and the prediction is not."""
    mask = rectangle(50, 50, 30, 30)
    things = [Thing(rectangle(0, 0, 20, 20)), Thing(box=(50, 50, 33, 33))]
    result = run(tmp_path, things, [Guess(mask, 0.9), Guess(rectangle(0, 0, 20, 20), 0.5)])
    assert result.curves.precision[0, :, 0, 1, 2].max() == ONE


def test_under_a_limit_of_one_detection_the_first_alone_is_looked_at(tmp_path: Path) -> None:
    things = [Thing(REAL), Thing(box=SKIPPED)]
    guesses = [Guess(ON_SKIPPED, 0.9), Guess(REAL, 0.5)]
    result = run(tmp_path, things, guesses)
    assert result.metrics["AR1"] == 0  # absorbed or not, it was the one detection
    assert result.metrics["AR10"] == ONE


def test_of_equal_scores_the_earlier_prediction_is_absorbed(tmp_path: Path) -> None:
    """At IoU 0.9 only the exact one fits: it is absorbed if it comes first or second alike."""
    things = [Thing(REAL), Thing(box=SKIPPED)]
    shifted = np.roll(ON_SKIPPED, 4, axis=1)  # box IoU 0.818
    for pair in ([ON_SKIPPED, shifted], [shifted, ON_SKIPPED]):
        result = run(tmp_path, things, [*(Guess(mask, 0.9) for mask in pair), Guess(REAL, 0.5)])
        assert result.absorbed.tolist() == [1] * 10


def test_a_crowd_keeps_its_predictions_and_the_skipped_object_takes_another(
    tmp_path: Path,
) -> None:
    things = [Thing(REAL), Thing(box=SKIPPED), Thing(box=(50, 0, 40, 40), crowd=True)]
    in_crowd = [Guess(rectangle(50, 10 * i, 30, 10), 0.9) for i in range(3)]
    result = run(tmp_path, things, [*in_crowd, Guess(ON_SKIPPED, 0.8), Guess(REAL, 0.5)])
    assert result.metrics["AP"] == ONE
    assert result.absorbed.tolist() == [1] * 10  # the three in the crowd are not among them
    assert result.ap_by_rule[SkipRule.NONE] == pytest.approx(0.5)


def test_the_order_of_the_skipped_objects_is_of_no_account(tmp_path: Path) -> None:
    """The first prediction fits two boxes equally well, the second only one of them."""
    left, right = Thing(box=(44, 50, 40, 40)), Thing(box=(56, 50, 40, 40))
    guesses = [Guess(ON_SKIPPED, 0.9), Guess(rectangle(40, 50, 40, 40), 0.8), Guess(REAL, 0.5)]
    one = run(tmp_path, [Thing(REAL), left, right], guesses)
    other = run(tmp_path, [right, left, Thing(REAL)], guesses)
    assert one.absorbed.tolist() == other.absorbed.tolist()
    assert one.curves.precision.tobytes() == other.curves.precision.tobytes()


def test_pycocotools_fault_with_id_0_is_kept_and_named(tmp_path: Path) -> None:
    case = Case([Thing(REAL), Thing(box=SKIPPED)], [Guess(REAL), Guess(ON_SKIPPED)], first_id=0)
    truth, results = case.write(tmp_path)
    result = evaluate(results, truth)
    assert result.metrics["AP"] == 0
    assert "id 0 (image 1, category 1)" in result.notes[0]
    case.first_id = 1
    truth, results = case.write(tmp_path)
    assert evaluate(results, truth).notes == []


def test_an_empty_mask_is_never_absorbed(tmp_path: Path) -> None:
    nothing = np.zeros_like(REAL)
    things = [Thing(REAL), Thing(box=(0, 0, 0, 0)), Thing(box=SKIPPED)]
    result = run(tmp_path, things, [Guess(nothing, 0.9), Guess(REAL, 0.5)])
    assert result.metrics["AP50"] == pytest.approx(1 / 2)
    assert not result.absorbed.any()


def test_for_boxes_a_skipped_object_is_one_to_find(tmp_path: Path) -> None:
    things = [Thing(REAL), Thing(box=SKIPPED)]
    result = run(tmp_path, things, [Guess(ON_SKIPPED)], iou="bbox")
    assert result.metrics["AR100"] == pytest.approx(0.5)
    assert result.counts.instances == 2


def test_an_absent_or_empty_segmentation_means_skipped(tmp_path: Path) -> None:
    """As in the authors' own file, which marks a skip by nothing else."""
    case = Case([Thing(REAL), Thing(box=SKIPPED)], [Guess(ON_SKIPPED, 0.9), Guess(REAL, 0.5)])
    truth, results = case.write(tmp_path)
    data = case.truth()
    for empty in ({}, {"segmentation": None}, {"segmentation": []}, {"unanswered": True}):
        bare = {"id": 2, "image_id": 1, "category_id": 1, "bbox": list(SKIPPED), **empty}
        truth.write_text(json.dumps({**data, "annotations": [data["annotations"][0], bare]}))
        result = evaluate(results, truth)
        assert result.metrics["AP"] == ONE
        unanswered = int("unanswered" in empty)
        assert (result.counts.skipped, result.counts.unanswered) == (1 - unanswered, unanswered)


def test_ignore_in_the_ground_truth_has_no_say(tmp_path: Path) -> None:
    """pycocotools overwrites it by `iscrowd`."""
    case = Case([Thing(REAL)], [Guess(REAL)])
    truth, results = case.write(tmp_path)
    data = case.truth()
    data["annotations"][0]["ignore"] = 1
    truth.write_text(json.dumps(data))
    assert evaluate(results, truth).metrics["AP"] == ONE


boxes = st.lists(
    st.tuples(
        *[st.sampled_from([0.0, 0.5, 3.0, 4.0])] * 2, *[st.sampled_from([4.0, 5.0, 6.0])] * 2
    ),
    max_size=5,
)


def as_array(found: list[tuple[float, ...]]) -> np.ndarray:
    return np.array(found, float).reshape(-1, 4)


@given(first=boxes, second=boxes)
def test_box_iou_is_intersection_over_union(first: list, second: list) -> None:
    result = box_iou(as_array(first), as_array(second))
    assert result.shape == (len(first), len(second))
    for i, (x, y, w, h) in enumerate(first):
        for j, (u, v, p, q) in enumerate(second):
            inter = max(0, min(x + w, u + p) - max(x, u)) * max(0, min(y + h, v + q) - max(y, v))
            assert result[i, j] == inter / (w * h + p * q - inter)


@settings(max_examples=300)
@given(data=st.data())
def test_absorb_gives_each_prediction_the_best_free_box(data: st.DataObject) -> None:
    """One threshold and one prediction at a time, with an IoU table of few values."""
    predictions, skipped = data.draw(st.integers(0, 6)), data.draw(st.integers(0, 4))
    values = st.sampled_from([0.0, 0.4, 0.5, 0.6, 0.75, 0.9, 1.0])
    table = [[data.draw(values) for _ in range(skipped)] for _ in range(predictions)]
    thresholds = [0.5, 0.75, 1.0]
    open_ = [[data.draw(st.booleans()) for _ in range(predictions)] for _ in thresholds]
    expected = np.zeros((3, predictions), bool)
    for t, threshold in enumerate(thresholds):
        free = list(range(skipped))
        for p in range(predictions):
            fits = [s for s in free if table[p][s] >= min(threshold, 1 - 1e-10)]
            if open_[t][p] and fits:
                free.remove(max(fits, key=lambda s: (table[p][s], -s)))
                expected[t, p] = True
    counted = np.array(open_, bool).reshape(3, predictions)
    ious = np.array(table, float).reshape(predictions, skipped)
    result = absorb(counted, ious, np.array(thresholds))
    np.testing.assert_array_equal(result, expected)
    for limit in range(predictions):  # a limit of detections is a cut through the columns
        cut = absorb(counted[:, :limit], ious[:limit], np.array(thresholds))
        np.testing.assert_array_equal(cut, expected[:, :limit])


@given(found=boxes, data=st.data())
def test_sorted_boxes_do_not_depend_on_their_order(found: list, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(found))
    np.testing.assert_array_equal(sort_boxes(as_array(shuffled)), as_array(sorted(found)))
