"""Replicas, and how much raters agree on them."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quality_steps import SIZE, add_person, choose, reject
from rater_steps import skip, submit, take
from small_project import box_mask

from o365seg.project.folder import Project
from o365seg.store.progress.summary import measure_progress
from o365seg.store.quality import agreement
from o365seg.store.schema import Purpose, Role
from o365seg.store.work import answers


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1))
def test_kappa_is_agreement_beyond_that_of_shuffled_choices(
    choices: list[tuple[bool, bool]],
) -> None:
    """Expected agreement: of every choice of the one with every choice of the other."""
    observed = sum(a == b for a, b in choices) / len(choices)
    shuffled = [a == b for (a, _), (_, b) in product(choices, choices)]
    expected = sum(shuffled) / len(shuffled)
    found = agreement.cohens_kappa(choices)
    if expected == 1:
        assert found is None
    else:
        assert found == pytest.approx((observed - expected) / (1 - expected))


def test_cohens_own_kind_of_table() -> None:
    """20 both yes, 15 both no, 5 and 10 of the mixed kinds: (0.7 − 0.5) / 0.5."""
    choices = [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10
    assert agreement.cohens_kappa(choices + [(False, False)] * 15) == pytest.approx(0.4)


def test_replicas_go_to_others_once_and_change_no_answer(project: Project) -> None:
    choose(project.store, replica_share=1, replicas=2)
    people = [add_person(project.store, name) for name in ("Ada", "Bob", "Cem", "Dan")]
    painted: dict[int, list[tuple[int, Purpose]]] = {}
    busy = set(people)
    while busy:
        for rater in sorted(busy):
            work = take(project.store, rater).current
            if work is None:
                busy.discard(rater)
                continue
            assert not any(who == rater for who, _ in painted.get(work.question_id, []))
            painted.setdefault(work.question_id, []).append((rater, work.purpose))
            submit(project.store, rater, work, box_mask(*SIZE, 5 + people.index(rater), 8))
            if busy != set(people):  # somebody found nothing for a moment: ask again
                busy |= {rater}
    for answered in painted.values():
        purposes = [purpose for _, purpose in answered]
        assert purposes == [Purpose.ANSWER, Purpose.REPLICA, Purpose.REPLICA]
    with project.store.read() as db:
        done = measure_progress(db, now=0)
        report = agreement.measure_agreement(agreement.list_pairs(db))
    assert (done.masks, done.replicas, done.replicas_wanted) == (9, 18, 18)
    assert report.overall.pairs == 9 * 3
    assert report.overall.same_choice == 1
    assert report.overall.kappa is None
    # squares of 5 × 5, shifted by one pixel between neighbours in the list of people
    expected = {1: 20 / 30, 2: 15 / 35, 3: 10 / 40}
    names = ["Ada", "Bob", "Cem", "Dan"]
    for (one, other), group in report.by_raters.items():
        shift = abs(names.index(one) - names.index(other))
        assert group.mean_iou == pytest.approx(expected[shift])
    assert report.by_size["small"].pairs == 27
    assert sum(group.pairs for group in report.by_category.values()) == 27


def test_corrections_and_repaintings_are_not_independent(project: Project) -> None:
    choose(project.store, replica_share=1)
    ada, bob = add_person(project.store, "Ada"), add_person(project.store, "Bob")
    rea = add_person(project.store, "Rea", Role.REVIEWER)
    first = take(project.store, ada).current
    assert first is not None
    outcome = submit(project.store, ada, first, box_mask(*SIZE, 5, 8))
    assert isinstance(outcome, answers.Recorded)
    replicated = False
    while (work := take(project.store, bob).current) is not None and not replicated:
        replicated = work.question_id == first.question_id
        if replicated:
            submit(project.store, bob, work, box_mask(*SIZE, 5, 8))
        else:
            skip(project.store, bob, work)
    assert replicated
    reject(project.store, rea, outcome.answer_id)
    while (work := take(project.store, ada).current) is not None:
        if work.question_id == first.question_id:
            submit(project.store, ada, work, box_mask(*SIZE, 30, 8))
            break
        skip(project.store, ada, work)
    with project.store.read() as db:
        pairs = [pair for pair in agreement.list_pairs(db) if pair.question_id == first.question_id]
        low = agreement.disagreeing_questions(db, 0.5)
    assert [(pair.raters, pair.iou) for pair in pairs] == [(("Ada", "Bob"), 1.0)]
    assert first.question_id not in low
