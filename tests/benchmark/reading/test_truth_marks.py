"""What is told of a ground truth beside its numbers: interim releases, the stock variant."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from evaluation_cases import Case, Guess, Thing, rectangle

from benchmark import Result, evaluate
from benchmark.average_precision import native_path
from benchmark.average_precision.native_core import SWITCH
from benchmark.report.result_text import result_lines
from o365seg.formats.pycocotools_variant import stock_annotation

MASK = rectangle(0, 0, 40, 40)


@pytest.fixture(params=["0", "1"], ids=["pycocotools", "native"])
def files(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A mask, and three boxes without: a skip, two unanswered ones."""
    if request.param == "1" and not native_path.is_built():
        pytest.skip("the native core is not built")
    monkeypatch.setenv(SWITCH, request.param)
    boxes = [Thing(box=(50, y, 9, 9)) for y in (0, 20, 40)]
    truth, results = Case([Thing(MASK), *boxes], [Guess(MASK)]).write(tmp_path)
    data = json.loads(truth.read_text())
    data["info"] = {"unanswered": 2, "note": '"unanswered": true'}
    skipped, *others = data["annotations"][1:]
    skipped |= {"skipped": True, "skip_reason": "too_dark"}
    for one in others:
        one.pop("skipped", None)
        one["unanswered"] = True
    truth.write_text(json.dumps(data))
    return truth, results


def told(files: tuple[Path, Path], **options: Any) -> tuple[Result, str]:
    result = evaluate(files[1], files[0], **options)
    return result, "\n".join(result_lines(result))


@pytest.mark.parametrize("iou", ["segm", "bbox"])
def test_unanswered_instances_are_counted_apart(files: tuple[Path, Path], iou: str) -> None:
    result, lines = told(files, iou=iou)
    assert (result.counts.skipped, result.counts.unanswered) == (1, 2)
    assert " instances, 1 skipped, 2 unanswered, 0 crowds;" in lines
    assert result.notes == []


def test_a_finished_release_does_not_speak_of_them(files: tuple[Path, Path]) -> None:
    text = files[0].read_text().replace('"unanswered": true', '"unanswered": false')
    files[0].write_text(text)
    result, lines = told(files)
    assert (result.counts.skipped, result.counts.unanswered) == (3, 0)
    assert "unanswered" not in lines


def test_a_mask_or_a_crowd_is_never_unanswered(files: tuple[Path, Path]) -> None:
    data = json.loads(files[0].read_text())
    data["annotations"][0]["unanswered"] = True
    data["annotations"][2]["iscrowd"] = 1
    files[0].write_text(json.dumps(data))
    counts = told(files)[0].counts
    assert (counts.instances, counts.skipped, counts.unanswered, counts.crowds) == (1, 1, 1, 1)


def test_the_variant_for_pycocotools_is_noticed(files: tuple[Path, Path]) -> None:
    data = json.loads(files[0].read_text())
    sizes = {image["id"]: (image["height"], image["width"]) for image in data["images"]}
    data["annotations"] = [stock_annotation(a, sizes[a["image_id"]]) for a in data["annotations"]]
    files[0].write_text(json.dumps(data))
    result, lines = told(files)
    assert result.counts.crowds == 3
    assert "Note: The ground truth is the pycocotools variant of a release" in lines
    compressed = files[0].with_suffix(".gz")
    compressed.write_bytes(gzip.compress(files[0].read_bytes()))
    assert told((compressed, files[1]))[0].notes == result.notes


def test_crowds_alone_are_no_variant(files: tuple[Path, Path]) -> None:
    data = json.loads(files[0].read_text())
    for one in data["annotations"][1:]:
        one |= {"iscrowd": 1, "skipped": False}
    files[0].write_text(json.dumps(data))
    assert told(files)[0].notes == []


@pytest.mark.parametrize("space", ["", " ", "\n\t "])
def test_any_layout_of_the_json_is_understood(files: tuple[Path, Path], space: str) -> None:
    text = files[0].read_text()
    text = text.replace('"unanswered": true', f'"unanswered"{space}:{space}true')
    files[0].write_text(text)
    assert told(files)[0].counts.unanswered == 2
