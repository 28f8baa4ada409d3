"""`dataseg data check` as its users run it."""

import json
from pathlib import Path

import numpy as np
import pytest
from data_roots import ROOTS, coco, objects365_boxes, segments_png
from PIL import Image
from typer.testing import CliRunner, Result

from model.commands.main import app
from o365seg.errors import InputError


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["data", "check", *map(str, arguments)])


@pytest.mark.parametrize("name", ROOTS)
def test_a_sound_folder_is_counted_and_drawn(name: str, tmp_path: Path):
    ROOTS[name](tmp_path)
    out, report = tmp_path / "sheet.png", tmp_path / "report.json"
    done = run(name, tmp_path, "--split", "val", "--samples", 2, "--out", out, "--json", report)
    assert done.exit_code == 0, (done.output, done.exception)
    (found,) = json.loads(report.read_text())
    assert (found["images"], found["read"], found["faults"]) == (2, 2, [])
    assert found["annotations"] >= 1
    with Image.open(out) as picture:
        assert picture.width > 1000
        assert len(picture.convert("RGB").getcolors(2**24) or []) > 100
    assert "things" in done.stdout


def test_what_is_wrong_is_named_counted_and_written_for_leave_out(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    objects365_boxes(tmp_path)
    path = tmp_path / "annotations" / "zhiyuan_objv2_train.json"
    file = json.loads(path.read_text())
    more = {**file["images"][0], "id": 3, "file_name": "images/v1/patch9/x.jpg"}
    wide = {**file["images"][0], "id": 4, "width": 99}
    file["images"] += [more, wide]
    file["annotations"].append({**file["annotations"][0], "id": 99, "bbox": [50, 3, 4, 4]})
    path.write_text(json.dumps(file))
    arguments = ("objects365_boxes", tmp_path, "--json", "r.json", "--bad-images", "bad.txt")
    done = run(*arguments)
    assert done.exit_code == 1
    (found,) = json.loads(Path("r.json").read_text())
    assert found["fault_counts"] == {
        "missing image": 1,
        "other size": 1,
        "unreadable": 0,
        "unknown or absent id": 0,
        "box outside": 1,
    }
    assert "no file 'images/v1/patch9/x.jpg'" in done.stderr
    assert "32×24 pixels, but 99×24 in its record" in done.stderr
    assert isinstance(done.exception, InputError)
    assert len(Path("bad.txt").read_text().splitlines()) == 2  # two records are of one image
    assert Path("objects365_boxes_train.png").is_file()


def test_ids_that_json_and_png_do_not_share_are_named(tmp_path: Path):
    coco(tmp_path)
    png = tmp_path / "annotations" / "panoptic_val2017" / "000000000025.png"
    segments_png(png, np.full((24, 32), 705))
    done = run("coco_panoptic", tmp_path, "--split", "val", "--samples", 0)
    assert done.exit_code == 1
    assert "no segment for the id 705" in done.stderr
    assert "no pixel of the id 700, 70001" in done.stderr


def test_a_configurations_data_sets_are_checked_in_turn(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    coco(tmp_path)
    (tmp_path / "train.toml").write_text(
        'steps = 5\n[[data]]\nname = "coco_panoptic"\nroot = "."\nratio = 4\n'
        '[[data]]\nname = "coco_semantic"\nroot = "."\nsplit = "val"\n'
    )
    done = run("train.toml", "--json", "r.json")
    assert done.exit_code == 0, (done.output, done.exception)
    found = json.loads(Path("r.json").read_text())
    assert [(one["name"], one["task"]) for one in found] == [
        ("coco_panoptic", "panoptic"),
        ("coco_semantic", "semantic"),
    ]
    assert sorted(path.name for path in tmp_path.glob("*.png")) == [
        "coco_panoptic.png",
        "coco_semantic.png",
    ]
    (tmp_path / "train.toml").write_text("[[data]\n")
    assert isinstance(run("train.toml").exception, InputError)


def test_data_sets_of_one_name_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The picture of the second would replace that of the first."""
    monkeypatch.chdir(tmp_path)
    table = '[[data]]\nlayout = "synthetic"\nwhich = "boxes"\n'
    (tmp_path / "data.toml").write_text(table + table)
    said = "two data sets have the name 'synthetic_boxes'; set another name for one"
    assert said in str(run("data.toml").exception)
    shard = CliRunner().invoke(app, ["data", "shard", "data.toml", "--out", "out"])
    assert said in str(shard.exception)


def test_generated_images_are_checked_without_files(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    table = '[[data]]\nlayout = "synthetic"\nwhich = "panoptic"\nimages = 3\nsize = 32\n'
    (tmp_path / "data.toml").write_text(table)
    done = run("data.toml", "--samples", 0, "--json", "r.json")
    assert done.exit_code == 0, (done.output, done.exception)
    (report,) = json.loads(Path("r.json").read_text())
    assert (report["read"], report["faults"]) == (3, [])


@pytest.mark.parametrize("command", [["check"], ["shard", "--out", "out"]])
def test_a_configuration_names_its_splits_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.toml").write_text('[[data]]\nlayout = "synthetic"\nwhich = "boxes"\n')
    done = CliRunner().invoke(app, ["data", *command, "data.toml", "--split", "val"])
    said = "data.toml: a configuration file names its splits itself; leave out --split"
    assert str(done.exception) == said


def test_a_folder_is_asked_for(tmp_path: Path):
    done = run("coco_panoptic")
    assert isinstance(done.exception, InputError)
    assert "give ROOT" in str(done.exception)


def test_json_to_standard_output_replaces_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    table = '[[data]]\nlayout = "synthetic"\nwhich = "boxes"\nimages = 2\nsize = 32\n'
    (tmp_path / "data.toml").write_text(table)
    done = run("data.toml", "--samples", 0, "--json", "-")
    (report,) = json.loads(done.stdout)
    assert (report["name"], report["images"]) == ("synthetic_boxes", 2)
