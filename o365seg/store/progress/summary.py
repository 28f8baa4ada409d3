"""What has been done so far, and the hours it took, as the paper counts them."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from o365seg.store.progress import tally
from o365seg.store.review import queue as review_queue
from o365seg.store.round_trips import ask, side_by_side
from o365seg.store.schema import (
    Purpose,
    answer,
    draft,
    image,
    lease,
    question,
    rater,
)
from o365seg.store.standing import counting_answers, rejections
from o365seg.store.work import own_answers

MS_PER_HOUR = 3_600_000


@dataclass(frozen=True)
class RaterProgress:
    """One rater's share, of whatever purpose; `active_ms` over all their answers."""

    name: str
    masks: int
    skips: int
    active_ms: int
    mean_mask_active_ms: float | None


@dataclass(frozen=True)
class Progress:
    """Counts and times of a project.

    Attributes:
        masks: Questions whose answer is a mask; `skips`, likewise, by reason.
        rejected: Questions sent back to be painted again; they have no answer until then.
        waiting_for_review, accepted, repainted: Present answers, by what reviewers said.
        replicas, replicas_wanted: Paintings of questions once more, done and in all.
        gold: Answers to hidden gold; `qualification`, to qualification questions.
        leased: Questions on a rater's screen now.
        late: Answers that came after their question had gone to somebody else; kept as drafts,
            neither counted nor released.
        rater_hours: Σ active time over **all** answers: skips, superseded and rejected ones,
            replicas and gold included (paper, appendix C: 800.59 h).
        hours_by_purpose: The same hours, by why the question was asked.
        minutes_per_valid_mask: rater_hours × 60 / masks (paper: 3.74); None without a mask.
        mean_mask_minutes: Mean active time of the masks' own answers, which leaves out the time
            that went into skips; None without a mask.
        wall_hours: As rater_hours, with every minute from a question's showing to its answer.
    """

    images: int
    questions: int
    masks: int
    skips: dict[str, int]
    leased: int
    late: int
    rejected: int
    waiting_for_review: int
    accepted: int
    repainted: int
    replicas: int
    replicas_wanted: int
    gold: int
    qualification: int
    rater_hours: float
    hours_by_purpose: dict[str, float]
    minutes_per_valid_mask: float | None
    mean_mask_minutes: float | None
    wall_hours: float
    raters: list[RaterProgress]

    @property
    def skipped(self) -> int:
        """Questions whose answer is a skip."""
        return sum(self.skips.values())

    @property
    def unanswered(self) -> int:
        """Questions without an answer that counts; rejected ones among them."""
        return self.questions - self.masks - self.skipped


def measure_progress(db: sa.Connection, now: int) -> Progress:
    """Count a project's answers and times."""
    count = sa.func.count
    valid = counting_answers()
    is_mask = valid.c.counts.is_not(None)
    masks, mask_ms = db.execute(
        sa.select(count(), sa.func.coalesce(sa.func.sum(valid.c.active_ms), 0)).where(is_mask)
    ).one()
    skips = db.execute(
        sa.select(valid.c.skip_reason, count())
        .where(~is_mask)
        .group_by(valid.c.skip_reason)
        .order_by(valid.c.skip_reason)
    ).all()
    spent = {
        row.purpose: row
        for row in db.execute(
            sa.select(
                answer.c.purpose,
                count().label("answers"),
                sa.func.sum(answer.c.active_ms).label("active"),
                sa.func.sum(answer.c.wall_ms).label("wall"),
            ).group_by(answer.c.purpose)
        )
    }
    active = {purpose: float(row.active) / MS_PER_HOUR for purpose, row in spent.items()}

    def answered(purpose: Purpose) -> int:
        return spent[purpose].answers if purpose in spent else 0

    reviewed = review_queue.count_reviews(db)
    leased = db.execute(
        sa.select(count())
        .select_from(lease)
        .where(lease.c.closed_at.is_(None), lease.c.shown_at.is_not(None), lease.c.expires_at > now)
    ).scalar_one()
    hours = sum(active.values())
    return Progress(
        images=db.execute(sa.select(count()).select_from(image)).scalar_one(),
        questions=db.execute(sa.select(count()).select_from(question)).scalar_one(),
        masks=masks,
        skips={row.skip_reason: row[1] for row in skips},
        leased=leased,
        late=db.execute(sa.select(count()).select_from(draft).where(draft.c.late)).scalar_one(),
        rejected=reviewed.rejected,
        waiting_for_review=reviewed.waiting,
        accepted=reviewed.accepted,
        repainted=reviewed.repainted,
        replicas=answered(Purpose.REPLICA),
        replicas_wanted=db.execute(
            sa.select(sa.func.coalesce(sa.func.sum(question.c.replicas), 0))
        ).scalar_one(),
        gold=answered(Purpose.GOLD),
        qualification=answered(Purpose.QUALIFICATION),
        rater_hours=hours,
        hours_by_purpose=active,
        minutes_per_valid_mask=hours * 60 / masks if masks else None,
        mean_mask_minutes=float(mask_ms) / masks / 60_000 if masks else None,
        wall_hours=sum(float(row.wall) for row in spent.values()) / MS_PER_HOUR,
        raters=_rater_progress(db),
    )


@dataclass(frozen=True)
class SkippedQuestion:
    """A question whose answer is a skip, and what the rater wrote about it."""

    question: int
    image: int
    category: str
    reason: str
    note: str
    rater: str


def list_skips(db: sa.Connection) -> list[SkippedQuestion]:
    """Every skipped question, in the order of asking."""
    valid = counting_answers()
    rows = db.execute(
        sa.select(
            question.c.id,
            question.c.image_id,
            question.c.category,
            valid.c.skip_reason,
            valid.c.skip_note,
            rater.c.name,
        )
        .select_from(
            valid.join(question, valid.c.question_id == question.c.id).join(
                rater, valid.c.rater_id == rater.c.id
            )
        )
        .where(valid.c.skip_reason.is_not(None))
        .order_by(question.c.position)
    )
    return [SkippedQuestion(*row) for row in rows]


def count_masks_and_skips(db: sa.Connection) -> tuple[int, int]:
    """How many questions have a mask, and how many a skip; as `counting_answers`, but faster."""
    known = tally.known_tally(db)
    [[row]] = ask(db, (_COUNT, tally.since_parameters(known)))
    return _counting(tally.extend(db, known, row), row)


def _counting(newest: tally.Tally, row: Any) -> tuple[int, int]:
    """Masks and skips that count, by the newest answers and the row of `_COUNT`."""
    return newest.masks - row.masks_sent_back, newest.skips - row.skips_sent_back


@dataclass(frozen=True)
class OwnView:
    """The progress that a rater is shown."""

    questions: int
    done: int
    masks: int
    skips: int
    mine: int


def measure_for_rater(db: sa.Connection, rater_id: int) -> OwnView:
    """What a rater sees: each answer of theirs counts alike, whatever it was for.

    Counting the question's own answers only would give hidden gold away: nothing would move.
    It takes one statement, but for the first time: no transaction is needed.
    """
    questions = tally.count_questions(db)
    known = tally.known_tally(db)
    before = own_answers.known(db, rater_id)
    rest, given = own_answers.rest_asked(before, rater_id)
    [[row]] = ask(db, (_COUNT_WITH[rest], given | tally.since_parameters(known)))
    masks, skips = _counting(tally.extend(db, known, row), row)
    own = own_answers.extend(db, rater_id, before, row)
    extra = own.gold + own.replicas
    masks, skips = masks + extra - own.extra_skips, skips + own.extra_skips
    done = min(masks + skips, questions)
    return OwnView(questions, done, masks, skips, own.answers + extra)


# Built once: they are asked for at every submit.
_SENT_BACK = rejections()
_COUNT_SENT_BACK = sa.select(
    (sa.func.count() - sa.func.count(_SENT_BACK.c.skip_reason)).label("masks_sent_back"),
    sa.func.count(_SENT_BACK.c.skip_reason).label("skips_sent_back"),
).select_from(_SENT_BACK)


_COUNT = side_by_side(tally.SINCE, _COUNT_SENT_BACK)
_COUNT_WITH = {
    rest: side_by_side(tally.SINCE, _COUNT_SENT_BACK, rest)
    for rest in (own_answers.ALL, own_answers.SINCE)
}


def _rater_progress(db: sa.Connection) -> list[RaterProgress]:
    masks = sa.func.count(answer.c.counts)
    mask_ms = sa.func.sum(answer.c.active_ms).filter(answer.c.counts.is_not(None))
    rows = db.execute(
        sa.select(
            rater.c.name,
            masks,
            sa.func.count(answer.c.skip_reason),
            sa.func.coalesce(sa.func.sum(answer.c.active_ms), 0),
            mask_ms,
        )
        .select_from(rater.outerjoin(answer))
        .group_by(rater.c.id)
        .order_by(rater.c.name)
    ).all()
    return [
        RaterProgress(name, painted, skipped, int(active), float(ms) / painted if painted else None)
        for name, painted, skipped, active, ms in rows
    ]
