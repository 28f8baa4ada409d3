"""Vocabularies: what a user writes, and what files bring."""

import json
from pathlib import Path

import pytest

from model.text.vocabulary import clean_name, parse_vocabulary, read_or_parse, read_vocabulary
from o365seg.errors import InputError


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("wall-other-merged", "wall"),
        ("door-stuff", "door"),
        ("traffic_light", "traffic light"),
        ("Cabinet/shelf", "cabinet or shelf"),
        ("Tape Measur/ Ruler", "tape measure or ruler"),
        ("building, edifice", "building"),
        ("sofa;couch", "sofa"),
        ("t-shirt", "t-shirt"),
    ],
)
def test_names_are_cleaned(name: str, clean: str) -> None:
    assert clean_name(name) == clean


def test_a_list_marks_stuff_and_counts_from_one() -> None:
    found = parse_vocabulary("cat, wall:stuff , sofa : thing")
    assert found.names == ("cat", "wall", "sofa")
    assert found.is_thing == (True, False, True)
    assert found.ids == (1, 2, 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [("cat,,dog", "empty name"), ("", "empty name"), ("cat, Cat", "duplicate class 'Cat'")],
)
def test_bad_lists(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_vocabulary(text)


def test_files(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("# classes\nbuilding, edifice\n\nsky:stuff\n")
    assert read_or_parse(str(tmp_path / "v.txt")).prompt_names == ("building", "sky")
    categories = [{"id": 7, "name": "cat", "isthing": 1}, {"id": 9, "name": "sky", "isthing": 0}]
    for content in (categories, {"categories": categories, "images": []}):
        (tmp_path / "v.json").write_text(json.dumps(content))
        found = read_vocabulary(tmp_path / "v.json")
        assert (found.ids, found.is_thing, found.colours) == ((7, 9), (True, False), None)
        assert found.as_categories() == categories
    with pytest.raises(InputError, match=r"absent.txt: no such file"):
        read_or_parse("absent.txt")


def test_real_lists_have_a_prompt_a_class(real_data: Path) -> None:
    coco = read_vocabulary(real_data / "labels" / "panoptic_coco_categories.json")
    assert (len(coco), sum(coco.is_thing), len(set(coco.prompt_names))) == (133, 80, 133)
    assert coco.colours is not None
    objects = read_vocabulary(real_data / "objects365" / "categories_v2.json")
    assert (len(objects), len(set(objects.prompt_names))) == (365, 365)
