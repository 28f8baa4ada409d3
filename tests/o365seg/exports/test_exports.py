"""Exports, read again as the tools that they are for read them."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from painted_release import PaintedRelease, make_release
from pycocotools import mask as coco_mask
from typer.testing import CliRunner

from o365seg.commands.main import app
from o365seg.errors import InputError
from o365seg.exports.cvat import write_cvat
from o365seg.exports.label_studio import brush_rle, write_label_studio
from o365seg.exports.yolo import write_yolo
from o365seg.formats.masks import encode_rle
from o365seg.formats.records import read_annotations


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> PaintedRelease:
    return make_release(tmp_path_factory.mktemp("release"))


@pytest.fixture
def content(made: PaintedRelease) -> dict[str, Any]:
    return json.loads(made.path.read_text())


@pytest.fixture
def masks(content: dict[str, Any]) -> dict[int, np.ndarray]:
    """The masks by annotation id, by pycocotools from the release."""
    return {
        one["id"]: coco_mask.decode(one["segmentation"])
        for one in content["annotations"]
        if "segmentation" in one
    }


def objects_of(content: dict[str, Any], image: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in content["annotations"] if one["image_id"] == image["id"]]


def state(record: dict[str, Any]) -> str:
    if record["iscrowd"]:
        return "crowd"
    return next((name for name in ("skipped", "unanswered") if record.get(name)), "mask")


def ultralytics_paths(settings: Path) -> tuple[list[Path], list[Path]]:
    """The images and labels of a data.yaml: `check_det_dataset`, `get_img_files` and
    `img2label_paths` of ultralytics 8."""
    data = dict(line.split(": ", 1) for line in settings.read_text().splitlines() if ": " in line)
    listed = (Path(data.get("path") or settings.parent) / data["val"]).resolve()
    parent = f"{listed.parent}{os.sep}"
    images = [
        line.replace("./", parent) if line.startswith("./") else line
        for line in listed.read_text().strip().splitlines()
    ]
    labels = [
        "/labels/".join(image.rsplit("/images/", 1)).rsplit(".", 1)[0] + ".txt" for image in images
    ]
    return [Path(image) for image in images], [Path(one) for one in labels]


@pytest.mark.parametrize("inner", ["", "images/", "images/a/images/"])
def test_yolo_has_every_mask_and_nothing_else(
    inner: str,
    made: PaintedRelease,
    content: dict,
    masks: dict[int, np.ndarray],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From another folder, as the command in docs/publishing.md is given."""
    for image in content["images"]:
        folder, _, name = image["file_name"].rpartition("/")
        image["file_name"] = f"{folder}/{inner}{name}"
    path = tmp_path / "release.json"
    path.write_text(json.dumps(content))
    monkeypatch.chdir(tmp_path)
    write_yolo(read_annotations(path), path, Path("yolo"))
    images, found = ultralytics_paths(Path("yolo/data.yaml"))
    seen = 0
    for shown, labels, image in zip(images, found, content["images"], strict=True):
        assert shown == tmp_path / "yolo" / image["file_name"]
        painted = [one for one in objects_of(content, image) if one["id"] in masks]
        for text, record in zip(labels.read_text().splitlines(), painted, strict=True):
            category, *numbers = text.split()
            assert content["categories"][int(category)]["id"] == record["category_id"]
            points = np.array(numbers, np.float32).reshape(-1, 2) * (64, 48)
            mask = np.zeros((48, 64), np.uint8)
            cv2.fillPoly(mask, [points.astype(np.int32)], 1)
            np.testing.assert_array_equal(mask, masks[record["id"]])
            seen += 1
    assert seen == len(masks) == 6
    names = Path("yolo/data.yaml").read_text()
    assert '  3: "Table Tennis"\n' in names


def unpacked(packed: list[int]) -> np.ndarray:
    """`decode` of rle-pack, line by line."""
    bits = "".join(f"{byte:08b}" for byte in packed)
    at = 0

    def read(count: int) -> int:
        nonlocal at
        at += count
        return int(bits[at - count : at], 2)

    total, word = read(32), read(5) + 1
    sizes = [read(4) + 1 for _ in range(4)]
    values: list[int] = []
    while len(values) < total:
        is_run = read(1)
        length = read(sizes[read(2)]) + 1
        values += [read(word)] * length if is_run else [read(word) for _ in range(length)]
    return np.array(values)


@pytest.mark.parametrize("size", [(48, 64), (1, 1), (300, 400)])
def test_brush_masks_are_rgba_pixels(size: tuple[int, int]) -> None:
    pixels = (np.random.default_rng(0).random(size) > 0.5).astype(np.uint8)
    pixels[size[0] // 2 :] = 1  # a run of more than 65,536 values
    found = unpacked(brush_rle(encode_rle(pixels))).reshape(*size, 4)
    np.testing.assert_array_equal(found, np.repeat(pixels[..., None] * 255, 4, axis=2))


def test_label_studio_has_every_object(
    made: PaintedRelease, content: dict, masks: dict[int, np.ndarray], tmp_path: Path
) -> None:
    config, tasks = write_label_studio(read_annotations(made.path), made.path, tmp_path)
    controls = ElementTree.parse(config).getroot()
    offered = {
        control.get("name"): [label.get("value") for label in control] for control in controls
    }
    seen = 0
    for task, image in zip(json.loads(tasks.read_text()), content["images"], strict=True):
        address = task["data"]["image"]
        assert unquote(address.removeprefix("/data/local-files/?d=")) == image["file_name"]
        regions = task["annotations"][0]["result"]
        for region, record in zip(regions, objects_of(content, image), strict=True):
            assert region["id"] == str(record["id"])
            (label,) = region["value"][region["type"]]
            assert label in offered[region["from_name"]]
            if record["id"] in masks:
                pixels = unpacked(region["value"]["rle"]).reshape(48, 64, 4)[..., 3]
                np.testing.assert_array_equal(pixels, masks[record["id"]] * 255)
                assert "meta" not in region
                seen += 1
            else:
                box = [region["value"][key] for key in ("x", "y", "width", "height")]
                scale = np.array([0.64, 0.48, 0.64, 0.48])
                np.testing.assert_allclose(box * scale, record["bbox"])
                assert region["meta"]["text"][0].startswith(state(record))
    assert seen == 6


def test_cvat_has_every_object(
    made: PaintedRelease, content: dict, masks: dict[int, np.ndarray], tmp_path: Path
) -> None:
    labels, annotations = write_cvat(read_annotations(made.path), made.path, tmp_path)
    names = [label["name"] for label in json.loads(labels.read_text())]
    root = ElementTree.parse(annotations).getroot()
    assert [name.text for name in root.iterfind("meta/task/labels/label/name")] == names
    seen = 0
    for element, image in zip(root.iterfind("image"), content["images"], strict=True):
        assert element.get("name") == image["file_name"]
        for shape, record in zip(element, objects_of(content, image), strict=True):
            said = {one.get("name"): one.text for one in shape}
            assert said["state"] == state(record)
            assert said["skip_reason"] == record.get("skip_reason")
            assert shape.get("label") in names
            if record["id"] not in masks:
                assert shape.tag == "box"
                continue
            x, y, width, height = (
                int(shape.get(key, "")) for key in ("left", "top", "width", "height")
            )
            runs = [int(number) for number in shape.get("rle", "").split(",")]
            pixels = np.repeat(np.arange(len(runs)) % 2, runs).reshape(height, width)
            mask = np.zeros((48, 64), int)
            mask[y : y + height, x : x + width] = pixels
            np.testing.assert_array_equal(mask, masks[record["id"]])
            assert pixels[0].any() and pixels[:, -1].any()  # the box is tight
            seen += 1
    assert seen == 6


@pytest.mark.parametrize("write", [write_yolo, write_label_studio, write_cvat])
def test_nothing_is_written_outside_the_folder(
    write: Callable, made: PaintedRelease, content: dict, tmp_path: Path
) -> None:
    for image, name in zip(
        content["images"], ("../a.png", "/b.png", "..\\c.png", "d"), strict=True
    ):
        image["file_name"] = name
    path = tmp_path / "hostile.json"
    path.write_text(json.dumps(content))
    write(read_annotations(path), path, tmp_path / "deep/out")
    assert [one.name for one in tmp_path.iterdir() if one != path] == ["deep"]
    assert [one.name for one in (tmp_path / "deep").iterdir()] == ["out"]


def test_images_that_would_share_labels_are_refused(
    made: PaintedRelease, content: dict, tmp_path: Path
) -> None:
    content["images"][1]["file_name"] = content["images"][0]["file_name"].replace("png", "jpg")
    path = tmp_path / "twice.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"images\[1\].*file_name.*another image"):
        write_yolo(read_annotations(path), path, tmp_path / "out")


@pytest.mark.parametrize(
    ("first", "second"),
    [("images/x.png", "x.png"), ("images/a/images/labels/x.png", "images/a/labels/images/x.png")],
)
def test_yolo_refuses_images_that_would_lead_to_the_same_labels(
    first: str, second: str, content: dict, tmp_path: Path
) -> None:
    content["images"][0]["file_name"], content["images"][1]["file_name"] = first, second
    path = tmp_path / "same.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"images\[1\].*file_name.*labels of another image"):
        write_yolo(read_annotations(path), path, tmp_path / "out")


def test_the_command_says_what_yolo_leaves_out(made: PaintedRelease, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app, ["export", str(made.path), "--to", "yolo", "--out", str(tmp_path / "out")]
    )
    assert done.exit_code == 0
    assert "left out: 6 skipped, unanswered and crowd objects" in done.stderr
    assert (tmp_path / "out/data.yaml").is_file()
