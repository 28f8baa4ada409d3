"""Files that are broken or mean harm: the same error, or the same numbers, on both paths."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluation_cases import HEIGHT, WIDTH, Case, Guess, Thing, coded, rectangle
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from benchmark.average_precision import native_path
from benchmark.average_precision import pycocotools_path as slow_path
from benchmark.reading.choices import Iou, SkipRule
from o365seg.errors import InputError

pytestmark = pytest.mark.skipif(not native_path.is_built(), reason="the core was not built")

MASK = rectangle(10, 20, 30, 40)
CASE = Case(
    [Thing(MASK), Thing(box=(50, 50, 20, 20)), Thing(box=(0, 0, 9, 9), crowd=True)],
    [Guess(MASK, 0.9), Guess(rectangle(50, 50, 20, 19), 0.8), Guess(rectangle(0, 0, 5, 5), 0.1)],
)
RECORD = CASE.results()[0]
COUNTS = coded(MASK)["counts"]


def outcome(path: Callable[[], Any]) -> Any:
    """A result's numbers, an error's text, or None where it was left to the other path."""
    try:
        result = path()
    except InputError as error:
        return str(error)
    if result is None:
        return None
    return result.numbers, result.counts, result.notes, result.absorbed_counts, result.ap_by_rule


def check(truth: Path, results: Path, *, error: bool | None = None) -> None:
    """The native path says what the slow path says, or leaves it to that."""
    for iou in Iou:
        native = outcome(partial(native_path.evaluate, results, truth, iou, SkipRule.BOX))
        slow = outcome(partial(slow_path.evaluate, results, truth, iou, SkipRule.BOX))
        if iou is Iou.SEGM and error is not None:
            assert isinstance(slow, str) == error, slow
        if native is not None:
            assert native == slow


def with_mask(segmentation: Any) -> str:
    return json.dumps([{**RECORD, "segmentation": segmentation}])


def rle(counts: Any, height: Any = HEIGHT, width: Any = WIDTH) -> str:
    return with_mask({"size": [height, width], "counts": counts})


def changed(**fields: Any) -> str:
    return json.dumps([RECORD, {**RECORD, **fields}])


TEXT = json.dumps(CASE.results())
RESULTS_AT_FAULT: list[str | bytes] = [
    "", " ", "[", "[]", "{}", "null", "[{}]", "[1]", "[[]]", "[null]", "nul", "[{", '[{"',
    "\ufeff[]",
    TEXT[:-1], TEXT[: len(TEXT) // 2], TEXT + "x", TEXT + "[]", TEXT.replace("}, {", "},, {"),
    TEXT.replace('"score": 0.9', '"score": NaN'),
    TEXT.replace('"score": 0.9', '"score": -Infinity'),
    TEXT.replace('"score": 0.9', '"score": 1e400'), TEXT.replace('"score": 0.9', '"score": 01'),
    TEXT.replace('"score": 0.9', '"score": .5'), TEXT.replace('"score": 0.9', '"score": 1.'),
    TEXT.replace('"score": 0.9', '"score": +1'), TEXT.replace('"score": 0.9', '"score": 0x1'),
    TEXT.replace('"score": 0.9', '"score": "0.9"'), TEXT.replace('"score": 0.9', '"score": true'),
    TEXT.replace('"score": 0.9', "\"score\": '0.9'"), TEXT.replace('"score": 0.9', '"score": -'),
    TEXT.encode().replace(b'"score"', b'"sc\xffore"', 1),
    TEXT.encode().replace(b'"score"', b'"\xc0\xaf": 1, "score"', 1),
    b"\x80\x04\x95pickle", b"\x00" * 50, b"[" * 5000, b'[{"a":' * 3000, b"\x1f\x8b\x08\x00broken",
    changed(image_id=77), changed(category_id=-1), changed(image_id=1.5), changed(image_id=None),
    changed(image_id=10**30), changed(image_id=[1]), changed(bbox=[1, 2, 3, -4]),
    changed(bbox=[1, 2, 3]), changed(bbox={}), changed(bbox=[1, 2, 3, None]),
    changed(segmentation=None), changed(segmentation="x"), changed(segmentation={}),
    changed(segmentation=[[1, 2, 3]]), changed(segmentation=[[[1]]]), changed(segmentation=[1]),
    changed(segmentation=[[0, 0, 1e300, 0, 0, 5]]),
    rle(COUNTS + "1"), rle(COUNTS[:-1]), rle("o" * 200), rle("oooooooooooooo1"), rle("P"), rle("O"),
    rle(""), rle("\\"), rle("0\\"), rle("\u0001"), rle("é"), rle("0" * 10_000), rle("`" * 50),
    rle([]), rle([5, 2**40]), rle([-5, 11005]), rle([1.5]), rle(None), rle({}), rle([2**63, 2**63]),
    rle([2**64 - 1, 11001]), rle(COUNTS, -1), rle(COUNTS, 2**31, 2**33), rle(COUNTS, 110.0),
    rle(COUNTS, HEIGHT + 1), rle(COUNTS, WIDTH, HEIGHT), rle(COUNTS, 2**16, 2**16),
    with_mask({"size": [HEIGHT], "counts": COUNTS}), with_mask({"counts": COUNTS}),
    with_mask({"size": [HEIGHT, WIDTH, 1], "counts": COUNTS}),
]  # fmt: skip


@pytest.mark.parametrize("place", range(len(RESULTS_AT_FAULT)))
def test_results_at_fault(tmp_path: Path, place: int) -> None:
    content = RESULTS_AT_FAULT[place]
    truth, results = CASE.write(tmp_path)
    results.write_bytes(content if isinstance(content, bytes) else content.encode())
    check(truth, results)


DEEP = "[" * 200 + "]" * 200
RARE_BUT_SOUND = [
    TEXT.replace('"score": 0.9', '"score": 0.1, "score": 0.9'),
    TEXT.replace('"score": 0.9', '"extra": ' + DEEP + ', "score": 0.9'),
    TEXT.replace('"score"', '"\\u0073core"'), TEXT.replace('"score": 0.9', '"score": 9e-1'),
    TEXT.replace('"score": 0.9', '"score": 0.89999999999999999999999999'),
    TEXT.replace('"score": 0.9', '"score": 1e-300'), TEXT.replace('"score": 0.9', '"score": -0'),
    TEXT.replace('"score": 0.9', '"score": -0.0'), TEXT.replace('"score": 0.9', '"score": 1e15'),
    TEXT.replace('"image_id": 1', '"image_id": 1.0'),
    TEXT.replace('"image_id": 1', '"image_id": 1.0e0'),
    TEXT.replace('"score": 0.9', '"bbox": null, "score": 0.9'),
    TEXT.replace('"score": 0.9', '"bbox": [], "score": 0.9'),
    TEXT.replace('"score": 0.8', '"bbox": [1, 2, 3, 4], "score": 0.8'),
    json.dumps(CASE.results(), indent=3), changed(segmentation=[]),
]  # fmt: skip


@pytest.mark.parametrize("place", range(len(RARE_BUT_SOUND)))
def test_rare_but_sound_results(tmp_path: Path, place: int) -> None:
    truth, results = CASE.write(tmp_path)
    results.write_text(RARE_BUT_SOUND[place])
    check(truth, results, error=False)


def edited(**fields: Any) -> dict[str, Any]:
    data = CASE.truth()
    data["annotations"][0] |= fields
    return data


WHOLE = json.dumps(CASE.truth())
TRUTHS: list[tuple[str, bool]] = [
    (json.dumps({**CASE.truth(), "licenses": None, "info": {"a": [1e3, None]}}), False),
    (json.dumps({**CASE.truth(), "images": None}), True),
    (json.dumps({**CASE.truth(), "annotations": []}), False),
    (json.dumps({**CASE.truth(), "annotations": CASE.truth()["annotations"] * 2}), True),
    (json.dumps({**CASE.truth(), "images": CASE.truth()["images"] * 2}), True),
    (json.dumps({**CASE.truth(), "categories": CASE.truth()["categories"] * 2}), True),
    (json.dumps({**CASE.truth(), "categories": []}), True),
    (WHOLE[:-1], True), (WHOLE + "]", True), (WHOLE[: len(WHOLE) // 2], True), ("", True),
    (WHOLE[:-1] + ', "annotations": []}', False), (WHOLE.replace('"name"', '"title"', 1), True),
    (WHOLE.replace('"id": 1,', '"id": 1.5,', 1), True), (WHOLE.replace("110", "0"), True),
    (WHOLE.replace('"height": 110', '"height": "110"', 1), True),
    (WHOLE.replace("1.jpg", "\\ud83d\\ude00.jpg", 1), False),
    (WHOLE.replace("1.jpg", "\\ud83d.jpg", 1), True), (WHOLE.replace('"1.jpg"', "5", 1), True),
    (json.dumps(edited(bbox=[1, 2, 3])), True), (json.dumps(edited(bbox=None)), False),
    (json.dumps(edited(area="big")), True), (json.dumps(edited(area=None)), False),
    (json.dumps(edited(iscrowd=2)), False), (json.dumps(edited(iscrowd=None)), True),
    (json.dumps(edited(skipped=1)), True), (json.dumps(edited(skipped=True)), False),
    (json.dumps(edited(skip_reason=5)), True), (json.dumps(edited(unanswered=None)), True),
    (json.dumps(edited(segmentation="")), False), (json.dumps(edited(segmentation="x12")), True),
    (json.dumps(edited(segmentation=[[1, 2, 3, 4]])), True),
    (json.dumps(edited(segmentation={"size": [9, 9], "counts": "i2"})), True),
    (json.dumps(edited(segmentation={"size": [110, 100], "counts": "Y"})), True),
    (json.dumps(edited(segmentation=[], bbox=[0, 0, 1e9, 1])), True),
    (json.dumps(edited(segmentation=[], bbox=[0, 0, -5, -5])), False),
    (json.dumps(edited(segmentation=[], bbox=[-1e7, 0, 2e6, 9])), False),
    (json.dumps(edited(bbox=[1e308, 1e308, 1e308, 1e308])), False),
    (json.dumps(edited(id=2**60)), False), (json.dumps(edited(id=-7)), False),
    (json.dumps(edited(image_id=99)), True), (json.dumps(edited(category_id=99)), True),
]  # fmt: skip


@pytest.mark.parametrize("place", range(len(TRUTHS)))
def test_odd_ground_truth(tmp_path: Path, place: int) -> None:
    content, _ = TRUTHS[place]
    truth, results = CASE.write(tmp_path)
    truth.write_text(content)
    check(truth, results, error=None if TRUTHS[place][1] else False)


@pytest.mark.parametrize("name", ["absent.json", "."])
def test_files_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    truth, results = CASE.write(tmp_path)
    check(truth, tmp_path / name, error=True)
    check(tmp_path / name, results, error=True)


@settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    max_examples=300,
)
@given(data=st.data())
def test_any_damage_to_the_bytes_has_the_same_outcome(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Bytes overwritten, cut out or doubled in either file."""
    folder = tmp_path_factory.mktemp("case")
    files = list(CASE.write(folder))
    damaged = data.draw(st.sampled_from(files))
    content = bytearray(damaged.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        kind = data.draw(st.sampled_from(["set", "cut", "double"]))
        if kind == "set":
            content[place] = data.draw(st.sampled_from(list(b'"[]{}:,.-0159eE \\nt\xff\x00o`P')))
        elif kind == "cut":
            del content[place : place + data.draw(st.integers(1, 20))]
        else:
            content[place:place] = content[place : place + data.draw(st.integers(1, 20))]
    damaged.write_bytes(bytes(content))
    native = outcome(lambda: native_path.evaluate(files[1], files[0], Iou.SEGM, SkipRule.BOX))
    if native is not None:
        slow = outcome(lambda: slow_path.evaluate(files[1], files[0], Iou.SEGM, SkipRule.BOX))
        assert native == slow


def test_a_huge_image_takes_no_memory_for_its_pixels(tmp_path: Path) -> None:
    side = 46_000  # 2.1 thousand million pixels, just below 2^31
    data = CASE.truth()
    data["images"][0] |= {"height": side, "width": side}
    data["annotations"] = [data["annotations"][0] | {"segmentation": [[0, 0, 0, 9, 9, 9, 9, 0]]}]
    record = {**RECORD, "segmentation": {"size": [side, side], "counts": [0, 9, side**2 - 9]}}
    truth, results = tmp_path / "truth.json", tmp_path / "results.json"
    truth.write_text(json.dumps(data))
    results.write_text(json.dumps([record]))
    check(truth, results, error=False)
    assert np.isfinite(outcome(
        lambda: native_path.evaluate(results, truth, Iou.SEGM, SkipRule.BOX)
    )[0]).all()  # fmt: skip
