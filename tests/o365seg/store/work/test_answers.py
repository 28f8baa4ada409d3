"""Answers: recorded once, never changed, refused when damaged, kept when late."""

import zlib
from collections.abc import Callable

import numpy as np
import pytest
import sqlalchemy as sa
from rater_steps import add_raters, current, skip, take
from rater_steps import submit as steps_submit
from small_project import box_mask, travelling_mask
from sqlalchemy.exc import DBAPIError

from o365seg.formats.masks import compress_runs
from o365seg.project.folder import Project
from o365seg.store.audit import ODD_TIME, list_entries
from o365seg.store.quality.rater_quality import measure_raters
from o365seg.store.schema import answer, draft, lease
from o365seg.store.work import answers, leases
from o365seg.store.work.answers import LeaseLost, Recorded
from o365seg.store.work.checks import Activity, AnswerRefused, Mask, Skip, SkipReason

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
            "now": 10_000,
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
    assert (row.width, row.height, row.received_at) == (64, 48, 10_000)
    assert (row.wall_ms, row.active_ms, row.strokes, row.undos) == (9000, 5000, 4, 1)
    assert row.skip_reason is None


def test_a_skip_is_recorded_with_its_reason(project: Project, submit: Callable) -> None:
    submit(Skip(SkipReason.OTHER, "a mirror image"))
    (row,) = rows(project, answer)
    assert (row.skip_reason, row.skip_note, row.counts) == ("other", "a mirror image", None)


def test_a_resent_submit_changes_nothing(project: Project, submit: Callable) -> None:
    first = submit()
    again = submit(now=20_000, activity=Activity())
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
        (Skip(SkipReason.OTHER, "  "), "few words"),
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


WEEK = 7 * 24 * 3600 * 1000


def test_active_time_is_at_most_what_the_server_saw(
    project: Project, held: leases.LeasedQuestion, submit: Callable
) -> None:
    submit(activity=Activity(wall_ms=WEEK, active_ms=WEEK, strokes=1), now=1000)
    (row,) = rows(project, answer)
    assert (row.wall_ms, row.active_ms, row.strokes) == (1000, 1000, 1)
    with project.store.read() as db:
        [entry] = list_entries(db, action=ODD_TIME)
        assert (entry.actor, entry.subject) == ("rater 0", f"question {held.question_id}")
        assert entry.detail == {"claimed_s": WEEK // 1000, "possible_s": 1}
        assert [rater.odd_times for rater in measure_raters(db)] == [1, 0]


def test_a_clock_that_is_set_back_gives_no_negative_time(
    project: Project, held: leases.LeasedQuestion, submit: Callable
) -> None:
    with project.store.write() as db:
        db.execute(lease.update().values(shown_at=5000))
    submit(activity=Activity(wall_ms=90, active_ms=80, idle_ms=10, strokes=1), now=1000)
    (row,) = rows(project, answer)
    assert (row.wall_ms, row.active_ms, row.idle_ms) == (0, 0, 0)


def test_time_under_an_earlier_lease_counts(project: Project, held: leases.LeasedQuestion) -> None:
    """The painter goes on counting after it lost a lease and got the question again."""
    hour = 3_600_000
    with project.store.write() as db:
        leases.close(db, held.token, "expired", 2 * hour)
    again = current(take(project.store, 1, now=2 * hour))
    while again.question_id != held.question_id:
        skip(project.store, 1, again, now=2 * hour)
        again = current(take(project.store, 1, now=2 * hour))
    steps_submit(project.store, 1, again, SQUARE, Activity(hour, hour), now=2 * hour + 5)
    row = rows(project, answer)[-1]
    assert row.active_ms == hour
    with project.store.read() as db:
        assert list_entries(db, action=ODD_TIME) == []


def test_run_lengths_are_stored_as_pycocotools_writes_them(
    project: Project, submit: Callable
) -> None:
    runs = np.array([0, 0] * 100_000 + [48 * 64 - 5, 5], np.int64)
    padded = compress_runs(runs, (48, 64)).counts
    assert isinstance(padded, str) and len(padded) > 200_000
    sent = Mask((48, 64), padded, zlib.crc32(padded.encode()))
    first = submit(sent)
    (row,) = rows(project, answer)
    assert len(row.counts) < 20 and row.area == 5
    assert row.crc32 == zlib.crc32(row.counts.encode())
    assert submit(sent) == Recorded(first.answer_id, repeated=True)


def test_late_answers_of_one_person_are_bounded(project: Project, submit: Callable) -> None:
    submit()
    for number in range(answers.MOST_LATE + 5):
        assert isinstance(submit(box_mask(48, 64, number % 40, number // 40)), LeaseLost)
    kept = rows(project, draft)
    assert len(kept) == answers.MOST_LATE
    assert [row.id for row in kept] == list(range(6, answers.MOST_LATE + 6))
