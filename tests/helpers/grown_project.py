"""A project late in its life: tens of thousands of answers, reviews, corrections, hidden gold."""

import random
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from small_project import box_mask, make_source

from o365seg.project.creation import create_project
from o365seg.project.folder import Project, open_project
from o365seg.store.people.raters import add_rater
from o365seg.store.schema import ACTIVITY_COLUMNS, answer, gold, image, lease, question, review
from o365seg.store.settings import change_setting

RATERS = 40
PER_IMAGE = 14  # questions; the paper has 12,836 masks and as many skips on 1,000 images
FIRST_ID = 1_000_000
SIZE = (48, 64)
_ROWS = 5000


def grow_project(
    folder: Path,
    questions: int,
    answered: int,
    database: str = "",
    *,
    quality: bool = True,
    password_hash: str = "hash",
    picture: tuple[int, int] = (64, 48),
    raters: int = RATERS,
    seed: int = 0,
) -> Project:
    """Make a project of `questions`, the first of them answered but for some left open between.

    Args:
        folder: New; the source comes beside it.
        questions: In all, 14 an image.
        answered: How many have an answer.
        database: URL of PostgreSQL; empty: SQLite.
        quality: Three in ten answers reviewed, a tenth of those rejected and answered again but for
            20 of them, 50 hidden gold questions (half of them without an answer), 2% replicated.
        password_hash: Every rater's; they are called `rater 0` and so on.
        picture: Width and height that the images are said to have; nobody looks at their files.
        raters: How many.
        seed: Of which.
    """
    source = make_source(folder.with_name(folder.name + "-source"))
    create_project(folder, source.detections, source.images, images=100, database=database)
    project = open_project(folder, database=database)
    draw = random.Random(seed)
    with project.store.write() as db:
        for number in range(raters):
            add_rater(db, f"rater {number}", password_hash)
        db.execute(question.update().values(position=question.c.position + 10 * questions))
        _add_questions(db, questions, picture)
        ids = range(FIRST_ID, FIRST_ID + questions)
        late = set(draw.sample(ids[:answered], 25)) if quality else set()
        done = [id_ for id_ in ids[: answered + len(late)] if id_ not in late]
        _answer(db, [(id_, draw.randrange(RATERS)) for id_ in done], "answer")
    if quality:
        _check(project, done, sorted(late), draw)
    return project


def _add_questions(db: sa.Connection, count: int, size: tuple[int, int]) -> None:
    picture = dict(db.execute(sa.select(image)).mappings().first() or {})
    model = dict(db.execute(sa.select(question)).mappings().first() or {})
    pictures = range(-(-count // PER_IMAGE))
    db.execute(
        image.insert(),
        [
            picture
            | {"id": FIRST_ID + number, "sha256": f"{number:064}"}
            | {"width": size[0], "height": size[1]}
            for number in pictures
        ],
    )
    rows = [
        model
        | {"id": FIRST_ID + number, "position": number, "image_id": FIRST_ID + number // PER_IMAGE}
        for number in range(count)
    ]
    for start in range(0, count, _ROWS):
        db.execute(question.insert(), rows[start : start + _ROWS])


def _answer(
    db: sa.Connection, done: list[tuple[int, int]], purpose: str, token: str = "", **more: Any
) -> None:
    """Answers to (question, number of the rater), in that order."""
    first = db.execute(sa.text("SELECT min(id) FROM rater")).scalar_one()
    mask = box_mask(*SIZE, 3, 3)
    for start in range(0, len(done), _ROWS):
        shared = [
            {
                "question_id": id_,
                "rater_id": first + number,
                "purpose": purpose,
                "leased_at": at,
                "shown_at": at,
            }
            for at, (id_, number) in enumerate(done[start : start + _ROWS], start)
        ]
        tokens = [f"{purpose}{token}{row['question_id']}-{row['rater_id']}" for row in shared]
        db.execute(
            lease.insert(),
            [
                row | {"token": name, "expires_at": 2, "closed_at": 2, "outcome": "answered"}
                for row, name in zip(shared, tokens, strict=True)
            ],
        )
        content = {"counts": mask.counts, "area": 25, "crc32": mask.crc32, "skip_reason": None}
        skipped = {"counts": None, "area": None, "crc32": None, "skip_reason": "too_dark"}
        db.execute(
            answer.insert(),
            [
                row
                | (skipped if row["question_id"] % 7 == 0 else content)
                | {
                    "lease_token": name,
                    "image_sha256": "x",
                    "width": SIZE[1],
                    "height": SIZE[0],
                    "received_at": 2,
                    "client_version": "test",
                    **dict.fromkeys(ACTIVITY_COLUMNS, 1000),
                    **more,
                }
                for row, name in zip(shared, tokens, strict=True)
            ],
        )


def _check(project: Project, done: list[int], late: list[int], draw: random.Random) -> None:
    with project.store.write() as db:
        ids = dict(db.execute(sa.select(answer.c.question_id, answer.c.id)).all())
        reviewed = [id_ for id_ in done if draw.random() < 0.3]
        verdicts = [(id_, draw.random() < 0.1) for id_ in reviewed]
        reviewer = db.execute(sa.text("SELECT min(id) FROM rater")).scalar_one()
        db.execute(
            review.insert(),
            [
                {
                    "answer_id": ids[id_],
                    "reviewer_id": reviewer,
                    "verdict": "rejected" if bad else "accepted",
                    "comment": "too big" if bad else "",
                    "created_at": 2**52,  # none of them waits too long
                }
                for id_, bad in verdicts
            ],
        )
        again = [id_ for id_, bad in verdicts if bad][20:]
        _answer(db, [(id_, draw.randrange(RATERS)) for id_ in again], "answer", "again")
        known = late + done[:25]
        mask = box_mask(*SIZE, 3, 4)
        db.execute(
            gold.insert(),
            [
                {"question_id": id_, "purpose": "gold", "counts": mask.counts, "created_at": 0}
                for id_ in known
            ],
        )
        seen = [(id_, rater) for id_ in known for rater in range(RATERS) if draw.random() < 0.9]
        _answer(db, seen, "gold", reference_iou=0.8)
        change_setting(db, "replica_share", 0.02)
    with project.store.write() as db:
        twice = db.execute(sa.select(question.c.id).where(question.c.replicas > 0)).scalars()
        wanted = [id_ for id_ in twice if id_ in ids]
        painted = [(id_, draw.randrange(RATERS)) for id_ in wanted[: len(wanted) * 9 // 10]]
        _answer(db, painted, "replica")
