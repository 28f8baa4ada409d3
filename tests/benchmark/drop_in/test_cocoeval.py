"""The class in pycocotools' place: its bytes without skips, the evaluation's with them."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluation_cases import HEIGHT, WIDTH, Case, Guess, Thing, rectangle, stock_files
from evaluation_strategies import cases
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO as StockCOCO  # noqa: N811

from benchmark import COCO, COCOeval, SkipRule, evaluate
from benchmark.drop_in.plain_cocoeval import PlainCOCOeval
from o365seg.errors import InputError
from o365seg.formats.pycocotools_variant import stock_annotation


def run(truth: Path, results: Path, iou: str = "segm", index: Any = COCO, **params: Any) -> Any:
    """Used as everyone uses pycocotools'."""
    rule = params.pop("skip_rule", "box")
    with contextlib.redirect_stdout(io.StringIO()):
        ground_truth: Any = index(str(truth))
        evaluation: Any = COCOeval(ground_truth, ground_truth.loadRes(str(results)), iou, rule)
        for name, value in params.items():
            setattr(evaluation.params, name, value)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation


def loaded(
    truth: Path, results: Path, iou: str = "segm", rule: str = "box", kind: Any = COCOeval
) -> Any:
    with contextlib.redirect_stdout(io.StringIO()):
        ground_truth = COCO(str(truth))
        return kind(ground_truth, ground_truth.loadRes(str(results)), iou, rule)


def stock(truth: Path, results: Path, iou: str = "segm", **params: Any) -> Any:
    evaluation = stock_files(truth, results, iou)
    for name, value in params.items():
        setattr(evaluation.params, name, value)
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation


def assert_same_bytes(one: Any, other: Any) -> None:
    for name in ("precision", "recall", "scores"):
        assert one.eval[name].tobytes() == other.eval[name].tobytes(), name
    assert np.asarray(one.stats).tobytes() == np.asarray(other.stats).tobytes()
    same_records(one.evalImgs, other.evalImgs)


def same_records(some: Any, others: Any) -> None:
    for ours, theirs in zip(some, others, strict=True):
        assert (ours is None) == (theirs is None)
        for key in theirs or ():
            np.testing.assert_array_equal(ours[key], theirs[key], key)
            if isinstance(theirs[key], np.ndarray):
                assert ours[key].dtype == theirs[key].dtype


SETTINGS: list[dict[str, Any]] = [
    {},
    {"useCats": 0},
    {"imgIds": [2]},
    {"catIds": [2, 7]},
    {"iouThrs": np.array([0.3, 0.5, 0.75])},
    {"maxDets": [1, 2, 3]},
    {"areaRng": [[0, 1e10], [0, 500], [500, 2000], [2000, 1e10]]},
    {"useCats": 0, "imgIds": [1, 3]},
    {"imgIds": [3, 1, 1, 99]},
    {"catIds": [7, 2, 2, 99], "maxDets": [2, 1, 3]},
    {"iouThrs": np.linspace(0.0, 1.0, 23)},
    {"iouThrs": np.array([0.1, 1.0]), "recThrs": np.array([0.0, 0.4, 0.4, 1.0])},
    {
        "areaRng": [[0, 1e10], [0, 300], [300, 500], [500, 900], [900, 2000], [2000, 1e10]],
        "areaRngLbl": ["all", "a", "b", "c", "d", "e"],
        "maxDets": [1, 2, 3, 4, 100],
    },
]


@settings(max_examples=120)
@given(
    case=cases(skips=False),
    params=st.sampled_from(SETTINGS),
    rule=st.sampled_from(list(SkipRule)),
    iou=st.sampled_from(["segm", "bbox"]),
    index=st.sampled_from([COCO, StockCOCO]),
)
def test_where_nothing_is_skipped_it_is_pycocotools_whatever_the_parameters(
    tmp_path_factory: pytest.TempPathFactory,
    case: Case,
    params: dict[str, Any],
    rule: SkipRule,
    iou: str,
    index: Any,
) -> None:
    truth, results = case.write(tmp_path_factory.mktemp("case"))
    data = case.truth()
    data["annotations"] = [stock_annotation(a, (HEIGHT, WIDTH)) for a in data["annotations"]]
    truth.write_text(json.dumps(data))
    ours = run(truth, results, iou, index, skip_rule=rule, **params)
    assert ours._passes is not None, "left to the general path"
    assert_same_bytes(ours, stock(truth, results, iou, **params))


@settings(max_examples=60)
@given(
    case=cases(),
    params=st.sampled_from([one for one in SETTINGS if one.get("useCats", 1)]),
    rule=st.sampled_from(list(SkipRule)),
    iou=st.sampled_from(["segm", "bbox", "boundary"]),
)
def test_with_skips_and_boundaries_it_is_the_plain_class_whatever_the_parameters(
    tmp_path_factory: pytest.TempPathFactory,
    case: Case,
    params: dict[str, Any],
    rule: SkipRule,
    iou: str,
) -> None:
    truth, results = case.write(tmp_path_factory.mktemp("case"))
    ours = run(truth, results, iou, skip_rule=rule, **params)
    assert ours._passes is not None, "left to the general path"
    plain = loaded(truth, results, iou, rule, kind=PlainCOCOeval)
    for name, value in params.items():
        setattr(plain.params, name, value)
    with contextlib.redirect_stdout(io.StringIO()):
        plain.evaluate()
        plain.accumulate()
        plain.summarize()
    assert_same_bytes(ours, plain)


@settings(max_examples=40)
@given(
    case=cases(),
    rule=st.sampled_from(list(SkipRule)),
    iou=st.sampled_from(["segm", "bbox"]),
    index=st.sampled_from([COCO, StockCOCO]),
)
def test_where_something_is_it_is_the_evaluation(
    tmp_path_factory: pytest.TempPathFactory, case: Case, rule: SkipRule, iou: str, index: Any
) -> None:
    truth, results = case.write(tmp_path_factory.mktemp("case"))
    ours, result = (
        run(truth, results, iou, index, skip_rule=rule),
        evaluate(results, truth, iou=iou, skip_rule=rule),
    )
    for name in ("precision", "recall", "scores"):
        assert ours.eval[name].tobytes() == getattr(result.curves, name).tobytes(), name
    assert np.asarray(ours.stats).tobytes() == result.stats.tobytes()
    plain = loaded(truth, results, iou, rule, kind=PlainCOCOeval)
    with contextlib.redirect_stdout(io.StringIO()):
        plain.evaluate()
    same_records(ours.evalImgs, plain.evalImgs)


REAL, ON_SKIPPED = rectangle(0, 0, 40, 40), rectangle(50, 50, 40, 40)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    things = [Thing(REAL), Thing(box=(50, 50, 40, 40), category=2)]
    guesses = [Guess(ON_SKIPPED, 0.9, category=2), Guess(ON_SKIPPED, 0.9), Guess(REAL, 0.5)]
    return Case(things, guesses).write(tmp_path)


def test_without_categories_a_skipped_object_of_any_absorbs(files: tuple[Path, Path]) -> None:
    """Of two predictions on it one is absorbed; with categories the one of another counts."""
    assert run(*files, useCats=0).stats[0] == pytest.approx(0.5)
    assert run(*files, useCats=0, skip_rule="none").stats[0] == pytest.approx(1 / 3)
    assert run(*files).stats[0] == pytest.approx(0.5)


def test_the_index_is_left_as_it_was_and_can_be_used_again(files: tuple[Path, Path]) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        ground_truth: Any = COCO(str(files[0]))
        found = ground_truth.loadRes(str(files[1]))
        aps = []
        for rule in ("box", "none", "ioa", "box"):
            evaluation: Any = COCOeval(ground_truth, found, "segm", rule)
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
            aps.append(evaluation.stats[0])
            assert evaluation.cocoGt is ground_truth
    assert len(ground_truth.anns) == 2
    assert "segmentation" not in ground_truth.anns[2]
    assert aps[0] == aps[3]


def test_a_skip_without_a_box_is_named(files: tuple[Path, Path]) -> None:
    data = json.loads(files[0].read_text())
    del data["annotations"][1]["bbox"]
    files[0].write_text(json.dumps(data))
    with pytest.raises(InputError, match=r"annotations\[1\] \(id 2\), field 'bbox': missing"):
        run(*files)
