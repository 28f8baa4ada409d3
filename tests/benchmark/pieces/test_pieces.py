"""An evaluation in pieces is one evaluation, to the last bit."""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmark import Evaluator, evaluate
from benchmark.average_precision.result import Result
from benchmark.commands.main import app
from benchmark.pieces import evaluator as evaluator_module
from benchmark.pieces.outcomes import Outcomes
from benchmark.pieces.results_file import add_file
from benchmark.pieces.summable import SavedPart
from benchmark.reading.choices import Iou, SkipRule
from benchmark.report.result_text import result_json
from o365seg.errors import InputError
from o365seg.formats.masks import Rle, decode_rle, encode_rle

SIZE = (40, 60)


def mask(rng: random.Random, box: list[int] | None = None) -> tuple[dict[str, Any], list[int]]:
    x, y = (rng.randrange(40), rng.randrange(25)) if box is None else box[:2]
    w, h = (rng.randrange(1, 20), rng.randrange(1, 15)) if box is None else box[2:]
    pixels = np.zeros(SIZE, bool)
    pixels[y : y + h, x : x + w] = True
    return {"size": list(SIZE), "counts": encode_rle(pixels).counts}, [x, y, w, h]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Predictions and ground truth with skips, crowds, equal scores and images without any."""
    rng = random.Random(4)
    annotations, records = [], []
    for image in range(1, 31):
        for _ in range(rng.randrange(5)):
            rle, box = mask(rng)
            ids = {"image_id": image, "category_id": rng.randrange(1, 5)}
            kind = rng.random()
            about = {"id": len(annotations) + 1, "bbox": box, "area": box[2] * box[3]}
            about |= {"iscrowd": int(kind > 0.9)} | ({} if kind < 0.2 else {"segmentation": rle})
            annotations.append(ids | about)
            for _ in range(rng.randrange(3)):
                near = [box[0] + rng.randrange(2), box[1], box[2], box[3]]
                guess = ids | {"segmentation": mask(rng, near)[0]}
                records.append(guess | {"score": round(rng.random(), 1)})
        for _ in range(rng.choice([0, 2, 15])):
            ids = {"image_id": image, "category_id": rng.randrange(1, 5)}
            records.append(ids | {"segmentation": mask(rng)[0], "score": round(rng.random(), 1)})
    rng.shuffle(records)
    truth = {
        "images": [{"id": i, "width": SIZE[1], "height": SIZE[0]} for i in range(1, 32)],
        "categories": [{"id": c, "name": str(c)} for c in range(1, 7)],
        "annotations": annotations,
    }
    (tmp_path / "gt.json").write_text(json.dumps(truth))
    (tmp_path / "dt.json").write_text(json.dumps(records))
    return tmp_path / "dt.json", tmp_path / "gt.json"


def assert_same(found: Result, whole: Result) -> None:
    assert result_json(found) == result_json(whole)
    for name in ("precision", "recall", "scores"):
        assert getattr(found.curves, name).tobytes() == getattr(whole.curves, name).tobytes()


def update_all(evaluator: Evaluator, records: list[dict[str, Any]], form: str) -> None:
    images = sorted({record["image_id"] for record in records}, reverse=True)
    for image in images:
        mine = [record for record in records if record["image_id"] == image]
        rles = [record["segmentation"] for record in mine]
        given: dict[str, Any] = {"rles": rles}
        if form != "rles":
            masks = [decode_rle(Rle(SIZE, rle["counts"])) for rle in rles]
            given = {"masks": np.stack(masks).astype(bool)}
        if form == "tensors":
            torch = pytest.importorskip("torch")
            given = {"masks": torch.from_numpy(given["masks"])}
        scores, labels = ([record[key] for record in mine] for key in ("score", "category_id"))
        evaluator.update(image, **given, scores=scores, labels=np.array(labels))


@pytest.mark.parametrize("native", ["1", "0"])
@pytest.mark.parametrize("rule", [SkipRule.BOX, SkipRule.IOA])
@pytest.mark.parametrize("iou", [Iou.SEGM, Iou.BBOX])
def test_image_by_image_is_one_evaluation(
    files: tuple[Path, Path], iou: Iou, rule: SkipRule, native: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("O365SEG_NATIVE", native)
    monkeypatch.setattr(evaluator_module, "BATCH", 50)
    predictions, truth = files
    evaluator = Evaluator(truth, iou=iou, skip_rule=rule)
    update_all(evaluator, json.loads(predictions.read_text()), "rles")
    assert_same(evaluator.result(), evaluate(predictions, truth, iou=iou, skip_rule=rule))


@pytest.mark.parametrize("form", ["masks", "tensors"])
def test_masks_of_arrays_and_tensors(files: tuple[Path, Path], form: str) -> None:
    predictions, truth = files
    evaluator = Evaluator(truth)
    update_all(evaluator, json.loads(predictions.read_text()), form)
    assert_same(evaluator.result(), evaluate(predictions, truth))


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2)])
def test_saved_parts_in_any_order(
    files: tuple[Path, Path], tmp_path: Path, order: tuple[int, ...]
) -> None:
    predictions, truth = files
    for k in order:
        part = Evaluator(truth)
        add_file(part, predictions, (k, 3))
        part.save(tmp_path / f"{k}.part")
    merged = SavedPart(tmp_path / f"{order[0]}.part")
    for k in order[1:]:
        merged.merge(SavedPart(tmp_path / f"{k}.part"))
    whole = evaluate(predictions, truth)
    assert_same(merged.result(), whole)
    weights = np.random.default_rng(0).integers(0, 3, (4, 31))
    ours, theirs = (one.resampled_precision(weights) for one in (merged.result(), whole))
    assert np.allclose(ours, theirs)


def test_the_command_merges_to_the_same_bytes(files: tuple[Path, Path], tmp_path: Path) -> None:
    predictions, truth = (str(path) for path in files)

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.output
        return done.stdout

    saved = [str(tmp_path / f"{k}.part") for k in (1, 2)]
    for k, path in enumerate(saved, 1):
        run("evaluate", predictions, "--gt", truth, "--part", f"{k}/2", "--save", path)
    for arguments in [[], ["--json", "-"]]:
        whole = run("evaluate", predictions, "--gt", truth, *arguments)
        assert run("merge", *saved[::-1], *arguments) == whole
    done = CliRunner().invoke(app, ["merge", *saved, "--json", saved[0]])
    assert "--json would overwrite an input file" in str(done.exception)
    done = CliRunner().invoke(app, ["evaluate", predictions, "--part", "3/2", "--save", "x"])
    assert done.exit_code == 2


def test_parts_that_do_not_belong_together_are_refused(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    predictions, truth = files
    one = Evaluator(truth)
    add_file(one, predictions, (1, 2))
    with pytest.raises(InputError, match=r"16 images, such as 1, are in an earlier part as well"):
        one.merge(one)
    with pytest.raises(InputError, match="another --iou or --skip-rule"):
        one.merge(Evaluator(truth, skip_rule="none"))
    content = json.loads(truth.read_text())
    content["annotations"][0]["area"] += 1
    with pytest.raises(InputError, match="a part of other ground truth"):
        one.merge(Evaluator(content))
    (tmp_path / "no.part").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(InputError, match="not a part of an evaluation"):
        SavedPart(tmp_path / "no.part")


def test_updates_that_are_wrong_are_named(files: tuple[Path, Path]) -> None:
    _, truth = files
    evaluator = Evaluator(truth)
    nothing: dict[str, Any] = {"scores": [], "labels": []}
    evaluator.update(1, masks=np.zeros((0, *SIZE), bool), **nothing)
    with pytest.raises(InputError, match="image 1: given twice"):
        evaluator.update(1, masks=np.zeros((0, *SIZE), bool), **nothing)
    with pytest.raises(InputError, match="image 99: not in the ground truth"):
        evaluator.update(99, **nothing)
    with pytest.raises(InputError, match=r"image 2: masks must have shape \(n, 40, 60\)"):
        evaluator.update(2, masks=np.zeros((1, 3, 4), bool), scores=[1], labels=[1])
    with pytest.raises(InputError, match="image 2: 2 labels for 1 scores"):
        evaluator.update(2, masks=np.zeros((1, *SIZE), bool), scores=[1], labels=[1, 1])
    assert evaluator.result().metrics["AP"] == 0


def test_outcomes_beyond_memory_go_to_a_file(files: tuple[Path, Path]) -> None:
    predictions, truth = files
    evaluator = Evaluator(truth)
    evaluator.outcomes = Outcomes(evaluator.outcomes.kind, most=100)
    add_file(evaluator, predictions)
    assert_same(evaluator.result(), evaluate(predictions, truth))


def _process(rank: int, folder: str) -> None:
    import torch.distributed as dist

    dist.init_process_group("gloo", f"file://{folder}/meeting", rank=rank, world_size=2)
    part = Evaluator(f"{folder}/gt.json")
    add_file(part, f"{folder}/dt.json", (rank + 1, 2))
    part.save(f"{folder}/{rank}.part")
    dist.barrier()
    if rank == 0:
        part.merge(SavedPart(f"{folder}/1.part"))
        Path(folder, "merged.json").write_text(json.dumps(result_json(part.result())))
    dist.destroy_process_group()


def test_two_processes_of_a_training(files: tuple[Path, Path]) -> None:
    torch = pytest.importorskip("torch")
    predictions, truth = files
    torch.multiprocessing.spawn(_process, (str(truth.parent),), nprocs=2)
    merged = json.loads((truth.parent / "merged.json").read_text())
    assert merged == result_json(evaluate(predictions, truth))


def text_ids(files: tuple[Path, Path]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The same predictions and ground truth with ids such as "7" and "class 3"."""
    records, content = (json.loads(path.read_text()) for path in files)
    for one in (*records, *content["annotations"]):
        one["image_id"] = str(one["image_id"])
        one["category_id"] = f"class {one['category_id']}"
    for one in content["images"]:
        one["id"] = str(one["id"])
    for one in content["categories"]:
        one["id"] = f"class {one['id']}"
    return records, content


def test_ids_that_are_text_are_those_of_the_ground_truth(files: tuple[Path, Path]) -> None:
    records, content = text_ids(files)
    evaluator = Evaluator(content)
    for image_id in {record["image_id"] for record in records}:
        mine = [record for record in records if record["image_id"] == image_id]
        evaluator.update(
            image_id,
            rles=[record["segmentation"] for record in mine],
            scores=[record["score"] for record in mine],
            labels=[record["category_id"] for record in mine],
        )
    assert evaluator.result().metrics == evaluate(records, content).metrics
    none: dict[str, Any] = {"rles": [], "scores": [], "labels": []}
    with pytest.raises(InputError, match="image 2: is a number, but the ids of the ground truth"):
        evaluator.update(2, **none)
    with pytest.raises(InputError, match="image 99: not in the ground truth"):
        evaluator.update("99", **none)
    with pytest.raises(InputError, match="image 31: unknown category 'x'"):
        evaluator.update("31", rles=[{}], scores=[1], labels=["x"])
    given = next(iter(records))["image_id"]
    with pytest.raises(InputError, match=f"image {given}: given twice"):
        evaluator.update(given, **none)
    with pytest.raises(InputError, match="ids that are text are not evaluated in pieces of a file"):
        add_file(Evaluator(content), files[0])
    assert Evaluator(files[1]).fingerprint != evaluator.fingerprint


def test_an_invalid_prediction_stays_an_error(files: tuple[Path, Path], tmp_path: Path) -> None:
    """Numbers without the predictions that waited with it would be wrong, silently."""
    evaluator = Evaluator(files[1])
    sound = {"size": list(SIZE), "counts": encode_rle(np.ones(SIZE, bool)).counts}
    evaluator.update(1, rles=[sound], scores=[0.5], labels=[1])
    evaluator.update(2, rles=[{"size": [3, 3], "counts": "52"}], scores=[0.5], labels=[1])
    for ask in (evaluator.result, evaluator.result, lambda: evaluator.save(tmp_path / "part")):
        with pytest.raises(InputError, match=r"predictions: record \[1\]"):
            ask()


def test_what_is_refused_leaves_nothing_behind(files: tuple[Path, Path]) -> None:
    sound = {"size": list(SIZE), "counts": encode_rle(np.ones(SIZE, bool)).counts}
    evaluator = Evaluator(files[1])
    evaluator.update(1, rles=[sound], scores=[0.5], labels=[1])
    with pytest.raises(InputError, match="either all predictions have boxes or none"):
        evaluator.update(2, rles=[sound], boxes=[[0, 0, 9, 9]], scores=[0.5], labels=[1])
    with pytest.raises(InputError, match="invalid records"):
        evaluator.update(2, rles=[{"size": SIZE, "counts": {1}}], scores=[0.5], labels=[1])
    with pytest.raises(InputError, match="record"):
        evaluator.add_records([2], [{"image_id": 2, "category_id": 1, "score": 1}], [0], False)
    evaluator.update(2, rles=[sound], scores=[0.5], labels=[1])
    assert evaluator.result().counts.predictions == 2


def test_ids_may_be_numpys(files: tuple[Path, Path], tmp_path: Path) -> None:
    evaluator = Evaluator(files[1])
    image_id: Any
    for image_id in np.arange(1, 4):
        evaluator.update(image_id, rles=[], scores=[], labels=[])
    evaluator.add_records(np.arange(4, 6), [], [], boxed=False)
    evaluator.save(tmp_path / "part")
    assert SavedPart(tmp_path / "part").covered == {1, 2, 3, 4, 5}
