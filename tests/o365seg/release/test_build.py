"""The released file: the source's records with masks added; the same bytes for the same answers."""

import json
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO
from rater_steps import add_raters, current, skip, submit, take
from small_project import SmallSource, make_image, travelling_mask
from typer.testing import CliRunner

from o365seg.commands.main import app
from o365seg.errors import InputError
from o365seg.formats.json_files import write_json_atomic
from o365seg.formats.records import read_annotations
from o365seg.project.backup import back_up, restore
from o365seg.project.creation import create_project
from o365seg.project.folder import Project, open_project
from o365seg.release import annotations
from o365seg.release.build import build_release, write_release
from o365seg.release.card import data_card, measure
from o365seg.release.publication import publication
from o365seg.store import integrity, schema
from o365seg.store.schema import ACTIVITY_COLUMNS
from o365seg.store.work.checks import Activity


def paint(project: Project, rater: int, pixels: np.ndarray) -> int:
    """Answer the rater's current question with a mask; returns the question."""
    leased = current(take(project.store, rater))
    activity = Activity(active_ms=60_000)
    submit(project.store, rater, leased, travelling_mask(pixels), activity, now=5)
    return leased.question_id


@pytest.fixture
def painted(project: Project) -> tuple[Project, int, int, np.ndarray]:
    """A project with one mask, one skip, and seven open questions."""
    (ada,) = add_raters(project.store, 1)
    pixels = (np.random.default_rng(0).random((48, 64)) < 0.5).astype(np.uint8)
    mask_id = paint(project, ada, pixels)
    skipped = current(take(project.store, ada))
    skip(project.store, ada, skipped)
    return project, mask_id, skipped.question_id, pixels


def by_id(release: dict[str, Any]) -> dict[int, dict[str, Any]]:
    return {record["id"]: record for record in release["annotations"]}


def test_each_kind_of_annotation_has_its_form(
    painted: tuple[Project, int, int, np.ndarray], source: SmallSource
) -> None:
    project, mask_id, skip_id, pixels = painted
    release = build_release(project)
    originals = by_id(source.content)
    for number, record in by_id(release).items():
        original = originals[number]
        kept = {key: value for key, value in original.items() if key not in ("area", "iscrowd")}
        assert kept.items() <= record.items()  # every key as it came
        added = {key: record[key] for key in record.keys() - original.keys()}
        box_area = original["bbox"][2] * original["bbox"][3]
        if original["iscrowd"]:
            assert record == original
        elif number == mask_id:
            mask = travelling_mask(pixels)
            assert added == {
                "segmentation": {"size": [48, 64], "counts": mask.counts},
                "active_seconds": 60.0,
            }
            assert (record["area"], record["iscrowd"]) == (pixels.sum(), 0)
        elif number == skip_id:
            assert added == {
                "ignore": 1,
                "skipped": True,
                "skip_reason": "too_dark",
                "active_seconds": 0.0,
            }
            assert (record["area"], record["iscrowd"]) == (box_area, 0)
        else:
            assert added == {"ignore": 1, "unanswered": True}
            assert record["area"] == box_area


def test_categories_are_verbatim_with_the_corrected_name_beside(
    painted: tuple[Project, int, int, np.ndarray],
) -> None:
    categories = build_release(painted[0])["categories"]
    assert categories[0] == {"id": 1, "name": "Person"}
    assert categories[2] == {"id": 308, "name": "Campel", "display_name": "Camel"}
    assert categories[3]["name"] == "Table Tennis "


def test_the_counts_and_hours_stand_in_the_info(
    painted: tuple[Project, int, int, np.ndarray],
) -> None:
    info = build_release(painted[0])["info"]
    assert (info["questions"], info["masks"], info["skipped"], info["unanswered"]) == (9, 1, 1, 7)
    assert info["rater_hours"] == 1 / 60
    assert info["minutes_per_valid_mask"] == 1


def test_pycocotools_and_our_own_reader_open_it(
    painted: tuple[Project, int, int, np.ndarray], tmp_path
) -> None:
    project, mask_id, skip_id, pixels = painted
    for stock in (False, True):
        path = tmp_path / "release.json"
        write_json_atomic(path, build_release(project, for_stock_tools=stock))
        coco = COCO(path)
        assert np.array_equal(coco.annToMask(coco.anns[mask_id]), pixels)
        mine = {record.id: record for record in read_annotations(path).annotations}
        assert not mine[mask_id].is_skipped
        assert mine[skip_id].is_skipped != stock


def test_for_stock_tools_skipped_unanswered_and_crowds_are_box_shaped_crowds(
    painted: tuple[Project, int, int, np.ndarray],
) -> None:
    project, mask_id, _, _ = painted
    for number, record in by_id(build_release(project, for_stock_tools=True)).items():
        assert record["iscrowd"] == (number != mask_id)
        assert record["segmentation"]["size"] == [48, 64]


def test_boxes_that_could_not_be_asked_about_are_released_as_skipped(
    source: SmallSource, tmp_path
) -> None:
    source.content["annotations"][0]["bbox"] = [5, 5, 0, 10]
    source.rewrite()
    create_project(tmp_path / "p", source.detections, source.images)
    release = build_release(open_project(tmp_path / "p"))
    record = by_id(release)[1]
    assert (record["skipped"], record["skip_reason"]) == (True, "unaskable_box")
    counts = ("questions", "masks", "skipped", "unanswered", "unaskable")
    released = [release["info"][name] for name in counts]
    assert released == [8, 0, 0, 8, 1]
    write_json_atomic(tmp_path / "release.json", release)
    numbers = measure(tmp_path / "release.json", "set").numbers
    assert [getattr(numbers, name) for name in counts] == released
    shown = CliRunner().invoke(app, ["status", str(tmp_path / "p"), "--json", "-"])
    status = json.loads(shown.stdout)
    assert [status[name] for name in counts] == released


def test_equal_answers_give_equal_bytes_whoever_gave_them_and_when(
    source: SmallSource, tmp_path: Path
) -> None:
    """Two projects of one sample; other raters, other order, other time of day."""
    releases = []
    for name, people in (("a", 1), ("b", 3)):
        create_project(tmp_path / name, source.detections, source.images)
        project = open_project(tmp_path / name)
        raters = add_raters(project.store, people)
        for turn in range(9):
            rater = raters[turn % people]
            leased = current(take(project.store, rater))
            if leased.question_id % 3:
                seeded = np.random.default_rng(leased.question_id)
                paint(project, rater, (seeded.random((48, 64)) < 0.5).astype(np.uint8))
            else:
                skip(project.store, rater, leased, now=turn)
        releases.append(json.dumps(build_release(project)))
    assert json.loads(releases[0])["info"]["unanswered"] == 0
    assert releases[0] == releases[1]


def test_a_release_can_be_the_source_of_another(
    painted: tuple[Project, int, int, np.ndarray], source: SmallSource, tmp_path: Path
) -> None:
    source.content = build_release(painted[0])
    source.content["info"] |= {"corrects": {"name": "x", "sha256": "y"}, "changes": [], "note": 1}
    source.rewrite()
    create_project(tmp_path / "again", source.detections, source.images)
    again = open_project(tmp_path / "again")
    (ada,) = add_raters(again.store, 1)
    while take(again.store, ada).current is not None:
        paint(again, ada, np.ones((48, 64), np.uint8))
    release = build_release(again)
    assert (release["info"]["masks"], release["info"]["skipped"]) == (9, 0)
    assert release["info"]["note"] == 1
    assert not release["info"].keys() & {"corrects", "changes"}  # these masks are no correction
    for record in release["annotations"]:
        assert record["iscrowd"] or not record.keys() & {"skipped", "ignore", "unanswered"}
        assert record["iscrowd"] or record["active_seconds"] == 60  # not the first project's


def test_a_damaged_sample_is_named(project: Project) -> None:
    for content in ("[]", "{", '{"images": []}'):
        project.sample_path.write_text(content)
        with pytest.raises(InputError, match=r"sample\.json"):
            build_release(project)


def test_images_that_were_turned_or_mapped_say_so(source: SmallSource, tmp_path: Path) -> None:
    images = source.content["images"]
    exif = Image.Exif()
    for image, turn in zip(images[:2], (2, 6), strict=True):  # mirrored; a quarter turn, ignored
        exif[0x0112] = turn
        path = source.images / image["file_name"].removeprefix("images/v1/")
        make_image(path, 64, 48, exif=exif)
    path = source.images / images[2]["file_name"].removeprefix("images/v1/")
    Image.fromarray(np.arange(48 * 64, dtype=np.uint16).reshape(48, 64)).save(path)
    images[3]["exif_orientation"] = 8  # said by the source of a file that is not turned
    source.rewrite()
    create_project(tmp_path / "first", source.detections, source.images)
    back_up(tmp_path / "first", tmp_path / "backup.zip")
    restore(tmp_path / "backup.zip", tmp_path / "project")
    project = open_project(tmp_path / "project")
    release = build_release(project)
    project.store.close()
    said = {
        image["id"]: {key: value for key, value in image.items() if key not in images[0]}
        for image in release["images"]
    }
    mapping = "16-bit values 0 to 3071 mapped linearly to 0 to 255"
    assert said == {
        10: {"exif_orientation": 2},
        20: {"exif_orientation": 6, "exif_ignored": True},
        30: {"pixel_mapping": mapping},
        40: {},
    }
    write_json_atomic(tmp_path / "release.json", release)
    card = data_card(measure(tmp_path / "release.json", "set"), publication())
    assert "turns or mirrors (`exif_orientation` in their record): 2." in card
    assert "except for 1 (`exif_ignored`)" in card
    assert mapping in card


def test_masks_are_never_all_in_memory(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = "1" * 2_000_000
    activity = dict.fromkeys((*ACTIVITY_COLUMNS, "leased_at", "shown_at", "received_at"), 0)
    row = activity | {"width": 64, "height": 48, "client_version": "x", "image_sha256": "x"}
    row |= {"counts": counts, "crc32": zlib.crc32(counts.encode()), "area": 1}
    for rater_id in add_raters(project.store, 9):
        held = current(take(project.store, rater_id))
        row |= {"rater_id": rater_id, "question_id": held.question_id, "lease_token": held.token}
        with project.store.write() as db:
            db.execute(schema.answer.insert(), row)
    monkeypatch.setattr(annotations, "_AT_ONCE", 1)
    monkeypatch.setattr(integrity, "_ROWS", 1)
    tracemalloc.start()
    with (tmp_path / "release.json").open("wb") as file:
        written = write_release(project, file)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert written.info["masks"] == 9
    assert (tmp_path / "release.json").stat().st_size > 9 * len(counts)
    assert most < 6 * len(counts)
