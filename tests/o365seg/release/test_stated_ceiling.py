"""The human ceiling from the store to the release, its card, and beside every score."""

import gzip
import json
from pathlib import Path

import pytest
from quality_steps import SIZE, add_person, choose, paint
from small_project import SmallSource, box_mask, open_small_project
from typer.testing import CliRunner

from benchmark.commands.main import app
from o365seg.formats.json_files import write_json_atomic
from o365seg.release.build import build_release
from o365seg.release.card import data_card, measure
from o365seg.release.publication import Publication
from o365seg.release.stated_ceiling import ceiling_line, find_human_ceiling


@pytest.fixture
def release(tmp_path: Path, source: SmallSource) -> Path:
    """Nine questions painted by two raters: squares of 8 × 8, the other's shifted by one pixel."""
    with open_small_project(tmp_path / "project", source) as project:
        choose(project.store, replica_share=1)
        for shift, name in enumerate(("Ada", "Bob")):
            rater = add_person(project.store, name)
            for _ in range(9):
                paint(project.store, rater, box_mask(*SIZE, 5 + shift, 8, side=8))
        path = tmp_path / "release.json"
        write_json_atomic(path, build_release(project))
    return path


def test_a_release_and_its_card_state_it(release: Path) -> None:
    info = json.loads(release.read_text())["info"]["human_ceiling"]
    # IoU 56 / 72 = 0.78: six of the ten thresholds are reached by all.
    assert info == {
        "AP": 0.6,
        "AP_interval": None,
        "AP50": 1.0,
        "AP75": 1.0,
        "questions": 9,
        "images": 4,
        "categories": 3,
        "raters": 2,
        "skipped": 0,
    }
    assert find_human_ceiling(release) == info
    card = data_card(measure(release, "release"), Publication())
    assert "mask AP of raters scored against each other is 60.0, AP50 100.0" in card
    assert "9 questions in 4 images" in " ".join(card.split())


def test_it_stands_beside_every_mask_score(release: Path, tmp_path: Path) -> None:
    predictions = tmp_path / "predictions.json"
    predictions.write_text("[]")
    report, numbers = tmp_path / "report.html", tmp_path / "numbers.json"
    line = "Human ceiling: mask AP 60.00, AP50 100.00, AP75 100.00: raters against each other"

    def run(*options: str) -> str:
        arguments = ["evaluate", str(predictions), "--gt", str(release), *options]
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.output
        return result.output

    assert line in run("--json", str(numbers), "--report", str(report))
    assert json.loads(numbers.read_text())["human_ceiling"]["AP"] == 0.6
    assert line in report.read_text()
    assert "Human ceiling" not in run("--iou", "bbox")
    part = tmp_path / "1.part"
    run("--save", str(part))
    assert line in CliRunner().invoke(app, ["merge", str(part)]).output


def test_it_is_read_from_the_first_bytes_or_not_at_all(tmp_path: Path) -> None:
    note = {"AP": 0.5, "AP_interval": [0.4, 0.625], "AP50": 0.9, "AP75": 0.6}
    note |= {"questions": 1200, "images": 90}
    file = tmp_path / "gt.json"

    def found(content: object, *, indent: int | None = None, packed: bool = False) -> object:
        text = json.dumps(content, indent=indent).encode()
        file.write_bytes(gzip.compress(text) if packed else text)
        return find_human_ceiling(file)

    release = {"info": {"seed": 0, "human_ceiling": note}, "images": []}
    assert found(release) == found(release, indent=2) == found(release, packed=True) == note
    assert ceiling_line(note).startswith("Human ceiling: mask AP 50.00 [40.00, 62.50], AP50 90.00")
    assert "1,200 questions in 90 images" in ceiling_line(note)
    assert found({"images": [], "info": {"human_ceiling": note}}) is None  # not at the start
    for odd in (None, "much", {}, note | {"AP": "high"}, note | {"AP_interval": [1]}):
        assert found({"info": {"human_ceiling": odd}}) is None
    file.write_bytes(b'{"info":{"human_ceiling":{"AP":0.5')
    assert find_human_ceiling(file) is None
    file.write_bytes(b"\x1f\x8b\x08 no gzip")
    assert find_human_ceiling(file) is None
    assert find_human_ceiling(tmp_path / "absent.json") is None
