"""A project of a million questions, made by the database itself: no row passes through Python."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np
import sqlalchemy as sa
from grown_project import FIRST_ID, PER_IMAGE, grow_project
from small_project import travelling_mask

from o365seg.project.folder import Project
from o365seg.store.schema import ACTIVITY_COLUMNS, answer, image, lease, question

SIZE = (480, 640)
_STEP = 100_000  # questions in a transaction


def make_large_project(
    folder: Path, questions: int, answered: int, database: str = "", *, password_hash: str
) -> Project:
    """A project of `questions`, the first of them answered by 40 raters in turn, one in 7 skipped.

    Each mask is an ellipse of 480×640 pixels, and the sample file has a record for each question.
    """
    project = grow_project(
        folder, PER_IMAGE, 0, database, quality=False, password_hash=password_hash,
        picture=(SIZE[1], SIZE[0]),
    )  # fmt: skip
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    mask = travelling_mask((((x - 320) / 250) ** 2 + ((y - 240) / 200) ** 2 < 1).astype(np.uint8))
    given = {
        "first": FIRST_ID, "per_image": PER_IMAGE, "counts": mask.counts, "crc32": mask.crc32,
    }  # fmt: skip
    with project.store.write() as db:
        small = question.c.id < FIRST_ID  # after the others
        db.execute(
            question.update().where(small).values(position=question.c.position + 10 * questions)
        )
        given["rater"] = db.execute(sa.text("SELECT min(id) FROM rater")).scalar_one()
    for start in range(0, questions, _STEP):
        bounds = {"start": max(start, PER_IMAGE), "end": min(start + _STEP, questions)}
        done = {"start": start, "end": min(start + _STEP, answered)}
        with project.store.write() as db:
            # Images of questions that exist are there; the ranges are of whole images.
            _insert(db, image, _IMAGES, given | _images(bounds["start"], bounds["end"]))
            _insert(db, question, _QUESTIONS, given | bounds)
            if done["end"] > start:
                _insert(db, lease, _LEASES, given | done)
                _insert(db, answer, _ANSWERS, given | done)
    with project.store.write() as db:
        db.execute(sa.text("ANALYZE"))
    _write_sample(project, questions)
    return project


def _images(start: int, end: int) -> dict[str, int]:
    return {"start": -(-start // PER_IMAGE), "end": -(-end // PER_IMAGE)}


_IMAGES = {
    "id": ":first + i",
    "path": "model.path",
    "upright": "model.upright",
    "sha256": "model.sha256",
    "media_type": "model.media_type",
    "width": str(SIZE[1]),
    "height": str(SIZE[0]),
}
_QUESTIONS = {
    "id": ":first + i",
    "image_id": ":first + i / :per_image",
    **{name: f"model.{name}" for name in ("category_id", "category", "x", "y", "width", "height")},
    "state": "'open'",
    "position": "i",
}
_LEASES = {
    "token": "CAST(i AS VARCHAR)",
    "question_id": ":first + i",
    "rater_id": ":rater + i % 40",
    "purpose": "'answer'",
    "leased_at": "i",
    "shown_at": "i",
    "expires_at": "i",
    "closed_at": "i",
    "outcome": "'answered'",
}
_ANSWERS = {
    "question_id": ":first + i",
    "rater_id": ":rater + i % 40",
    "lease_token": "CAST(i AS VARCHAR)",
    "purpose": "'answer'",
    "counts": "CASE WHEN i % 7 > 0 THEN CAST(:counts AS VARCHAR) END",
    "crc32": "CASE WHEN i % 7 > 0 THEN CAST(:crc32 AS BIGINT) END",
    "area": "CASE WHEN i % 7 > 0 THEN 157000 END",
    "skip_reason": "CASE WHEN i % 7 = 0 THEN 'too_dark' END",
    "image_sha256": "'x'",
    "width": "640",
    "height": "480",
    "leased_at": "i",
    "shown_at": "i",
    "received_at": "i",
    "client_version": "'test'",
    **dict.fromkeys(ACTIVITY_COLUMNS, "1000"),
}


def _insert(
    db: sa.Connection, table: sa.Table, columns: dict[str, str], given: Mapping[str, object]
) -> None:
    """Rows for i from `start` to `end`; `model` is the table's first row."""
    model = f"(SELECT * FROM {table.name} LIMIT 1) AS model" if "model." in str(columns) else ""
    db.execute(
        sa.text(
            f"INSERT INTO {table.name} ({', '.join(columns)}) "
            "WITH RECURSIVE counted(i) AS (SELECT CAST(:start AS BIGINT) UNION ALL "
            "SELECT i + 1 FROM counted WHERE i + 1 < :end) "
            f"SELECT {', '.join(columns.values())} FROM counted{', ' + model if model else ''} "
            "WHERE i < :end"
        ),
        given,
    )


def _write_sample(project: Project, questions: int) -> None:
    sample = msgspec.json.decode(project.sample_path.read_bytes())
    model, picture = sample["annotations"][0], sample["images"][0]
    with project.store.read() as db:
        category = db.execute(sa.text("SELECT min(category_id) FROM question")).scalar_one()
    sample["images"] = [
        picture
        | {"id": FIRST_ID + number, "width": SIZE[1], "height": SIZE[0]}
        | {"file_name": f"{number}.jpg"}
        for number in range(-(-questions // PER_IMAGE))
    ]
    head = {key: value for key, value in sample.items() if key != "annotations"}
    encode = msgspec.json.encode
    with project.sample_path.open("wb") as file:
        file.write(encode(head)[:-1] + b',"annotations":[')
        for number in range(questions):
            record = model | {
                "id": FIRST_ID + number,
                "image_id": FIRST_ID + number // PER_IMAGE,
                "category_id": category,
                "iscrowd": 0,
            }
            file.write((b"," if number else b"") + encode(record))
        file.write(b"]}")
