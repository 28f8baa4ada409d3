"""What the owner's pages count, against plain loops over the rows."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from filled_project import DAY, fill
from pycocotools import mask as coco_mask
from small_project import make_source

from o365seg.project.creation import create_project
from o365seg.project.folder import Project, open_project
from o365seg.store.database import now_ms
from o365seg.store.progress import gallery, pace
from o365seg.store.progress import summary as progress
from o365seg.store.quality import rater_quality
from o365seg.store.schema import answer, rater, review


@pytest.fixture
def filled(tmp_path) -> Project:
    source = make_source(tmp_path / "many", images=40)
    create_project(tmp_path / "p", source.detections, source.images)
    opened = open_project(tmp_path / "p")
    fill(opened, "hash", share=0.8)
    return opened


@pytest.fixture
def rows(filled: Project) -> list:
    with filled.store.read() as db:
        return list(db.execute(sa.select(answer).order_by(answer.c.id)))


def test_each_rater_is_measured_as_a_loop_would(filled: Project, rows: list) -> None:
    with filled.store.read() as db:
        measured = rater_quality.measure_raters(db)
        names = {row.id: row.name for row in db.execute(sa.select(rater))}
        verdicts = {row.answer_id: row.verdict for row in db.execute(sa.select(review))}
    assert sorted(names.values()) == [one.name for one in measured]
    answers = {row.question_id: row for row in rows if row.purpose == "answer"}
    pairs = defaultdict(list)
    for row in rows:
        other = answers[row.question_id]
        if row.purpose != "replica" or not other.counts:
            continue
        coded: list[Any] = [
            {"size": [r.height, r.width], "counts": r.counts.encode()} for r in (row, other)
        ]
        iou = coco_mask.iou(coded[:1], coded[1:], [0])[0][0]
        pairs[row.rater_id].append(iou)
        pairs[other.rater_id].append(iou)
    assert sum(map(len, pairs.values())) > 10
    for one in measured:
        mine = [row for row in rows if row.rater_id == one.id]
        masks = [row for row in mine if row.counts]
        gold = [row.reference_iou for row in mine if row.purpose == "gold"]
        judged = [verdicts[row.id] for row in mine if row.id in verdicts]
        assert (one.masks, one.skips) == (len(masks), len(mine) - len(masks))
        assert one.active_ms == sum(row.active_ms for row in mine)
        minutes = sum(row.active_ms for row in masks) / len(masks) / 60_000 if masks else None
        assert one.minutes_per_mask == (minutes and pytest.approx(minutes))
        assert one.gold == len(gold)
        assert one.gold_iou == (pytest.approx(sum(gold) / len(gold)) if gold else None)
        assert (one.reviewed, one.rejected) == (len(judged), judged.count("rejected"))
        shared = pairs[one.id]
        assert one.agreement == len(shared)
        assert one.agreement_iou == (pytest.approx(sum(shared) / len(shared)) if shared else None)


def test_skips_by_category_add_up_to_the_projects(filled: Project) -> None:
    with filled.store.read() as db:
        skips = rater_quality.skips_by_category(db)
        done = progress.measure_progress(db, now_ms())
    totals = Counter()
    for row in skips:
        totals.update(row.by_reason)
    assert totals == done.skips
    assert all(0 < row.skipped <= row.answered for row in skips)
    assert [row.skipped for row in skips] == sorted((r.skipped for r in skips), reverse=True)


def test_the_estimate_goes_on_at_the_last_weeks_pace(filled: Project, rows: list) -> None:
    now = now_ms()
    with filled.store.read() as db:
        found = pace.estimate(db, now)
        done = progress.measure_progress(db, now)
    answers = [row for row in rows if row.purpose == "answer"]
    recent = [row for row in answers if row.received_at >= now - 7 * DAY]
    assert found.left == done.unanswered > 0
    assert found.per_day == pytest.approx(len(recent) / 7)
    hours = sum(row.active_ms for row in recent) / len(recent) * found.left / 3_600_000
    assert found.hours_left == pytest.approx(hours)
    assert found.done_at == pytest.approx(now + found.left / found.per_day * DAY, abs=2)


def test_without_answers_nothing_is_promised(project: Project) -> None:
    with project.store.read() as db:
        assert pace.estimate(db, 10**12) == pace.Estimate(9, 0.0, None, None)
        assert pace.over_time(pace.answers_by_quarter(db, 10**12), 10**12, UTC)[1] == []
        assert rater_quality.skips_by_category(db) == []


def test_every_recent_answer_is_in_one_period(filled: Project, rows: list) -> None:
    with filled.store.read() as db:
        quarters = pace.answers_by_quarter(db, now_ms())
    length, periods = pace.over_time(quarters, now_ms(), UTC)
    assert length == DAY
    assert sum(period.masks + period.skips for period in periods) == len(rows)
    assert [period.start for period in periods] == list(
        range(periods[0].start, periods[-1].start + 1, length)
    )


def test_days_are_those_of_the_readers_time_zone() -> None:
    zone = ZoneInfo("Europe/Berlin")
    change = datetime(2026, 10, 25, tzinfo=zone)  # the day of 25 hours

    def ms(at: datetime) -> int:
        return round(at.timestamp() * 1000)

    quarters = [
        pace.Period(ms(change - timedelta(minutes=15)), 1, 0),
        pace.Period(ms(change), 0, 1),
        pace.Period(ms(datetime(2026, 10, 25, 23, 45, tzinfo=zone)), 1, 0),
        pace.Period(ms(datetime(2026, 10, 26, tzinfo=zone)), 1, 1),
    ]
    length, periods = pace.over_time(quarters, ms(datetime(2026, 10, 27, 9, tzinfo=zone)), zone)
    assert length == DAY
    assert [(period.masks, period.skips) for period in periods] == [(1, 0), (1, 1), (1, 1), (0, 0)]
    starts = [datetime.fromtimestamp(period.start / 1000, zone) for period in periods]
    assert [(at.day, at.hour) for at in starts] == [(24, 0), (25, 0), (26, 0), (27, 0)]


def test_hours_of_a_zone_begin_at_its_full_hours() -> None:
    zone = ZoneInfo("Asia/Kolkata")  # 5:30 ahead of UTC
    quarters = [
        pace.Period(round(datetime(2026, 5, 1, 9, 45, tzinfo=zone).timestamp()) * 1000, 1, 0)
    ]
    _, periods = pace.over_time(quarters, quarters[0].start + 20 * 60_000, zone)
    starts = [datetime.fromtimestamp(period.start / 1000, zone) for period in periods]
    assert [(at.hour, at.minute) for at in starts] == [(9, 0), (10, 0)]
    assert [period.masks for period in periods] == [1, 0]


@pytest.mark.parametrize(
    ("filters", "keeps"),
    [
        (gallery.Filters(), lambda row: True),
        (gallery.Filters(rater="Ada"), lambda row: row.rater == "Ada"),
        (gallery.Filters(answered="skip"), lambda row: row.skip_reason is not None),
        (gallery.Filters(answered="mask"), lambda row: row.skip_reason is None),
        (gallery.Filters(skip_reason="too_dark"), lambda row: row.skip_reason == "too_dark"),
        (gallery.Filters(size=gallery.Size.SMALL), lambda row: (row.area or 9999) < 1024),
        (gallery.Filters(size=gallery.Size.LARGE), lambda row: (row.area or 0) > 96**2),
        (gallery.Filters(review="none"), lambda row: row.verdict is None),
        (gallery.Filters(review="rejected"), lambda row: row.verdict == "rejected"),
        (
            gallery.Filters(category="Person", rater="Bob"),
            lambda r: (r.category, r.rater) == ("Person", "Bob"),
        ),
    ],
)
def test_filters_keep_what_they_say_and_pages_cover_all(filled: Project, filters, keeps) -> None:
    with filled.store.read() as db:
        everything = gallery.list_answers(db, gallery.Filters(), limit=10_000)
        count = gallery.count_answers(db, filters)
        paged = [
            row
            for offset in range(0, count, 7)
            for row in gallery.list_answers(db, filters, offset=offset, limit=7)
        ]
    assert paged == [row for row in everything if keeps(row)]
    assert count == len(paged)
