"""A project in the midst of its work: people, answers of made-up masks and times, reviews, gold."""

import zlib
from collections.abc import Mapping

import numpy as np
import sqlalchemy as sa

from o365seg.formats.masks import Rle, decode_rle, encode_rle
from o365seg.project.folder import Project
from o365seg.store import audit
from o365seg.store.database import now_ms
from o365seg.store.people import invitations, raters
from o365seg.store.schema import Purpose, Role, Verdict, answer, image, lease, question, review
from o365seg.store.work.checks import SkipReason

PEOPLE = {
    "Olga": Role.OWNER,
    "Rui": Role.REVIEWER,
    "Ada": Role.RATER,
    "Bob": Role.RATER,
    "Chiyo": Role.RATER,
    "Dara": Role.RATER,
}
MINUTE = 60_000
DAY = 24 * 60 * MINUTE


def ellipse(height: int, width: int, bbox: tuple[float, float, float, float]) -> np.ndarray:
    x, y, box_width, box_height = bbox
    rows, columns = np.mgrid[0:height, 0:width] + 0.5
    inside = ((columns - x - box_width / 2) / (box_width / 2)) ** 2
    return inside + ((rows - y - box_height / 2) / (box_height / 2)) ** 2 <= 1


def fill(
    project: Project,
    password_hash: str,
    *,
    share: float = 0.7,
    days: int = 12,
    people: Mapping[str, Role] = PEOPLE,
    notes: str = "the box is around its shadow",
    masks: Mapping[int, str] | None = None,
    seed: int = 0,
) -> None:
    """Answer `share` of a project's questions, some skipped, replicated, gold and reviewed.

    `masks` are compressed run lengths by question; ellipses where there is none.
    """
    rng = np.random.default_rng(seed)
    now = now_ms()
    with project.store.write() as db:
        for name, role in people.items():
            raters.add_rater(db, name, password_hash, role)
            audit.record(db, None, "person.add", name)
        ids = {}
        for name in people:
            found = raters.find_rater(db, name)
            assert found is not None
            ids[name] = found.id
        painters = [ids[name] for name, role in people.items() if role is Role.RATER]
        reviewers = [ids[name] for name, role in people.items() if role is not Role.RATER]
        speed = dict(zip(painters, rng.uniform(1.5, 5, len(painters)), strict=True))
        rows = db.execute(
            sa.select(question, image.c.sha256, image.c.width.label("w"), image.c.height.label("h"))
            .select_from(question.join(image))
            .order_by(question.c.position)
        ).all()
        last = max(1, round(len(rows) * share))
        for number, row in enumerate(rows[:last]):
            at = now - days * DAY + round((number + 1) / last * (days * DAY - 3 * MINUTE))
            rater_id = int(rng.choice(painters))
            counts = (masks or {}).get(row.id)
            if counts is None:
                pixels = ellipse(row.h, row.w, (row.x, row.y, row.width, row.height))
                counts = str(encode_rle(pixels).counts)
            skip = str(rng.choice(list(SkipReason))) if rng.random() < 0.14 else None
            if _area(counts, row) == 0:
                skip = SkipReason.TOO_DARK.value
            answer_id = _add(db, row, rater_id, skip, counts, at, speed[rater_id], notes, rng)
            if rng.random() < 0.4:
                verdict = str(rng.choice([*[Verdict.ACCEPTED] * 5, Verdict.REJECTED]))
                db.execute(
                    review.insert().values(
                        answer_id=answer_id,
                        reviewer_id=int(rng.choice(reviewers)),
                        verdict=verdict,
                        comment="" if verdict == Verdict.ACCEPTED else notes,
                        created_at=at + MINUTE,
                    )
                )
            if rng.random() < 0.2 and skip is None:
                other = int(rng.choice([one for one in painters if one != rater_id]))
                near = decode_rle(Rle((row.h, row.w), counts))
                shifted = str(encode_rle(np.roll(near, int(rng.integers(0, 3)), axis=1)).counts)
                purpose = str(rng.choice([Purpose.REPLICA, Purpose.GOLD]))
                _add(db, row, other, None, shifted, at, speed[other], notes, rng, purpose)
        invitations.invite(db, Role.RATER, name="Emil", by=ids["Olga"], now=now)
        invitations.invite(db, Role.REVIEWER, by=None, now=now)


def _area(counts: str, row) -> int:
    return int(decode_rle(Rle((row.h, row.w), counts)).sum())


def _add(
    db, row, rater_id, skip, counts, at, minutes, notes, rng, purpose=Purpose.ANSWER.value
) -> int:
    active = round(minutes * MINUTE * rng.lognormal(0, 0.4) * (0.3 if skip else 1))
    token = f"{row.id} {rater_id} {purpose}"
    times = {"leased_at": at - active, "shown_at": at - active}
    db.execute(
        lease.insert().values(
            token=token,
            question_id=row.id,
            rater_id=rater_id,
            purpose=purpose,
            expires_at=at,
            closed_at=at,
            outcome="answered",
            **times,
        )
    )
    activity = dict.fromkeys(
        ("idle_ms", "hidden_ms", "strokes", "lines", "fills", "erases", "undos", "zooms"), 0
    )
    inserted = db.execute(
        answer.insert().values(
            question_id=row.id,
            rater_id=rater_id,
            lease_token=token,
            purpose=purpose,
            skip_reason=skip,
            skip_note=notes if skip == SkipReason.OTHER else "" if skip else None,
            counts=None if skip else counts,
            area=None if skip else _area(counts, row),
            crc32=None if skip else zlib.crc32(counts.encode()),
            image_sha256=row.sha256,
            width=row.w,
            height=row.h,
            received_at=at,
            wall_ms=round(active * 1.3),
            active_ms=active,
            client_version="test",
            reference_iou=float(rng.beta(18, 2)) if purpose == Purpose.GOLD else None,
            **times,
            **activity,
        )
    )
    return inserted.inserted_primary_key[0]
