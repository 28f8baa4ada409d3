"""A release with every kind of record over small images: painted, skipped, unanswered, crowd."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rater_steps import add_raters, current, skip, submit, take
from small_project import make_source, travelling_mask

from o365seg.formats.json_files import write_json_atomic
from o365seg.formats.records import read_annotations
from o365seg.project.creation import create_project
from o365seg.project.folder import open_project
from o365seg.release.build import FILE_NAME, build_release
from o365seg.store.work.checks import Activity


@dataclass(frozen=True)
class PaintedRelease:
    """The file and the folder of its images."""

    path: Path
    images: Path


def make_release(folder: Path, images: int = 4, unanswered: int = 2) -> PaintedRelease:
    """Ellipses in the boxes of `make_source`, the first question skipped, the last ones left open.

    The n-th answer took n × 10 seconds.
    """
    source = make_source(folder / "source", images)
    create_project(folder / "project", source.detections, source.images)
    project = open_project(folder / "project")
    records = read_annotations(project.sample_path).annotations
    boxes = {record.id: record.bbox for record in records}
    (ada,) = add_raters(project.store, 1)
    skip(project.store, ada, current(take(project.store, ada)))
    for number in range(2, sum(not record.iscrowd for record in records) - unanswered + 1):
        leased = current(take(project.store, ada))
        activity = Activity(active_ms=number * 10_000)
        mask = travelling_mask(_ellipse(boxes[leased.question_id]))
        submit(project.store, ada, leased, mask, activity, now=number)
    path = folder / FILE_NAME
    write_json_atomic(path, build_release(project))
    project.store.close()
    return PaintedRelease(path, source.images)


def _ellipse(box: tuple[float, float, float, float] | None) -> np.ndarray:
    assert box is not None
    y, x = np.mgrid[0:48, 0:64] + 0.5
    left, top, width, height = box
    across = (x - left - width / 2) / (width / 2)
    return (across**2 + ((y - top - height / 2) / (height / 2)) ** 2 <= 1).astype(np.uint8)
