"""Ground truth with LVIS's marks: AP by the rules of LVIS."""

import contextlib
import copy
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluation_real import jittered
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from benchmark import Parameters, errors
from benchmark.analysis.by_size import match_in_sizes
from benchmark.analysis.error_kinds import Judgement
from benchmark.analysis.outcome_tables import detections_table
from benchmark.analysis.sides import Sides
from benchmark.average_precision.evaluation import evaluate
from benchmark.average_precision.parameters import LVIS_NAMES
from benchmark.reading.choices import Iou
from benchmark.report.gather import write_report
from o365seg.formats.masks import encode_rle

Inputs = tuple[dict[str, Any], list[dict[str, Any]]]


class Oracle(COCOeval):
    """pycocotools' evaluation with the rules of LVIS put around it."""

    def _prepare(self) -> None:
        stock: Any = super()
        stock._prepare()
        mine: Any = self
        images = mine.cocoGt.imgs
        for (image, category), found in list(mine._dts.items()):
            absent = images[image]["neg_category_ids"]
            if category not in absent and not mine._gts.get((image, category)):
                found.clear()

    def evaluateImg(self, imgId: int, catId: int, aRng: Any, maxDet: int) -> Any:  # noqa: N802, N803
        stock: Any = super()
        cell = stock.evaluateImg(imgId, catId, aRng, maxDet)
        image: Any = self.cocoGt.imgs[imgId]
        if cell is not None and catId in image["not_exhaustive_category_ids"]:
            cell["dtIgnore"] = np.logical_or(cell["dtIgnore"], cell["dtMatches"] == 0)
        return cell


def oracle_of(truth: dict[str, Any], predictions: list[dict[str, Any]], iou: str) -> Any:
    """The oracle, after it has evaluated."""
    by_image: dict[int, list[dict[str, Any]]] = {}
    for one in copy.deepcopy(predictions):
        by_image.setdefault(one["image_id"], []).append(one)
    best = [
        one for some in by_image.values() for one in sorted(some, key=lambda p: -p["score"])[:300]
    ]
    truth = copy.deepcopy(truth)
    for annotation in truth["annotations"]:
        annotation["iscrowd"] = 0
    with contextlib.redirect_stdout(io.StringIO()):
        index = COCO()
        index.dataset = truth  # pyright: ignore[reportAttributeAccessIssue]
        index.createIndex()
        oracle: Any = Oracle(index, index.loadRes(best), iou)  # pyright: ignore[reportArgumentType]
        oracle.params.maxDets = [300]
        oracle.evaluate()
        oracle.accumulate()
    return oracle


def expected(truth: dict[str, Any], predictions: list[dict[str, Any]], iou: str) -> np.ndarray:
    oracle = oracle_of(truth, predictions, iou)
    categories = oracle.cocoGt.cats
    precision, recall = oracle.eval["precision"][..., 0], oracle.eval["recall"][..., 0]
    groups = [
        [k for k, c in enumerate(oracle.params.catIds) if categories[c]["frequency"] == frequency]
        for frequency in "rcf"
    ]
    parts = [precision[..., 0], precision[0, ..., 0], precision[5, ..., 0]]
    parts += [precision[..., area] for area in (1, 2, 3)]
    parts += [precision[:, :, group, 0] for group in groups]
    parts += [recall[..., area] for area in range(4)]
    return np.array([np.mean(part[part > -1]) if (part > -1).any() else -1.0 for part in parts])


def rectangle(rng: np.random.Generator) -> dict[str, Any]:
    x, y = rng.integers(0, 90, 2)
    w, h = rng.integers(2, 120 - max(x, y), 2)
    pixels = np.zeros((120, 120), bool)
    pixels[y : y + h, x : x + w] = True
    counts = encode_rle(pixels).counts
    return {
        "bbox": [int(x), int(y), int(w), int(h)],
        "segmentation": {"size": [120, 120], "counts": counts},
    }


def random_inputs(seed: int) -> Inputs:
    rng = np.random.default_rng(seed)
    categories = [
        {"id": c, "name": str(c), "frequency": "rcf"[int(rng.integers(3))]} for c in range(1, 7)
    ]
    images, annotations, predictions = [], [], []
    for image in range(1, 9):
        kinds = rng.permutation(6) + 1
        marks = {
            "neg_category_ids": kinds[:2].tolist(),
            "not_exhaustive_category_ids": kinds[3:5].tolist(),
        }
        images.append({"id": image, "width": 120, "height": 120} | marks)
        for _ in range(int(rng.integers(1, 6))):
            ids = {"image_id": image, "category_id": int(rng.choice(kinds[2:]))}
            thing = rectangle(rng)
            area = thing["bbox"][2] * thing["bbox"][3]
            annotations.append(ids | thing | {"id": len(annotations) + 1, "area": area})
            if rng.random() < 0.7:
                predictions.append(ids | thing | {"score": round(float(rng.random()), 1)})
        for _ in range(int(rng.choice([5, 400]))):
            guess = {"image_id": image, "category_id": int(rng.choice(kinds))}
            score = round(float(rng.random()), 2)
            predictions.append(guess | rectangle(rng) | {"score": score})
    return {"images": images, "categories": categories, "annotations": annotations}, predictions


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("iou", ["segm", "bbox"])
@pytest.mark.parametrize("native", ["1", "0"])
def test_numbers_are_those_of_lvis(
    seed: int, iou: str, native: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("O365SEG_NATIVE", native)
    truth, predictions = random_inputs(seed)
    found = evaluate(predictions, truth, iou=iou)
    assert found.stats.tobytes() == expected(truth, predictions, iou).tobytes()
    assert found.names == LVIS_NAMES
    assert "LVIS" in found.notes[0]


@pytest.mark.parametrize("iou", ["segm", "bbox"])
def test_curves_have_the_scores_at_which_each_recall_is_reached(iou: str) -> None:
    truth, predictions = random_inputs(2)
    scores = evaluate(predictions, truth, iou=iou).curves.scores
    wanted = oracle_of(truth, predictions, iou).eval["scores"]
    assert scores.max() > 0
    np.testing.assert_array_equal(scores, wanted)


@pytest.mark.parametrize("seed", range(3))
def test_boundaries_have_the_same_bytes_on_both_paths(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth, predictions = random_inputs(seed)
    found = []
    for native in ("1", "0"):
        monkeypatch.setenv("O365SEG_NATIVE", native)
        result = evaluate(predictions, truth, iou="boundary")
        found.append((result.stats.tobytes(), result.curves.precision.tobytes(), result.notes))
    assert found[0] == found[1]


@pytest.mark.parametrize("native", ["1", "0"])
def test_the_limit_of_an_image_can_be_another(native: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("O365SEG_NATIVE", native)
    truth, predictions = random_inputs(1)
    found = evaluate(predictions, truth, parameters=Parameters(max_dets=(10, 20)))
    by_image: dict[int, list[dict[str, Any]]] = {}
    for one in predictions:
        by_image.setdefault(one["image_id"], []).append(one)
    best = [
        one for some in by_image.values() for one in sorted(some, key=lambda p: -p["score"])[:20]
    ]
    assert found.names[9] == "AR20"
    assert found.stats.tobytes() == evaluate(best, truth).stats.tobytes()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("iou", list(Iou))
def test_analyses_follow_the_same_rules(seed: int, iou: Iou) -> None:
    truth, predictions = random_inputs(seed)
    result = evaluate(predictions, truth, iou=iou)
    judgement = Judgement(predictions, truth, iou=iou)
    assert judgement.is_lvis
    assert judgement.errors().ap == pytest.approx(result.metrics["AP50"])
    everything = match_in_sizes(predictions, truth, iou=iou, edges=(0.0, 1.0))
    (one,) = everything.bins()
    found = [one.ap, one.ap50, one.ap75, one.ar]
    expected = [result.metrics[name] for name in ("AP", "AP50", "AP75", "AR300")]
    assert found == pytest.approx(expected)
    weights = np.random.default_rng(seed).integers(0, 3, (5, 8)).astype(np.int32)
    ((resampled, images),) = everything.resampled(weights)
    assert images == 8
    assert resampled == pytest.approx(result.resampled_precision(weights))
    judged = judgement.judged()
    for prediction, category in zip(judged.prediction, judged.category, strict=True):
        assert predictions[prediction]["category_id"] == category
    # The same false positives as in the matches, where they are not ignored.
    false = {
        int(i)
        for of_category in result.matches
        for i in of_category.prediction[~of_category.matched[0, 0] & ~of_category.ignored[0, 0]]
    }
    assert set(judged.prediction[~judged.true].tolist()) == false


def test_what_lvis_does_not_judge_is_no_error(tmp_path: Path) -> None:
    truth, predictions = random_inputs(2)
    perfect = [
        {key: one[key] for key in ("image_id", "category_id", "bbox", "segmentation")}
        | {"score": 1}
        for one in truth["annotations"]
    ]
    listed = {image["id"]: set(image["neg_category_ids"]) for image in truth["images"]}
    for one in truth["annotations"]:
        listed[one["image_id"]].add(one["category_id"])
    unjudged = [p for p in predictions if p["category_id"] not in listed[p["image_id"]]]
    assert unjudged
    found = errors(perfect + unjudged, truth)
    assert (found.ap, sum(found.counts.values())) == (pytest.approx(1), 0)
    for name, content in (("gt.json", truth), ("p.json", perfect + unjudged)):
        (tmp_path / name).write_text(json.dumps(content))
    result = evaluate(tmp_path / "p.json", tmp_path / "gt.json")
    sides = Sides(result, tmp_path / "p.json", tmp_path / "gt.json")
    write_report(tmp_path / "report.html", sides, resamples=10)
    assert "AR300" in (tmp_path / "report.html").read_text()
    table = detections_table(result, sides.inputs, sides.judgement.judged())
    assert set(table.outcome[len(perfect) :]) == {"not counted"}


@pytest.mark.parametrize("seed", range(6))
def test_numbers_are_those_of_lvis_api(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lvis = pytest.importorskip("lvis")
    monkeypatch.setattr(np, "float", float, raising=False)  # lvis-api needs an older numpy
    truth, predictions = random_inputs(seed)
    (tmp_path / "gt.json").write_text(json.dumps(truth))
    (tmp_path / "dt.json").write_text(json.dumps(predictions))
    theirs = lvis.LVISEval(str(tmp_path / "gt.json"), str(tmp_path / "dt.json"), "segm")
    theirs.run()
    assert [*theirs.results.values()] == [*evaluate(predictions, truth).numbers]


def test_numbers_are_those_of_lvis_on_real_annotations(real_data: Path) -> None:
    path = real_data / "lvis100" / "lvis_val_100.json"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    truth = json.loads(path.read_text())
    predictions = jittered(truth, seed=7)
    found = evaluate(predictions, path)
    assert found.stats.tobytes() == expected(truth, predictions, "segm").tobytes()
    assert 0.05 < found.metrics["AP"] < 0.95


def test_predictions_that_lvis_does_not_judge_cost_nothing() -> None:
    truth, _ = random_inputs(0)
    keys = ("image_id", "category_id", "segmentation")
    perfect = [{key: one[key] for key in keys} | {"score": 0.5} for one in truth["annotations"]]
    known = {(one["image_id"], one["category_id"]) for one in truth["annotations"]}
    guesses = [
        perfect[0] | {"image_id": image["id"], "category_id": category, "score": 0.9}
        for image in truth["images"]
        for category in range(1, 7)
        if category not in image["neg_category_ids"] and (image["id"], category) not in known
    ]
    assert guesses
    found = evaluate(perfect + guesses, truth)
    assert found.metrics["AP"] == pytest.approx(1)
    assert f"({len(guesses):,} do not count)" in found.notes[0]


def test_matches_name_the_records_of_the_file() -> None:
    truth, predictions = random_inputs(3)
    for found in evaluate(predictions, truth).matches:
        for place in found.prediction.tolist():
            assert predictions[place]["category_id"] == found.category_id
