"""Every question's answer, to be looked through."""

from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from o365seg.formats.coco_sizes import SIZE_RANGES
from o365seg.store.schema import answer, image, question, rater
from o365seg.store.standing import newest_answers, newest_reviews


class Size(StrEnum):
    """COCO's size ranges, of the mask's area."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


@dataclass(frozen=True)
class Filters:
    """Which answers; None: any. `answered`: `mask` or `skip`; `review`: a verdict or `none`."""

    category: str | None = None
    rater: str | None = None
    answered: str | None = None
    skip_reason: str | None = None
    size: Size | None = None
    review: str | None = None


@dataclass(frozen=True)
class Shown:
    """One answer with its question; `bbox` in pixels, `area` None for a skip."""

    answer: int
    question: int
    image: int
    category: str
    bbox: tuple[float, float, float, float]
    rater: str
    skip_reason: str | None
    skip_note: str | None
    area: int | None
    active_ms: int
    received_at: int
    verdict: str | None
    comment: str | None


def count_answers(db: sa.Connection, filters: Filters) -> int:
    """How many questions' answers there are of that kind."""
    query, conditions = _joined(filters)
    return db.execute(sa.select(sa.func.count()).select_from(query).where(*conditions)).scalar_one()


def list_answers(
    db: sa.Connection, filters: Filters, *, offset: int = 0, limit: int = 24
) -> list[Shown]:
    """The answers of that kind, newest first."""
    joined, conditions = _joined(filters)
    rows = db.execute(
        sa.select(*_COLUMNS)
        .select_from(joined)
        .where(*conditions)
        .order_by(_valid.c.id.desc())
        .offset(offset)
        .limit(limit)
    )
    return [Shown(*row[:4], tuple(row[4:8]), *row[8:]) for row in rows]


@dataclass(frozen=True)
class Painted:
    """What a picture of an answer needs; `counts` None: a skip. `size` is (height, width)."""

    image_sha256: str
    size: tuple[int, int]
    bbox: tuple[float, float, float, float]
    counts: str | None


def find_painted(db: sa.Connection, answer_id: int) -> Painted | None:
    """The mask and box of any answer, superseded ones too."""
    row = db.execute(
        sa.select(
            image.c.sha256,
            image.c.height,
            image.c.width,
            question.c.x,
            question.c.y,
            question.c.width,
            question.c.height,
            answer.c.counts,
        )
        .select_from(answer.join(question, answer.c.question_id == question.c.id).join(image))
        .where(answer.c.id == answer_id)
    ).one_or_none()
    return None if row is None else Painted(row[0], (row[1], row[2]), tuple(row[3:7]), row[7])


def list_categories(db: sa.Connection) -> list[str]:
    """Every category that is asked about."""
    return list(
        db.execute(
            sa.select(question.c.category).distinct().order_by(question.c.category)
        ).scalars()
    )


_valid = newest_answers()
_last_review = newest_reviews()
_COLUMNS = (
    _valid.c.id,
    question.c.id,
    question.c.image_id,
    question.c.category,
    question.c.x,
    question.c.y,
    question.c.width,
    question.c.height,
    rater.c.name,
    _valid.c.skip_reason,
    _valid.c.skip_note,
    _valid.c.area,
    _valid.c.active_ms,
    _valid.c.received_at,
    _last_review.c.verdict,
    _last_review.c.comment,
)


def _joined(filters: Filters) -> tuple[sa.Join, list[sa.ColumnElement[bool]]]:
    joined = (
        sa.join(_valid, question, _valid.c.question_id == question.c.id)
        .join(rater, _valid.c.rater_id == rater.c.id)
        .outerjoin(_last_review, _last_review.c.answer_id == _valid.c.id)
    )
    conditions: list[sa.ColumnElement[bool]] = []
    if filters.category is not None:
        conditions.append(question.c.category == filters.category)
    if filters.rater is not None:
        conditions.append(rater.c.name == filters.rater)
    if filters.answered is not None:
        is_mask = _valid.c.counts.is_not(None)
        conditions.append(is_mask if filters.answered == "mask" else ~is_mask)
    if filters.skip_reason is not None:
        conditions.append(_valid.c.skip_reason == filters.skip_reason)
    if filters.size is not None:
        low, high = SIZE_RANGES[filters.size]
        conditions += [_valid.c.area >= low, _valid.c.area < high]
    if filters.review == "none":
        conditions.append(_last_review.c.verdict.is_(None))
    elif filters.review is not None:
        conditions.append(_last_review.c.verdict == filters.review)
    return joined, conditions
