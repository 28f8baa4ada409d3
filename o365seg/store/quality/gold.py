"""Questions of known answer: to qualify on, or hidden among the work."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from o365seg.errors import InputError
from o365seg.formats.masks import MaskError, Rle, overlap, rle_area, segmentation_to_rle
from o365seg.formats.records import read_annotations
from o365seg.store import audit
from o365seg.store.database import now_ms
from o365seg.store.people import accounts
from o365seg.store.schema import (
    Purpose,
    Role,
    Verdict,
    answer,
    gold,
    image,
    question,
    review,
)
from o365seg.store.standing import counting_answers

PURPOSES = (Purpose.GOLD, Purpose.QUALIFICATION)


@dataclass(frozen=True)
class GoldQuestion:
    """A question of known answer, and how it went so far; `mean_iou` None: nobody painted it."""

    question_id: int
    category: str
    purpose: Purpose
    area: int
    answers: int
    mean_iou: float | None


@dataclass(frozen=True)
class Comparison:
    """A mask against the reference; the shares are of the reference's area."""

    iou: float
    missed: float
    extra: float


def add_gold(
    db: sa.Connection, question_id: int, purpose: Purpose, actor_id: int | None = None
) -> None:
    """Make the mask that counts of a question the reference.

    Raises:
        InputError: no such question, no mask, or nobody has vouched for it: it must be accepted in
            review, or painted by who was a reviewer or owner at that time.
    """
    record = f"question {question_id}"
    if purpose not in PURPOSES:
        raise InputError(f"must be {' or '.join(PURPOSES)}", field="purpose")
    counting = counting_answers()
    row = db.execute(
        sa.select(
            counting.c.id, counting.c.counts, counting.c.rater_id, counting.c.received_at
        ).where(counting.c.question_id == question_id)
    ).one_or_none()
    if row is None or row.counts is None:
        raise InputError("has no mask to use as the reference", record=record)
    verdict = db.execute(
        sa.select(review.c.verdict)
        .where(review.c.answer_id == row.id)
        .order_by(review.c.id.desc())
        .limit(1)
    ).scalar_one_or_none()
    painter = accounts.role_at(db, row.rater_id, row.received_at)
    if verdict != Verdict.ACCEPTED and painter is Role.RATER:
        raise InputError("is not reviewed yet; accept or repaint it first", record=record)
    _store(db, {question_id: row.counts}, purpose, actor_id)


def import_gold(
    db: sa.Connection,
    path: Path,
    purpose: Purpose,
    ids: Collection[int] | None = None,
    actor_id: int | None = None,
) -> int:
    """Take references from a COCO-format file, by annotation id.

    Args:
        db: The writing transaction.
        path: Records whose `id` is a question's are taken, the others passed over.
        purpose: Of all of them.
        ids: Only these questions; None: every one that the file has a mask of.
        actor_id: Who does it; None: the command line.

    Returns:
        How many there are.

    Raises:
        InputError: an unreadable file, a mask that does not fit its image, an id of `ids` without a
            mask, no mask at all.
    """
    rows = db.execute(
        sa.select(question.c.id, question.c.image_id, image.c.height, image.c.width).select_from(
            question.join(image)
        )
    )
    asked = {row.id: row for row in rows}
    references: dict[int, str] = {}
    for index, annotation in enumerate(read_annotations(path).annotations):
        if annotation.id not in asked or not annotation.has_segmentation or annotation.iscrowd:
            continue
        if ids is not None and annotation.id not in ids:
            continue
        where = f"annotations[{index}] (id {annotation.id})"
        row = asked[annotation.id]
        if annotation.image_id != row.image_id:
            raise InputError(
                f"is {annotation.image_id}, but the question is about image {row.image_id}",
                file=path,
                record=where,
                field="image_id",
            )
        try:
            rle = segmentation_to_rle(annotation.segmentation, (row.height, row.width))
            if rle_area(rle) == 0:
                raise MaskError("the mask is empty")
        except MaskError as error:
            raise InputError(str(error), file=path, record=where, field=error.field) from None
        references[annotation.id] = str(rle.counts)
    missing = sorted(set(ids or ()) - set(references))
    if missing:
        raise InputError(f"has no mask of question {missing[0]}", file=path)
    if not references:
        raise InputError("has no mask of any question of this project", file=path)
    _store(db, references, purpose, actor_id)
    return len(references)


def remove_gold(db: sa.Connection, question_id: int, actor_id: int | None = None) -> None:
    """Make a question an ordinary one again; what was measured on it stays.

    Raises:
        InputError: it is not gold.
    """
    removed = db.execute(gold.delete().where(gold.c.question_id == question_id))
    if removed.rowcount == 0:
        raise InputError("is not gold", record=f"question {question_id}")
    audit.record(db, actor_id, "gold.remove", str(question_id))


def list_gold(db: sa.Connection) -> list[GoldQuestion]:
    """Every question of known answer, in the order of asking."""
    rows = db.execute(
        sa.select(
            gold.c.question_id,
            gold.c.purpose,
            gold.c.counts,
            question.c.category,
            image.c.height,
            image.c.width,
            sa.func.count(answer.c.reference_iou).label("answers"),
            sa.func.avg(answer.c.reference_iou).label("mean_iou"),
        )
        .select_from(
            gold.join(question)
            .join(image)
            .outerjoin(
                answer, (answer.c.question_id == question.c.id) & (answer.c.purpose.in_(PURPOSES))
            )
        )
        .group_by(gold.c.question_id, question.c.id, image.c.id)
        .order_by(question.c.position)
    )
    return [
        GoldQuestion(
            row.question_id,
            row.category,
            Purpose(row.purpose),
            rle_area(Rle((row.height, row.width), row.counts)),
            row.answers,
            row.mean_iou,
        )
        for row in rows
    ]


def reference_of(db: sa.Connection, question_id: int) -> str | None:
    """The reference's compressed run lengths; None where the question is not gold."""
    return db.execute(
        sa.select(gold.c.counts).where(gold.c.question_id == question_id)
    ).scalar_one_or_none()


def compare(counts: str | None, reference: str, size: tuple[int, int]) -> Comparison:
    """A sound mask (None: a skip, which misses all) of `size` (height, width) and its reference."""
    if counts is None:
        return Comparison(0.0, 1.0, 0.0)
    both, painted, wanted = overlap(counts, reference, size)
    return Comparison(
        both / (painted + wanted - both), (wanted - both) / wanted, (painted - both) / wanted
    )


@dataclass(frozen=True)
class ComparedAnswer:
    """An answer beside its reference: run lengths, and the image's size (height, width)."""

    comparison: Comparison
    skipped: bool
    reference: str
    size: tuple[int, int]


def compare_answer(db: sa.Connection, answer_id: int) -> ComparedAnswer | None:
    """A recorded answer and its question's reference; None if the question is not gold."""
    given = db.execute(sa.select(answer).where(answer.c.id == answer_id)).one()
    reference = reference_of(db, given.question_id)
    if reference is None:
        return None
    size = (given.height, given.width)
    comparison = compare(given.counts, reference, size)
    return ComparedAnswer(comparison, given.counts is None, reference, size)


def _store(
    db: sa.Connection, references: dict[int, str], purpose: Purpose, actor_id: int | None
) -> None:
    for question_id, counts in references.items():
        db.execute(gold.delete().where(gold.c.question_id == question_id))
        db.execute(
            gold.insert().values(
                question_id=question_id,
                purpose=purpose.value,
                counts=counts,
                created_by=actor_id,
                created_at=now_ms(),
            )
        )
        audit.record(db, actor_id, "gold.add", str(question_id), purpose=purpose.value)
