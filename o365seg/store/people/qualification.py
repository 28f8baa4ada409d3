"""What stands between a new rater and the work: the guidelines, and questions of known answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from o365seg.errors import InputError
from o365seg.store import audit
from o365seg.store.schema import Purpose, Role, answer, constant, gold, question, rater
from o365seg.store.settings import ProjectSettings


class Gate(StrEnum):
    """What a rater has to do before they get work."""

    OPEN = "open"
    GUIDELINES = "guidelines"  # read them
    QUALIFICATION = "qualification"  # paint the questions of known answer
    FAILED = "failed"  # no attempt is left; the owner may let them pass


@dataclass(frozen=True)
class Trial:
    """One qualification question as a rater did it last; `iou` None: not in this attempt yet."""

    question_id: int
    category: str
    iou: float | None


@dataclass(frozen=True)
class Qualification:
    """How a rater's qualification stands.

    Attributes:
        trials: The questions; after a whole attempt all of its results.
        attempts: Whole attempts so far. A question that was added since belongs to the last one.
        complete: Whether nothing of an attempt is left to paint.
        mean_iou: Over the last whole attempt; None before it or within the next.
        qualified_at: When they passed (ms); None: not.
    """

    trials: list[Trial]
    attempts: int
    complete: bool
    mean_iou: float | None
    qualified_at: int | None


PERSON = sa.select(
    rater.c.role,
    rater.c.guidelines_read_at,
    rater.c.qualified_at,
    sa.exists()
    .where(answer.c.rater_id == rater.c.id, answer.c.purpose == constant(Purpose.ANSWER))
    .label("has_worked"),
).where(rater.c.id == sa.bindparam("rater"))
"""What of a person's row their gate depends on."""


@dataclass(frozen=True)
class Entry:
    """A rater's gate; `standing` is their qualification where the gate depends on it, or None.

    Open with a standing: they pass by it, which is not recorded yet.
    """

    gate: Gate
    standing: Qualification | None = None


def find_entry(
    db: sa.Connection,
    rater_id: int,
    settings: ProjectSettings,
    standing: Qualification | None = None,
) -> Entry:
    """What a person has to do before they get work; reviewers and owners need not qualify.

    `standing`: their qualification, where the caller has read it already.
    """
    person = db.execute(PERSON, {"rater": rater_id}).one()
    return entry_of(db, rater_id, settings, person, standing)


def entry_of(
    db: sa.Connection,
    rater_id: int,
    settings: ProjectSettings,
    person: Any,
    standing: Qualification | None = None,
) -> Entry:
    """As `find_entry`, where the caller has read the person's row of `PERSON`."""
    if settings.guidelines_required and person.guidelines_read_at is None:
        return Entry(Gate.GUIDELINES)
    # Raters who worked before the project had such questions are not new.
    if person.role != Role.RATER or person.qualified_at is not None or person.has_worked:
        return Entry(Gate.OPEN)
    standing = standing or read_qualification(db, rater_id)
    if not standing.trials:
        return Entry(Gate.OPEN)
    if passes(standing, settings):
        # By a mark that was lowered since, or without a question that was removed since.
        return Entry(Gate.OPEN, standing)
    limit = settings.qualification_attempts
    if standing.complete and limit and standing.attempts >= limit:
        return Entry(Gate.FAILED, standing)
    return Entry(Gate.QUALIFICATION, standing)


def read_qualification(db: sa.Connection, rater_id: int) -> Qualification:
    """How a rater's qualification stands; without trials where the project has none."""
    few = db.execute(
        sa.select(question.c.id, question.c.category, question.c.position)
        .select_from(gold.join(question))
        .where(gold.c.purpose == Purpose.QUALIFICATION)
    ).all()
    # Asked for their order, SQLite would walk along all questions in it.
    asked = sorted(few, key=lambda row: row.position)
    qualified_at = db.execute(
        sa.select(rater.c.qualified_at).where(rater.c.id == rater_id)
    ).scalar_one()
    if not asked:
        return Qualification([], 0, False, None, qualified_at)
    ids = {row.id for row in asked}
    begun, last = 0, dict[int, float]()
    for row in db.execute(
        sa.select(answer.c.question_id, answer.c.reference_iou)
        .where(answer.c.rater_id == rater_id, answer.c.purpose == Purpose.QUALIFICATION)
        .order_by(answer.c.id)
    ):
        if row.question_id not in ids:
            continue
        if not last or row.question_id in last:  # no attempt has a question twice
            begun, last = begun + 1, {}
        last[row.question_id] = row.reference_iou or 0.0
    complete = len(last) == len(ids)
    attempts = begun if complete else max(0, begun - 1)
    trials = [Trial(row.id, row.category, last.get(row.id)) for row in asked]
    mean = sum(trial.iou or 0.0 for trial in trials) / len(trials) if complete else None
    return Qualification(trials, attempts, complete, mean, qualified_at)


def trials_left(standing: Qualification) -> Sequence[int]:
    """The questions of the present attempt that are still to paint; of the next after a whole."""
    if standing.complete:
        return [trial.question_id for trial in standing.trials]
    return [trial.question_id for trial in standing.trials if trial.iou is None]


def passes(standing: Qualification, settings: ProjectSettings) -> bool:
    """Whether a rater has passed, or does by their last whole attempt and the present pass mark."""
    mean = standing.mean_iou
    return standing.qualified_at is not None or (mean is not None and mean >= settings.pass_mark)


def conclude(
    db: sa.Connection, rater_id: int, settings: ProjectSettings, now: int
) -> Qualification:
    """Let a rater pass if their attempt is complete and good enough; return how it stands."""
    standing = read_qualification(db, rater_id)
    if passes(standing, settings):
        let_pass(db, rater_id, now)
        return replace(standing, qualified_at=standing.qualified_at or now)
    return standing


def pass_by_hand(db: sa.Connection, name: str, now: int, actor_id: int | None = None) -> None:
    """Let a rater work whatever the questions of known answer said.

    Raises:
        InputError: no rater of that name.
    """
    found = db.execute(sa.select(rater.c.id).where(rater.c.name == name)).scalar_one_or_none()
    if found is None:
        raise InputError(f"unknown person {name!r}", field="name")
    let_pass(db, found, now)
    audit.record(db, actor_id, "rater.qualify", name)


def confirm_guidelines(db: sa.Connection, rater_id: int, now: int) -> None:
    """The rater says that they have read the guidelines."""
    db.execute(
        rater.update()
        .where(rater.c.id == rater_id, rater.c.guidelines_read_at.is_(None))
        .values(guidelines_read_at=now)
    )


def let_pass(db: sa.Connection, rater_id: int, now: int) -> None:
    """Record that a rater passed, unless that is recorded already."""
    db.execute(
        rater.update()
        .where(rater.c.id == rater_id, rater.c.qualified_at.is_(None))
        .values(qualified_at=now)
    )
