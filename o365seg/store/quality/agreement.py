"""How much raters agree: questions that several of them painted without seeing each other's work.

Each rater's first answer to a question counts (for the answer or as a replica); what came after a
review knew more and is left out, a reviewer's repainting too.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import sqlalchemy as sa

from o365seg.formats.coco_sizes import SIZE_RANGES
from o365seg.formats.masks import overlap
from o365seg.store.schema import REPAINTED, Purpose, answer, lease, question, rater


@dataclass(frozen=True)
class Pair:
    """Two raters' answers to one question; `iou` None: not both painted it."""

    question_id: int
    image_id: int
    category: str
    raters: tuple[str, str]
    painted: tuple[bool, bool]
    area: float | None  # mean of the two masks
    iou: float | None


@dataclass(frozen=True)
class Agreement:
    """Over some pairs.

    Attributes:
        pairs: Questions that both answered, counted once for each two raters.
        both_painted: Those with two masks; `mean_iou` and `median_iou` are over them.
        same_choice: Share of the pairs in which both painted or both skipped.
        kappa: Cohen's, of painting or skipping; None where chance alone would always agree.
    """

    pairs: int
    both_painted: int
    mean_iou: float | None
    median_iou: float | None
    same_choice: float | None
    kappa: float | None


@dataclass(frozen=True)
class AgreementReport:
    """Over all pairs, and by pair of raters, category, and COCO size."""

    overall: Agreement
    by_raters: dict[tuple[str, str], Agreement]
    by_category: dict[str, Agreement]
    by_size: dict[str, Agreement]


def measure_agreement(pairs: list[Pair]) -> AgreementReport:
    """How much the raters of a project agree, by its pairs (`list_pairs`)."""
    return AgreementReport(
        summarize(pairs),
        _grouped(pairs, lambda pair: pair.raters),
        _grouped(pairs, lambda pair: pair.category),
        {
            size: summarize([p for p in pairs if p.area is not None and low <= p.area < high])
            for size, (low, high) in SIZE_RANGES.items()
        },
    )


def list_pairs(db: sa.Connection) -> list[Pair]:
    """Every two raters' answers to one question, in the order of asking; raters sorted by name."""
    rows = db.execute(_independent()).all()
    by_question: dict[int, list[sa.Row]] = defaultdict(list)
    for row in rows:
        by_question[row.question_id].append(row)
    pairs = []
    for answers in by_question.values():
        for first, second in combinations(answers, 2):
            iou = area = None
            if first.counts is not None and second.counts is not None:
                iou = _iou(first.counts, second.counts, (first.height, first.width))
                area = (first.area + second.area) / 2
            pairs.append(
                Pair(
                    first.question_id,
                    first.image_id,
                    first.category,
                    (first.name, second.name),
                    (first.counts is not None, second.counts is not None),
                    area,
                    iou,
                )
            )
    return pairs


def disagreeing_questions(db: sa.Connection, lowest: float) -> list[int]:
    """Questions of which two masks have an IoU below `lowest`, or that only one of two painted."""
    return sorted(
        {
            pair.question_id
            for pair in list_pairs(db)
            if pair.painted[0] != pair.painted[1] or (pair.iou is not None and pair.iou < lowest)
        }
    )


def summarize(pairs: list[Pair]) -> Agreement:
    """The agreement over some pairs."""
    ious = sorted(pair.iou for pair in pairs if pair.iou is not None)
    middle = len(ious) // 2
    median = None
    if ious:
        median = ious[middle] if len(ious) % 2 else (ious[middle - 1] + ious[middle]) / 2
    return Agreement(
        pairs=len(pairs),
        both_painted=len(ious),
        mean_iou=sum(ious) / len(ious) if ious else None,
        median_iou=median,
        same_choice=_share(pair.painted[0] == pair.painted[1] for pair in pairs),
        kappa=cohens_kappa([pair.painted for pair in pairs]),
    )


def cohens_kappa(choices: list[tuple[bool, bool]]) -> float | None:
    """(observed − expected) / (1 − expected) agreement of two raters' yes or no (Cohen, 1960).

    Expected: each rater's own share of yes and no, chosen independently. None: no choices, or
    both always chose the same one thing.
    """
    count = len(choices)
    if not count:
        return None
    observed = sum(a == b for a, b in choices) / count
    first, second = (sum(choice[rater] for choice in choices) / count for rater in (0, 1))
    expected = first * second + (1 - first) * (1 - second)
    return None if expected == 1 else (observed - expected) / (1 - expected)


def _independent() -> sa.Select:
    """Each rater's first answer to each question of which several raters have one."""
    first = (
        sa.select(sa.func.min(answer.c.id))
        .select_from(answer.join(lease, answer.c.lease_token == lease.c.token))
        .where(
            answer.c.purpose.in_([Purpose.ANSWER, Purpose.REPLICA]),
            lease.c.outcome != REPAINTED,
        )
        .group_by(answer.c.question_id, answer.c.rater_id)
    )
    several = (
        sa.select(answer.c.question_id)
        .where(answer.c.purpose.in_([Purpose.ANSWER, Purpose.REPLICA]))
        .group_by(answer.c.question_id)
        .having(sa.func.count(sa.distinct(answer.c.rater_id)) > 1)
    )
    return (
        sa.select(
            answer.c.question_id,
            answer.c.counts,
            answer.c.area,
            answer.c.height,
            answer.c.width,
            question.c.image_id,
            question.c.category,
            rater.c.name,
        )
        .select_from(answer.join(question).join(rater, answer.c.rater_id == rater.c.id))
        .where(answer.c.id.in_(first), answer.c.question_id.in_(several))
        .order_by(question.c.position, rater.c.name)
    )


def _grouped(pairs: list[Pair], key) -> dict:
    groups: dict = defaultdict(list)
    for pair in pairs:
        groups[key(pair)].append(pair)
    return {name: summarize(groups[name]) for name in sorted(groups)}


def _share(hits: Iterable[bool]) -> float | None:
    listed = list(hits)
    return sum(listed) / len(listed) if listed else None


@lru_cache(maxsize=20_000)  # answers never change
def _iou(first: str, second: str, size: tuple[int, int]) -> float:
    both, one, other = overlap(first, second, size)
    return both / (one + other - both)
