"""From boxes to a scored release: the real commands, the real server, a real browser.

A rater signs in, paints with every tool at two zoom levels, reloads in mid-question, survives a
restart of the server, and skips; the released masks are compared pixel for pixel with the oracle.
"""

import json
import re
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import forked
import numpy as np
import pytest
from browser_rater import FIND_PAINTER, PASSWORD, Point, Rater
from painting_oracle import BOTTOM, LEFT, fill, segment
from pycocotools import mask as coco_mask
from serving import annotate_app, serving

from o365seg.project.folder import open_project
from o365seg.store.progress.summary import measure_progress

HEIGHT, WIDTH = 240, 320
FIRST_ID = 7_706_992_903_151_817_196  # as in real exports; a browser's numbers end at 2^53
BRUSH = 12  # the painter's size at the start, in image pixels


def run(package: str, *arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """One command of the project, as the user runs it."""
    done = forked.run(f"{package}.commands.main:main", *arguments, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two photographs' worth of questions, made by the real command."""
    from small_project import CATEGORIES, make_image

    images = []
    boxes: list[list[float]] = [[30.5, 40.25, 150, 120], [200, 20, 80, 90], [0, 150, 90, 90]]
    annotations = []
    for number in (1, 2):
        name = f"images/v1/patch1/objects365_v1_{number:08d}.jpg"
        path = tmp_path / "val" / name.removeprefix("images/v1/")
        make_image(path, WIDTH, HEIGHT, seed=number)
        images.append(
            {"id": FIRST_ID + number, "width": WIDTH, "height": HEIGHT, "file_name": name}
        )
        for bbox in boxes:
            annotations.append(
                {
                    "id": FIRST_ID + len(annotations),
                    "iscrowd": 0,
                    "bbox": bbox,
                    "area": bbox[2] * bbox[3],
                    "image_id": FIRST_ID + number,
                    "category_id": 308,
                }
            )
    annotations.append(
        {
            "id": FIRST_ID + 99,
            "iscrowd": 1,
            "bbox": [5, 5, 9, 9],
            "area": 81,
            "image_id": FIRST_ID + 1,
            "category_id": 1,
        }
    )
    content = {"images": images, "annotations": annotations, "categories": CATEGORIES}
    (tmp_path / "boxes.json").write_text(json.dumps(content))
    run("o365seg", "create", "p", "--detections", "boxes.json", "--images", "val", cwd=tmp_path)
    added = annotate_app(
        "rater", "add", tmp_path / "p", "Ada", "--password-stdin", input=PASSWORD + "\n"
    )
    assert added.returncode == 0, added.stderr
    return tmp_path / "p"


def paint_with_every_tool(ada: Rater) -> np.ndarray:
    """Brush, shift-line, line, eraser, fill (closed, open, at the border), undo, redo."""
    expected = np.zeros((HEIGHT, WIDTH), bool)

    def stroke(*points: Point, d: int = BRUSH) -> np.ndarray:
        lines = [segment(HEIGHT, WIDTH, a, b, d) for a, b in pairwise(points)]
        return np.any(lines, axis=0)

    ada.tool("brush")
    outline = [(60, 60), (150, 62), (148, 140), (62, 138), (60, 60)]
    ada.drag(*outline)
    expected |= stroke(*outline)

    ada.tool("fill")
    ada.click((100, 100))
    outcome, filled = fill(expected.astype(np.uint8), 100, 100, 0)
    assert outcome == "enclosed"
    expected = filled.astype(bool)

    ada.tool("brush")
    ada.drag((210, 30), (260, 30), (260, 80))  # open: filling it must change nothing
    expected |= stroke((210, 30), (260, 30), (260, 80))
    ada.tool("fill")
    ada.click((230, 60))
    ada.page.locator("[data-show=status]", has_text=re.compile("gap|open|closed")).wait_for()
    assert np.array_equal(ada.mask(), expected)

    ada.tool("line")
    ada.drag((30, 170), (120, 220))
    expected |= segment(HEIGHT, WIDTH, (30, 170), (120, 220), BRUSH)
    ada.tool("brush")
    ada.page.keyboard.down("Shift")
    ada.click((170, 200))
    ada.page.keyboard.up("Shift")
    expected |= segment(HEIGHT, WIDTH, (120, 220), (170, 200), BRUSH)

    ada.tool("eraser")
    ada.drag((90, 95), (110, 105))
    expected &= ~stroke((90, 95), (110, 105))

    ada.tool("brush")
    ada.drag((280, 200), (300, 210))
    ada.tool("undo")
    assert np.array_equal(ada.mask(), expected)
    ada.tool("redo")
    expected |= stroke((280, 200), (300, 210))
    ada.tool("undo")
    expected &= ~stroke((280, 200), (300, 210))
    assert np.array_equal(ada.mask(), expected)
    return expected


@pytest.fixture
def rater(browser: Any) -> Any:
    """`rater(url)`: a fresh browser profile; the test fails on any script error in it."""
    contexts, errors = [], []

    def make(url: str) -> Rater:
        context = browser.new_context(viewport={"width": 1280, "height": 720})
        contexts.append(context)
        context.add_init_script(FIND_PAINTER)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: outside.append(request.url))
        made = Rater(page, url)
        made.open()
        return made

    outside: list[str] = []
    yield make
    for context in contexts:
        context.close()
    assert errors == []
    foreign = [url for url in outside if not url.startswith(("http://127.0.0.1", "blob:", "data:"))]
    assert foreign == []  # the page loads nothing from the web


def test_from_boxes_to_a_score(project: Path, rater: Any) -> None:
    expected: dict[str, np.ndarray] = {}
    skipped: dict[str, str] = {}
    with serving(project) as server:
        port = int(server.url.rsplit(":", 1)[1])
        ada = rater(server.url)
        assert ada.page.locator("[data-show=category]").inner_text() == "Camel"

        # The whole image fitted to the screen, then zoomed by the wheel.
        assert (fitted := ada.zoom()) > 2
        expected[ada.question()] = paint_with_every_tool(ada)
        ada.leave("submit")
        ada.page.mouse.move(*ada.at((130, 110)))
        for _ in range(3):
            ada.page.mouse.wheel(0, 150)
        ada.page.wait_for_timeout(100)
        assert ada.zoom() < fitted / 1.5
        expected[ada.question()] = paint_with_every_tool(ada)
        ada.leave("submit")

        # A reload in mid-question: the same question, with what was painted.
        ada.press("1")
        assert ada.zoom() == 1
        question = ada.question()
        ada.drag((20, 170), (60, 220))
        painted = ada.mask()
        ada.open()
        assert ada.question() == question
        assert np.array_equal(ada.mask(), painted)
        ada.drag((60, 220), (10, 190))
        expected[question] = painted | segment(HEIGHT, WIDTH, (60, 220), (10, 190), BRUSH)

        # Kill -9 of the server before the submit: the painter sends it again until it is there.
        server.kill()
        ada.tool("submit")
    with serving(project, port=port):
        ada.page.wait_for_function(
            "(before) => painterRoot().painter.question() !== before", arg=question, timeout=60_000
        )

        # Skipping, with a reason.
        skipped[ada.question()] = "too_blurry"
        ada.tool("skip")
        ada.page.check("[data-reason=too_blurry]")
        ada.leave("skip-confirm")
        skipped[ada.question()] = "other"
        ada.press("s")
        ada.page.check("[data-reason=other]")
        ada.page.fill("[data-tool=skip-note]", "a mirror image")
        ada.leave("skip-confirm")

        # An object cut by the image border, filled up to it where its box reaches it.
        last = ada.question()
        ada.drag((0, 190), (60, 190), (60, 239))
        ring = segment(HEIGHT, WIDTH, (0, 190), (60, 190), BRUSH)
        ring |= segment(HEIGHT, WIDTH, (60, 190), (60, 239), BRUSH)
        ada.press("f")
        ada.click((20, 225))
        outcome, filled = fill(ring.astype(np.uint8), 20, 225, LEFT | BOTTOM)
        assert outcome == "enclosed"
        expected[last] = filled.astype(bool)
        ada.leave("submit")
        ada.page.get_by_text("All done").wait_for()

    check_release(project, expected, skipped)


def check_release(project: Path, expected: dict[str, np.ndarray], skipped: dict[str, str]) -> None:
    """The released masks are the oracle's; the hours are there; perfect predictions score 100."""
    folder = project.parent
    with open_project(project).store.read() as db:
        done = measure_progress(db, 0)
    assert (done.masks, done.skipped, done.unanswered) == (4, 2, 0)
    assert done.rater_hours > 0
    run("o365seg", "release", "p", cwd=folder)
    released = json.loads((folder / "o365_instance_seg_val.json").read_text())
    predictions = []
    for record in released["annotations"]:
        name = str(record["id"])
        if name in expected:
            segmentation = record["segmentation"]
            packed: Any = {**segmentation, "counts": segmentation["counts"].encode()}
            mask = coco_mask.decode(packed)
            assert np.array_equal(mask, expected[name])
            assert record["area"] == mask.sum()
            keys = ("image_id", "category_id", "segmentation")
            predictions.append({key: record[key] for key in keys} | {"score": 0.9})
        elif name in skipped:
            assert record["skip_reason"] == skipped[name]
            assert "segmentation" not in record
        else:
            assert record["iscrowd"] == 1
    assert len(predictions) == 4
    (folder / "preds.json").write_text(json.dumps(predictions))
    run("benchmark", "evaluate", "preds.json", "--json", "ap.json", cwd=folder)
    assert json.loads((folder / "ap.json").read_text())["metrics"]["AP"] == 1
    run("benchmark", "stats", "o365_instance_seg_val.json", "--out", "stats", cwd=folder)
    assert {path.suffix for path in (folder / "stats").iterdir()} >= {".png", ".svg", ".csv"}
