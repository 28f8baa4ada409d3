"""Masks as a start: what was corrected is replaced, everything else is as it came."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rater_steps import add_raters, current, skip, submit, take
from small_project import SmallSource, box_mask, make_source, travelling_mask
from typer.testing import CliRunner

from annotate_app.rater.questions import take_work
from annotate_app.web.catalogue import read_catalogues
from o365seg.commands.main import app
from o365seg.errors import InputError
from o365seg.formats.masks import Rle, decode_rle
from o365seg.formats.pycocotools_variant import importable_file
from o365seg.project.correction import read_ids
from o365seg.project.folder import open_project
from o365seg.release.build import build_release
from o365seg.release.card import measure
from o365seg.release.corrected import next_version
from o365seg.release.errata import list_changes
from o365seg.store.database import now_ms
from o365seg.store.people.raters import rater_by_id
from o365seg.store.settings import change_setting
from o365seg.store.work import earlier_work
from o365seg.store.work.checks import Activity, Skip, SkipReason


@pytest.fixture
def release(tmp_path: Path) -> tuple[SmallSource, Path]:
    """A file with run lengths, polygons, skips and crowds."""
    source = make_source(tmp_path / "source", images=4)
    content = json.loads(source.detections.read_text())
    content["info"] = {"version": "1.4", "note": "kept"}
    for number, record in enumerate(content["annotations"]):
        if record["iscrowd"]:
            continue
        if number % 3 == 0:
            record["segmentation"] = [[2.0, 3.0, 30.0, 4.0, 20.5, 28.0]]
        elif number % 3 == 1:
            pixels = np.zeros((48, 64), np.uint8)
            pixels[5:20, 6:30] = 1
            counts = travelling_mask(pixels).counts
            record["segmentation"] = {"size": [48, 64], "counts": counts}
        else:
            record |= {"skipped": True, "skip_reason": "too_dark", "ignore": 1}
    path = tmp_path / "release.json"
    path.write_text(json.dumps(content))
    return source, path


def _create(release: tuple[SmallSource, Path], folder: Path, *options: str) -> Any:
    source, path = release
    arguments = ["create", str(folder), "--from", str(path), "--images", str(source.images)]
    return CliRunner().invoke(app, [*arguments, *options])


def _records(file: dict[str, Any]) -> dict[int, str]:
    return {record["id"]: json.dumps(record) for record in file["annotations"]}


def test_only_what_was_corrected_changes(release: tuple[SmallSource, Path], tmp_path: Path) -> None:
    before = json.loads(release[1].read_text())
    boxes = [record for record in before["annotations"] if not record["iscrowd"]]
    masks = [record for record in boxes if "segmentation" in record]
    skipped = next(record for record in boxes if "segmentation" not in record)
    polygon = next(r for r in masks if isinstance(r["segmentation"], list))
    rle = next(r for r in masks if isinstance(r["segmentation"], dict))
    asked = [polygon["id"], rle["id"], skipped["id"], masks[-1]["id"]]
    folder = tmp_path / "repairs"
    made = _create(release, folder, "--only", ",".join(map(str, asked)))
    assert made.exit_code == 0, made.output
    assert "4 questions" in made.output
    first = CliRunner().invoke(app, ["release", str(folder), "--out", str(tmp_path / "1.json")])
    assert "4 unanswered" in first.output
    assert "benchmark" not in first.output  # they keep their masks
    project = open_project(folder)
    assert build_release(project)["annotations"] == before["annotations"]  # nothing yet
    [ada] = add_raters(project.store, 1)
    drawn = np.zeros((48, 64), np.uint8)
    drawn[10:30, 10:30] = 1
    for _ in asked:
        leased = current(take(project.store, ada))
        if leased.question_id in (polygon["id"], skipped["id"]):
            assert (leased.initial_counts is None) == (leased.question_id == skipped["id"])
            submit(project.store, ada, leased, travelling_mask(drawn))
        elif leased.question_id == rle["id"]:
            assert leased.initial_counts is not None
            same = decode_rle(Rle((48, 64), leased.initial_counts))
            submit(project.store, ada, leased, travelling_mask(same))
        else:
            skip(project.store, ada, leased)
    after = build_release(project)
    changed = {polygon["id"], skipped["id"], masks[-1]["id"]}
    old, new = _records(before), _records(after)
    assert {number for number in old if old[number] != new[number]} == changed
    assert list(old) == list(new)
    assert after["images"] == before["images"]
    info = after["info"]
    assert (info["version"], info["note"]) == ("1.5", "kept")
    assert [change["id"] for change in info["changes"]] == [n for n in old if n in changed]
    path = tmp_path / "new.json"
    assert CliRunner().invoke(app, ["release", str(folder), "--out", str(path)]).exit_code == 0
    found = list_changes(release[1], path)
    assert {change.id: change.change for change in found.changes} == {
        polygon["id"]: "mask",
        skipped["id"]: "mask added",
        masks[-1]["id"]: "mask removed",
    }
    assert found.unchanged == len(old) - 3
    said = CliRunner().invoke(app, ["errata", str(release[1]), str(path)])
    assert "3 changes" in said.output
    status = CliRunner().invoke(app, ["status", str(folder), "--json", "-"])
    assert json.loads(status.output)["unaskable"] == 0


def test_the_variant_for_pycocotools_is_of_the_corrected_file(
    release: tuple[SmallSource, Path], tmp_path: Path
) -> None:
    assert _create(release, tmp_path / "repairs").exit_code == 0
    project = open_project(tmp_path / "repairs")
    plain, stock = (build_release(project, for_stock_tools=on) for on in (False, True))
    assert any("segmentation" not in record for record in plain["annotations"])
    assert stock == importable_file(plain, "release.json")


def test_the_file_being_corrected_is_not_replaced(
    release: tuple[SmallSource, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "repairs"
    assert _create(release, folder).exit_code == 0
    source = release[1]
    before = source.read_bytes()
    ran = CliRunner().invoke(app, ["release", str(folder), "--out", str(source)])
    assert "is the file that this project corrects" in str(ran.exception)
    assert source.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("1,7\n12".encode("utf-16"), "not UTF-8 text"),
        (b"1\nx\n", "must be ids such as 12,40"),
    ],
)
def test_a_file_of_ids_that_is_none_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "ids.txt"
    file.write_bytes(content)
    with pytest.raises(InputError, match=f"ids.txt.*{message}"):
        read_ids(str(file))


def test_any_number_of_ids_can_be_listed(tmp_path: Path) -> None:
    assert read_ids(",".join(map(str, range(1000)))) == set(range(1000))
    file = tmp_path / "ids.txt"
    file.write_text("12\n40,\n")
    assert read_ids(str(file)) == {12, 40}


STATED = {
    "questions": 9,
    "rater_hours": 2.0,
    "wall_hours": 3.0,
    "minutes_per_valid_mask": 20.0,
    "mean_mask_minutes": 15.0,
    "replicas": 4,
    "gold_answers": 1,
    "accepted": 5,
    "rejected": 1,
    "repainted": 1,
    "waiting_for_review": 2,
    "human_ceiling": {"AP": 0.9},
    "assistance": ["holes"],
    "consensus": {"masks": 6, "changed": 3},
}


def _state(path: Path, info: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the file this `info`, times and a consensus; gives its boxes."""
    content = json.loads(path.read_text())
    content["info"] = info
    boxes = [record for record in content["annotations"] if not record["iscrowd"]]
    for record in boxes:
        record["active_seconds"] = 30.0
        if "segmentation" in record:
            record["consensus"] = 3
    for unanswered in [one for one in boxes if "segmentation" not in one][:1]:
        del unanswered["skipped"], unanswered["skip_reason"]
        unanswered["unanswered"] = True
    path.write_text(json.dumps(content))
    return boxes


def test_info_is_true_of_the_corrected_file(
    release: tuple[SmallSource, Path], tmp_path: Path
) -> None:
    boxes = _state(release[1], STATED)
    masks = [record["id"] for record in boxes if "segmentation" in record]
    folder = tmp_path / "repairs"
    assert _create(release, folder, "--only", f"{masks[0]},{masks[1]}").exit_code == 0
    project = open_project(folder)
    counts = {"questions": 9, "masks": 6, "skipped": 2, "unaskable": 0, "unanswered": 1}
    assert build_release(project)["info"] == STATED | counts  # nothing changed yet
    with project.store.write() as db:
        change_setting(db, "allow_smoothing", "yes")
        change_setting(db, "allow_smoothing", "no")
    [ada] = add_raters(project.store, 1)
    mask = box_mask(48, 64, 30, 30)
    half_an_hour = Activity(active_ms=1_800_000, wall_ms=3_600_000)
    leased = current(take(project.store, ada))
    submit(project.store, ada, leased, mask, half_an_hour)
    released = build_release(project)
    info, path = released["info"], tmp_path / "new.json"
    assert info["corrects"]["rater_hours"] == 0.5
    assert {key: info[key] for key in counts} == counts
    assert (info["rater_hours"], info["wall_hours"]) == (2.5, 4)
    assert info["minutes_per_valid_mask"] == 2.5 * 60 / 6
    assert info["mean_mask_minutes"] == pytest.approx((5 * 0.5 + 30) / 6)
    assert (info["replicas"], info["gold_answers"]) == (4, 1)
    assert info["assistance"] == ["holes", "smoothing"]
    assert info["consensus"] == {"masks": 5}
    assert not info.keys() & {
        "accepted", "rejected", "repainted", "waiting_for_review", "human_ceiling",
    }  # fmt: skip
    [repainted] = [one for one in released["annotations"] if one["id"] == leased.question_id]
    assert "consensus" not in repainted
    said = CliRunner().invoke(app, ["release", str(folder), "--out", str(path)])
    assert "6 masks, 2 skipped, 1 unanswered" in said.output
    numbers = measure(path, "set").numbers
    assert {key: getattr(numbers, key) for key in counts} == counts
    assert (numbers.rater_hours, numbers.minutes_per_valid_mask) == (2.5, 25)


def test_what_the_file_never_stated_is_not_made_up(
    release: tuple[SmallSource, Path], tmp_path: Path
) -> None:
    boxes = _state(release[1], {})
    [first, *_] = [record["id"] for record in boxes if "segmentation" in record]
    assert _create(release, tmp_path / "repairs", "--only", str(first)).exit_code == 0
    project = open_project(tmp_path / "repairs")
    [ada] = add_raters(project.store, 1)
    submit(project.store, ada, current(take(project.store, ada)), box_mask(48, 64, 30, 30))
    assert build_release(project)["info"].keys() == {
        "questions", "masks", "skipped", "unaskable", "unanswered",
        "version", "corrects", "changes",
    }  # fmt: skip


def test_a_confirmed_skip_is_no_change_and_another_reason_is(
    release: tuple[SmallSource, Path], tmp_path: Path
) -> None:
    before = json.loads(release[1].read_text())
    skipped = next(record for record in before["annotations"] if record.get("skipped"))
    assert _create(release, tmp_path / "repairs", "--only", str(skipped["id"])).exit_code == 0
    project = open_project(tmp_path / "repairs")
    [ada] = add_raters(project.store, 1)
    leased = current(take(project.store, ada))
    skip(project.store, ada, leased)
    confirmed = build_release(project)
    assert confirmed["annotations"] == before["annotations"]
    assert confirmed["info"]["version"] == "1.4"
    assert "changes" not in confirmed["info"]
    with project.store.write() as db:
        assert earlier_work.reopen(db, ada, leased.question_id, 0)
    again = current(take(project.store, ada))
    submit(project.store, ada, again, Skip(SkipReason.BOX_WRONG))
    after = build_release(project)
    change = {"id": skipped["id"], "change": "skip reason", "skip_reason": "box_wrong"}
    assert after["info"]["changes"] == [change]
    (tmp_path / "new.json").write_text(json.dumps(after))
    [found] = list_changes(release[1], tmp_path / "new.json").changes
    assert (found.id, found.change) == (skipped["id"], "skip reason")


def test_the_painter_starts_with_the_mask(
    release: tuple[SmallSource, Path], tmp_path: Path
) -> None:
    assert _create(release, tmp_path / "repairs").exit_code == 0
    project = open_project(tmp_path / "repairs")
    [ada] = add_raters(project.store, 1)
    with project.store.write() as db:
        person = rater_by_id(db, ada)
        assert person is not None
        task = take_work(db, person, now_ms(), lambda: read_catalogues()["en"])["current"]
    record = next(
        r
        for r in json.loads(release[1].read_text())["annotations"]
        if str(r["id"]) == str(task["question"])
    )
    assert (task["initial"] is None) == ("segmentation" not in record)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--only", "12345"], "no annotation has the id 12345"),
        (["--only", "one"], "not 'one'"),
        (["--detections", "x.json"], "either --detections or --from"),
    ],
)
def test_what_cannot_be_corrected_is_named(
    release: tuple[SmallSource, Path], tmp_path: Path, options: list[str], said: str
) -> None:
    made = _create(release, tmp_path / "repairs", *options)
    assert made.exit_code != 0
    assert said in str(made.exception)
    assert not (tmp_path / "repairs").exists()


def test_an_invalid_mask_is_named(release: tuple[SmallSource, Path], tmp_path: Path) -> None:
    content = json.loads(release[1].read_text())
    record = next(r for r in content["annotations"] if isinstance(r.get("segmentation"), dict))
    record["segmentation"]["size"] = [1, 1]
    release[1].write_text(json.dumps(content))
    made = _create(release, tmp_path / "repairs")
    assert made.exit_code != 0
    assert f"(id {record['id']})" in str(made.exception)


@pytest.mark.parametrize(
    ("version", "following"), [(None, "2"), (1, 2), ("1.0", "1.1"), ("v9", "v10"), ("draft", "2")]
)
def test_versions_go_up(version: object, following: object) -> None:
    assert next_version(version) == following
