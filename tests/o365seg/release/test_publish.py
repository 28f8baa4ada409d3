"""The folder to publish, read by the tools that it is for: each an oracle of its own."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from painted_release import PaintedRelease, make_release
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from o365seg.project.folder import open_project
from o365seg.release.build import FILE_NAME, STOCK_FILE_NAME, build_release
from o365seg.release.publication import publication
from o365seg.release.publish import publish

ABOUT = publication(
    licence="CC-BY-4.0",
    creator="Ada",
    url="https://example.org",
    date="2026-01-02",
    contact="ada@example.org",
    pay="20 € an hour",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> PaintedRelease:
    return make_release(tmp_path_factory.mktemp("release"))


@pytest.fixture(scope="module")
def folder(made: PaintedRelease, tmp_path_factory: pytest.TempPathFactory) -> Path:
    published = tmp_path_factory.mktemp("published")
    publish(made.path, ABOUT, published)
    return published


@pytest.fixture
def without_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take seconds, and `test_release_card` looks at them."""
    monkeypatch.setattr("o365seg.release.publish.draw_figures", lambda *_: [])


@pytest.fixture(scope="module")
def masks(made: PaintedRelease) -> dict[int, np.ndarray]:
    """The masks by annotation id, by pycocotools from the release."""
    records = json.loads(made.path.read_text())["annotations"]
    return {
        one["id"]: coco_mask.decode(one["segmentation"]) for one in records if "segmentation" in one
    }


def test_the_release_is_given_as_it_is(made: PaintedRelease, folder: Path) -> None:
    assert (folder / FILE_NAME).read_bytes() == made.path.read_bytes()


def test_the_stock_variant_is_that_of_the_release_command(
    made: PaintedRelease, folder: Path
) -> None:
    project = open_project(made.path.parent / "project")
    expected = build_release(project, for_stock_tools=True)
    project.store.close()
    assert json.loads((folder / STOCK_FILE_NAME).read_text()) == json.loads(json.dumps(expected))


def test_equal_releases_give_equal_bytes(
    made: PaintedRelease, folder: Path, tmp_path: Path, without_figures: None
) -> None:
    publish(made.path, ABOUT, tmp_path)
    again = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(again) == 5
    for path in again:
        assert path.read_bytes() == (folder / path.relative_to(tmp_path)).read_bytes()


def test_mlcroissant_validates_and_reads_it(
    made: PaintedRelease, folder: Path, masks: dict[int, np.ndarray]
) -> None:
    mlc = pytest.importorskip("mlcroissant", reason="mlcroissant is not installed")
    dataset = mlc.Dataset(folder / "croissant.json")
    assert not dataset.metadata.ctx.issues.errors
    assert not dataset.metadata.ctx.issues.warnings
    assert dataset.metadata.ctx.is_v1_1()
    assert "blurred and dark" in dataset.metadata.data_biases[0]
    assert "6 of 9 boxes" in dataset.metadata.data_collection
    assert "20 € an hour" in dataset.metadata.data_collection
    described = json.loads((folder / "croissant.json").read_text())
    asked = {
        "dataCollection", "dataBiases", "dataLimitations", "personalSensitiveInformation",
        "dataUseCases", "dataSocialImpact", "hasSyntheticData",
    }  # fmt: skip
    assert {f"rai:{name}" for name in asked} <= described.keys()
    assert described["rai:hasSyntheticData"] is False
    assert described["license"] == "https://spdx.org/licenses/CC-BY-4.0"
    content = json.loads(made.path.read_text())
    read = {record["images/image_id"]: record for record in dataset.records("images")}
    assert list(read) == [image["id"] for image in content["images"]]
    seen = {}
    for image in content["images"]:
        record = read[image["id"]]
        assert record["images/file_name"].decode() == image["file_name"]
        objects = zip(record["images/objects_id"], record["images/objects_counts"], strict=True)
        seen |= {
            number: coco_mask.decode({"size": [image["height"], image["width"]], "counts": counts})
            for number, counts in objects
            if counts
        }
    assert seen.keys() == masks.keys()
    assert all(np.array_equal(seen[number], masks[number]) for number in masks)


def test_the_command_mlcroissant_validates_it(folder: Path) -> None:
    pytest.importorskip("mlcroissant", reason="mlcroissant is not installed")
    command = [Path(sys.executable).with_name("mlcroissant"), "validate", "--jsonld"]
    done = subprocess.run([*command, folder / "croissant.json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr


@pytest.fixture
def rows(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """As `datasets` loads the folder, without a network."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    return datasets.load_dataset(str(folder), split="validation", cache_dir=str(tmp_path / "cache"))


def test_datasets_reads_every_object_with_its_mask(
    rows: Any, made: PaintedRelease, masks: dict[int, np.ndarray]
) -> None:
    content = json.loads(made.path.read_text())
    assert [row["image_id"] for row in rows] == [image["id"] for image in content["images"]]
    records = {record["id"]: record for record in content["annotations"]}
    names = {category["id"]: category["name"] for category in content["categories"]}
    seen = {}
    for row in rows:
        for one in row["objects"]:
            record = records[one["id"]]
            assert row["image_id"] == record["image_id"]
            assert one["category"] == names[record["category_id"]]
            assert one["bbox"] == record["bbox"]
            if one["state"] == "mask":
                rle: Any = {"size": [row["height"], row["width"]], "counts": one["counts"]}
                seen[one["id"]] = coco_mask.decode(rle)
            else:
                assert one["counts"] == ""
    assert seen.keys() == masks.keys()
    assert all(np.array_equal(seen[number], masks[number]) for number in masks)
    states = [one["state"] for row in rows for one in row["objects"]]
    assert {state: states.count(state) for state in set(states)} == {
        "mask": 6, "skipped": 1, "unanswered": 2, "crowd": 3,
    }  # fmt: skip


def test_columns_keep_their_types_however_little_is_in_them(
    rows: Any, made: PaintedRelease, tmp_path: Path, without_figures: None
) -> None:
    """Without an answer nothing but the declared types says what the columns hold."""
    datasets = pytest.importorskip("datasets")
    content = json.loads(made.path.read_text())
    content["annotations"] = []
    path = tmp_path / "empty.json"
    path.write_text(json.dumps(content))
    publish(path, ABOUT, tmp_path / "published")
    empty = datasets.load_dataset(
        str(tmp_path / "published"), split="validation", cache_dir=str(tmp_path / "other")
    )
    assert empty.features == rows.features
    assert empty[0]["objects"] == []


@pytest.fixture(scope="module")
def images(made: PaintedRelease, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The images where their records say, which the source's disk does not have."""
    folder = tmp_path_factory.mktemp("images")
    shutil.copytree(made.images, folder / "images/v1")
    return folder


@pytest.mark.parametrize("name", [FILE_NAME, STOCK_FILE_NAME])
def test_torchvision_opens_it(
    name: str, folder: Path, images: Path, masks: dict[int, np.ndarray]
) -> None:
    torchvision = pytest.importorskip("torchvision", reason="torchvision is not installed")
    dataset = torchvision.datasets.CocoDetection(images, folder / name)
    seen = {}
    for image, targets in dataset:
        assert image.size == (64, 48)
        for one in targets:
            if one["id"] in masks:
                seen[one["id"]] = dataset.coco.annToMask(one)
    assert seen.keys() == masks.keys()
    assert all(np.array_equal(seen[number], masks[number]) for number in masks)


@pytest.mark.parametrize("name", [FILE_NAME, STOCK_FILE_NAME])
def test_supervision_opens_it(
    name: str, folder: Path, images: Path, masks: dict[int, np.ndarray]
) -> None:
    supervision = pytest.importorskip("supervision", reason="supervision is not installed")
    dataset = supervision.DetectionDataset.from_coco(
        str(images), str(folder / name), force_masks=True, show_progress=False
    )
    content = json.loads((folder / name).read_text())
    of_image = {image["file_name"]: image["id"] for image in content["images"]}
    seen, crowds = {}, set()
    for path, _, found in dataset:
        image = of_image[Path(path).relative_to(images.resolve()).as_posix()]
        here = [one["id"] for one in content["annotations"] if one["image_id"] == image]
        seen |= dict(zip(here, found.mask, strict=True))
        crowds |= {
            number for number, crowd in zip(here, found.data["iscrowd"], strict=True) if crowd
        }
    if name == STOCK_FILE_NAME:  # only there can skipped objects be told from masks
        assert seen.keys() - crowds == masks.keys()
    assert seen.keys() > masks.keys()
    assert all(np.array_equal(seen[number], masks[number] != 0) for number in masks)


def test_pycocotools_lists_what_was_painted(folder: Path, masks: dict[int, np.ndarray]) -> None:
    coco = COCO(folder / STOCK_FILE_NAME)
    assert sorted(coco.getAnnIds(iscrowd=False)) == sorted(masks)


def test_importers_that_crop_or_drop_get_every_object(
    folder: Path, masks: dict[int, np.ndarray]
) -> None:
    """As detectron2 (`load_coco_json`), mmdetection (`CocoDataset`) and FiftyOne treat a record."""
    for one in json.loads((folder / STOCK_FILE_NAME).read_text())["annotations"]:
        assert not one.get("ignore", 0)  # detectron2 asserts it, mmdetection drops others
        mask: Any = coco_mask.decode(one["segmentation"])
        x, y, width, height = map(int, one["bbox"])
        cropped = np.zeros_like(mask)
        cropped[y : y + height, x : x + width] = mask[y : y + height, x : x + width]
        np.testing.assert_array_equal(cropped, mask)
        assert one["iscrowd"] == (one["id"] not in masks)


def test_ultralytics_converts_every_mask_and_no_skip(
    folder: Path, masks: dict[int, np.ndarray], tmp_path: Path
) -> None:
    converter = pytest.importorskip(
        "ultralytics.data.converter", reason="ultralytics is not installed"
    )
    pytest.importorskip("faster_coco_eval", reason="faster-coco-eval is not installed")
    (tmp_path / "annotations").mkdir()
    shutil.copy(folder / STOCK_FILE_NAME, tmp_path / "annotations/val.json")
    converter.convert_coco(
        str(tmp_path / "annotations"), str(tmp_path / "out"), use_segments=True, cls91to80=False
    )
    lines = [path.read_text().splitlines() for path in (tmp_path / "out/labels").rglob("*.txt")]
    assert sum(map(len, lines)) == len(masks)
