"""The classes as libraries use them: each habit with the original's outcome beside ours."""

import contextlib
import copy
import io
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluation_cases import Case, Guess, Thing, rectangle
from pycocotools.coco import COCO as StockCOCO  # noqa: N811
from pycocotools.cocoeval import COCOeval as StockCOCOeval

from benchmark import COCO, COCOeval

KINDS = {"ours": (COCO, COCOeval), "stock": (StockCOCO, StockCOCOeval)}


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    things = [
        Thing(rectangle(0, 0, 30, 40)),
        Thing(rectangle(40, 40, 9, 9), category=2),
        Thing(rectangle(0, 0, 50, 60), image=2),
        Thing(rectangle(60, 0, 30, 60), image=2, crowd=True),
    ]
    guesses = [
        Guess(rectangle(0, 0, 30, 36), 0.9),
        Guess(rectangle(40, 40, 9, 8), 0.8, category=2),
        Guess(rectangle(2, 0, 50, 60), 0.7, image=2),
        Guess(rectangle(62, 4, 20, 30), 0.6, image=2),
        Guess(rectangle(5, 5, 20, 20), 0.5, image=2),
    ]
    truth, results = Case(things, guesses).write(tmp_path)
    data = json.loads(truth.read_text())
    for one in data["annotations"]:
        one.setdefault("iscrowd", 0)
        one.setdefault("area", 500)
    truth.write_text(json.dumps(data))
    return truth, results


def run(evaluation: Any) -> Any:
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation


def both(make: Any) -> tuple[Any, Any]:
    """What `make(COCO, COCOeval)` returns, with our classes and with the originals."""
    with contextlib.redirect_stdout(io.StringIO()):
        return make(*KINDS["ours"]), make(*KINDS["stock"])


def assert_equal(ours: Any, stock: Any) -> None:
    assert np.asarray(ours.stats).tobytes() == np.asarray(stock.stats).tobytes()
    for name in ("precision", "recall", "scores"):
        assert ours.eval[name].tobytes() == stock.eval[name].tobytes()


def test_printed_lines_are_the_originals(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    printed = []
    for coco, evaluator in KINDS.values():
        truth = coco(str(files[0]))
        evaluation: Any = evaluator(truth, truth.loadRes(str(files[1])), "segm")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
        lines = capsys.readouterr().out.splitlines()
        printed.append([line.partition("(t=")[0] for line in lines])
    assert printed[0] == printed[1]


def test_nothing_is_made_that_nobody_asks_for(files: tuple[Path, Path]) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(files[0]))
        found = truth.loadRes(str(files[1]))
        evaluation: Any = run(COCOeval(truth, found, "segm"))
    assert not vars(truth).keys() & {"dataset", "anns", "imgs"}
    assert not vars(found).keys() & {"dataset", "anns", "imgs"}
    assert not vars(evaluation).keys() & {"evalImgs", "eval", "ious", "_gts", "_dts"}


def test_the_index_is_the_originals(files: tuple[Path, Path]) -> None:
    ours, stock = both(lambda coco, _: coco(str(files[0])))
    assert ours.getCatIds() == stock.getCatIds()
    assert ours.getCatIds(catIds=[2]) == stock.getCatIds(catIds=[2])
    assert ours.getImgIds() == stock.getImgIds()
    assert ours.is_untouched
    assert ours.getAnnIds(imgIds=[2]) == stock.getAnnIds(imgIds=[2])
    for name in ("dataset", "anns", "imgs", "cats", "imgToAnns", "catToImgs"):
        assert getattr(ours, name) == getattr(stock, name), name
    images = ours.dataset["images"]
    assert all(ours.imgs[one["id"]] is one for one in images)
    found, same = both(lambda coco, _: coco(str(files[0])).loadRes(str(files[1])))
    assert repr(found.anns) == repr(same.anns)


@pytest.mark.parametrize("as_array", [False, True])
def test_results_as_records_and_as_an_array(files: tuple[Path, Path], *, as_array: bool) -> None:
    records = json.loads(files[1].read_text())
    boxes = np.array([[1, 0, 0, 30, 36, 0.9, 1], [2, 2, 0, 50, 60, 0.7, 1]], float)

    def make(coco: Any, evaluator: Any) -> Any:
        truth = coco(str(files[0]))
        given = boxes if as_array else copy.deepcopy(records)
        return evaluator(truth, truth.loadRes(given), "bbox" if as_array else "segm")

    ours, stock = both(make)
    assert_equal(run(ours), run(stock))
    assert ours._passes is not None


def test_records_of_pycocotools_and_numpy(files: tuple[Path, Path]) -> None:
    """Counts as `bytes`, numbers as numpy's, as detectors make them."""
    records = json.loads(files[1].read_text())
    for record in records:
        record["segmentation"]["counts"] = record["segmentation"]["counts"].encode()
        record["score"] = np.float32(record["score"])
        record["image_id"] = np.int64(record["image_id"])

    def make(coco: Any, evaluator: Any) -> Any:
        truth = coco(str(files[0]))
        return evaluator(truth, truth.loadRes(copy.deepcopy(records)), "segm")

    ours, stock = both(make)
    assert_equal(run(ours), run(stock))
    assert ours._passes is not None


def test_a_record_changed_before_evaluation_counts(files: tuple[Path, Path]) -> None:
    def make(coco: Any, evaluator: Any) -> Any:
        truth = coco(str(files[0]))
        found = truth.loadRes(str(files[1]))
        truth.anns[1]["area"] = 10
        truth.anns[3]["iscrowd"] = 1
        found.anns[2]["score"] = 0.1
        found.anns[3]["area"] = 5
        return evaluator(truth, found, "segm")

    ours, stock = both(make)
    assert_equal(run(ours), run(stock))
    assert ours._passes is not None


def _clear(records: list[dict[str, Any]]) -> None:
    records.clear()


def _reorder(records: list[dict[str, Any]]) -> None:
    records[:] = records[::-1][:2]


def _rescore(records: list[dict[str, Any]]) -> None:
    for place, record in enumerate(records):
        record["score"] = place / 10


@pytest.mark.parametrize("change", [_clear, _reorder, _rescore])
@pytest.mark.parametrize("boxed", [False, True])
@pytest.mark.parametrize("late", [False, True])
def test_what_becomes_of_a_list_of_results(
    files: tuple[Path, Path], change: Any, *, boxed: bool, late: bool
) -> None:
    """The index has the records of `loadRes`, which stay the caller's."""
    records = json.loads(files[1].read_text())
    for record in records:
        if boxed:
            record |= {"bbox": [0.0, 0.0, 30.0, 20.0], "area": 7, "id": 99}

    def make(coco: Any, evaluator: Any) -> Any:
        truth, given = coco(str(files[0])), copy.deepcopy(records)
        found = truth.loadRes(given)
        evaluation = evaluator(truth, found, "segm") if late else None
        change(given)
        evaluation = evaluation or evaluator(truth, found, "segm")
        run(evaluation)
        return evaluation

    ours, stock = both(make)
    assert_equal(ours, stock)
    assert ours.cocoDt.catToImgs == stock.cocoDt.catToImgs
    for mine, originals in zip(ours.cocoDt.anns.items(), stock.cocoDt.anns.items(), strict=True):
        assert repr(mine) == repr(originals)


def test_records_that_json_does_not_know_are_evaluated_too(files: tuple[Path, Path]) -> None:
    records = json.loads(files[1].read_text())
    for record in records:
        record["seen"] = {1j}

    def make(coco: Any, evaluator: Any) -> Any:
        truth, given = coco(str(files[0])), copy.deepcopy(records)
        found = truth.loadRes(given)
        given.clear()
        return run(evaluator(truth, found, "segm"))

    assert_equal(*both(make))


def test_torchvision_merges_records_of_batches(files: tuple[Path, Path]) -> None:
    """`CocoEvaluator` of torchvision's detection references."""
    records = json.loads(files[1].read_text())

    def make(coco: Any, evaluator: Any) -> Any:
        truth = coco(str(files[0]))
        evaluation, merged, seen = evaluator(truth, iouType="segm"), [], []
        for image_id in (2, 1):
            found = coco()
            found.dataset = {k: list(truth.dataset[k]) for k in ("images", "categories")}
            found.dataset["annotations"] = [
                r | {"id": i + 1, "iscrowd": 0, "area": 600, "bbox": [0, 0, 30, 20]}
                for i, r in enumerate(copy.deepcopy(records))
                if r["image_id"] == image_id
            ]
            found.createIndex()
            evaluation.cocoDt = found
            evaluation.params.imgIds = [image_id]
            evaluation.evaluate()
            shape = (-1, len(evaluation.params.areaRng), 1)
            merged.append(np.asarray(evaluation.evalImgs).reshape(shape))
            seen.append(image_id)
        order = np.argsort(seen)
        evaluation.evalImgs = list(np.concatenate(merged, 2)[..., order].flatten())
        evaluation.params.imgIds = sorted(seen)
        evaluation._paramsEval = copy.deepcopy(evaluation.params)
        evaluation.accumulate()
        evaluation.summarize()
        return evaluation

    ours, stock = both(make)
    assert_equal(ours, stock)
    assert stock.stats[0] > 0.1


def test_mmdet_sets_ids_and_its_own_limits(files: tuple[Path, Path]) -> None:
    def make(coco: Any, evaluator: Any) -> Any:
        truth = coco(annotation_file=str(files[0]))
        categories = truth.getCatIds(catNms=[c["name"] for c in truth.loadCats([1, 2])])
        evaluation = evaluator(truth, truth.loadRes(str(files[1])), "segm")
        evaluation.params.catIds = categories
        evaluation.params.imgIds = truth.getImgIds()
        evaluation.params.maxDets = [100, 300, 1000]
        evaluation.params.iouThrs = np.linspace(0.5, 0.95, 10)
        return evaluation

    ours, stock = both(make)
    assert_equal(run(ours), run(stock))
    assert ours._passes is not None


def test_no_results_are_an_index_error_at_once(files: tuple[Path, Path]) -> None:
    """mmdet catches it."""
    truth = COCO(str(files[0]))
    with pytest.raises(IndexError):
        truth.loadRes([])


def test_a_subclass_that_changes_a_step_is_followed(files: tuple[Path, Path]) -> None:
    def make(coco: Any, evaluator: Any) -> Any:
        class Lower(evaluator):
            def computeIoU(self, imgId: int, catId: int) -> Any:  # noqa: N802, N803
                return np.asarray(super().computeIoU(imgId, catId)) * 0.9

        truth = coco(str(files[0]))
        return Lower(truth, truth.loadRes(str(files[1])), "segm")

    ours, stock = both(make)
    assert_equal(run(ours), run(stock))
    assert 0 < ours.stats[0] < 1


@pytest.mark.parametrize("again", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_copies_and_pickles_hold_everything(files: tuple[Path, Path], again: Any) -> None:
    def make(coco: Any, evaluator: Any) -> Any:
        truth = coco(str(files[0]))
        return run(evaluator(truth, truth.loadRes(str(files[1])), "segm"))

    ours, stock = both(make)
    copied = again(ours)
    assert_equal(copied, stock)
    assert copied.ious.keys() == stock.ious.keys()
    assert_equal(run(copied), stock)


def test_what_matching_leaves_behind_is_made_when_asked_for(files: tuple[Path, Path]) -> None:
    def make(coco: Any, evaluator: Any) -> Any:
        truth = coco(str(files[0]))
        return run(evaluator(truth, truth.loadRes(str(files[1])), "segm"))

    ours, stock = both(make)
    assert set(ours.ious) == set(stock.ious)
    for pair, values in stock.ious.items():
        np.testing.assert_array_equal(ours.ious[pair], values)
    assert {k for k, v in ours._gts.items() if v} == {k for k, v in stock._gts.items() if v}
    assert_equal(ours, stock)
    ours.params.catIds = stock.params.catIds = [2]
    for one in (ours, stock):
        with contextlib.redirect_stdout(io.StringIO()):
            one.accumulate()
    assert ours.eval["precision"].tobytes() == stock.eval["precision"].tobytes()


def test_what_the_core_does_not_take_is_the_originals(files: tuple[Path, Path]) -> None:
    """Boxes in the results alone, evaluated as masks; a category that the truth lacks."""
    records = json.loads(files[1].read_text())
    for record in records:
        record["bbox"] = [0, 0, 30, 40]
        del record["segmentation"]
    records[-1]["category_id"] = 77

    def make(coco: Any, evaluator: Any) -> Any:
        truth = coco(str(files[0]))
        return evaluator(truth, truth.loadRes(copy.deepcopy(records)), "segm")

    ours, stock = both(make)
    assert_equal(run(ours), run(stock))


@pytest.mark.parametrize("kind", ["segm", "bbox"])
@pytest.mark.parametrize("asked", ["before", "after"])
def test_images_and_categories_taken_out_of_the_index_do_not_count(
    files: tuple[Path, Path], kind: str, asked: str
) -> None:
    records = [one for one in json.loads(files[1].read_text()) if one["image_id"] != 1]
    files[1].write_text(json.dumps(records))

    def make(coco: Any, evaluator: Any) -> Any:
        truth = coco(str(files[0]))
        if asked == "before":
            del truth.imgs[1], truth.cats[2]
        found = evaluator(truth, truth.loadRes(str(files[1])), kind)
        if asked == "after":
            del truth.cats[2]
        return found

    ours, stock = both(make)
    assert_equal(run(ours), run(stock))
    assert list(ours.params.imgIds) == list(stock.params.imgIds)


def test_looking_at_images_makes_no_annotations(files: tuple[Path, Path]) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(files[0]))
        assert truth.imgs[1]["width"] and truth.cats[1]
        assert truth.is_untouched
        run(COCOeval(truth, truth.loadRes(str(files[1])), "segm"))
    assert "anns" not in vars(truth)


@pytest.mark.parametrize("area", [float("nan"), float("inf"), float("-inf")])
def test_areas_that_json_does_not_know(files: tuple[Path, Path], area: float) -> None:
    content = json.loads(files[0].read_text())
    content["annotations"][0]["area"] = area

    def make(coco: Any, evaluator: Any) -> Any:
        truth = coco()
        truth.dataset = copy.deepcopy(content)
        truth.createIndex()
        return evaluator(truth, truth.loadRes(str(files[1])), "segm")

    ours, stock = both(make)
    assert_equal(run(ours), run(stock))


@pytest.mark.parametrize("name", ["catIds", "imgIds"])
def test_a_parameter_may_be_a_single_id(files: tuple[Path, Path], name: str) -> None:
    def make(coco: Any, evaluator: Any) -> Any:
        truth = coco(str(files[0]))
        made = evaluator(truth, truth.loadRes(str(files[1])), "segm")
        setattr(made.params, name, 1)
        return made

    ours, stock = both(make)
    assert_equal(run(ours), run(stock))


def test_patched_pycocotools_is_ours(files: tuple[Path, Path]) -> None:
    script = """
import sys, benchmark
benchmark.patch_pycocotools()
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
assert COCO is benchmark.COCO and COCOeval is benchmark.COCOeval
truth = COCO(sys.argv[1])
for iou in ("segm", "bbox", "boundary"):
    evaluation = COCOeval(truth, truth.loadRes(sys.argv[2]), iou)
    evaluation.evaluate(); evaluation.accumulate(); evaluation.summarize()
"""
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, files)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Average Precision") == 18
