"""Creating a project: the sample, one question a box, and every quirk told by name."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from PIL import Image
from small_project import SmallSource, make_image, make_source

from o365seg.errors import InputError
from o365seg.project.creation import create_project
from o365seg.project.folder import Project, open_project
from o365seg.project.sampling import rank_images
from o365seg.store import schema


def questions(project: Project) -> list[tuple]:
    with project.store.read() as db:
        rows = db.execute(sa.select(schema.question).order_by(schema.question.c.position))
        return [tuple(row) for row in rows]


def test_one_question_a_box_and_none_a_crowd(source: SmallSource, tmp_path: Path) -> None:
    report = create_project(tmp_path / "p", source.detections, source.images, images=4)
    assert (report.images, report.questions, report.crowds) == (4, 9, 3)
    asked = {row[0] for row in questions(open_project(tmp_path / "p"))}
    assert asked == {box["id"] for box in source.content["annotations"] if not box["iscrowd"]}


def test_questions_carry_the_box_and_the_corrected_name(project: Project) -> None:
    by_id = {row[0]: row for row in questions(project)}
    assert by_id[2][2:8] == (308, "Camel", 14.25, 6.5, 12.5, 20.03)
    assert by_id[3][3] == "Table Tennis"


def test_the_same_seed_gives_the_same_project_whatever_the_files_order(tmp_path: Path) -> None:
    source = make_source(tmp_path / "a", images=12)
    create_project(tmp_path / "p1", source.detections, source.images, images=5, seed=3)
    source.content["images"].reverse()
    source.rewrite()
    shutil.move(tmp_path / "a", tmp_path / "b")
    create_project(
        tmp_path / "p2", tmp_path / "b/detections.json", tmp_path / "b/val", images=5, seed=3
    )
    create_project(
        tmp_path / "p3", tmp_path / "b/detections.json", tmp_path / "b/val", images=5, seed=4
    )
    first, second, third = (questions(open_project(tmp_path / f"p{n}")) for n in (1, 2, 3))
    assert first == second != third
    assert {row[1] for row in first} == set(rank_images(range(10, 130, 10), seed=3)[:5])


def test_missing_and_damaged_images_are_named_and_replaced(tmp_path: Path) -> None:
    source = make_source(tmp_path / "source", images=6)
    order = rank_images(range(10, 70, 10), seed=0)
    names = {image["id"]: image["file_name"] for image in source.content["images"]}
    on_disk = {key: source.images / name.removeprefix("images/v1/") for key, name in names.items()}
    on_disk[order[0]].unlink()
    on_disk[order[1]].write_bytes(b"damaged")
    report = create_project(tmp_path / "p", source.detections, source.images, images=3, seed=0)
    assert [name for name, _ in report.excluded] == [names[order[0]], names[order[1]]]
    assert report.images == 3
    sample = json.loads((tmp_path / "p/sample.json").read_text())
    assert {image["id"] for image in sample["images"]} == set(order[2:5])


def test_a_rotated_image_is_kept_upright_and_named(source: SmallSource, tmp_path: Path) -> None:
    name = source.content["images"][0]["file_name"].removeprefix("images/v1/")
    exif = Image.Exif()
    exif[0x0112] = 6
    make_image(source.images / name, 48, 64, exif=exif)  # turned, it is the record's 64×48
    report = create_project(tmp_path / "p", source.detections, source.images)
    assert report.remarks == [(f"images/v1/{name}", "rotated (EXIF 6)")]
    with Image.open(tmp_path / "p/upright/10") as upright:
        assert upright.size == (64, 48)


def test_boxes_that_cannot_be_asked_about_are_named(source: SmallSource, tmp_path: Path) -> None:
    boxes = source.content["annotations"]
    boxes[0]["bbox"] = [5, 5, 0, 10]
    boxes[1]["bbox"] = [64, 0, 5, 5]
    boxes[2]["bbox"] = [60.5, 40, 3.9, 8.4]  # overruns by a fraction: asked
    source.rewrite()
    report = create_project(tmp_path / "p", source.detections, source.images)
    assert report.unaskable == [(1, "a box of 0×10 pixels"), (2, "the box lies outside its image")]
    assert 3 in {row[0] for row in questions(open_project(tmp_path / "p"))}


def test_boxes_that_exceed_their_image_are_asked_and_named(
    source: SmallSource, tmp_path: Path
) -> None:
    source.content["annotations"][0]["bbox"] = [50, 40, 100, 20]
    source.rewrite()
    report = create_project(tmp_path / "p", source.detections, source.images)
    assert report.overruns == [(1, "exceeds its image by 86 pixels")]
    assert 1 in {row[0] for row in questions(open_project(tmp_path / "p"))}
    source.content["annotations"][1]["bbox"] = [0, 0, 1e300, 5]
    source.rewrite()
    with pytest.raises(InputError, match=r"annotations\[1\] \(id 2\), field 'bbox'"):
        create_project(tmp_path / "q", source.detections, source.images)


def test_a_link_to_an_empty_folder_will_do(source: SmallSource, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    create_project(tmp_path / "link", source.detections, source.images)
    assert len(questions(open_project(tmp_path / "link"))) == 9
    with pytest.raises(InputError, match="cannot be created"):
        create_project(tmp_path / ("x" * 300), source.detections, source.images)


def test_a_project_is_whole_or_absent(source: SmallSource, tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    create_project(tmp_path / "p", source.detections, source.images)
    with pytest.raises(InputError, match="already exists"):
        create_project(tmp_path / "p", source.detections, source.images)
    shutil.rmtree(source.images)
    source.images.mkdir()
    with pytest.raises(InputError, match="none of the file's 4 images can be used"):
        create_project(tmp_path / "q", source.detections, source.images)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p", "source"]


@pytest.mark.slow
def test_the_full_validation_set_is_sampled_in_little_memory(tmp_path: Path) -> None:
    """80,000 images and 1.24 M boxes, as zhiyuan_objv2_val.json (about 270 MB)."""
    detections = tmp_path / "zhiyuan_objv2_val.json"
    write_full_size_detections(detections)
    sampled = rank_images(range(80_000), seed=0)[:20]
    for image_id in sampled:
        name = f"patch{image_id % 44}/objects365_v1_{image_id:08d}.png"
        make_image(tmp_path / "val" / name, 64, 48)
    script = (
        "import sys; from pathlib import Path; from peak_memory import peak_mb;"
        "from o365seg.project.creation import create_project;"
        "folder = Path(sys.argv[1]);"
        "report = create_project(folder / 'p', folder / 'zhiyuan_objv2_val.json', folder / 'val',"
        " images=20);"
        "print(report.images, report.questions + report.crowds, peak_mb())"
    )
    out = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], check=True, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ).stdout  # fmt: skip
    images, boxes, peak = map(float, out.split())
    assert (images, boxes) == (20, sum(15 + (image_id < 40_000) for image_id in sampled))
    assert peak < 2_500  # MB


def write_full_size_detections(path: Path, images: int = 80_000, boxes: int = 1_240_000) -> None:
    """A seeded file of the full set's size and form, written record by record."""
    categories = [{"id": number, "name": f"Category {number}"} for number in range(1, 366)]
    with path.open("w") as file:
        file.write('{"images": [')
        for number in range(images):
            file.write(
                ("," if number else "")
                + f'{{"height": 48, "id": {number}, "license": 5, "width": 64, "file_name": '
                f'"images/v1/patch{number % 44}/objects365_v1_{number:08d}.png", "url": ""}}'
            )
        file.write('], "annotations": [')
        for number in range(boxes):
            width, height = number % 13 + 1.0102030405, number % 11 + 1.5040302010
            file.write(
                ("," if number else "")
                + f'{{"id": {number + 1}, "iscrowd": {int(number % 97 == 0)}, "isfake": 0, '
                f'"area": {width * height}, "isreflected": 0, "bbox": [{number % 41 + 0.1234567}, '
                f"{number % 37 + 0.7654321}, {width}, {height}], "
                f'"image_id": {number % images}, "category_id": {number % 365 + 1}}}'
            )
        file.write(f'], "categories": {json.dumps(categories)}, "licenses": []}}')
