"""Questions of known answer, and the raters' way past them."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from quality_steps import SIZE, add_person, choose, judge, make_gold, paint
from rater_steps import current, skip, submit, take
from small_project import box_mask, travelling_mask

from o365seg.errors import InputError
from o365seg.formats.masks import Rle, decode_rle, encode_rle
from o365seg.project.folder import Project
from o365seg.store.database import now_ms
from o365seg.store.people import accounts, qualification
from o365seg.store.people.qualification import Gate
from o365seg.store.quality import gold
from o365seg.store.schema import Purpose, Role, Verdict, answer
from o365seg.store.settings import ProjectSettings, read_settings
from o365seg.store.work import leases
from o365seg.store.work.answers import Recorded

_masks = arrays(np.uint8, (7, 9), elements=st.integers(0, 1)).filter(lambda mask: mask.any())


@given(_masks, _masks)
def test_a_comparison_counts_pixels(painted: np.ndarray, wanted: np.ndarray) -> None:
    one, other = (travelling_mask(mask).counts for mask in (painted, wanted))
    found = gold.compare(one, other, (7, 9))
    assert found.iou == (painted & wanted).sum() / (painted | wanted).sum()
    assert found.missed == (wanted & ~painted & 1).sum() / wanted.sum()
    assert found.extra == (painted & (wanted == 0)).sum() / wanted.sum()
    assert gold.compare(None, other, (7, 9)) == gold.Comparison(0, 1, 0)


def test_only_a_mask_that_somebody_vouched_for_becomes_gold(project: Project) -> None:
    ada, rea = add_person(project.store, "Ada"), add_person(project.store, "Rea", Role.REVIEWER)
    question, answered = paint(project.store, ada)
    with pytest.raises(InputError, match="not reviewed"), project.store.write() as db:
        gold.add_gold(db, question, Purpose.GOLD)
    judge(project.store, rea, answered, Verdict.ACCEPTED)
    with project.store.write() as db:
        gold.add_gold(db, question, Purpose.GOLD)
        (listed,) = gold.list_gold(db)
    assert (listed.question_id, listed.purpose, listed.area) == (question, Purpose.GOLD, 25)
    assert (listed.answers, listed.mean_iou) == (0, None)
    with project.store.write() as db:
        gold.remove_gold(db, question)
        assert gold.list_gold(db) == []
    with pytest.raises(InputError, match="not gold"), project.store.write() as db:
        gold.remove_gold(db, question)
    with pytest.raises(InputError, match="no mask"), project.store.write() as db:
        gold.add_gold(db, 999, Purpose.GOLD)


def test_the_painter_vouches_as_what_they_were_then(project: Project) -> None:
    ada, rea = add_person(project.store, "Ada"), add_person(project.store, "Rea", Role.REVIEWER)
    of_ada, _ = paint(project.store, ada, now=now_ms())
    of_rea, _ = paint(project.store, rea, now=now_ms())
    with project.store.write() as db:
        accounts.set_role(db, "Ada", Role.REVIEWER, by=None)
        accounts.set_role(db, "Rea", Role.RATER, by=None)
        gold.add_gold(db, of_rea, Purpose.GOLD)
        with pytest.raises(InputError, match="not reviewed"):
            gold.add_gold(db, of_ada, Purpose.GOLD)
    time.sleep(0.002)  # roles change once in a millisecond
    of_reviewer, _ = paint(project.store, ada, now=now_ms())
    with project.store.write() as db:
        gold.add_gold(db, of_reviewer, Purpose.GOLD)


def masks_file(project: Project, path: Path, **changes: object) -> Path:
    sample = json.loads(project.sample_path.read_text())
    pixels = np.zeros(SIZE, np.uint8)
    pixels[10:20, 10:20] = 1
    rle = encode_rle(pixels)
    for record in sample["annotations"]:
        if record["id"] in (1, 2):
            record["segmentation"] = {"size": list(rle.size), "counts": rle.counts}
            record.update(changes)
    path.write_text(json.dumps(sample))
    return path


def test_masks_made_elsewhere_are_imported_by_id(project: Project, tmp_path: Path) -> None:
    path = masks_file(project, tmp_path / "masks.json")
    with project.store.write() as db:
        assert gold.import_gold(db, path, Purpose.QUALIFICATION) == 2
        assert [entry.area for entry in gold.list_gold(db)] == [100, 100]
        assert gold.import_gold(db, path, Purpose.GOLD, ids=[2]) == 1
        purposes = {entry.question_id: entry.purpose for entry in gold.list_gold(db)}
    assert purposes == {1: Purpose.QUALIFICATION, 2: Purpose.GOLD}
    with pytest.raises(InputError, match="question 3"), project.store.write() as db:
        gold.import_gold(db, path, Purpose.GOLD, ids=[1, 3])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"segmentation": {"size": [5, 5], "counts": "i0"}}, "segmentation"),
        ({"segmentation": [[1, 2]]}, "segmentation"),
        ({"image_id": 20}, "image_id"),
    ],
)
def test_a_mask_that_does_not_fit_is_named(
    project: Project, tmp_path: Path, changes: dict, field: str
) -> None:
    path = masks_file(project, tmp_path / "masks.json", **changes)
    where = rf"annotations\[0\].*{field}"
    with pytest.raises(InputError, match=where), project.store.write() as db:
        gold.import_gold(db, path, Purpose.GOLD)


def test_hidden_gold_comes_at_its_share_and_never_twice(project: Project) -> None:
    for question in (1, 2, 3, 9):
        make_gold(project.store, question, Purpose.GOLD, box_mask(*SIZE, 5, 8))
    choose(project.store, gold_share=0.5)
    ada, bob = add_person(project.store, "Ada"), add_person(project.store, "Bob")
    for rater in (bob, ada):
        while (work := take(project.store, rater)).current is not None:
            submit(project.store, rater, work.current, box_mask(*SIZE, 5, 8))
            if rater == bob and work.current.purpose is Purpose.ANSWER:
                break
    with project.store.read() as db:
        rows = db.execute(
            sa.select(answer.c.rater_id, answer.c.question_id, answer.c.purpose)
        ).all()
        ious = list(
            db.execute(
                sa.select(answer.c.reference_iou).where(answer.c.purpose == Purpose.GOLD)
            ).scalars()
        )
    hidden = [(row.rater_id, row.question_id) for row in rows if row.purpose == Purpose.GOLD]
    assert len(hidden) == len(set(hidden)) > 0
    assert set(ious) == {1.0}
    answered = [row.question_id for row in rows if row.purpose == Purpose.ANSWER]
    assert len(answered) == len(set(answered))


def test_a_skipped_gold_question_measures_zero(project: Project) -> None:
    make_gold(project.store, 1, Purpose.QUALIFICATION, box_mask(*SIZE, 5, 8))
    ada = add_person(project.store, "Ada")
    skip(project.store, ada, current(take(project.store, ada)))
    with project.store.read() as db:
        assert db.execute(sa.select(answer.c.reference_iou)).scalar_one() == 0


def attempt(project: Project, rater: int, x: int) -> None:
    for _ in range(2):
        leased = current(take(project.store, rater))
        assert leased.purpose is Purpose.QUALIFICATION
        assert isinstance(submit(project.store, rater, leased, box_mask(*SIZE, x, 8)), Recorded)


def gate(project: Project, rater: int) -> Gate:
    with project.store.read() as db:
        return qualification.find_entry(db, rater, read_settings(db)).gate


def test_a_new_rater_qualifies_before_the_work(project: Project) -> None:
    for question in (1, 5):
        make_gold(project.store, question, Purpose.QUALIFICATION, box_mask(*SIZE, 5, 8))
    choose(project.store, pass_mark=0.6, qualification_attempts=2)
    ada = add_person(project.store, "Ada")
    attempt(project, ada, x=7)  # IoU 15 / 35
    with project.store.read() as db:
        standing = qualification.read_qualification(db, ada)
    assert (standing.attempts, standing.complete, standing.qualified_at) == (1, True, None)
    assert standing.mean_iou == pytest.approx(15 / 35)
    attempt(project, ada, x=6)  # 20 / 30
    assert gate(project, ada) is Gate.OPEN
    assert current(take(project.store, ada)).purpose is Purpose.ANSWER
    with project.store.read() as db:
        assert qualification.read_qualification(db, ada).attempts == 2


def test_a_question_that_is_added_is_asked_once(project: Project) -> None:
    for question in (1, 5):
        make_gold(project.store, question, Purpose.QUALIFICATION, box_mask(*SIZE, 5, 8))
    choose(project.store, qualification_attempts=3)
    ada = add_person(project.store, "Ada")
    for _ in range(2):
        attempt(project, ada, x=20)
    make_gold(project.store, 9, Purpose.QUALIFICATION, box_mask(*SIZE, 5, 8))
    with project.store.read() as db:
        standing = qualification.read_qualification(db, ada)
    assert (standing.attempts, standing.complete) == (1, False)
    assert qualification.trials_left(standing) == [9]
    added = current(take(project.store, ada))
    submit(project.store, ada, added, box_mask(*SIZE, 5, 8))
    with project.store.read() as db:
        standing = qualification.read_qualification(db, ada)
    assert (standing.attempts, standing.complete) == (2, True)
    assert standing.mean_iou == pytest.approx(1 / 3)
    assert current(take(project.store, ada)).question_id != 9  # the third attempt, from its start


def test_who_fails_too_often_waits_for_the_owner(project: Project) -> None:
    for question in (1, 5):
        make_gold(project.store, question, Purpose.QUALIFICATION, box_mask(*SIZE, 5, 8))
    choose(project.store, qualification_attempts=1)
    ada = add_person(project.store, "Ada")
    attempt(project, ada, x=20)
    assert take(project.store, ada) == leases.Work(None, None, Gate.FAILED)
    with project.store.write() as db:
        qualification.pass_by_hand(db, "Ada", now=1)
    assert current(take(project.store, ada)).purpose is Purpose.ANSWER


def test_a_lowered_pass_mark_lets_in_who_reaches_it(project: Project) -> None:
    for question in (1, 5):
        make_gold(project.store, question, Purpose.QUALIFICATION, box_mask(*SIZE, 5, 8))
    choose(project.store, qualification_attempts=1, pass_mark=0.8)
    ada, bob = add_person(project.store, "Ada"), add_person(project.store, "Bob")
    attempt(project, ada, x=6)  # IoU 20 / 30
    attempt(project, bob, x=7)  # 15 / 35
    choose(project.store, pass_mark=0.6)
    assert (gate(project, ada), gate(project, bob)) == (Gate.OPEN, Gate.FAILED)
    assert current(take(project.store, ada)).purpose is Purpose.ANSWER
    choose(project.store, pass_mark=0.8)  # who was let in stays
    assert gate(project, ada) is Gate.OPEN


def test_guidelines_come_before_anything_else(project: Project) -> None:
    ada, rea = add_person(project.store, "Ada"), add_person(project.store, "Rea", Role.REVIEWER)
    assert gate(project, ada) is Gate.OPEN
    choose(project.store, guidelines_required=True)
    assert take(project.store, ada) == leases.Work(None, None, Gate.GUIDELINES)
    with project.store.write() as db:
        qualification.confirm_guidelines(db, ada, now=5)
    assert gate(project, ada) is Gate.OPEN
    assert gate(project, rea) is Gate.GUIDELINES


def test_reviewers_and_old_hands_need_not_qualify(project: Project) -> None:
    ada, rea = add_person(project.store, "Ada"), add_person(project.store, "Rea", Role.REVIEWER)
    paint(project.store, ada)
    make_gold(project.store, 1, Purpose.QUALIFICATION, box_mask(*SIZE, 5, 8))
    assert gate(project, ada) is gate(project, rea) is Gate.OPEN
    assert ProjectSettings().qualification_attempts > 0
    assert decode_rle(Rle(SIZE, box_mask(*SIZE, 5, 8).counts)).sum() == 25


def ids_left(project: Project, rater: int) -> set[int]:
    """Every question that a rater is given from now on; all must be ordinary work."""
    given = set()
    while (work := take(project.store, rater)).current is not None:
        assert work.current.purpose is Purpose.ANSWER
        given.add(work.current.question_id)
        skip(project.store, rater, work.current)
    return given


@pytest.mark.parametrize("how", ["no gold left", "another role"])
def test_who_need_not_qualify_any_more_gets_those_questions_as_work(
    project: Project, how: str
) -> None:
    for question in (1, 5):
        make_gold(project.store, question, Purpose.QUALIFICATION, box_mask(*SIZE, 5, 8))
    ada = add_person(project.store, "Ada")
    assert {current(take(project.store, ada)).question_id} <= {1, 5}
    with project.store.write() as db:
        if how == "another role":
            accounts.set_role(db, "Ada", Role.REVIEWER, by=None)
        else:
            gold.remove_gold(db, 1)
            gold.remove_gold(db, 5)
    assert ids_left(project, ada) == {1, 2, 3, 5, 6, 7, 9, 10, 11}


def test_a_question_that_is_gold_no_more_is_no_trial(project: Project) -> None:
    for question in (1, 5):
        make_gold(project.store, question, Purpose.QUALIFICATION, box_mask(*SIZE, 5, 8))
    ada = add_person(project.store, "Ada")
    shown = current(take(project.store, ada)).question_id
    with project.store.write() as db:
        gold.remove_gold(db, shown)
    other = current(take(project.store, ada))
    assert {shown, other.question_id} == {1, 5}
    submit(project.store, ada, other, box_mask(*SIZE, 5, 8))
    assert ids_left(project, ada) >= {1, 5}
