"""What raters do, in one line each: for tests of the store and of what is built on it."""

from o365seg.store.database import Store
from o365seg.store.people import raters
from o365seg.store.work import answers, leases
from o365seg.store.work.checks import Activity, Mask, Skip, SkipReason


def add_raters(store: Store, count: int) -> list[int]:
    ids = []
    with store.write() as db:
        for number in range(count):
            raters.add_rater(db, f"rater {number}", "hash")
            found = raters.find_rater(db, f"rater {number}")
            assert found is not None
            ids.append(found.id)
    return ids


def take(store: Store, rater: int, now: int = 0) -> leases.Work:
    with store.write() as db:
        return leases.take_work(db, rater, now)


def submit(
    store: Store,
    rater: int,
    leased: leases.LeasedQuestion,
    work: Mask | Skip,
    activity: Activity = Activity(),  # noqa: B008  (frozen)
    now: int = 0,
) -> object:
    """Submit at `now`, or later if the activity takes longer."""
    now = max(now, activity.active_ms, activity.wall_ms)
    with store.write() as db:
        return answers.submit(
            db,
            rater_id=rater,
            token=leased.token,
            question_id=leased.question_id,
            work=work,
            image_sha256=leased.image_sha256,
            activity=activity,
            client_version="test",
            now=now,
        )


def skip(store: Store, rater: int, leased: leases.LeasedQuestion, now: int = 0) -> object:
    return submit(store, rater, leased, Skip(SkipReason.TOO_DARK), now=now)


def current(work: leases.Work) -> leases.LeasedQuestion:
    assert work.current is not None
    return work.current
