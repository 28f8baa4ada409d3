"""The way back: a rater's last answer is corrected, and late work is taken up again."""

from rater_steps import add_raters, current, skip, submit, take
from small_project import box_mask

from o365seg.project.folder import Project
from o365seg.store.progress.summary import measure_progress
from o365seg.store.schema import Purpose
from o365seg.store.standing import newest_answers
from o365seg.store.work import answers, earlier_work, leases
from o365seg.store.work.checks import Mask
from o365seg.store.work.choosing import Choice
from o365seg.store.work.earlier_work import Standing

HOUR = 3_600_000


def mask(x: int) -> Mask:
    return box_mask(48, 64, x, 3)


def test_the_last_answer_comes_back_with_its_mask_and_its_correction_counts(project: Project):
    (ada,) = add_raters(project.store, 1)
    first = current(take(project.store, ada, now=10))
    submit(project.store, ada, first, mask(1), now=20)
    second = current(take(project.store, ada, now=21))
    with project.store.write() as db:
        assert earlier_work.reopen(db, ada, None, 30)
        work = leases.take_work(db, ada, 30)
        assert work.current is not None
        assert work.current.question_id == first.question_id
        earlier = earlier_work.own_answer(db, first.question_id, ada, Purpose.ANSWER)
    assert earlier is not None and earlier.mask == mask(1)
    outcome = submit(project.store, ada, work.current, mask(9), now=40)
    assert isinstance(outcome, answers.Recorded)
    with project.store.read() as db:
        counting = db.execute(newest_answers().select()).all()
        assert [row.counts for row in counting] == [mask(9).counts]
        assert measure_progress(db, 50).masks == 1
    # Then the rater goes on where they were.
    assert current(take(project.store, ada, now=50)) == second


def test_a_correction_can_be_left_undone(project: Project):
    (ada,) = add_raters(project.store, 1)
    first = current(take(project.store, ada, now=10))
    submit(project.store, ada, first, mask(1), now=20)
    second = current(take(project.store, ada, now=21))
    with project.store.write() as db:
        assert earlier_work.reopen(db, ada, None, 30)
        reopened = leases.take_work(db, ada, 30).current
        assert reopened is not None
        earlier_work.let_stand(db, reopened.token, ada, 40)
    assert current(take(project.store, ada, now=50)) == second
    with project.store.read() as db:
        assert [row.counts for row in db.execute(newest_answers().select())] == [mask(1).counts]


def test_a_question_that_was_never_answered_cannot_be_let_stand(project: Project):
    (ada,) = add_raters(project.store, 1)
    first = current(take(project.store, ada))
    with project.store.write() as db:
        earlier_work.let_stand(db, first.token, ada, 1)
    assert current(take(project.store, ada)) == first


def test_there_is_nothing_to_reopen_before_an_answer_or_once_another_counts(project: Project):
    ada, bob = add_raters(project.store, 2)
    with project.store.write() as db:
        assert not earlier_work.reopen(db, ada, None, 5)
    first = current(take(project.store, ada, now=10))
    skip(project.store, ada, first, now=20)
    with project.store.write() as db:
        leases.show_again(db, Choice(first.question_id, Purpose.ANSWER), bob, 30)
        assert not earlier_work.reopen(db, ada, None, 31)  # on Bob's screen
        again = leases.take_work(db, bob, 31).current
    assert again is not None
    submit(project.store, bob, again, mask(2), now=40)
    with project.store.write() as db:
        assert not earlier_work.reopen(db, ada, None, 50)


def test_late_work_is_listed_and_taken_up_while_nobody_else_answered(project: Project):
    ada, bob = add_raters(project.store, 2)
    lost = current(take(project.store, ada, now=0))
    later = 2 * HOUR
    with project.store.write() as db:
        leases.show_again(db, Choice(lost.question_id, Purpose.ANSWER), bob, later)
    outcome = submit(project.store, ada, lost, mask(4), now=later + 1)
    assert isinstance(outcome, answers.LeaseLost)
    with project.store.write() as db:
        (kept,) = earlier_work.list_kept(db, ada, later + 2)
        assert kept.mask == mask(4)
        assert kept.standing is Standing.TAKEN
        assert earlier_work.take_up(db, kept.id, ada, later + 2) is Standing.TAKEN
        assert earlier_work.take_up(db, kept.id, bob, later + 2) is None  # not Bob's
        # Bob goes away; his lease runs out.
        gone = later + HOUR
        (kept,) = earlier_work.list_kept(db, ada, gone)
        assert kept.standing is Standing.FREE
        assert earlier_work.take_up(db, kept.id, ada, gone) is Standing.FREE
        again = leases.take_work(db, ada, gone).current
        assert again is not None and again.question_id == lost.question_id
        draft = answers.find_draft(db, again.question_id, ada)
        assert draft is not None and draft.mask == mask(4)
        assert earlier_work.list_kept(db, ada, gone) == []  # in hand
    assert isinstance(submit(project.store, ada, again, mask(4), now=gone + 1), answers.Recorded)
    with project.store.read() as db:
        assert earlier_work.list_kept(db, ada, gone + 2) == []


def test_late_work_stays_kept_once_another_answer_counts(project: Project):
    ada, bob = add_raters(project.store, 2)
    lost = current(take(project.store, ada, now=0))
    with project.store.write() as db:
        leases.show_again(db, Choice(lost.question_id, Purpose.ANSWER), bob, HOUR)
        bobs = leases.take_work(db, bob, HOUR).current
    assert bobs is not None
    submit(project.store, bob, bobs, mask(7), now=HOUR + 1)
    submit(project.store, ada, lost, mask(4), now=HOUR + 2)
    with project.store.write() as db:
        (kept,) = earlier_work.list_kept(db, ada, HOUR + 3)
        assert kept.standing is Standing.ANSWERED
        assert earlier_work.take_up(db, kept.id, ada, HOUR + 3) is Standing.ANSWERED
        assert [row.counts for row in db.execute(newest_answers().select())] == [mask(7).counts]
