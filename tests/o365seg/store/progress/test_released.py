"""What a release holds of each question."""

from quality_steps import SIZE, add_person, choose, reject
from rater_steps import current, skip, submit, take
from small_project import box_mask

from o365seg.project.folder import Project
from o365seg.release.build import build_release
from o365seg.store.progress.released import read_replica_masks
from o365seg.store.schema import Role
from o365seg.store.work.answers import Recorded
from o365seg.store.work.checks import Mask


def test_nobody_votes_twice(project: Project) -> None:
    """Ada's answer is sent back, and Bob, who has painted the question as a replica, gets it."""
    store = project.store
    choose(store, replica_share=1, replicas=2, correction_hours=0)
    ada, bob, cem = (add_person(store, name) for name in ("Ada", "Bob", "Cem"))
    rea = add_person(store, "Rea", Role.REVIEWER)
    first = current(take(store, ada))
    rejected = submit(store, ada, first, box_mask(*SIZE, 5, 8))
    assert isinstance(rejected, Recorded)
    masks = {bob: box_mask(*SIZE, 6, 8), cem: box_mask(*SIZE, 7, 8)}

    def paint_first(rater: int, mask: Mask) -> None:
        while (work := current(take(store, rater, now=1))).question_id != first.question_id:
            skip(store, rater, work, now=1)
        submit(store, rater, work, mask, now=1)

    for rater, mask in masks.items():
        paint_first(rater, mask)
    with store.read() as db:
        masks_before = read_replica_masks(db, [first.question_id])
    assert masks_before == {first.question_id: [masks[bob].counts, masks[cem].counts]}
    reject(store, rea, rejected.answer_id)
    paint_first(bob, box_mask(*SIZE, 8, 8))  # once nothing else is left for him
    with store.read() as db:
        masks_after = read_replica_masks(db, [first.question_id])
    assert masks_after == {first.question_id: [masks[cem].counts]}
    released = build_release(project, consensus=True)
    assert released["info"]["consensus"] == {"masks": 0, "changed": 0}
