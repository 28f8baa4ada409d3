"""Answers: recorded once, never changed, refused when damaged, kept when late."""

from collections.abc import Callable

import numpy as np
import pytest
import sqlalchemy as sa
from rater_steps import add_raters, current, skip, take
from small_project import box_mask, travelling_mask
from sqlalchemy.exc import DBAPIError

from o365seg.project.folder import Project
from o365seg.store.schema import answer, draft
from o365seg.store.work import answers, leases
from o365seg.store.work.answers import Activity, AnswerRefused, LeaseLost, Mask, Recorded, Skip

ACTIVITY = Activity(wall_ms=9000, active_ms=5000, idle_ms=3000, hidden_ms=1000, strokes=4, undos=1)
SQUARE = box_mask(48, 64, 10, 8)


@pytest.fixture
def held(project: Project) -> leases.LeasedQuestion:
    add_raters(project.store, 2)  # ids 1 and 2
    return current(take(project.store, 1))


@pytest.fixture
def submit(project: Project, held: leases.LeasedQuestion) -> Callable:
    def send(work: Mask | Skip = SQUARE, **changes) -> Recorded | LeaseLost:
        fields = {
            "rater_id": 1,
            "token": held.token,
            "question_id": held.question_id,
            "work": work,
            "image_sha256": held.image_sha256,
            "activity": ACTIVITY,
            "client_version": "test",
            "now": 1000,
        }
        with project.store.write() as db:
            return answers.submit(db, **(fields | changes))

    return send


def rows(project: Project, table: sa.Table) -> list:
    with project.store.read() as db:
        return list(db.execute(sa.select(table)))


def test_a_mask_is_recorded_with_everything_about_it(
    project: Project, held: leases.LeasedQuestion, submit: Callable
) -> None:
    assert submit() == Recorded(1, repeated=False)
    (row,) = rows(project, answer)
    assert (row.question_id, row.rater_id) == (held.question_id, 1)
    assert (row.counts, row.area, row.crc32) == (SQUARE.counts, 25, SQUARE.crc32)
    assert (row.width, row.height, row.received_at) == (64, 48, 1000)
    assert (row.wall_ms, row.active_ms, row.strokes, row.undos) == (9000, 5000, 4, 1)
    assert row.skip_reason is None


def test_a_skip_is_recorded_with_its_reason(project: Project, submit: Callable) -> None:
    submit(Skip(answers.SkipReason.OTHER, "a mirror image"))
    (row,) = rows(project, answer)
    assert (row.skip_reason, row.skip_note, row.counts) == ("other", "a mirror image", None)


def test_a_resent_submit_changes_nothing(project: Project, submit: Callable) -> None:
    first = submit()
    again = submit(now=2000, activity=Activity())
    assert again == Recorded(first.answer_id, repeated=True)
    assert len(rows(project, answer)) == 1
    assert rows(project, draft) == []


def test_another_mask_under_the_same_lease_is_kept_but_does_not_count(
    project: Project, submit: Callable
) -> None:
    submit()
    other = box_mask(48, 64, 1, 1)
    assert isinstance(submit(other), LeaseLost)
    assert isinstance(submit(other), LeaseLost)
    (row,) = rows(project, answer)
    assert row.counts == SQUARE.counts
    (kept,) = rows(project, draft)
    assert (kept.counts, kept.late) == (other.counts, True)


def test_a_submit_after_the_question_went_elsewhere_is_kept_as_a_draft(
    project: Project, held: leases.LeasedQuestion, submit: Callable
) -> None:
    late = leases.LEASE_MS + 1
    while (work := take(project.store, 2, late)).current is not None:
        skip(project.store, 2, work.current, late)
    assert isinstance(submit(now=late + 1), LeaseLost)
    (kept,) = rows(project, draft)
    assert (kept.question_id, kept.rater_id, kept.counts) == (held.question_id, 1, SQUARE.counts)
    assert kept.activity["active_ms"] == 5000
    assert {row.rater_id for row in rows(project, answer)} == {2}


@pytest.mark.parametrize(
    ("work", "why"),
    [
        (travelling_mask(np.zeros((48, 64))), "empty"),
        (travelling_mask(np.ones((64, 48))), "64×48 differs from 48×64"),
        (Mask((48, 64), SQUARE.counts, SQUARE.crc32 ^ 1), "checksum"),
        (Mask((48, 64), SQUARE.counts[:-1], SQUARE.crc32), "checksum"),
        (Mask((48, 64), "0", 0xF4DBDF21), "sum to 0"),
        (Mask((100_000, 100_000), SQUARE.counts, SQUARE.crc32), "out of range"),
        (Skip(answers.SkipReason.OTHER, "  "), "few words"),
    ],
)
def test_what_cannot_be_the_raters_answer_is_refused(
    project: Project, submit: Callable, work: Mask | Skip, why: str
) -> None:
    with pytest.raises(AnswerRefused, match=why):
        submit(work)
    assert rows(project, answer) == []
    assert isinstance(submit(), Recorded)  # and the question is still theirs


@pytest.mark.parametrize(
    "changes", [{"rater_id": 2}, {"token": "unknown"}, {"image_sha256": "0" * 64}]
)
def test_an_answer_to_another_question_is_refused(submit: Callable, changes: dict) -> None:
    with pytest.raises(AnswerRefused):
        submit(**changes)


@pytest.mark.parametrize("statement", ["UPDATE answer SET area = 1", "DELETE FROM answer"])
def test_the_database_itself_refuses_to_change_an_answer(
    project: Project, submit: Callable, statement: str
) -> None:
    submit()
    with pytest.raises(DBAPIError, match="append-only"), project.store.write() as db:
        db.execute(sa.text(statement))
    assert len(rows(project, answer)) == 1


def test_only_the_newest_draft_is_kept_and_goes_with_the_submit(
    project: Project, held: leases.LeasedQuestion, submit: Callable
) -> None:
    for side in (3, 6):
        with project.store.write() as db:
            assert answers.save_draft(
                db,
                rater_id=1,
                token=held.token,
                question_id=held.question_id,
                mask=box_mask(48, 64, 5, 5, side),
                activity=ACTIVITY,
                now=side,
            )
    with project.store.read() as db:
        found = answers.find_draft(db, held.question_id, 1)
        assert answers.find_draft(db, held.question_id, 2) is None
    assert found == answers.Draft(box_mask(48, 64, 5, 5, 6), ACTIVITY, 6)
    submit()
    assert rows(project, draft) == []


def test_a_draft_may_be_empty_but_not_damaged(
    project: Project, held: leases.LeasedQuestion
) -> None:
    empty = travelling_mask(np.zeros((48, 64)))
    with project.store.write() as db:
        assert answers.save_draft(
            db,
            rater_id=1,
            token=held.token,
            question_id=held.question_id,
            mask=empty,
            activity=ACTIVITY,
            now=1,
        )
    with pytest.raises(AnswerRefused), project.store.write() as db:
        damaged = Mask(empty.size, empty.counts, 7)
        answers.save_draft(
            db,
            rater_id=1,
            token=held.token,
            question_id=held.question_id,
            mask=damaged,
            activity=ACTIVITY,
            now=2,
        )
