"""What reviewers and owners do, in a line each: for tests of the quality work."""

from typing import Any

from rater_steps import current, submit, take
from small_project import box_mask

from o365seg.store.database import Store
from o365seg.store.people import raters
from o365seg.store.review import queue as review_queue
from o365seg.store.review import verdicts as reviews
from o365seg.store.review.queue import Filters
from o365seg.store.review.verdicts import ReviewItem
from o365seg.store.schema import Purpose, Role, Verdict, gold
from o365seg.store.settings import change_setting
from o365seg.store.work.answers import Recorded
from o365seg.store.work.checks import Mask

SIZE = (48, 64)


def add_person(store: Store, name: str, role: Role = Role.RATER) -> int:
    with store.write() as db:
        raters.add_rater(db, name, "hash", role)
        found = raters.find_rater(db, name)
    assert found is not None
    return found.id


def choose(store: Store, **settings: object) -> None:
    with store.write() as db:
        for name, value in settings.items():
            change_setting(db, name, value)


def make_gold(store: Store, question_id: int, purpose: Purpose, mask: Mask) -> None:
    """A reference, as an import would store it."""
    with store.write() as db:
        db.execute(
            gold.insert().values(
                question_id=question_id, purpose=purpose.value, counts=mask.counts, created_at=0
            )
        )


def paint(store: Store, rater: int, mask: Mask | None = None, now: int = 0) -> tuple[int, int]:
    """Answer the next question; returns (question, answer)."""
    leased = current(take(store, rater, now))
    outcome = submit(store, rater, leased, mask or box_mask(*SIZE, 5, 8), now=now)
    assert isinstance(outcome, Recorded)
    return leased.question_id, outcome.answer_id


def queue(
    store: Store, reviewer: int, now: int = 0, limit: int = 3, **filters: Any
) -> list[ReviewItem]:
    with store.write() as db:
        return review_queue.take_reviews(db, reviewer, Filters(**filters), now, limit=limit)


def judge(
    store: Store, reviewer: int, answer_id: int, verdict: Verdict, comment: str = "", now: int = 0
) -> None:
    with store.write() as db:
        reviews.judge(db, reviewer, answer_id, verdict, comment, now)


def reject(store: Store, reviewer: int, answer_id: int, comment: str = "too big", now: int = 0):
    judge(store, reviewer, answer_id, Verdict.REJECTED, comment, now)
