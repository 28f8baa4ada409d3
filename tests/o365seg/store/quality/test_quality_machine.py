"""Raters, reviewers and time in any order: what must hold of the store whatever happens."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from quality_steps import SIZE, add_person, choose, make_gold
from rater_steps import submit, take
from small_project import box_mask, make_source

from o365seg.project.creation import create_project
from o365seg.store.database import Store, sqlite_url
from o365seg.store.people import accounts as people
from o365seg.store.progress import summary as progress
from o365seg.store.review import verdicts as reviews
from o365seg.store.review.queue import Filters, take_reviews
from o365seg.store.review.replies import find_sent_back
from o365seg.store.schema import Purpose, Role, Verdict, answer, lease, review
from o365seg.store.standing import counting_answers
from o365seg.store.versions import open_store
from o365seg.store.work import answers, earlier_work
from o365seg.store.work.checks import Activity, Mask, Skip, SkipReason
from o365seg.store.work.leases import LEASE_MS, LeasedQuestion

RATERS = ("Ada", "Bob", "Cem")
REVIEWERS = ("Rea", "Sam")
HOUR = 3_600_000

_people = st.integers(0, len(RATERS) - 1)
_reviewers = st.integers(0, len(REVIEWERS) - 1)
_places = st.tuples(st.integers(0, 58), st.integers(0, 42))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project's database with everybody in it, three gold questions and half its replicas."""
    folder = tmp_path_factory.mktemp("machine")
    source = make_source(folder / "source", images=3)
    create_project(folder / "project", source.detections, source.images)
    path = folder / "project" / "project.sqlite"
    store = open_store(Store(sqlite_url(path)))
    for name in RATERS:
        add_person(store, name)
    for name in REVIEWERS:
        add_person(store, name, Role.REVIEWER)
    for question in (1, 5, 9):
        make_gold(store, question, Purpose.GOLD, box_mask(*SIZE, 10, 10, side=6))
    choose(store, gold_share=0.4, replica_share=0.5, replicas=2, correction_hours=2)
    store.close()
    return path


class QualityWork(RuleBasedStateMachine):
    """The model: every answer that was said to be recorded, and every verdict that was taken."""

    template: Path

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        path = self.folder / "project.sqlite"
        shutil.copy(self.template, path)
        self.store = open_store(Store(sqlite_url(path)))
        self.now = 0
        with self.store.read() as db:
            names = {person.name: person.id for person in people.list_people(db)}
        self.raters = [names[name] for name in RATERS]
        self.reviewers = [names[name] for name in REVIEWERS]
        self.seen: dict[int, list[LeasedQuestion]] = {rater: [] for rater in self.raters}
        self.extra: set[tuple[int, int]] = set()  # (rater, question) served as gold or replica
        self.tokens: set[str] = set()
        self.answers: dict[int, dict[str, Any]] = {}
        self.verdicts: dict[int, Verdict] = {}  # of each answer, the last

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.folder)

    # What people do -----------------------------------------------------------------------------

    @rule(who=_people)
    def ask(self, who: int) -> None:
        rater = self.raters[who]
        work = take(self.store, rater, self.now)
        for leased in (work.current, work.prefetched):
            if leased is not None and leased.token not in self.tokens:
                self.tokens.add(leased.token)
                self.seen[rater].append(leased)
                self._check_served(rater, leased)

    @rule(who=_people, place=_places, skip=st.booleans(), old=st.booleans())
    def answer(self, who: int, place: tuple[int, int], skip: bool, old: bool) -> None:
        rater = self.raters[who]
        self.ask(who)
        if not self.seen[rater]:
            return
        current = take(self.store, rater, self.now).current
        leased = self.seen[rater][0] if old or current is None else current
        work: Any = Skip(SkipReason.TOO_DARK)
        if not skip:
            work = box_mask(*SIZE, *place)
        outcome = submit(self.store, rater, leased, work, now=self.now)
        if isinstance(outcome, answers.Recorded) and not outcome.repeated:
            assert outcome.answer_id not in self.answers
            self._record(outcome.answer_id, rater, leased, work)

    @rule(who=_people)
    def correct_the_last(self, who: int) -> None:
        rater = self.raters[who]
        with self.store.write() as db:
            reopened = earlier_work.reopen(db, rater, None, self.now)
        if reopened:
            leased = take(self.store, rater, self.now).current
            assert leased is not None
            self.tokens.add(leased.token)
            self.seen[rater].append(leased)

    @rule(who=_reviewers, verdict=st.sampled_from(["accepted", "rejected", "repainted"]))
    def judge_the_next(self, who: int, verdict: str) -> None:
        reviewer = self.reviewers[who]
        with self.store.write() as db:
            items = take_reviews(db, reviewer, Filters(), self.now, limit=2)
        for item in items:
            assert item.answer_id == self._newest(item.question_id)
            assert item.answer_id not in self.verdicts
            self._hand_over(reviewer, item.answer_id)
        if items:
            self._judge(reviewer, items[0], verdict)

    @precondition(lambda self: self.answers)
    @rule(who=_reviewers, pick=st.integers(0, 10**6), verdict=st.sampled_from(list(Verdict)[:2]))
    def judge_any(self, who: int, pick: int, verdict: Verdict) -> None:
        """Going back, or a page that was left open."""
        answer_id = sorted(self.answers)[pick % len(self.answers)]
        known = self.answers[answer_id]
        reviewer = self.reviewers[who]
        try:
            with self.store.write() as db:
                reviews.judge(db, reviewer, answer_id, verdict, "again", self.now)
        except reviews.ReviewRefused:
            return
        assert known["purpose"] is Purpose.ANSWER
        assert answer_id == self._newest(known["question"])
        assert known["rater"] != reviewer
        self.verdicts[answer_id] = verdict

    @rule(who=_people)
    def shut_out_and_in_again(self, who: int) -> None:
        with self.store.write() as db:
            people.deactivate(db, RATERS[who], by=None, now=self.now)
        with self.store.write() as db:
            people.reactivate(db, RATERS[who], by=None)

    @rule(ms=st.sampled_from([1000, LEASE_MS // 2, LEASE_MS + 1, 3 * HOUR]))
    def wait(self, ms: int) -> None:
        self.now += ms

    # What must hold -----------------------------------------------------------------------------

    @invariant()
    def nothing_is_lost_doubled_or_changed(self) -> None:
        if not hasattr(self, "store"):
            return
        with self.store.read() as db:
            rows = db.execute(sa.select(answer)).all()
        assert {row.id for row in rows} == set(self.answers)
        for row in rows:
            known = self.answers[row.id]
            assert (row.question_id, row.rater_id) == (known["question"], known["rater"])
            assert (row.purpose, row.counts) == (known["purpose"], known["counts"])
            assert (row.reference_iou is not None) == (row.purpose == Purpose.GOLD)

    @invariant()
    def one_person_answers_a_question_at_a_time(self) -> None:
        if not hasattr(self, "store"):
            return
        with self.store.read() as db:
            open_ = db.execute(
                sa.select(lease.c.question_id).where(
                    lease.c.closed_at.is_(None), lease.c.purpose == Purpose.ANSWER
                )
            ).scalars()
            questions = list(open_)
        assert len(questions) == len(set(questions))

    @invariant()
    def the_newest_answer_counts_unless_it_was_sent_back(self) -> None:
        if not hasattr(self, "store"):
            return
        newest = {known["question"]: self._newest(known["question"]) for known in self._ordinary()}
        expected = {
            question: id_
            for question, id_ in newest.items()
            if id_ is not None and self.verdicts.get(id_) is not Verdict.REJECTED
        }
        with self.store.read() as db:
            counting = counting_answers()
            found = dict(db.execute(sa.select(counting.c.question_id, counting.c.id)).all())
            done = progress.measure_progress(db, self.now)
            verdicts = db.execute(sa.select(review.c.answer_id, review.c.verdict)).all()
        assert found == expected
        assert done.masks + done.skipped == len(expected)
        assert done.rejected == len(newest) - len(expected)
        # of each answer, the last
        assert {row.answer_id: Verdict(row.verdict) for row in verdicts} == self.verdicts

    # Inside -------------------------------------------------------------------------------------

    def _check_served(self, rater: int, leased: LeasedQuestion) -> None:
        mine = [known for known in self.answers.values() if known["rater"] == rater]
        if leased.purpose in (Purpose.GOLD, Purpose.REPLICA):
            # never what they painted before, for whatever purpose, and so never twice
            assert leased.question_id not in {known["question"] for known in mine}
        if leased.purpose is Purpose.ANSWER:
            newest = self._newest(leased.question_id)
            assert newest is None or self.verdicts.get(newest) is Verdict.REJECTED
            own = newest is not None and self.answers[newest]["rater"] == rater
            assert leased.sent_back == (newest is not None)
            with self.store.read() as db:
                said = find_sent_back(db, leased.question_id, rater)
            assert (said is not None) == own
        else:
            assert not leased.sent_back
        with self.store.read() as db:
            shown = earlier_work.own_answer(db, leased.question_id, rater, leased.purpose)
        if shown is not None and shown.mask is not None:
            assert shown.mask.counts in {known["counts"] for known in mine}

    def _hand_over(self, reviewer: int, answer_id: int) -> None:
        with self.store.write() as db:
            for other in self.reviewers:
                if other != reviewer:
                    offered = take_reviews(db, other, Filters(), self.now, limit=50)
                    assert answer_id not in {item.answer_id for item in offered}
                    # and given back, so that the other's turn stays open
                    take_reviews(db, other, Filters(), self.now, limit=0)

    def _judge(self, reviewer: int, item: reviews.ReviewItem, verdict: str) -> None:
        assert item.token is not None
        with self.store.write() as db:
            if verdict != "repainted":
                reviews.judge(db, reviewer, item.answer_id, Verdict(verdict), "so", self.now)
            else:
                mask = box_mask(*SIZE, 20, 20)
                recorded = reviews.repaint(
                    db,
                    reviewer_id=reviewer,
                    answer_id=item.answer_id,
                    token=item.token,
                    mask=mask,
                    activity=Activity(),
                    client_version="test",
                    now=self.now,
                )
                self.answers[recorded.answer_id] = {
                    "question": item.question_id,
                    "rater": reviewer,
                    "purpose": Purpose.ANSWER,
                    "counts": mask.counts,
                }
        self.verdicts[item.answer_id] = Verdict(verdict)

    def _record(self, id_: int, rater: int, leased: LeasedQuestion, work: Any) -> None:
        self.answers[id_] = {
            "question": leased.question_id,
            "rater": rater,
            "purpose": leased.purpose,
            "counts": work.counts if isinstance(work, Mask) else None,
        }

    def _ordinary(self) -> list[dict[str, Any]]:
        return [known for known in self.answers.values() if known["purpose"] is Purpose.ANSWER]

    def _newest(self, question: int) -> int | None:
        return max(
            (
                id_
                for id_, known in self.answers.items()
                if known["question"] == question and known["purpose"] is Purpose.ANSWER
            ),
            default=None,
        )


def test_whatever_raters_and_reviewers_do_in_whatever_order(template: Path) -> None:
    QualityWork.template = template
    run_state_machine_as_test(
        QualityWork,
        settings=hypothesis_settings(max_examples=10, stateful_step_count=40, deadline=None),
    )
