"""Leases: one question, one rater; nobody waits for idle ones; nothing is taken from the active."""

import threading
from itertools import pairwise
from pathlib import Path

from rater_steps import add_raters, current, skip, take
from small_project import SmallSource, box_mask, make_source

from o365seg.project.creation import create_project
from o365seg.project.folder import Project, open_project
from o365seg.store.database import now_ms
from o365seg.store.round_trips import ask
from o365seg.store.work import answers, leases
from o365seg.store.work.checks import Activity

MINUTE = 60_000


def test_asking_again_gives_the_same_questions(project: Project) -> None:
    (ada,) = add_raters(project.store, 1)
    first = take(project.store, ada)
    assert first.current and first.prefetched
    assert first.current.question_id != first.prefetched.question_id
    assert take(project.store, ada, now=5 * MINUTE) == first
    assert take(project.store, ada, now=24 * 60 * MINUTE) == first  # back tomorrow


def test_the_prefetched_question_comes_next(project: Project) -> None:
    (ada,) = add_raters(project.store, 1)
    first = take(project.store, ada)
    skip(project.store, ada, current(first))
    second = take(project.store, ada)
    assert second.current == first.prefetched


def test_questions_of_one_image_come_together(project: Project) -> None:
    ada, bob = add_raters(project.store, 2)
    seen: dict[int, list[str]] = {ada: [], bob: []}
    for _ in range(3):
        for rater in (ada, bob):
            work = take(project.store, rater)
            seen[rater].append(current(work).image_sha256)
            skip(project.store, rater, current(work))
    for images in seen.values():
        changes = sum(a != b for a, b in pairwise(images))
        assert changes == len(set(images)) - 1  # never back to an image already left


def test_a_lease_that_nobody_wants_outlives_its_expiry(project: Project) -> None:
    (ada,) = add_raters(project.store, 1)
    work = take(project.store, ada)
    late = 10 * leases.LEASE_MS
    with project.store.write() as db:
        assert leases.renew(db, current(work).token, ada, late)
    assert isinstance(skip(project.store, ada, current(work), late), answers.Recorded)


def test_an_expired_question_goes_to_who_asks(project: Project) -> None:
    ada, bob = add_raters(project.store, 2)
    held = current(take(project.store, ada))
    assert current(take(project.store, bob)).question_id != held.question_id
    seen = set()
    while True:
        work = take(project.store, bob, now=leases.LEASE_MS + 1)
        if work.current is None:
            break
        seen.add(work.current.question_id)
        skip(project.store, bob, work.current, now=leases.LEASE_MS + 1)
    assert held.question_id in seen
    with project.store.write() as db:
        assert not leases.renew(db, held.token, ada, leases.LEASE_MS + 2)


def test_a_heartbeat_keeps_a_question(project: Project) -> None:
    ada, bob = add_raters(project.store, 2)
    held = current(take(project.store, ada))
    for minute in range(0, 60, 10):
        with project.store.write() as db:
            assert leases.renew(db, held.token, ada, minute * MINUTE)
    while (work := take(project.store, bob, now=60 * MINUTE)).current is not None:
        assert work.current.question_id != held.question_id
        skip(project.store, bob, work.current, now=60 * MINUTE)


def test_at_the_end_a_merely_prefetched_question_goes_to_who_is_free(project: Project) -> None:
    ada, bob, cem = add_raters(project.store, 3)
    mine = take(project.store, ada)
    assert mine.current and mine.prefetched
    while (work := take(project.store, bob)).current is not None:
        assert work.current.question_id != mine.current.question_id
        skip(project.store, bob, work.current)
    # Bob got everything but what is on Ada's screen, and Cem has nothing to do but wait for her.
    assert take(project.store, cem) == leases.Work(None, None)
    with project.store.read() as db:
        assert ask(db, leases.waiting_asked(cem, now=0)) == [[(1,)]]
        assert ask(db, leases.waiting_asked(ada, now=0)) == [[(0,)]]


def test_a_draft_brings_its_question_back(project: Project) -> None:
    ada, bob = add_raters(project.store, 2)
    held = current(take(project.store, ada))
    with project.store.write() as db:
        answers.save_draft(
            db,
            rater_id=ada,
            token=held.token,
            question_id=held.question_id,
            mask=box_mask(48, 64, 3, 4),
            activity=Activity(),
            now=1,
        )
    taken = set()  # Ada's time is over: Bob gets the question, and goes away without an answer
    late = leases.LEASE_MS + 2
    while held.question_id not in taken:
        work = take(project.store, bob, now=late)
        taken.add(current(work).question_id)
        if current(work).question_id != held.question_id:
            skip(project.store, bob, current(work), now=late)
    assert current(take(project.store, ada, now=late)).question_id != held.question_id
    other = current(take(project.store, ada, now=late))
    skip(project.store, ada, other, now=late)
    much_later = late + 2 * leases.LEASE_MS
    following = []
    while (work := take(project.store, ada, now=much_later)).current is not None:
        following.append(work.current.question_id)
        skip(project.store, ada, work.current, now=much_later)
    assert held.question_id in following[:2]  # at once, or after what was prefetched already


def test_a_question_with_id_0_is_a_question(source: SmallSource, tmp_path: Path) -> None:
    for box in source.content["annotations"]:
        box["id"] -= 1
    source.rewrite()
    create_project(tmp_path / "q", source.detections, source.images)
    store = open_project(tmp_path / "q").store
    people = add_raters(store, 3)
    asked = set()
    for rater in people:
        while (work := take(store, rater)).current is not None:
            asked.add(work.current.question_id)
            skip(store, rater, work.current)
    assert 0 in asked
    assert len(asked) == 9


def test_twenty_raters_at_once_never_hold_the_same_question(tmp_path: Path) -> None:
    source = make_source(tmp_path / "many", images=100)
    create_project(tmp_path / "p", source.detections, source.images)
    project = open_project(tmp_path / "p")
    people = add_raters(project.store, 20)
    on_screen: dict[int, int] = {}
    answered: list[int] = []
    faults: list[str] = []
    lock = threading.Lock()

    def work(rater: int) -> None:
        while True:
            mine = take(project.store, rater, now_ms()).current
            if mine is None:
                return
            with lock:
                if mine.question_id in on_screen:
                    faults.append(f"{mine.question_id}: {rater} and {on_screen[mine.question_id]}")
                on_screen[mine.question_id] = rater
            outcome = skip(project.store, rater, mine, now_ms())
            with lock:
                if isinstance(outcome, answers.Recorded):
                    answered.append(mine.question_id)
                else:
                    faults.append(f"lost {mine.question_id}")

    threads = [threading.Thread(target=work, args=(rater,)) for rater in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(answered) == len(set(answered)) == 225  # 300 boxes, every fourth a crowd
    assert set(on_screen.values()) == set(people)
