"""The reviewers' queue, and what becomes of what they send back."""

import pytest
from quality_steps import (
    SIZE,
    add_person,
    choose,
    judge,
    make_gold,
    paint,
    queue,
    reject,
)
from rater_steps import current, skip, submit, take
from small_project import box_mask

from o365seg.project.folder import Project
from o365seg.release.build import build_release
from o365seg.store.people import accounts as people
from o365seg.store.progress.summary import measure_progress
from o365seg.store.review import queue as review_queue
from o365seg.store.review import verdicts as reviews
from o365seg.store.review.queue import Attention
from o365seg.store.review.replies import find_sent_back
from o365seg.store.review.verdicts import ReviewRefused
from o365seg.store.schema import Purpose, Role, Verdict
from o365seg.store.work import answers
from o365seg.store.work.checks import Activity

HOUR = 3_600_000


@pytest.fixture
def ada(project: Project) -> int:
    return add_person(project.store, "Ada")


@pytest.fixture
def bob(project: Project) -> int:
    return add_person(project.store, "Bob")


@pytest.fixture
def rea(project: Project) -> int:
    return add_person(project.store, "Rea", Role.REVIEWER)


@pytest.fixture
def sam(project: Project) -> int:
    return add_person(project.store, "Sam", Role.REVIEWER)


def record_of(project: Project, question: int) -> dict:
    records = build_release(project)["annotations"]
    return next(record for record in records if record["id"] == question)


def test_two_reviewers_never_have_the_same_answer(
    project: Project, ada: int, rea: int, sam: int
) -> None:
    given = [paint(project.store, ada)[1] for _ in range(5)]
    hers = [item.answer_id for item in queue(project.store, rea)]
    his = [item.answer_id for item in queue(project.store, sam)]
    assert hers == given[:3]
    assert his == given[3:]
    with pytest.raises(ReviewRefused, match="another reviewer"):
        judge(project.store, sam, given[0], Verdict.ACCEPTED)
    later = reviews.HOLD_MS + 1
    assert [item.answer_id for item in queue(project.store, sam, now=later)] == given[:3]


def test_nobody_reviews_their_own_work(project: Project, rea: int, sam: int) -> None:
    _, answered = paint(project.store, rea)
    assert queue(project.store, rea) == []
    with pytest.raises(ReviewRefused, match="your own"):
        judge(project.store, rea, answered, Verdict.ACCEPTED)
    assert [item.answer_id for item in queue(project.store, sam)] == [answered]


def test_a_rejection_needs_a_comment_and_an_answer_that_still_stands(
    project: Project, ada: int, rea: int
) -> None:
    _, answered = paint(project.store, ada)
    with pytest.raises(ReviewRefused, match="few words"):
        reject(project.store, rea, answered, comment="  ")
    with pytest.raises(ReviewRefused, match="no such answer"):
        reject(project.store, rea, 10**6)


def test_a_resent_verdict_is_recorded_once_and_a_new_one_counts(
    project: Project, ada: int, rea: int
) -> None:
    question, answered = paint(project.store, ada)
    for _ in range(2):
        reject(project.store, rea, answered)
    judge(project.store, rea, answered, Verdict.ACCEPTED)
    with project.store.read() as db:
        assert review_queue.count_reviews(db) == review_queue.ReviewCounts(0, 1, 0, 0)
    assert "segmentation" in record_of(project, question)


def test_what_was_sent_back_goes_to_its_rater_first(
    project: Project, ada: int, bob: int, rea: int
) -> None:
    question, answered = paint(project.store, ada)
    reject(project.store, rea, answered, comment="the hand is not the cup")
    while (work := take(project.store, bob).current) is not None:
        assert work.question_id != question
        skip(project.store, bob, work)
    again = current(take(project.store, ada))
    assert (again.question_id, again.sent_back) == (question, True)
    with project.store.read() as db:
        said = find_sent_back(db, question, ada)
    assert said is not None
    assert said.comment == "the hand is not the cup"
    submit(project.store, ada, again, box_mask(*SIZE, 1, 1))
    (item,) = queue(project.store, rea, rater="Ada", size="small", limit=1)
    assert [(said.reviewer, said.comment) for said in item.earlier] == [
        ("Rea", "the hand is not the cup")
    ]
    assert item.verdict is None


def test_after_a_while_or_without_its_rater_others_get_it_blank(
    project: Project, ada: int, bob: int, rea: int
) -> None:
    choose(project.store, correction_hours=2)
    first, second = paint(project.store, ada), paint(project.store, ada)
    reject(project.store, rea, first[1])
    while (work := take(project.store, bob).current) is not None:
        skip(project.store, bob, work)
    late = 2 * HOUR + 1
    work = current(take(project.store, bob, now=late))
    assert (work.question_id, work.sent_back) == (first[0], True)
    with project.store.read() as db:
        assert find_sent_back(db, first[0], bob) is None
    skip(project.store, bob, work, now=late)
    reject(project.store, rea, second[1], now=late)
    held = take(project.store, bob, now=late).current
    assert held is None or held.question_id != second[0]
    with project.store.write() as db:
        people.deactivate(db, "Ada", by=None, now=late)
    seen = set()
    while (work := take(project.store, bob, now=late).current) is not None:
        seen.add(work.question_id)
        skip(project.store, bob, work, now=late)
    assert second[0] in seen


def test_a_rejected_mask_is_released_as_unanswered(project: Project, ada: int, rea: int) -> None:
    question, answered = paint(project.store, ada)
    reject(project.store, rea, answered)
    record = record_of(project, question)
    assert record["unanswered"] is True
    assert record["ignore"] == 1
    assert "segmentation" not in record
    with project.store.read() as db:
        done = measure_progress(db, now=0)
    assert (done.masks, done.rejected, done.unanswered) == (0, 1, 9)
    info = build_release(project)["info"]
    assert (info["rejected"], info["accepted"], info["masks"]) == (1, 0, 0)


def test_a_repainting_is_final_and_recorded_once(
    project: Project, ada: int, rea: int, sam: int
) -> None:
    question, answered = paint(project.store, ada)
    (item,) = queue(project.store, rea)
    assert item.token is not None
    mask = box_mask(*SIZE, 20, 20)
    for repeated in (False, True):
        with project.store.write() as db:
            recorded = reviews.repaint(
                db,
                reviewer_id=rea,
                answer_id=answered,
                token=item.token,
                mask=mask,
                activity=Activity(active_ms=HOUR),
                client_version="test",
                now=HOUR,
            )
        assert recorded.repeated is repeated
    assert record_of(project, question)["segmentation"]["counts"] == mask.counts
    assert queue(project.store, sam) == []
    with pytest.raises(ReviewRefused, match="final"):
        reject(project.store, sam, recorded.answer_id)
    with project.store.read() as db:
        assert review_queue.count_reviews(db) == review_queue.ReviewCounts(0, 0, 0, 1)
        assert measure_progress(db, now=1).rater_hours == 1


def test_a_repainting_takes_the_question_from_who_corrects_it(
    project: Project, ada: int, rea: int
) -> None:
    _, answered = paint(project.store, ada)
    (item,) = queue(project.store, rea)
    with project.store.write() as db:
        reviews.judge(db, rea, answered, Verdict.REJECTED, "no", 0)
    skip(project.store, ada, current(take(project.store, ada)))
    correcting = current(take(project.store, ada))
    with project.store.write() as db:
        back = review_queue.open_item(db, rea, answered, 0)
        assert back.token is not None
        assert back.token != item.token
        reviews.repaint(
            db,
            reviewer_id=rea,
            answer_id=answered,
            token=back.token,
            mask=box_mask(*SIZE, 20, 20),
            activity=Activity(),
            client_version="test",
            now=0,
        )
    late = submit(project.store, ada, correcting, box_mask(*SIZE, 1, 1))
    assert isinstance(late, answers.LeaseLost)


def test_filters(project: Project, ada: int, bob: int, rea: int) -> None:
    store = project.store
    choose(store, replica_share=1, gold_share=0.5, low_agreement=0.5)
    make_gold(store, 9, Purpose.GOLD, box_mask(*SIZE, 40, 30))
    large = box_mask(*SIZE, 5, 5, side=40)
    small_one = paint(store, ada)[1]
    big_one = paint(store, ada, large)[1]
    assert [item.answer_id for item in queue(store, rea, size="small")] == [small_one]
    assert [item.answer_id for item in queue(store, rea, size="medium")] == [big_one]
    assert queue(store, rea, size="large") == []
    assert queue(store, rea, rater="Bob") == []
    (item,) = queue(store, rea, limit=1)
    found = {entry.category_id for entry in queue(store, rea, category_id=item.category_id)}
    assert found == {item.category_id}
    assert queue(store, rea, attention=Attention.LOW_AGREEMENT) == []
    while (work := take(store, bob).current) is not None:  # far from hers, his gold too
        submit(store, bob, work, box_mask(*SIZE, 58, 40))
    disputed = {entry.question_id for entry in queue(store, rea, attention=Attention.LOW_AGREEMENT)}
    assert disputed <= {1, 2, 3, 5, 6, 7, 9, 10, 11}
    assert disputed
    weak = queue(store, rea, attention=Attention.LOW_GOLD, limit=50)
    assert {entry.rater for entry in weak} == {"Bob"}


def test_skips_are_reviewed_too_and_gold_and_replicas_are_not(
    project: Project, ada: int, rea: int
) -> None:
    make_gold(project.store, 1, Purpose.QUALIFICATION, box_mask(*SIZE, 5, 8))
    choose(project.store, pass_mark=0)
    trial = current(take(project.store, ada))
    recorded = submit(project.store, ada, trial, box_mask(*SIZE, 5, 8))
    assert isinstance(recorded, answers.Recorded)
    assert queue(project.store, rea) == []
    with pytest.raises(ReviewRefused, match="no such answer"):
        judge(project.store, rea, recorded.answer_id, Verdict.ACCEPTED)
    skip(project.store, ada, current(take(project.store, ada)))
    (item,) = queue(project.store, rea)
    assert (item.counts, item.skip_reason) == (None, "too_dark")
