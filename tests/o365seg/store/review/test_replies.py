"""Reviewers' marks and raters' replies, in both databases."""

import pytest
from quality_steps import SIZE, add_person, judge, paint, queue
from rater_steps import current, submit, take
from small_project import box_mask

from o365seg.project.folder import Project
from o365seg.store.review import replies, verdicts
from o365seg.store.review.replies import ReplyRefused
from o365seg.store.review.verdicts import ReviewRefused
from o365seg.store.schema import Role, Verdict
from o365seg.store.work.answers import Recorded


@pytest.fixture
def people(project: Project) -> tuple[int, int, int]:
    """Ada and Bob paint, Rea reviews."""
    store = project.store
    return add_person(store, "Ada"), add_person(store, "Bob"), add_person(store, "Rea", Role.OWNER)


def send_back(
    project: Project, reviewer: int, answer: int, marks: list[tuple[int, int]], now: int = 0
) -> None:
    with project.store.write() as db:
        verdicts.judge(db, reviewer, answer, Verdict.REJECTED, "the ear", now, marks)


def test_the_rater_sees_the_marks_and_the_reviewer_the_reply(
    project: Project, people: tuple[int, int, int]
) -> None:
    ada, _, rea = people
    question, answer = paint(project.store, ada)
    send_back(project, rea, answer, [(3, 4), (63, 47)])
    send_back(project, rea, answer, [(3, 4), (63, 47)])  # resent
    with project.store.write() as db:
        seen = replies.find_sent_back(db, question, ada)
        assert seen is not None
        assert (seen.marks, seen.reply) == ([(3, 4), (63, 47)], None)
        for text in ("first", " It is\nthe shadow. ", " It is\nthe shadow. "):
            replies.add_reply(db, ada, seen.review_id, text, 1)
        again = replies.find_sent_back(db, question, ada)
        assert again is not None
        assert again.reply == "It is\nthe shadow."
    leased = current(take(project.store, ada))
    if leased.question_id != question:  # the next was on the screen already
        submit(project.store, ada, leased, box_mask(*SIZE, 5, 8))
        leased = current(take(project.store, ada))
    assert leased.question_id == question
    corrected = submit(project.store, ada, leased, box_mask(*SIZE, 6, 8))
    assert isinstance(corrected, Recorded)
    item = next(one for one in queue(project.store, rea) if one.question_id == question)
    assert (item.marks, item.reply) == ([], None)
    [before] = item.earlier
    assert before.marks == [(3, 4), (63, 47)]
    assert before.reply == "It is\nthe shadow."
    with project.store.read() as db:
        assert replies.find_sent_back(db, question, ada) is None  # the newest is not judged yet


def test_marks_are_on_the_image_few_and_of_rejections(
    project: Project, people: tuple[int, int, int]
) -> None:
    ada, _, rea = people
    _, answer = paint(project.store, ada)
    for marks, why in (
        ([(64, 0)], "outside the image"),
        ([(0, -1)], "outside the image"),
        ([(1, 1)] * 21, "at most 20 places"),
    ):
        with pytest.raises(ReviewRefused, match=why):
            send_back(project, rea, answer, marks)
    with pytest.raises(ReviewRefused, match="only a rejection"), project.store.write() as db:
        verdicts.judge(db, rea, answer, Verdict.ACCEPTED, "", 0, [(1, 1)])
    send_back(project, rea, answer, [(1, 1)] * 20)
    with project.store.read() as db:
        assert verdicts.read_item(db, rea, answer).marks == [(1, 1)] * 20


def test_only_who_was_sent_back_replies(project: Project, people: tuple[int, int, int]) -> None:
    ada, bob, rea = people
    question, answer = paint(project.store, ada)
    judge(project.store, rea, answer, Verdict.ACCEPTED)
    with project.store.write() as db:
        assert replies.find_sent_back(db, question, ada) is None
        with pytest.raises(ReplyRefused, match="no such review"):
            replies.add_reply(db, ada, 1, "why?", 0)
    send_back(project, rea, answer, [], now=1)
    with project.store.write() as db:
        seen = replies.find_sent_back(db, question, ada)
        assert seen is not None
        assert seen.marks == []
        for who, text, why in ((bob, "mine", "no such review"), (ada, " \n", "is empty")):
            with pytest.raises(ReplyRefused, match=why):
                replies.add_reply(db, who, seen.review_id, text, 2)
        assert replies.newest_replies(db, [seen.review_id]) == {}
