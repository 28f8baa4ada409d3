"""Which question a rater gets next, and why.

Questions of one image come together. Hidden gold and replicas therefore come where the image
changes anyway: in the middle of an image, one question from elsewhere would give itself away.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from o365seg.store.people import qualification
from o365seg.store.round_trips import ask
from o365seg.store.schema import (
    Purpose,
    QuestionState,
    answer,
    constant,
    draft,
    gold,
    lease,
    question,
    rater,
)
from o365seg.store.settings import ProjectSettings, uniform
from o365seg.store.standing import rejections
from o365seg.store.work import own_answers

MS_PER_HOUR = 3_600_000


@dataclass(frozen=True)
class Choice:
    """A question for a rater."""

    question_id: int
    purpose: Purpose


def choose_trial(standing: qualification.Qualification, held: Collection[int]) -> Choice | None:
    """The next qualification question of this attempt that is not `held` already."""
    if standing.complete and held:
        return None
    for question_id in qualification.trials_left(standing):
        if question_id not in held:
            return Choice(question_id, Purpose.QUALIFICATION)
    return None


def choose_work(
    db: sa.Connection, rater_id: int, now: int, settings: ProjectSettings
) -> Choice | None:
    """The next question of a rater who may work; None: there is nothing free.

    In order: an answer of theirs that was sent back; a free question of which they have a draft;
    one of the image they saw last; hidden gold or a replica where one is due; the first free
    question; any replica.
    """
    too_long = now - int(settings.correction_hours * MS_PER_HOUR)
    who = {"rater": rater_id}
    before = own_answers.known(db, rater_id)
    shares = settings.gold_share > 0 or settings.replica_share > 0
    sent_back, drafts, last, first, *counted = ask(
        db,
        (_RETURNED, who | {"too_long": too_long}),
        (_DRAFTS, who),
        (_LAST_IMAGE, who),
        (_NEXT, who | {"now": now}),
        *([(_HELD, who), own_answers.rest_asked(before, rater_id)] if shares else []),
    )
    mine = [row.question_id for row in sent_back if row.rater_id == rater_id]
    if mine:
        return Choice(mine[0], Purpose.ANSWER)
    begun = {row.question_id for row in drafts}
    last_image = last[0].image_id if last else None
    # Of others, who took too long or work here no more.
    abandoned = [row.question_id for row in sent_back]
    free = _free_question(db, rater_id, now, first, begun, last_image, abandoned)
    if free is not None and (free.begun or free.same_image):
        return Choice(free.id, Purpose.ANSWER)
    given: Counter[str] = Counter()
    if shares:
        held, [rest] = counted
        given = _given(own_answers.extend(db, rater_id, before, rest), held)
    if _is_due(given, rater_id, Purpose.GOLD, settings):
        golden = _unseen_gold(db, rater_id, settings)
        if golden is not None:
            return Choice(golden, Purpose.GOLD)
    if free is None or _is_due(given, rater_id, Purpose.REPLICA, settings):
        again = _replica(db, rater_id, now)
        if again is not None:
            return again
    return None if free is None else Choice(free.id, Purpose.ANSWER)


# Statements of the way from a submit to the next question are built once: building one takes longer
# than the database does to answer it.
_RATER, _NOW = sa.bindparam("rater", type_=sa.Integer), sa.bindparam("now", type_=sa.BigInteger)
_ONE = sa.literal_column("1")  # a parameter would be planned for as a tenth of all rows
_SENT_BACK = rejections()
# What was sent back to this rater, and to others who took too long or work here no more.
_RETURNED = (
    sa.select(_SENT_BACK.c.question_id, _SENT_BACK.c.rater_id)
    .select_from(_SENT_BACK.join(rater, _SENT_BACK.c.rater_id == rater.c.id))
    .where(
        sa.case(
            (
                _SENT_BACK.c.rater_id == _RATER,
                ~sa.exists().where(
                    lease.c.question_id == _SENT_BACK.c.question_id,
                    lease.c.closed_at.is_(None),
                    lease.c.purpose == constant(Purpose.ANSWER),
                ),
            ),
            else_=(_SENT_BACK.c.rejected_at < sa.bindparam("too_long", type_=sa.BigInteger))
            | ~rater.c.active,
        )
    )
    .order_by(_SENT_BACK.c.rejected_at, _SENT_BACK.c.question_id)
)


@dataclass(frozen=True)
class _Free:
    """A free question. `again`: this rater painted it as gold or replica; `begun`: has a draft."""

    id: int
    position: int
    again: bool
    begun: bool
    same_image: bool

    @property
    def rank(self) -> tuple[bool, bool, bool, int]:
        """The least is asked first; one that is there `again` only where nothing else is left."""
        return self.again, not self.begun, not self.same_image, self.position


def _one_by_one(table: sa.Table, *where: sa.ColumnElement[bool]) -> sa.Exists:
    """Whether a row exists, looked up for each question that is walked past.

    PostgreSQL would join all questions with all rows to find the first without one; it leaves a
    query with an offset alone.
    """
    return (
        sa.select(sa.literal_column("1"))
        .select_from(table)
        .where(*where)
        .correlate(question)
        .offset(sa.literal_column("0"))
        .exists()
    )


_TAKES = (
    lease.c.closed_at.is_(None),
    ((lease.c.purpose == constant(Purpose.ANSWER)) & (lease.c.expires_at > _NOW))
    | (lease.c.rater_id == _RATER),
)
_TAKEN = _one_by_one(lease, lease.c.question_id == question.c.id, *_TAKES)
_AGAIN = _one_by_one(
    answer,
    answer.c.question_id == question.c.id,
    answer.c.rater_id == _RATER,
    answer.c.purpose != constant(Purpose.ANSWER),
)
_QUESTION = sa.select(question.c.id, question.c.position, question.c.image_id)
_FREE = _QUESTION.where(~_TAKEN)
_OPEN = question.c.state == constant(QuestionState.OPEN)
_FIRST_LEFT = (
    # Whoever works has a question or two before the first free one, so all of them are read once:
    # looking up each question would take as many searches as there are people, for each of them.
    _QUESTION.where(_OPEN, question.c.id.not_in(sa.select(lease.c.question_id).where(*_TAKES)))
    .order_by(question.c.position)
    .limit(_ONE)
)
_FIRST = _FIRST_LEFT.where(~_AGAIN)
_FREE_OF = _FREE.add_columns(_AGAIN.label("again"), question.c.state).where(
    question.c.id.in_(sa.bindparam("among", expanding=True))
)
_DRAFTS = sa.select(draft.c.question_id).where(draft.c.rater_id == _RATER, ~draft.c.late)
_LEASE = lease.alias()
_LAST_IMAGE = (
    sa.select(question.c.image_id)
    .select_from(lease.join(question))
    .where(
        lease.c.rater_id == _RATER,
        lease.c.leased_at
        == sa.select(sa.func.max(_LEASE.c.leased_at))
        .where(_LEASE.c.rater_id == _RATER)
        .scalar_subquery(),
    )
    .order_by(question.c.position.desc())
    .limit(_ONE)
)


def _first_of(image: sa.ColumnElement[int]) -> sa.Select:
    return (
        _FREE.where(_OPEN, ~_AGAIN, question.c.image_id == image)
        .order_by(question.c.position)
        .limit(_ONE)
    )


# The first of the image that the rater saw last, or of all: the second is then not looked for.
_NEXT = sa.union_all(
    *(
        sa.select(first.subquery())
        for first in (_first_of(_LAST_IMAGE.correlate(None).scalar_subquery()), _FIRST)
    )
).limit(_ONE)


def _free_question(
    db: sa.Connection,
    rater_id: int,
    now: int,
    first: list[Any],
    begun: Collection[int],
    last_image: int | None,
    abandoned: Collection[int],
) -> _Free | None:
    """The best free question: one without an answer (`first` by `_NEXT`), or one of `abandoned`.

    The first of each kind is looked up along an index, and the best of these taken: the work is
    the same whether a hundred questions are left or a hundred thousand. Walked past are only what
    others hold, and what the rater has seen.
    """
    given = {"rater": rater_id, "now": now}
    candidates: list[_Free] = []

    def consider(row: Any, *, again: bool) -> None:
        same_image = not again and row.image_id == last_image
        candidates.append(_Free(row.id, row.position, again, row.id in begun, same_image))

    among = {*begun, *abandoned}
    if among:
        for row in db.execute(_FREE_OF, given | {"among": list(among)}):
            if row.state == QuestionState.OPEN or row.id in abandoned:
                consider(row, again=row.again)
    for row in first:
        consider(row, again=False)
    if not first and all(found.again for found in candidates):
        [left] = ask(db, (_FIRST_LEFT, given))
        for row in left:
            consider(row, again=True)
    return min(candidates, key=lambda found: found.rank, default=None)


_HELD = sa.select(lease.c.purpose).where(
    lease.c.rater_id == _RATER,
    lease.c.closed_at.is_(None),
    lease.c.purpose != constant(Purpose.QUALIFICATION),
)


def _given(own: own_answers.OwnAnswers, held: list[Any]) -> Counter[str]:
    """The questions that a rater answered or has now (the rows of `_HELD`), by purpose."""
    answered = {
        Purpose.ANSWER.value: own.answers,
        Purpose.GOLD.value: own.gold,
        Purpose.REPLICA.value: own.replicas,
    }
    return Counter(answered) + Counter(row.purpose for row in held)


def _is_due(
    given: Mapping[str, int], rater_id: int, purpose: Purpose, settings: ProjectSettings
) -> bool:
    """Whether a rater's share of such questions is behind; when exactly is drawn by the seed.

    `given`: how many questions the rater answered or has now, by purpose.
    """
    share = settings.gold_share if purpose == Purpose.GOLD else settings.replica_share
    such = given.get(purpose.value, 0)
    behind = sum(given.values()) * share >= such + uniform(settings.seed, purpose, rater_id, such)
    return share > 0 and behind


def _was_with_rater(question_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Whether the rater answered a question for whatever purpose, or has it now."""
    return sa.or_(
        sa.exists().where(answer.c.question_id == question_id, answer.c.rater_id == _RATER),
        sa.exists().where(
            lease.c.question_id == question_id,
            lease.c.rater_id == _RATER,
            lease.c.closed_at.is_(None),
        ),
    )


_UNSEEN_GOLD = sa.select(gold.c.question_id).where(
    gold.c.purpose == constant(Purpose.GOLD), ~_was_with_rater(gold.c.question_id)
)


def _unseen_gold(db: sa.Connection, rater_id: int, settings: ProjectSettings) -> int | None:
    """Which of the gold questions that they never had a rater gets next."""
    [unseen] = ask(db, (_UNSEEN_GOLD, {"rater": rater_id}))
    drawn = [(uniform(settings.seed, "gold", rater_id, id_), id_) for [id_] in unseen]
    return min(drawn)[1] if drawn else None


_PAINTED_AGAIN = (
    # A rater who corrected theirs painted it once.
    sa.select(sa.func.count(sa.distinct(answer.c.rater_id)))
    .where(answer.c.question_id == question.c.id, answer.c.purpose == constant(Purpose.REPLICA))
    .scalar_subquery()
)
_BEING_PAINTED_AGAIN = (
    sa.select(sa.func.count())
    .where(
        lease.c.question_id == question.c.id,
        lease.c.purpose == constant(Purpose.REPLICA),
        lease.c.closed_at.is_(None),
        lease.c.expires_at > _NOW,
    )
    .scalar_subquery()
)
_REPLICA = (
    sa.select(question.c.id)
    .where(
        question.c.replicas > sa.literal_column("0"),  # as its index has it
        question.c.state != constant(QuestionState.OPEN),
        question.c.replicas > _PAINTED_AGAIN + _BEING_PAINTED_AGAIN,  # false of most: first
        ~_was_with_rater(question.c.id),
    )
    .order_by(question.c.position)
    .limit(_ONE)
)


def _replica(db: sa.Connection, rater_id: int, now: int) -> Choice | None:
    """A question to paint once more: it has an answer, which this rater had no part in."""
    [found] = ask(db, (_REPLICA, {"rater": rater_id, "now": now}))
    return Choice(found[0].id, Purpose.REPLICA) if found else None
