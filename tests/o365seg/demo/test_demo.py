"""The demo project: honest boxes over photographs that scikit-image ships."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from o365seg.demo import create_demo
from o365seg.errors import InputError
from o365seg.project.folder import open_project
from o365seg.store.schema import question

DETECTIONS = Path(__file__).parents[3] / "o365seg" / "demo" / "detections.json"


def test_the_demo_has_enough_questions_small_and_large_and_asks_no_crowd(tmp_path: Path) -> None:
    report = create_demo(tmp_path / "demo")
    assert report.questions >= 12
    assert report.crowds >= 1
    assert report.excluded == report.remarks == report.unaskable == []
    with open_project(tmp_path / "demo").store.read() as db:
        areas = list(db.execute(sa.select(question.c.width * question.c.height)).scalars())
        asked = set(db.execute(sa.select(question.c.id)).scalars())
    assert min(areas) < 32**2 < 96**2 < max(areas)
    boxes = json.loads(DETECTIONS.read_text())["annotations"]
    assert asked == {box["id"] for box in boxes if not box["iscrowd"]}


def test_the_demo_can_be_moved_as_a_whole(tmp_path: Path) -> None:
    create_demo(tmp_path / "demo")
    (tmp_path / "demo").rename(tmp_path / "moved")
    project = open_project(tmp_path / "moved")
    assert (project.images.folder / "astronaut.png").is_file()


def test_an_existing_folder_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="already exists"):
        create_demo(tmp_path)


def test_its_categories_are_the_official_ones(real_data: Path) -> None:
    official = json.loads((real_data / "objects365" / "categories_v2.json").read_text())
    names = {entry["id"]: entry["name"] for entry in official}
    for category in json.loads(DETECTIONS.read_text())["categories"]:
        assert names[category["id"]] == category["name"]
