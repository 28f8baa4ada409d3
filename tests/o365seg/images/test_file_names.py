"""Names of images as annotation tools write them."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_project import make_image, make_source

from o365seg.formats.records import read_annotations
from o365seg.images.file_names import candidate_paths, portable_path
from o365seg.images.image_files import find_image
from o365seg.project.creation import create_project


@pytest.mark.parametrize(
    "name",
    [
        "images\\1\\abcd0-x.png",
        "C:\\data\\images\\x.png",
        "/home/me/upload/1/x.png",
        "../../label-studio/data/x.png",
        "/data/local-files/?d=some%20folder%5Cx.png",
        "3f9ab012-x.png",
    ],
)
def test_a_name_of_another_tool_is_found_below_the_root(name: str, tmp_path: Path) -> None:
    make_image(tmp_path / "root/x.png", 8, 8)
    assert find_image(tmp_path / "root", name) == "x.png"


@given(st.text(st.sampled_from("ab./\\:?d=0-") | st.characters(), max_size=40))
def test_no_name_leads_out_of_the_root(name: str) -> None:
    for path in [*candidate_paths(name), portable_path(name)]:
        assert not path.is_absolute()
        assert ".." not in path.parts
        assert "\\" not in str(portable_path(name))


def test_a_name_that_is_there_comes_before_a_shorter_one(tmp_path: Path) -> None:
    for name in ("abcde-x.png", "x.png", "a\\x.png"):
        make_image(tmp_path / name, 8, 8)
    assert find_image(tmp_path, "a/abcde-x.png") == "abcde-x.png"
    assert find_image(tmp_path, "a\\x.png") == "a\\x.png"


def test_a_record_with_an_address_alone_is_named_by_its_path(tmp_path: Path) -> None:
    """As in LVIS."""
    path = tmp_path / "lvis.json"
    size = {"width": 8, "height": 8}
    addresses = ["http://images.cocodataset.org/val2017/a%20b.jpg", None, "http://[", ""]
    images = [{"id": i, "coco_url": one, **size} for i, one in enumerate(addresses)]
    path.write_text(json.dumps({"images": images, "annotations": [], "categories": []}))
    names = [image.name for image in read_annotations(path).images]
    assert names == ["val2017/a b.jpg", "", "", ""]


def test_two_records_do_not_share_a_file(tmp_path: Path) -> None:
    source = make_source(tmp_path, images=2)
    first, second = source.content["images"]
    second["file_name"] = "elsewhere/0123abcd-" + Path(first["file_name"]).name
    make_image(source.images / Path(first["file_name"]).name, 64, 48)
    source.content["images"][0]["file_name"] = Path(first["file_name"]).name
    source.rewrite()
    report = create_project(tmp_path / "project", source.detections, source.images)
    assert report.images == 1
    ((_, why),) = report.excluded
    assert "already used for" in why


@pytest.mark.parametrize("case", ["names_win", "names_abs", "names_ls"])
def test_projects_start_from_the_exports_of_other_tools(
    case: str, real_data: Path, tmp_path: Path
) -> None:
    detections = real_data / f"cases/{case}.json"
    images = read_annotations(detections).images
    for image in images:
        name = image.file_name.replace("\\", "/").rpartition("-")[2]
        make_image(tmp_path / "images" / name, image.width, image.height)
    report = create_project(tmp_path / "project", detections, tmp_path / "images")
    assert (report.images, report.excluded) == (len(images), [])
