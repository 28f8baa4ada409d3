"""The next question is what the obvious rule finds, however the work stands; in both databases.

The oracle reads every row and thinks in Python. Beside it: what is counted and written down on the
way (a question's state, the tally) is what follows from answers and reviews.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from quality_steps import SIZE, paint, reject
from rater_steps import add_raters, current, skip, take
from small_project import SmallSource, box_mask, open_small_project

from o365seg.project.folder import Project
from o365seg.store import schema
from o365seg.store.progress import summary as progress
from o365seg.store.schema import ACTIVITY_COLUMNS, Purpose, QuestionState, Verdict
from o365seg.store.settings import ProjectSettings, uniform
from o365seg.store.work import choosing, own_answers
from o365seg.store.work.choosing import MS_PER_HOUR, Choice

NOW = 10 * MS_PER_HOUR
QUESTIONS, RATERS = 9, 3
MASK = box_mask(*SIZE, 3, 3)

_question = st.integers(0, QUESTIONS - 1)
_rater = st.integers(0, RATERS - 1)
_at = st.integers(0, 3)  # few, so that many are equal
_work = st.sampled_from([Purpose.ANSWER, Purpose.ANSWER, Purpose.REPLICA, Purpose.GOLD])


@dataclass(frozen=True)
class Situation:
    """How the work stands: numbers of questions and raters, in the order in which it happened."""

    settled: list[int]  # who answered the first questions
    answers: list[tuple[int, int, Purpose, bool, int]]  # question, rater, purpose, skip, leased at
    reviews: list[tuple[int, Verdict, int]]  # which answer, verdict, hours ago
    held: list[tuple[int, int, Purpose, bool, int]]  # question, rater, purpose, expired, leased at
    drafts: set[tuple[int, int, bool]]  # question, rater, late
    gold: set[int]
    replicas: list[int]
    inactive: set[int]
    settings: ProjectSettings = field(default_factory=ProjectSettings)


situations = st.builds(
    Situation,
    settled=st.lists(_rater, max_size=QUESTIONS),
    answers=st.lists(st.tuples(_question, _rater, _work, st.booleans(), _at), max_size=10),
    reviews=st.lists(
        st.tuples(st.integers(0, 18), st.sampled_from(list(Verdict)), st.integers(0, 5)), max_size=8
    ),
    held=st.lists(st.tuples(_question, _rater, _work, st.booleans(), _at), max_size=5),
    drafts=st.sets(st.tuples(_question, _rater, st.booleans()), max_size=4),
    gold=st.sets(_question, max_size=3),
    replicas=st.lists(st.integers(0, 2), min_size=QUESTIONS, max_size=QUESTIONS),
    inactive=st.sets(_rater, max_size=2),
    settings=st.builds(
        ProjectSettings,
        gold_share=st.sampled_from([0.0, 0.2, 0.5]),
        replica_share=st.sampled_from([0.0, 0.3, 1.0]),
        correction_hours=st.just(2.5),
        seed=st.integers(0, 3),
    ),
)


class Undone(Exception):
    """Rolls an example back, so that the next begins anew."""


def arrange(db: sa.Connection, situation: Situation, people: list[int]) -> None:
    """Write it down, as far as the database allows."""
    in_order = sa.select(schema.question.c.id).order_by(schema.question.c.position)
    ids = list(db.execute(in_order).scalars())
    number = iter(range(1000))

    def add_lease(what: int, who: int, why: Purpose, at: int, **more: Any) -> str:
        token = f"token {next(number)}"
        row = {"token": token, "question_id": ids[what], "rater_id": people[who], "purpose": why}
        db.execute(schema.lease.insert(), [row | {"leased_at": at, "shown_at": at} | more])
        return token

    given: list[int] = []
    first = [(what, who, Purpose.ANSWER, False, 0) for what, who in enumerate(situation.settled)]
    for what, who, why, skipped, at in first + situation.answers:
        token = add_lease(what, who, why, at, expires_at=at, closed_at=at, outcome="answered")
        content = {"skip_reason": "too_dark"} if skipped else {"counts": MASK.counts}
        row = {"question_id": ids[what], "rater_id": people[who], "lease_token": token}
        row |= {"purpose": why, "image_sha256": "x", "width": 64, "height": 48}
        row |= {"leased_at": at, "shown_at": at, "received_at": at, "client_version": "x"}
        added = db.execute(
            schema.answer.insert(), row | content | dict.fromkeys(ACTIVITY_COLUMNS, 0)
        )
        given.append(added.inserted_primary_key[0])  # type: ignore[index]
    for which, verdict, hours in situation.reviews:
        if which < len(given):
            row = {"answer_id": given[which], "reviewer_id": people[0], "verdict": verdict}
            row |= {"created_at": NOW - hours * MS_PER_HOUR, "comment": "so"}
            db.execute(schema.review.insert(), row)
    seen: set[object] = set()
    for what, who, why, expired, at in situation.held:
        once = {(what, who), *([what] if why is Purpose.ANSWER else [])}
        if not once & seen:
            seen |= once
            add_lease(what, who, why, at, expires_at=NOW - 1 if expired else NOW + 1)
    for what, who, late in situation.drafts:
        row = {"question_id": ids[what], "rater_id": people[who], "late": late}
        row |= {"counts": MASK.counts, "activity": {}, "saved_at": 0}
        db.execute(schema.draft.insert(), row)
    for what in situation.gold:
        row = {"question_id": ids[what], "purpose": "gold", "counts": MASK.counts, "created_at": 0}
        db.execute(schema.gold.insert(), row)
    for what, replicas in enumerate(situation.replicas):
        table = schema.question
        db.execute(table.update().where(table.c.id == ids[what]).values(replicas=replicas))
    for who in situation.inactive:
        table = schema.rater
        db.execute(table.update().where(table.c.id == people[who]).values(active=False))


class Oracle:
    """Everything in memory, and the rule as `choosing.choose_work` tells it."""

    def __init__(self, db: sa.Connection) -> None:
        def rows(table: sa.Table) -> list[Any]:
            return list(db.execute(sa.select(table).order_by(*table.primary_key.columns)))

        self.questions = sorted(rows(schema.question), key=lambda row: row.position)
        self.answers, self.leases = rows(schema.answer), rows(schema.lease)
        self.open = [row for row in self.leases if row.closed_at is None]
        self.drafts, self.gold = rows(schema.draft), rows(schema.gold)
        self.active = {row.id: row.active for row in rows(schema.rater)}
        self.newest = {row.question_id: row for row in self.answers if row.purpose == "answer"}
        last = {row.answer_id: row for row in rows(schema.review)}
        self.rejected = {
            question_id: (row.rater_id, last[row.id].created_at)
            for question_id, row in self.newest.items()
            if row.id in last and last[row.id].verdict == "rejected"
        }

    def choose(self, rater_id: int, settings: ProjectSettings) -> Choice | None:
        mine = [
            (at, question_id)
            for question_id, (who, at) in self.rejected.items()
            if who == rater_id
            and not any(
                row.question_id == question_id and row.purpose == "answer" for row in self.open
            )
        ]
        if mine:
            return Choice(min(mine)[1], Purpose.ANSWER)
        free = [row for row in self.questions if self._is_free(row.id, rater_id, settings)]
        best = min(free, key=lambda row: self._rank(row, rater_id), default=None)
        if best is not None:
            _again, not_begun, not_same_image, _position = self._rank(best, rater_id)
            if not (not_begun and not_same_image):
                return Choice(best.id, Purpose.ANSWER)
        unseen = [
            row.question_id for row in self.gold if not self._was_with(row.question_id, rater_id)
        ]
        if unseen and self._due(rater_id, Purpose.GOLD, settings.gold_share, settings):
            chosen = min(
                unseen, key=lambda id_: (uniform(settings.seed, "gold", rater_id, id_), id_)
            )
            return Choice(chosen, Purpose.GOLD)
        if best is None or self._due(rater_id, Purpose.REPLICA, settings.replica_share, settings):
            for row in self.questions:
                if self._lacks_replica(row, rater_id):
                    return Choice(row.id, Purpose.REPLICA)
        return None if best is None else Choice(best.id, Purpose.ANSWER)

    def _is_free(self, question_id: int, rater_id: int, settings: ProjectSettings) -> bool:
        if question_id in self.newest:
            who, at = self.rejected.get(question_id, (rater_id, 0))
            too_long = at < NOW - settings.correction_hours * MS_PER_HOUR
            if who == rater_id or not (too_long or not self.active[who]):
                return False
        return not any(
            row.question_id == question_id
            and (row.rater_id == rater_id or (row.purpose == "answer" and row.expires_at > NOW))
            for row in self.open
        )

    def _rank(self, row: Any, rater_id: int) -> tuple[bool, bool, bool, int]:
        again = any(
            given.question_id == row.id and given.rater_id == rater_id and given.purpose != "answer"
            for given in self.answers
        )
        begun = any(
            kept.question_id == row.id and kept.rater_id == rater_id and not kept.late
            for kept in self.drafts
        )
        where = {one.id: one for one in self.questions}
        mine = [
            (given.leased_at, where[given.question_id].position, where[given.question_id].image_id)
            for given in self.leases
            if given.rater_id == rater_id
        ]
        same_image = bool(mine) and max(mine)[2] == row.image_id and not again
        return again, not begun, not same_image, row.position

    def _due(self, rater_id: int, why: Purpose, share: float, settings: ProjectSettings) -> bool:
        mine = Counter(row.purpose for row in self.leases if row.rater_id == rater_id)
        such = mine[why]
        behind = mine.total() * share >= such + uniform(settings.seed, why, rater_id, such)
        return share > 0 and behind

    def _was_with(self, question_id: int, rater_id: int) -> bool:
        return any(
            row.question_id == question_id and row.rater_id == rater_id
            for row in [*self.answers, *self.open]
        )

    def _lacks_replica(self, row: Any, rater_id: int) -> bool:
        painted = {
            given.rater_id
            for given in self.answers
            if given.question_id == row.id and given.purpose == "replica"
        }
        begun = sum(
            held.question_id == row.id and held.purpose == "replica" and held.expires_at > NOW
            for held in self.open
        )
        missing = len(painted) + begun < row.replicas
        return missing and row.id in self.newest and not self._was_with(row.id, rater_id)


NOTHING = Situation([], [], [], [], set(), set(), [0] * QUESTIONS, set())
# All that is left the rater has painted as gold; a replica comes before it, whatever its image.
LEFT_AGAIN = replace(
    NOTHING,
    settled=[1] * 8,
    answers=[(8, 0, Purpose.GOLD, False, 3)],
    replicas=[1] + [0] * 8,
    settings=ProjectSettings(replica_share=1.0),
)
# The same of a question without an answer and of one that was sent back and abandoned.
ABANDONED_AGAIN = replace(
    NOTHING,
    answers=[
        *((what, 1, Purpose.ANSWER, False, 0) for what in range(1, 9)),
        (8, 0, Purpose.REPLICA, False, 1),
        (0, 0, Purpose.GOLD, False, 2),
    ],
    reviews=[(7, Verdict.REJECTED, 5)],
    settings=ProjectSettings(correction_hours=2.5),
)


@example(situation=LEFT_AGAIN)
@example(situation=ABANDONED_AGAIN)
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(situation=situations)
def test_the_obvious_question_comes_next(project: Project, situation: Situation) -> None:
    with project.store.read() as db:
        known = db.execute(sa.select(sa.func.count()).select_from(schema.rater)).scalar_one()
    people = list(range(1, RATERS + 1)) if known else add_raters(project.store, RATERS)
    try:
        with project.store.write() as db:
            arrange(db, situation, people)
            oracle = Oracle(db)
            for rater_id in people:
                chosen = choosing.choose_work(db, rater_id, NOW, situation.settings)
                assert chosen == oracle.choose(rater_id, situation.settings)
            for row in oracle.questions:
                state = QuestionState.ANSWERED if row.id in oracle.newest else QuestionState.OPEN
                if row.id in oracle.rejected:
                    state = QuestionState.SENT_BACK
                assert row.state == state
            counting = [row for id_, row in oracle.newest.items() if id_ not in oracle.rejected]
            masks = sum(row.counts is not None for row in counting)
            assert progress.count_masks_and_skips(db) == (masks, len(counting) - masks)
            for rater_id in people:
                mine = sum(row.rater_id == rater_id for row in oracle.answers)
                assert progress.measure_for_rater(db, rater_id).mine == mine
            raise Undone
    except Undone:
        pass


@pytest.mark.parametrize("most_since", [0, 5000])
def test_the_tally_goes_on_from_where_it_was(
    project: Project, monkeypatch: pytest.MonkeyPatch, most_since: int
) -> None:
    ada, rui = add_raters(project.store, 2)
    monkeypatch.setattr(own_answers, "_MOST_SINCE", most_since)
    table = schema.answer

    def counted() -> tuple[int, int]:
        with project.store.read() as db:
            for rater_id in (ada, rui):
                all_ = sa.select(sa.func.count()).where(table.c.rater_id == rater_id)
                mine = progress.measure_for_rater(db, rater_id).mine
                assert mine == db.execute(all_.select_from(table)).scalar_one()
            return progress.count_masks_and_skips(db)

    assert counted() == (0, 0)
    _, first = paint(project.store, ada)
    assert counted() == (1, 0)
    skip(project.store, ada, current(take(project.store, ada)))
    assert counted() == (1, 1)
    reject(project.store, rui, first)
    assert counted() == (0, 1)
    other = current(take(project.store, ada))  # what was prefetched
    skip(project.store, ada, other)
    again = current(take(project.store, ada))
    assert again.sent_back
    skip(project.store, ada, again)  # the mask became a skip
    assert counted() == (0, 3)


def test_postgresql_walks_along_the_questions(
    source: SmallSource, tmp_path: Path, postgresql: str
) -> None:
    """Joined, all open questions would be read to find the first free one."""
    with (
        open_small_project(tmp_path / "project", source, postgresql) as project,
        project.store.read() as db,
    ):
        for statement in (choosing._FIRST, choosing._first_of(sa.literal(1))):
            given = statement.params(rater=1, now=1)
            text = given.compile(db.engine, compile_kwargs={"literal_binds": True})
            plan = "\n".join(db.execute(sa.text(f"EXPLAIN {text}")).scalars())
            assert "SubPlan" in plan
            assert "Join" not in plan


def test_what_a_writer_sees_and_undoes_is_not_remembered(project: Project) -> None:
    (ada,) = add_raters(project.store, 1)
    held = current(take(project.store, ada))
    try:
        with project.store.write() as db:
            token = sa.select(schema.lease).where(schema.lease.c.token == held.token)
            row = dict.fromkeys((*ACTIVITY_COLUMNS, "leased_at", "shown_at", "received_at"), 0)
            row |= {"width": 64, "height": 48, "client_version": "x", "image_sha256": "x"}
            lease = db.execute(token).one()
            row |= {"question_id": lease.question_id, "rater_id": ada, "lease_token": held.token}
            db.execute(schema.answer.insert(), row | {"counts": MASK.counts})
            assert progress.count_masks_and_skips(db) == (1, 0)
            raise Undone
    except Undone:
        pass
    with project.store.read() as db:
        assert progress.count_masks_and_skips(db) == (0, 0)
    skip(project.store, ada, held)  # in SQLite it gets the same id
    with project.store.read() as db:
        assert progress.count_masks_and_skips(db) == (0, 1)
