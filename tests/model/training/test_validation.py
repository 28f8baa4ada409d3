"""Validation while training: what it writes, that it changes nothing, the best, the early end."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from small_run import as_toml, cut_power, small_tables
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from model.evaluation.requests import Settings, asked_in_file, evaluate_all
from model.evaluation.scores import metric_names
from model.runtime.checkpoint import load_checkpoint, read_header
from model.text.choice import TextChoice
from model.text.encoder import TextEncoder
from model.training.config import train_config_from_dict
from model.training.loop import TEXT_FILE, train_run
from model.training.saving import MODEL_FILE
from model.training.validation import BEST_FILE, Metrics, Validation
from o365seg.errors import InputError
from o365seg.formats.task import Task

ROOT = Path(__file__).parents[3]
SETS = [
    {"layout": "synthetic", "which": "panoptic", "split": "val", "size": 64, "images": 5}
    | {"confidence": 0.01},
    {"layout": "synthetic", "which": "semantic", "split": "val", "size": 64, "images": 4},
    {"layout": "synthetic", "which": "boxes", "split": "val", "size": 64, "images": 4},
]
BEST = "synthetic_semantic/mIoU"


def tables(**validation: Any) -> dict[str, Any]:
    return small_tables(validation={"every": 3, "data": SETS, "best": BEST} | validation)


def run(folder: Path, given: dict[str, Any]) -> None:
    train_run(train_config_from_dict(given), Path(), "config.toml", folder, "cpu")


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "validation.jsonl").read_text().splitlines()]


def weights(path: Path) -> dict[str, bytes]:
    state = load_checkpoint(path).state_dict()
    return {name: tensor.numpy().tobytes() for name, tensor in state.items()}


def scripted(monkeypatch: pytest.MonkeyPatch, values: list[float | None]) -> None:
    """Let the validations find these values of the best metric, one after the other."""
    found = iter(values)

    def score(*_: object) -> Metrics:
        return {"synthetic_semantic": {"mIoU": next(found)}}

    monkeypatch.setattr(Validation, "_score", score)


@pytest.fixture(scope="module")
def validated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "validated"
    run(folder, tables())
    return folder


def test_it_changes_nothing_of_the_training(validated: Path, tmp_path: Path) -> None:
    run(tmp_path, small_tables())
    assert weights(tmp_path / MODEL_FILE) == weights(validated / MODEL_FILE)
    plain = [(tmp_path / "metrics.jsonl"), (validated / "metrics.jsonl")]
    losses = [
        [{k: v for k, v in json.loads(line).items() if k != "images_per_second"} for line in lines]
        for lines in (path.read_text().splitlines() for path in plain)
    ]
    assert losses[0] == losses[1]


def test_every_metric_of_every_set_is_logged(validated: Path) -> None:
    found = lines(validated)
    assert [line["iteration"] for line in found] == [3, 6, 8]
    for line in found:
        assert tuple(line["synthetic_panoptic"]) == metric_names(Task.PANOPTIC)
        assert tuple(line["synthetic_semantic"]) == metric_names(Task.SEMANTIC)
        assert tuple(line["synthetic_boxes"]) == metric_names(Task.INSTANCE, boxes=True)
    training = EventAccumulator(str(validated / "tensorboard"))
    training.Reload()
    assert [point.step for point in training.Scalars("lr")] == [1, 2, 3, 4, 5, 6, 7, 8]
    board = EventAccumulator(str(validated / "tensorboard" / "validation"))
    board.Reload()
    curve = board.Scalars("validation/synthetic_semantic/mIoU")
    assert [(point.step, pytest.approx(point.value)) for point in curve] == [
        (line["iteration"], line["synthetic_semantic"]["mIoU"]) for line in found
    ]


def test_missing_modules_are_named_with_their_table(tmp_path: Path) -> None:
    given = tables()
    modules = {"datasets": ["synthetic_panoptic", "synthetic_semantic"]}
    given["model"] = given["model"] | {"dataset_modules": modules}
    given["data"] = [one for one in given["data"] if one["which"] != "boxes"]
    with pytest.raises(InputError) as caught:
        run(tmp_path, given)
    assert caught.value.field == "validation.data[2].modules_of"


def test_the_scores_are_those_of_dataseg_evaluate(validated: Path, tmp_path: Path) -> None:
    asked = tmp_path / "data.toml"
    asked.write_text(as_toml({"data": SETS}))
    scores = evaluate_all(
        validated / MODEL_FILE,
        asked_in_file(asked),
        TextChoice(validated / TEXT_FILE, TextEncoder()),
        Settings(tmp_path / "out", 64, device="cpu"),
    )
    assert scores is not None
    last = lines(validated)[-1]
    assert {one.data: one.metrics for one in scores} == {
        name: values for name, values in last.items() if name != "iteration"
    }


def test_the_best_checkpoint_is_that_of_the_highest_value(validated: Path) -> None:
    values = {line["iteration"]: line["synthetic_semantic"]["mIoU"] for line in lines(validated)}
    best = max(values, key=lambda done: values[done])
    about = read_header(validated / BEST_FILE)[1]
    assert about["best"] == {"iteration": best, "metric": BEST, "value": values[best]}
    assert about["trained"]["iterations"] == best


@pytest.mark.parametrize("where", ["scoring", "after the best was written"])
def test_stopped_in_a_validation_it_goes_on_with_that_validation(
    where: str, validated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from model.training import validation as module

    owner, name = (Validation, "_score") if where == "scoring" else (module.ValidationLog, "add")
    cut_power(monkeypatch, owner, name, 2)
    with pytest.raises(RuntimeError, match="power cut"):
        run(tmp_path, tables())
    assert (tmp_path / "state-00000006.pt").exists()
    run(tmp_path, tables())
    assert lines(tmp_path) == lines(validated)
    for file in (MODEL_FILE, BEST_FILE):
        assert weights(tmp_path / file) == weights(validated / file)
        assert read_header(tmp_path / file) == read_header(validated / file)


def test_it_ends_early_and_stays_so_until_the_patience_grows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scripted(monkeypatch, [0.1, None, 0.3, 0.3, 0.2, 0.4, 0.1])
    given = tables(every=1, patience=2) | {"iterations": 7}
    run(tmp_path, given)
    assert [line["iteration"] for line in lines(tmp_path)] == [1, 2, 3, 4, 5]
    assert read_header(tmp_path / MODEL_FILE)[1]["trained"]["iterations"] == 5
    assert read_header(tmp_path / BEST_FILE)[1]["trained"]["iterations"] == 3
    said = capsys.readouterr().err
    assert "3: synthetic_semantic mIoU 30.00 (best so far)\n" in said
    assert f"{MODEL_FILE}: 5 iterations of 7; validation found nothing better since\n" in said
    assert f"{BEST_FILE}: best {BEST}: 30.00 after 3 iterations\n" in said
    before = (tmp_path / MODEL_FILE).read_bytes()
    (tmp_path / MODEL_FILE).unlink()  # killed before it was written
    run(tmp_path, given)
    assert (tmp_path / MODEL_FILE).read_bytes() == before
    run(tmp_path, tables(every=1, patience=3) | {"iterations": 7})
    assert [line["iteration"] for line in lines(tmp_path)] == [1, 2, 3, 4, 5, 6, 7]
    assert read_header(tmp_path / BEST_FILE)[1]["best"]["value"] == 0.4


def test_a_part_of_the_images_is_spread_over_the_set(tmp_path: Path) -> None:
    run(tmp_path, tables(images=2, every=8) | {"iterations": 1})
    records = json.loads((tmp_path / "validation/synthetic_panoptic/panoptic.json").read_text())
    assert [image["id"] for image in records["images"]] == [1, 3]  # of 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"best": "synthetic_semantic/mIuO"}, r"'validation\.best': .*did you mean '.*/mIoU'"),
        ({"data": [SETS[0], SETS[0]]}, "two data sets have the name 'synthetic_panoptic'"),
        ({"data": []}, r"'validation\.data': needs a \[\[validation\.data\]\] table"),
        ({"data": [SETS[0] | {"confidence": 2}]}, r"'validation\.data\[0\]\.confidence'"),
        ({"data": [SETS[0] | {"flip": 0.5}]}, r"'validation\.data\[0\]\.flip': unknown key"),
        ({"every": 0}, r"'validation\.every': must be at least 1"),
        ({"patient": 3}, r"'validation\.patient': unknown key 'patient'; did you mean 'patience'"),
    ],
)
def test_a_fault_is_named_before_anything_is_trained(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        run(tmp_path / "run", tables(**change))
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_two_processes_find_what_one_finds(validated: Path, tmp_path: Path) -> None:
    """The same numbers of the same weights; those differ in the last bits of the gradients."""
    given = tables()
    given["optimizer"] = {"lr": 1e-12}  # so that the weights are the start's
    run(tmp_path / "one", given)
    config = tmp_path / "small.toml"
    config.write_text(as_toml(given))
    paths = os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2",
         "--rdzv-backend=c10d", "--rdzv-endpoint=localhost:0", "-m", "model", "train",
         str(config), "--out", str(tmp_path / "two"), "--device", "cpu"],
        env=os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert lines(tmp_path / "two") == lines(tmp_path / "one")
    assert read_header(tmp_path / "two" / BEST_FILE)[1]["best"]["metric"] == BEST


@pytest.mark.parametrize("value", [0.5, None])
def test_a_best_checkpoint_is_said_to_be_written_only_if_there_is_one(
    value: float | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    scripted(monkeypatch, [value])
    run(tmp_path, tables() | {"iterations": 2})
    assert (tmp_path / BEST_FILE).exists() == (value is not None)
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == (
        f"no best checkpoint, as no validation had a value of {BEST}"
        if value is None
        else f"written: {tmp_path / BEST_FILE}: best {BEST}: 50.00 after 2 iterations"
    )
