"""What goes beyond AP on real annotations: COCO with crowds, LVIS with many categories."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from error_oracle import errors_at_tides_recalls
from evaluation_cases import stock_evaluation, stock_files
from evaluation_real import coco_content, jittered
from slow_resampling import resampled

from benchmark import COCOeval, evaluate
from benchmark.analysis.by_size import SIZE_EDGES, half_open, match_in_sizes
from benchmark.average_precision.accumulation import mean_known, precisions
from o365seg.formats.pycocotools_variant import stock_annotation

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize(
        "name",
        ["coco128_panoptic/annotations/instances_train2017.json", "lvis100/lvis_val_100.json"],
    ),
]


@pytest.fixture
def files(real_data: Path, name: str, tmp_path: Path) -> tuple[Path, Path]:
    """Ground truth with the `iscrowd` that LVIS lacks, and predictions; nothing is skipped."""
    path = real_data / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    data = coco_content(path)
    truth, results = tmp_path / "truth.json", tmp_path / "results.json"
    results.write_text(json.dumps(jittered(data, seed=3)))
    sizes = {image["id"]: (image["height"], image["width"]) for image in data["images"]}
    data["annotations"] = [stock_annotation(a, sizes[a["image_id"]]) for a in data["annotations"]]
    truth.write_text(json.dumps(data))
    return truth, results


def test_the_drop_in_class_is_pycocotools(files: tuple[Path, Path]) -> None:
    stock = stock_evaluation(*files)
    with contextlib.redirect_stdout(io.StringIO()):
        loaded = stock_files(*files)
        ours: Any = COCOeval(loaded.cocoGt, loaded.cocoDt, "segm")
        ours.evaluate()
        ours.accumulate()
        ours.summarize()
    for part in ("precision", "recall", "scores"):
        assert ours.eval[part].tobytes() == stock.eval[part].tobytes()


def test_matches_hold_all_that_ap_needs(files: tuple[Path, Path]) -> None:
    truth, results = files
    result = evaluate(results, truth)
    assert mean_known(precisions(result.matches)) == result.metrics["AP"]
    ones = np.ones((len(result.image_ids), 1), np.uint16)
    found = resampled(result.matches, ones, result.thresholds)[:, 0]
    expected = [result.metrics[metric] for metric in ("AP", "AP50", "AP75")]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_ap_by_size_is_pycocotools_with_relative_sizes_for_areas(files: tuple[Path, Path]) -> None:
    truth, results = files
    stock = stock_files(truth, results)
    images = stock.cocoGt.imgs
    for index in (stock.cocoGt, stock.cocoDt):
        for annotation in index.dataset["annotations"]:
            image = images[annotation["image_id"]]
            annotation["area"] = np.sqrt(annotation["area"] / (image["height"] * image["width"]))
    stock.params.areaRng = half_open(SIZE_EDGES)
    with contextlib.redirect_stdout(io.StringIO()):
        stock.evaluate()
        stock.accumulate()
    bins = match_in_sizes(results, truth).bins()
    for area, one in enumerate(bins):
        expected = mean_known(stock.eval["precision"][:, :, :, area, -1])
        assert one.ap == pytest.approx(expected, abs=1e-12)
        assert expected > 0


def test_errors_by_kind_are_tides(files: tuple[Path, Path]) -> None:
    """Without crowds and without categories that have predictions alone, where the two differ."""
    tidecv = pytest.importorskip("tidecv", reason="tidecv is not installed")
    truth_file, results_file = files
    data = json.loads(truth_file.read_text())
    data["annotations"] = [a for a in data["annotations"] if not a["iscrowd"]]
    truth_file.write_text(json.dumps(data))
    present = {a["category_id"] for a in data["annotations"]}
    results = [r for r in json.loads(results_file.read_text()) if r["category_id"] in present]
    for place, record in enumerate(results):
        record["score"] += place * 1e-9  # ties are a convention of each
    results_file.write_text(json.dumps(results))

    index = stock_files(truth_file, results_file).cocoGt
    truth, found = tidecv.Data("truth", max_dets=10**6), tidecv.Data("found")
    for a in data["annotations"]:
        mask = index.annToRLE(index.anns[a["id"]])
        truth.add_ground_truth(a["image_id"], a["category_id"], a["bbox"], mask)
    for r in results:
        found.add_detection(r["image_id"], r["category_id"], r["score"], None, r["segmentation"])
    run = tidecv.TIDE(mode=tidecv.TIDE.MASK)
    run.evaluate(truth, found, name="it")
    ours = errors_at_tides_recalls(truth_file, results_file)
    counts = {error.short_name: n for error, n in run.runs["it"].count_errors().items()}
    assert list(counts.values()) == list(ours.counts.values())
    assert 100 * ours.ap == pytest.approx(run.runs["it"].ap, abs=1e-9)
    gains = [100 * gain for gain in ours.gains.values()]
    assert gains == pytest.approx(list(run.get_main_errors()["it"].values()), abs=1e-9)
