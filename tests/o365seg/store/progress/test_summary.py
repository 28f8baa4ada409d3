"""Counts and hours, as the paper counts them."""

from rater_steps import add_raters, current, submit, take
from small_project import box_mask

from o365seg.project.folder import Project
from o365seg.store.progress import summary as progress
from o365seg.store.work.checks import Activity, Mask, Skip, SkipReason

HOUR = 3_600_000


def answer_next(project: Project, rater: int, work: Mask | Skip, active: int, wall: int) -> None:
    leased = current(take(project.store, rater))
    activity = Activity(active_ms=active, wall_ms=wall)
    submit(project.store, rater, leased, work, activity, now=1)


def test_rater_hours_count_skips_too_and_so_do_minutes_per_valid_mask(project: Project) -> None:
    ada, bob = add_raters(project.store, 2)
    answer_next(project, ada, box_mask(48, 64, 1, 1), active=1 * HOUR, wall=2 * HOUR)
    answer_next(project, ada, Skip(SkipReason.TOO_BLURRY), active=HOUR // 2, wall=HOUR)
    answer_next(project, bob, box_mask(48, 64, 1, 1), active=2 * HOUR, wall=2 * HOUR)
    answer_next(project, bob, Skip(SkipReason.TOO_BLURRY), active=0, wall=0)
    with project.store.read() as db:
        done = progress.measure_progress(db, now=2)
    assert (done.images, done.questions, done.masks, done.skips) == (4, 9, 2, {"too_blurry": 2})
    assert (done.skipped, done.unanswered, done.leased) == (2, 5, 0)
    assert done.rater_hours == 3.5
    assert done.wall_hours == 5
    assert done.minutes_per_valid_mask == 3.5 * 60 / 2
    assert done.mean_mask_minutes == 90
    assert [(person.name, person.masks, person.skips) for person in done.raters] == [
        ("rater 0", 1, 1),
        ("rater 1", 1, 1),
    ]
    assert [person.active_ms for person in done.raters] == [HOUR * 3 // 2, 2 * HOUR]


def test_a_project_without_answers_has_no_averages(project: Project) -> None:
    with project.store.read() as db:
        done = progress.measure_progress(db, now=0)
    assert (done.masks, done.rater_hours, done.minutes_per_valid_mask) == (0, 0, None)
    assert done.raters == []
