"""A release with damaged masks, repaired: found by a model, corrected in a real browser, listed.

The commands are those of docs/files.md, "Corrected files".
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from browser_rater import FIND_PAINTER, PASSWORD, Rater
from serving import serving
from small_project import make_image
from typer.testing import CliRunner

from annotate_app.access.passwords import hash_password
from benchmark import evaluate
from benchmark.commands.main import app as benchmark_app
from o365seg.commands.main import app
from o365seg.formats.json_files import write_json_atomic
from o365seg.formats.masks import Rle, decode_rle, encode_rle
from o365seg.project.folder import open_project
from o365seg.store.people import raters

pytestmark = pytest.mark.slow

SIZE = (240, 320)
WIDTH, HEIGHT = 60, 50
IMAGES, DAMAGED = 10, 20


class Records(msgspec.Struct):
    """A file's records as their bytes."""

    annotations: list[msgspec.Raw]
    images: msgspec.Raw
    categories: msgspec.Raw


def rectangle(x: int, y: int) -> np.ndarray:
    pixels = np.zeros(SIZE, np.uint8)
    pixels[y : y + HEIGHT, x : x + WIDTH] = 1
    return pixels


def segmentation(pixels: np.ndarray) -> dict[str, Any]:
    return msgspec.to_builtins(encode_rle(pixels))


@pytest.fixture
def corners(tmp_path: Path) -> dict[int, tuple[int, int]]:
    """A release of 60 rectangles, every third one shifted away, and right predictions of all."""
    places = [(x, y) for x in (10, 120, 230) for y in (20, 130)]
    images, records, predictions, right = [], [], [], {}
    for image in range(1, IMAGES + 1):
        name = f"{image}.jpg"
        make_image(tmp_path / "val" / name, SIZE[1], SIZE[0], seed=image)
        images.append({"id": image, "file_name": name, "width": SIZE[1], "height": SIZE[0]})
        for x, y in places:
            number = len(records) + 1
            right[number] = (x, y)
            shift = 20 if number % 3 == 0 else 0
            pixels = rectangle(x + shift, y + shift)
            of_both = {"image_id": image, "category_id": 1}
            box = {"bbox": [x, y, WIDTH, HEIGHT], "area": WIDTH * HEIGHT, "iscrowd": 0}
            mask = {"segmentation": segmentation(pixels), "active_seconds": 12.5}
            records.append({"id": number, **of_both, **box, **mask})
            score = 0.5 + number / 1000
            predicted = {"segmentation": segmentation(rectangle(x, y)), "score": score}
            predictions.append({**of_both, **predicted})
    categories = [{"id": 1, "name": "Book"}]
    release = {"info": {"version": "1.0"}, "images": images, "annotations": records}
    write_json_atomic(tmp_path / "release.json", release | {"categories": categories})
    write_json_atomic(tmp_path / "preds.json", predictions)
    return right


def run(program: Any, *arguments: object) -> str:
    done = CliRunner().invoke(program, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def suspects(folder: Path, release: str) -> list[dict[str, Any]]:
    found = run(
        benchmark_app, "suspects", folder / "preds.json", "--gt", folder / release, "--json", "-"
    )
    return json.loads(found)["suspects"]


def test_damaged_masks_are_found_repaired_and_listed_and_nothing_else_changes(
    browser: Any, tmp_path: Path, corners: dict[int, tuple[int, int]]
) -> None:
    damaged = {number for number in corners if number % 3 == 0}
    assert len(damaged) == DAMAGED
    found = suspects(tmp_path, "release.json")
    assert {one["kind"] for one in found} == {"localisation"}
    assert {one["annotation_id"] for one in found} == damaged
    only = tmp_path / "ids.txt"
    only.write_text("".join(f"{one['annotation_id']}\n" for one in found))
    repairs = tmp_path / "repairs"
    made = run(
        app, "create", repairs, "--from", tmp_path / "release.json", "--only", only,
        "--images", tmp_path / "val",
    )  # fmt: skip
    assert f"{DAMAGED} questions" in made
    project = open_project(repairs)
    with project.store.write() as db:
        raters.add_rater(db, "Ada", hash_password(PASSWORD))
    project.store.close()
    _repair_all(browser, repairs, corners)
    run(app, "release", repairs, "--out", tmp_path / "repaired.json")

    listed = run(app, "errata", tmp_path / "release.json", tmp_path / "repaired.json")
    assert f"{DAMAGED} changes; {len(corners) - DAMAGED} annotations are the same" in listed
    old, new = (
        msgspec.json.decode((tmp_path / name).read_bytes(), type=Records)
        for name in ("release.json", "repaired.json")
    )
    assert bytes(old.images) == bytes(new.images)
    assert bytes(old.categories) == bytes(new.categories)
    pairs = list(zip(old.annotations, new.annotations, strict=True))
    changed = {number for number, (one, other) in enumerate(pairs, 1) if bytes(one) != bytes(other)}
    assert changed == damaged
    repaired = json.loads((tmp_path / "repaired.json").read_text())
    info = repaired["info"]
    assert info["version"] == "1.1"
    assert {change["id"] for change in info["changes"]} == damaged
    for record in repaired["annotations"]:
        pixels = decode_rle(Rle(SIZE, record["segmentation"]["counts"]))
        assert (pixels == rectangle(*corners[record["id"]])).mean() > 0.999
    assert suspects(tmp_path, "repaired.json") == []
    scores = [
        evaluate(tmp_path / "preds.json", tmp_path / name).metrics["AP50"]
        for name in ("release.json", "repaired.json")
    ]
    assert scores[0] < 0.7
    assert scores[1] == 1


def _repair_all(browser: Any, repairs: Path, corners: dict[int, tuple[int, int]]) -> None:
    """Erase each mask and outline the object with the polygon, as a person would."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.add_init_script(FIND_PAINTER)
    with serving(repairs) as server:
        ada = Rater(page, server.url)
        ada.open()
        for _ in range(DAMAGED):
            number = int(ada.question())
            x, y = corners[number]
            assert ada.mask()[y + HEIGHT - 1, x + WIDTH - 1]  # it starts with the damaged mask
            assert not ada.mask()[y, x]
            ada.press("Delete", "p")
            right, bottom = x + WIDTH - 1, y + HEIGHT - 1
            for corner in ((x, y), (right, y), (right, bottom), (x, bottom)):
                ada.click(corner)
            ada.press("Enter")
            assert ada.mask()[y, x]
            page.wait_for_timeout(600)  # a mask is seen for half a second before it is sent
            ada.leave("submit")
        page.wait_for_selector("[data-state=done]")
    context.close()
