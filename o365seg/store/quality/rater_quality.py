"""How well each rater works: against gold, against reviewers, and against each other."""

from collections import defaultdict
from dataclasses import dataclass

import sqlalchemy as sa

from o365seg.store.audit import ODD_TIME
from o365seg.store.quality.agreement import Pair, list_pairs
from o365seg.store.schema import Purpose, Role, Verdict, answer, audit, question, rater, reply
from o365seg.store.standing import counting_answers, newest_reviews


@dataclass(frozen=True)
class RaterQuality:
    """One rater's work; what there is none of is None.

    Attributes:
        active_ms: Over all answers, skips and superseded ones included.
        minutes_per_mask: Mean active time of the masks' own answers.
        gold: Answers to hidden gold, and `gold_iou` their mean mask IoU (a skip counts 0).
        agreement: Questions that another rater painted too, and `agreement_iou` the mean mask IoU
            of the two.
        reviewed: Answers that a reviewer judged last, and `rejected` those found wanting.
        odd_times: Answers that claimed more active time than the rater can have had; it was cut.
    """

    id: int
    name: str
    role: Role
    active: bool
    masks: int
    skips: int
    active_ms: int
    minutes_per_mask: float | None
    gold: int
    gold_iou: float | None
    agreement: int
    agreement_iou: float | None
    reviewed: int
    rejected: int
    odd_times: int
    last_answer_at: int | None

    @property
    def skip_share(self) -> float | None:
        """Skips among the answers."""
        answers = self.masks + self.skips
        return self.skips / answers if answers else None

    @property
    def rejected_share(self) -> float | None:
        """Rejections among what was reviewed."""
        return self.rejected / self.reviewed if self.reviewed else None


def measure_raters(
    db: sa.Connection, rater_id: int | None = None, pairs: list[Pair] | None = None
) -> list[RaterQuality]:
    """Every rater's work, by name; only one's where `rater_id` says so.

    `pairs` are those of `list_pairs`, from a caller that has them.
    """
    is_mask = answer.c.counts.is_not(None)
    is_gold = answer.c.purpose == Purpose.GOLD
    counted = (
        sa.select(
            rater.c.id,
            rater.c.name,
            rater.c.role,
            rater.c.active,
            sa.func.count(answer.c.counts).label("masks"),
            sa.func.count(answer.c.skip_reason).label("skips"),
            sa.func.coalesce(sa.func.sum(answer.c.active_ms), 0).label("active_ms"),
            sa.func.sum(answer.c.active_ms).filter(is_mask).label("mask_ms"),
            sa.func.count(answer.c.id).filter(is_gold).label("gold"),
            sa.func.avg(answer.c.reference_iou).filter(is_gold).label("gold_iou"),
            sa.func.max(answer.c.received_at).label("last_answer_at"),
        )
        .select_from(rater.outerjoin(answer, answer.c.rater_id == rater.c.id))
        .group_by(rater.c.id)
        .order_by(rater.c.name)
    )
    if rater_id is not None:
        counted = counted.where(rater.c.id == rater_id)
    verdicts = _verdicts(db)
    agreements = _agreements(list_pairs(db) if pairs is None else pairs)
    odd = _odd_times(db)
    found = []
    for row in db.execute(counted):
        reviewed, rejected = verdicts.get(row.id, (0, 0))
        ious = agreements.get(row.name, [])
        found.append(
            RaterQuality(
                id=row.id,
                name=row.name,
                role=Role(row.role),
                active=row.active,
                masks=row.masks,
                skips=row.skips,
                active_ms=int(row.active_ms),
                minutes_per_mask=float(row.mask_ms) / row.masks / 60_000 if row.masks else None,
                gold=row.gold,
                gold_iou=None if row.gold_iou is None else float(row.gold_iou),
                agreement=len(ious),
                agreement_iou=sum(ious) / len(ious) if ious else None,
                reviewed=reviewed,
                rejected=rejected,
                odd_times=odd.get(row.id, 0),
                last_answer_at=row.last_answer_at,
            )
        )
    return found


@dataclass(frozen=True)
class Skips:
    """How often a category was skipped for each reason, among its answered questions."""

    category: str
    answered: int
    by_reason: dict[str, int]

    @property
    def skipped(self) -> int:
        """For any reason."""
        return sum(self.by_reason.values())


def skips_by_category(db: sa.Connection) -> list[Skips]:
    """Every category with a skip, the most skipped first."""
    valid = counting_answers()
    rows = db.execute(
        sa.select(question.c.category, valid.c.skip_reason, sa.func.count())
        .select_from(valid.join(question, valid.c.question_id == question.c.id))
        .group_by(question.c.category, valid.c.skip_reason)
    )
    answered: dict[str, int] = defaultdict(int)
    reasons: dict[str, dict[str, int]] = defaultdict(dict)
    for category, reason, count in rows:
        answered[category] += count
        if reason is not None:
            reasons[category][reason] = count
    found = [Skips(category, answered[category], by) for category, by in reasons.items()]
    return sorted(found, key=lambda skips: (-skips.skipped, skips.category))


@dataclass(frozen=True)
class Correction:
    """An answer of a rater whose newest verdict is not accepted.

    Attributes:
        at: When it was reviewed, in ms since 1970 (UTC).
        reply: The rater's newest reply; None: none yet.
    """

    question: int
    category: str
    verdict: str
    comment: str
    at: int
    answer: int
    reply: str | None


def list_corrections(db: sa.Connection, rater_id: int, limit: int = 100) -> list[Correction]:
    """A rater's answers whose newest verdict is not accepted, newest first."""
    last = newest_reviews()
    newest_reply = (
        sa.select(reply.c.text)
        .where(reply.c.review_id == last.c.id)
        .order_by(reply.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = db.execute(
        sa.select(
            question.c.id,
            question.c.category,
            last.c.verdict,
            last.c.comment,
            last.c.created_at,
            answer.c.id,
            newest_reply,
        )
        .select_from(
            last.join(answer, last.c.answer_id == answer.c.id).join(
                question, answer.c.question_id == question.c.id
            )
        )
        .where(
            answer.c.rater_id == rater_id,
            answer.c.purpose == Purpose.ANSWER,
            last.c.verdict != Verdict.ACCEPTED.value,
        )
        .order_by(last.c.id.desc())
        .limit(limit)
    )
    return [Correction(*row) for row in rows]


def _verdicts(db: sa.Connection) -> dict[int, tuple[int, int]]:
    """(reviewed, rejected or repainted) of each rater."""
    last = newest_reviews()
    wanting = last.c.verdict != Verdict.ACCEPTED.value
    rows = db.execute(
        sa.select(answer.c.rater_id, sa.func.count(), sa.func.count().filter(wanting))
        .select_from(last.join(answer, last.c.answer_id == answer.c.id))
        .group_by(answer.c.rater_id)
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def _odd_times(db: sa.Connection) -> dict[int, int]:
    """How many entries `ODD_TIME` each rater has."""
    rows = db.execute(
        sa.select(audit.c.actor_id, sa.func.count())
        .where(audit.c.action == ODD_TIME)
        .group_by(audit.c.actor_id)
    )
    return {row[0]: row[1] for row in rows}


def _agreements(pairs: list[Pair]) -> dict[str, list[float]]:
    """The IoUs of each rater's masks with other raters' of the same question, by name."""
    found: dict[str, list[float]] = defaultdict(list)
    for pair in pairs:
        if pair.iou is not None:
            for name in pair.raters:
                found[name].append(pair.iou)
    return found
