"""Which question a rater gets next, and why.

Questions of one image come together. Hidden gold and replicas therefore come where the image
changes anyway: in the middle of an image, one question from elsewhere would give itself away.
"""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from o365seg.store import qualification
from o365seg.store.schema import Purpose, answer, draft, gold, lease, question, rater
from o365seg.store.settings import ProjectSettings, uniform
from o365seg.store.standing import rejections

MS_PER_HOUR = 3_600_000


@dataclass(frozen=True)
class Choice:
    """A question for a rater."""

    question_id: int
    purpose: Purpose


def choose_trial(db: sa.Connection, rater_id: int, held: Collection[int]) -> Choice | None:
    """The next qualification question of this attempt that is not `held` already."""
    standing = qualification.read_qualification(db, rater_id)
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
    sent_back = _own_rejection(db, rater_id)
    if sent_back is not None:
        return Choice(sent_back, Purpose.ANSWER)
    free = _free_question(db, rater_id, now, settings)
    if free is not None and (free.begun or free.same_image):
        return Choice(free.id, Purpose.ANSWER)
    extra = _due_gold(db, rater_id, settings)
    if extra is None:
        due = free is None or _is_due(db, rater_id, Purpose.REPLICA, settings)
        extra = _replica(db, rater_id, now) if due else None
    if extra is not None:
        return extra
    return None if free is None else Choice(free.id, Purpose.ANSWER)


def _own_rejection(db: sa.Connection, rater_id: int) -> int | None:
    sent_back = rejections()
    held = sa.exists().where(
        lease.c.question_id == sent_back.c.question_id,
        lease.c.closed_at.is_(None),
        lease.c.purpose == Purpose.ANSWER,
    )
    return db.execute(
        sa.select(sent_back.c.question_id)
        .where(sent_back.c.rater_id == rater_id, ~held)
        .order_by(sent_back.c.rejected_at)
        .limit(1)
    ).scalar_one_or_none()


def _free_question(
    db: sa.Connection, rater_id: int, now: int, settings: ProjectSettings
) -> sa.Row | None:
    """The best free question: its id, whether a draft of it is there, whether its image is."""
    answered = sa.exists().where(
        answer.c.question_id == question.c.id, answer.c.purpose == Purpose.ANSWER
    )
    taken = sa.exists().where(
        lease.c.question_id == question.c.id,
        lease.c.closed_at.is_(None),
        ((lease.c.purpose == Purpose.ANSWER) & (lease.c.expires_at > now))
        | (lease.c.rater_id == rater_id),
    )
    begun = sa.exists().where(
        draft.c.question_id == question.c.id, draft.c.rater_id == rater_id, ~draft.c.late
    )
    last_image = (
        sa.select(question.c.image_id)
        .join(lease, lease.c.question_id == question.c.id)
        .where(lease.c.rater_id == rater_id)
        .order_by(lease.c.leased_at.desc(), question.c.position.desc())
        .limit(1)
        .scalar_subquery()
    )
    # What they painted as gold or replica they are asked for only where nothing else is left.
    seen = db.execute(
        sa.select(answer.c.question_id).where(
            answer.c.rater_id == rater_id, answer.c.purpose != Purpose.ANSWER
        )
    ).scalars()
    again = question.c.id.in_(list(seen))
    is_open = ~answered
    abandoned = _abandoned_rejections(db, rater_id, now, settings)
    if abandoned:
        is_open |= question.c.id.in_(abandoned)
    return db.execute(
        sa.select(
            question.c.id,
            begun.label("begun"),
            ((question.c.image_id == last_image) & ~again).label("same_image"),
        )
        .where(is_open, ~taken)
        .order_by(again, sa.desc("begun"), sa.desc("same_image"), question.c.position)
        .limit(1)
    ).one_or_none()


def _abandoned_rejections(
    db: sa.Connection, rater_id: int, now: int, settings: ProjectSettings
) -> list[int]:
    """Questions sent back to others who took too long, or who work here no more."""
    sent_back = rejections()
    too_long = sent_back.c.rejected_at < now - int(settings.correction_hours * MS_PER_HOUR)
    return list(
        db.execute(
            sa.select(sent_back.c.question_id)
            .select_from(sent_back.join(rater, sent_back.c.rater_id == rater.c.id))
            .where(sent_back.c.rater_id != rater_id, too_long | ~rater.c.active)
        ).scalars()
    )


def _is_due(db: sa.Connection, rater_id: int, purpose: Purpose, settings: ProjectSettings) -> bool:
    """Whether a rater's share of such questions is behind; when exactly is drawn by the seed."""
    share = settings.gold_share if purpose == Purpose.GOLD else settings.replica_share
    if share <= 0:
        return False
    given = db.execute(
        sa.select(
            sa.func.count(),
            sa.func.count().filter(lease.c.purpose == purpose),
        ).where(lease.c.rater_id == rater_id, lease.c.purpose != Purpose.QUALIFICATION)
    ).one()
    return given[0] * share >= given[1] + uniform(settings.seed, purpose, rater_id, given[1])


def _due_gold(db: sa.Connection, rater_id: int, settings: ProjectSettings) -> Choice | None:
    unseen = db.execute(
        sa.select(gold.c.question_id).where(
            gold.c.purpose == Purpose.GOLD,
            ~_was_with(gold.c.question_id, rater_id),
        )
    ).scalars()
    candidates = list(unseen)
    if not candidates or not _is_due(db, rater_id, Purpose.GOLD, settings):
        return None
    chosen = min(candidates, key=lambda id_: (uniform(settings.seed, "gold", rater_id, id_), id_))
    return Choice(chosen, Purpose.GOLD)


def _replica(db: sa.Connection, rater_id: int, now: int) -> Choice | None:
    """A question to paint once more: it has an answer, which this rater had no part in."""
    answered = sa.exists().where(
        answer.c.question_id == question.c.id, answer.c.purpose == Purpose.ANSWER
    )
    painted = (
        # A rater who corrected theirs painted it once.
        sa.select(sa.func.count(sa.distinct(answer.c.rater_id)))
        .where(answer.c.question_id == question.c.id, answer.c.purpose == Purpose.REPLICA)
        .scalar_subquery()
    )
    begun = (
        sa.select(sa.func.count())
        .where(
            lease.c.question_id == question.c.id,
            lease.c.purpose == Purpose.REPLICA,
            lease.c.closed_at.is_(None),
            lease.c.expires_at > now,
        )
        .scalar_subquery()
    )
    found = db.execute(
        sa.select(question.c.id)
        .where(
            question.c.replicas > 0,
            answered,
            ~_was_with(question.c.id, rater_id),
            painted + begun < question.c.replicas,
        )
        .order_by(question.c.position)
        .limit(1)
    ).scalar_one_or_none()
    return None if found is None else Choice(found, Purpose.REPLICA)


def _was_with(question_id: sa.ColumnElement[int], rater_id: int) -> sa.ColumnElement[bool]:
    """Whether a rater answered a question for whatever purpose, or has it now."""
    return sa.or_(
        sa.exists().where(answer.c.question_id == question_id, answer.c.rater_id == rater_id),
        sa.exists().where(
            lease.c.question_id == question_id,
            lease.c.rater_id == rater_id,
            lease.c.closed_at.is_(None),
        ),
    )
