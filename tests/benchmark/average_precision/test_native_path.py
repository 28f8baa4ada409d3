"""The native core against pycocotools: the same numbers to the last bit, on everything it takes."""

import gzip
import io
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluation_cases import Case, Guess, Thing, rectangle
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from make_workload import SCALES, write_workload
from native_cases import Files, files, huge_files, odd_text
from slow_resampling import resampled_precision

from benchmark import Result, evaluate
from benchmark.average_precision import evaluation, native_core, native_path
from benchmark.average_precision import pycocotools_path as slow_path
from benchmark.average_precision.native_core import SWITCH
from benchmark.reading.choices import Iou, SkipRule
from benchmark.reading.input_text import InputText
from o365seg.formats.masks import compress_runs

pytestmark = pytest.mark.skipif(not native_path.is_built(), reason="the core was not built")

CHOICES = [
    *((Iou.SEGM, rule) for rule in SkipRule),
    (Iou.BBOX, SkipRule.BOX),
    *((Iou.BOUNDARY, rule) for rule in SkipRule),
]
ROOMY = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


def natively(truth: Path, results: Path, iou: Iou, rule: SkipRule, threads: int = 2) -> Result:
    """The native result; it must not have been left to the slow path."""
    result = native_path.evaluate(results, truth, iou, rule, threads)
    assert result is not None, "left to the slow path"
    return result


def assert_same(native: Result, slow: Result) -> None:
    """Every public number and array, by its bytes."""
    assert np.array(native.numbers).tobytes() == np.array(slow.numbers).tobytes()
    for field in ("iou", "skip_rule", "category_ids", "absorbed_counts", "ap_by_rule", "counts",
                  "notes", "image_ids", "metrics"):  # fmt: skip
        assert getattr(native, field) == getattr(slow, field), field
    for name in ("precision", "recall", "scores"):
        ours, theirs = getattr(native.curves, name), getattr(slow.curves, name)
        assert ours.shape == theirs.shape and ours.dtype == theirs.dtype
        assert ours.tobytes() == theirs.tobytes(), name
    for category_id in slow.category_ids:
        ours, theirs = native.category_matches(category_id), slow.category_matches(category_id)
        for name in vars(theirs):
            first, second = map(np.asarray, (getattr(ours, name), getattr(theirs, name)))
            assert first.dtype == second.dtype and first.shape == second.shape, name
            assert first.tobytes() == second.tobytes(), name
    assert_same_counts(native, slow)


def assert_same_counts(native: Result, slow: Result) -> None:
    """What the core counts by category is what its matches say."""
    ours = native.matched
    assert isinstance(ours, native_path.NativeMatched)
    counts = [(one.positives[0].sum(), len(one.score)) for one in slow.matches]
    assert ours.counts_by_category() == counts
    objects = np.array([one.positives[0] > 0 for one in slow.matches])
    assert ours.images_with_objects().tobytes() == objects.tobytes()
    for category_id in slow.category_ids:
        absorbed = slow.matched.absorbed_at_half(category_id)
        assert ours.absorbed_at_half(category_id) == absorbed


def compare(case: Files | Case, folder: Path, iou: Iou, rule: SkipRule) -> None:
    truth, results = case.write(folder)
    assert_same(natively(truth, results, iou, rule), slow_path.evaluate(results, truth, iou, rule))


def test_core_and_python_know_the_same_skip_rules(tmp_path: Path) -> None:
    from benchmark import _native

    assert set(_native.SKIP_RULES) == {rule.value for rule in SkipRule}
    truth, results = write_workload(tmp_path, SCALES["small"])
    core = _native.Evaluation(truth.read_bytes(), results.read_bytes(), True, 1)
    core.match()
    with pytest.raises(ValueError, match=r"^unknown skip rule 'boxes'$"):
        core.stats("boxes")
    assert set(core.stats("box")[1]) == set(SkipRule)


@settings(ROOMY, max_examples=1000 if "O365SEG_DEEP" in os.environ else 200)
@given(case=files(), choice=st.sampled_from(CHOICES))
def test_equals_pycocotools(
    tmp_path_factory: pytest.TempPathFactory, case: Files, choice: tuple[Iou, SkipRule]
) -> None:
    compare(case, tmp_path_factory.mktemp("case"), *choice)


@settings(ROOMY, max_examples=8)
@given(case=files(many=True), choice=st.sampled_from(CHOICES))
def test_equals_pycocotools_past_the_limit_of_detections(
    tmp_path_factory: pytest.TempPathFactory, case: Files, choice: tuple[Iou, SkipRule]
) -> None:
    compare(case, tmp_path_factory.mktemp("case"), *choice)


@settings(ROOMY, max_examples=200)
@given(case=huge_files(), rule=st.sampled_from(SkipRule))
def test_equals_pycocotools_on_huge_images(
    tmp_path_factory: pytest.TempPathFactory, case: Files, rule: SkipRule
) -> None:
    compare(case, tmp_path_factory.mktemp("case"), Iou.SEGM, rule)


@settings(ROOMY, max_examples=150)
@given(case=files(), choice=st.sampled_from(CHOICES), data=st.data())
def test_the_layout_of_records_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    case: Files,
    choice: tuple[Iou, SkipRule],
    data: st.DataObject,
) -> None:
    """What repeats between values is compared, not scanned: it must not be taken for more."""
    truth, results = case.write(tmp_path_factory.mktemp("case"))
    plain = natively(truth, results, *choice)
    results.write_text(data.draw(odd_text(case.results)))
    assert_same(natively(truth, results, *choice), plain)


@pytest.fixture(scope="module")
def workload(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """About 600 predictions of a fair model, some objects skipped."""
    return write_workload(tmp_path_factory.mktemp("workload"), SCALES["small"], seed=3)


@pytest.mark.parametrize(("iou", "rule"), CHOICES)
def test_a_fair_model_s_results(workload: tuple[Path, Path], iou: Iou, rule: SkipRule) -> None:
    truth, results = workload
    slow = slow_path.evaluate(results, truth, iou, rule)
    assert 0.1 < slow.numbers[0] < 0.9
    for threads in (1, 2, 7):
        assert_same(natively(truth, results, iou, rule, threads), slow)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["coco128_panoptic/annotations/instances_train2017.json", "lvis100/lvis_val_100.json"]
)
@pytest.mark.parametrize(("iou", "rule"), [CHOICES[0], CHOICES[2], CHOICES[4], CHOICES[5]])
def test_real_data(real_data: Path, tmp_path: Path, name: str, iou: Iou, rule: SkipRule) -> None:
    from evaluation_real import coco_content, jittered

    if not (real_data / name).exists():
        pytest.skip(f"{real_data / name} is not there")
    truth = coco_content(real_data / name)
    results = tmp_path / "results.json"
    results.write_text(json.dumps(jittered(truth, seed=5)))
    for annotation in truth["annotations"][::9]:
        if not annotation.get("iscrowd"):
            del annotation["segmentation"]
    changed = tmp_path / "truth.json"
    changed.write_text(json.dumps(truth))
    native = natively(changed, results, iou, rule)
    assert 0.03 < native.numbers[0] < 0.95
    assert_same(native, slow_path.evaluate(results, changed, iou, rule))


def test_a_large_file_read_in_parts_is_read_the_same(tmp_path: Path) -> None:
    """Past a megabyte a thread takes each part; nested records must not pass for records."""
    case = Case([Thing(rectangle(0, 0, 30, 30))], [Guess(rectangle(0, 0, 30, 31))])
    truth, results = case.write(tmp_path)
    record = case.results()[0]
    decoy = {"points": [{"x": 1}, {"x": 2}, {"image_id": 1, "category_id": 1, "score": 1}]}
    for extra in ({}, decoy, {"boxes": [decoy] * 40}):
        records = [{**record, **extra, "score": i / 20_000} for i in range(15_000)]
        results.write_text(json.dumps(records))
        assert results.stat().st_size > 2**21
        one, three = (natively(truth, results, Iou.SEGM, SkipRule.BOX, n) for n in (1, 3))
        assert_same(three, one)
        assert one.counts.predictions == 15_000
        assert one.category_matches(1).prediction.tolist() == list(range(14_999, 14_899, -1))


@given(st.lists(st.floats(0, 1) | st.floats(-1e4, 1e4), min_size=1, max_size=50))
def test_scores_are_read_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory, scores: list[float]
) -> None:
    scores = [s for s in scores if abs(s) > 1e-8] or [0.1]
    forms = ["{!r}", "{:.17e}", "{:.12f}"]
    for form in forms:
        texts = [form.format(score) for score in scores]
        values = [float(text) for text in texts]
        record = '{{"image_id": 1, "category_id": 1, "score": {}, "segmentation": []}}'
        truth, results = Case([Thing(rectangle(0, 0, 3, 3))], []).write(
            tmp_path_factory.mktemp("case")
        )
        results.write_text(f"[{','.join(record.format(text) for text in texts)}]")
        found = natively(truth, results, Iou.SEGM, SkipRule.NONE).category_matches(1)
        expected = np.array(values)[found.prediction]
        assert found.score.tobytes() == expected.tobytes()


CASE = Case(
    [Thing(rectangle(0, 0, 30, 30)), Thing(rectangle(50, 50, 9, 9), image=2)],
    [Guess(rectangle(0, 0, 30, 29)), Guess(rectangle(50, 50, 9, 8), image=2)],
)


def test_gzip_and_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    truth, results = CASE.write(tmp_path)
    expected = evaluate(results, truth).metrics
    packed_truth, packed = tmp_path / "truth.json.gz", tmp_path / "results.json.gz"
    packed_truth.write_bytes(gzip.compress(truth.read_bytes()))
    packed.write_bytes(gzip.compress(results.read_bytes()))
    for switch in ("1", "0"):
        monkeypatch.setenv(SWITCH, switch)
        assert evaluate(packed, packed_truth).metrics == expected
        for data in (results.read_bytes(), packed.read_bytes()):
            monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
            assert evaluate("-", truth).metrics == expected


@pytest.mark.parametrize("switch", ["1", "0"])
def test_a_pipe_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, switch: str) -> None:
    """As a shell's `<(…)` makes it."""
    truth, results = CASE.write(tmp_path)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    monkeypatch.setenv(SWITCH, switch)
    writer = threading.Thread(target=lambda: pipe.write_bytes(results.read_bytes()))
    writer.start()
    found = evaluate(pipe, truth).metrics
    writer.join()
    assert found == evaluate(results, truth).metrics


def test_records_and_annotations_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from o365seg.formats.records import read_annotations

    truth, results = CASE.write(tmp_path)
    expected = evaluate(results, truth).metrics
    monkeypatch.setattr(slow_path, "evaluate", None)  # would fail if it were asked
    assert evaluate(json.loads(results.read_text()), read_annotations(truth)).metrics == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"image_id": 1,', '"image_id": 1.0,'),
        ('"category_id": 1,', '"category_id": 1e0,'),
        ("[", " \t\r\n[ "),
        ('"score": 0.5', '"score" : 5E-1'),
        ('"score": 0.5', '"a\\"}{": [{"b": [null, true, "\\\\"]}], "score": 0.5'),
        ('"score": 0.5', '"ä": "naïve 😀", "score": 0.5'),
    ],
)
def test_what_is_rare_but_plain_is_not_left_to_the_slow_path(
    tmp_path: Path, old: str, new: str
) -> None:
    truth, results = CASE.write(tmp_path)
    text = results.read_text()
    assert old in text
    expected = slow_path.evaluate(results, truth, Iou.SEGM, SkipRule.BOX)
    results.write_text(text.replace(old, new, 1))
    assert_same(natively(truth, results, Iou.SEGM, SkipRule.BOX), expected)


@pytest.mark.parametrize("size", [(40, 30), (20_000, 20_000)], ids=["small", "huge"])
def test_a_mask_with_nothing_to_overlap_is_checked_like_any(size: tuple[int, int]) -> None:
    # Category 2 has no annotation: its masks are measured, those of category 1 decoded.
    from benchmark import _native

    height, width = size
    random = np.random.default_rng(height)
    box = {"bbox": [1, 1, 3, 3], "area": 9, "iscrowd": 0, "segmentation": [[1, 1, 4, 1, 4, 4]]}
    truth = {
        "images": [{"id": 1, "height": height, "width": width}],
        "categories": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1} | box],
    }
    verdicts = []
    for _ in range(400):
        lengths = random.integers(random.integers(2), 16, size=random.integers(1, 70)).tolist()
        if random.random() < 0.3:
            lengths[random.integers(len(lengths))] = int(random.integers(height * width))
        lengths.append(max(height * width - sum(lengths) + int(random.random() < 0.1), 0))
        # Not by pycocotools: it writes beyond its memory where runs are long.
        text = compress_runs(np.array(lengths), size).counts
        assert isinstance(text, str)
        counts = bytearray(text, "ascii")
        if random.random() < 0.3:
            counts[random.integers(len(counts))] = int(random.integers(40, 115))
        mask = {"size": [height, width], "counts": counts.decode("ascii")}
        cores = []
        for category in (1, 2):
            record = {"image_id": 1, "category_id": category, "score": 0.5, "segmentation": mask}
            texts = (InputText("", json.dumps(each).encode()) for each in (truth, [record]))
            try:
                cores.append(native_core.match(*texts, iou="segm", threads=1).facts())
            except _native.Unusual:
                cores.append(None)
        assert cores[0] == cores[1], mask
        verdicts.append(cores[0] is not None)
    assert 20 < sum(verdicts) < 380


def test_the_switch_and_an_absent_core_lead_to_the_slow_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from benchmark.commands.evaluate import run_evaluation

    truth, results = CASE.write(tmp_path)
    run_evaluation(results, truth, Iou.SEGM, SkipRule.BOX, None)
    fast = capsys.readouterr()
    monkeypatch.setattr(native_path, "evaluate", None)  # would fail if it were asked
    with monkeypatch.context() as change:
        change.setenv(SWITCH, "0")
        run_evaluation(results, truth, Iou.SEGM, SkipRule.BOX, None)
        assert capsys.readouterr() == fast
    monkeypatch.setitem(sys.modules, "benchmark._native", None)
    monkeypatch.delattr("benchmark._native", raising=False)
    run_evaluation(results, truth, Iou.SEGM, SkipRule.BOX, None)
    slow = capsys.readouterr()
    assert slow.out == fast.out
    extra = [line for line in slow.err.splitlines() if line not in fast.err.splitlines()]
    assert extra == ["the native core is not built; using pycocotools, which is slow"]


def _weights(result: Result, rows: list[list[int]]) -> np.ndarray:
    return np.array([[row[i % len(row)] for i in range(len(result.image_ids))] for row in rows])


@settings(ROOMY, max_examples=60)
@given(
    case=files(),
    rule=st.sampled_from(list(SkipRule)),
    rows=st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=1, max_size=20),
)
def test_resampling_equals_the_plain_rule(
    tmp_path_factory: pytest.TempPathFactory, case: Files, rule: SkipRule, rows: list[list[int]]
) -> None:
    truth, results = case.write(tmp_path_factory.mktemp("case"))
    native = natively(truth, results, Iou.SEGM, rule)
    slow = slow_path.evaluate(results, truth, Iou.SEGM, rule)
    weights = _weights(native, rows)
    means = (range(10), [0], [5], [2, 9])
    together = native.resampled_precisions(weights, means)
    for ours, thresholds in zip(together, means, strict=True):
        assert ours.tobytes() == native.resampled_precision(weights, thresholds).tobytes()
        theirs = slow.resampled_precision(weights, thresholds)
        plain = [resampled_precision(one, weights, thresholds) for one in slow.matches]
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)
        np.testing.assert_allclose(ours, np.transpose(plain), rtol=0, atol=1e-12)
    once = native.resampled_precision(np.ones((1, len(native.image_ids)), int))[0]
    known = once[once > -1]
    assert (known.mean() if known.size else -1) == pytest.approx(native.numbers[0], abs=1e-12)


def test_a_resample_is_the_data_set_with_images_repeated(workload: tuple[Path, Path]) -> None:
    truth, results = workload
    data, records = json.loads(truth.read_text()), json.loads(results.read_text())
    for place, record in enumerate(records):
        record["score"] += place * 1e-9  # equal scores of two images come in another order
    result = evaluate(records, truth, skip_rule="none")
    random = np.random.default_rng(0)
    weights = random.multinomial(20, np.full(20, 1 / 20), size=17)
    found = result.resampled_precision(weights)
    assert found.shape == (17, 10)
    for row, precisions in zip(weights[:3], found[:3], strict=True):
        repeated: dict[str, Any] = {**data, "images": [], "annotations": []}
        guesses = []
        for place, (image_id, times) in enumerate(zip(result.image_ids, row, strict=True)):
            (image,) = (i for i in data["images"] if i["id"] == image_id)
            for copy in range(times):
                new = place * 100 + copy
                repeated["images"].append({**image, "id": new})
                for annotation in data["annotations"]:
                    if annotation["image_id"] == image_id:
                        record = {"image_id": new, "id": len(repeated["annotations"]) + 1}
                        repeated["annotations"].append({**annotation, **record})
                guesses += [{**r, "image_id": new} for r in records if r["image_id"] == image_id]
        folder = truth.parent
        (folder / "repeated.json").write_text(json.dumps(repeated))
        again = evaluate(guesses, folder / "repeated.json", skip_rule="none")
        expected = again.curves.precision[:, :, :, 0, 2].mean(axis=(0, 1))
        np.testing.assert_allclose(precisions, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "weights",
    [np.ones((2, 3), int), np.ones(2, int), np.ones((1, 2)), np.array([[1, -1]]),
     np.array([[2**31, 1]])],
)  # fmt: skip
def test_weights_that_make_no_sense_are_refused(tmp_path: Path, weights: np.ndarray) -> None:
    truth, results = CASE.write(tmp_path)
    with pytest.raises(ValueError, match="weights"):
        evaluate(results, truth).resampled_precision(weights)


@pytest.mark.parametrize("thresholds", [[], [10], [-1], [3, 3]])
def test_thresholds_that_there_are_not_are_refused(tmp_path: Path, thresholds: list[int]) -> None:
    result = evaluate(*reversed(CASE.write(tmp_path)))
    with pytest.raises(ValueError, match="thresholds"):
        result.resampled_precision(np.ones((1, len(result.image_ids)), int), thresholds)


def test_matches_of_an_unknown_category(tmp_path: Path) -> None:
    truth, results = CASE.write(tmp_path)
    with pytest.raises(KeyError):
        evaluation.evaluate(results, truth).category_matches(99)


def test_a_core_of_another_version_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from benchmark import _native
    from benchmark.commands import fast_path

    truth, results = Case([Thing(rectangle(0, 0, 9, 9))], []).write(tmp_path)
    monkeypatch.setattr(_native, "INTERFACE", _native.INTERFACE + 1)
    native_core._require_current.cache_clear()
    for command in (["evaluate"], ["errors"], ["evaluate", "--by", "size"]):
        arguments = [*command, str(results), "--gt", str(truth)]
        monkeypatch.setattr(sys, "argv", ["benchmark", *arguments])
        with pytest.raises(SystemExit) as done:
            fast_path.main()
        assert done.value.code == 1
        told = capsys.readouterr().err.splitlines()
        assert "pip install -e ." in told[-1] and "Traceback" not in "".join(told)
    monkeypatch.setenv(SWITCH, "0")
    assert evaluate(results, truth).counts.instances == 1
