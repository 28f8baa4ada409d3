"""`dataseg train`: what it writes, that it goes on where it was stopped, and when it refuses."""

import functools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import forked
import numpy as np
import pytest
import torch
from small_run import as_toml, cut_power, small_tables

from model.network.dataseg import build_dataseg
from model.runtime.checkpoint import load_checkpoint, read_header, save_checkpoint
from model.text.embedding_files import read_embeddings
from model.text.vocabulary import Vocabulary
from model.training import loop as train_module
from model.training.config import train_config_from_dict
from model.training.loop import TEXT_FILE, train_run
from model.training.saving import MODEL_FILE
from o365seg.errors import InputError

ROOT = Path(__file__).parents[3]


def run(folder: Path, **changes: object) -> None:
    config = train_config_from_dict(small_tables(**changes))
    train_run(config, Path(), "config.toml", folder, "cpu")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nothing stopped."""
    folder = tmp_path_factory.mktemp("run") / "whole"
    run(folder)
    return folder


def weights(folder: Path) -> dict[str, bytes]:
    """The bytes of every tensor. (safetensors writes a file's metadata in no fixed order.)"""
    state = load_checkpoint(folder / MODEL_FILE).state_dict()
    return {name: tensor.numpy().tobytes() for name, tensor in state.items()}


def command(folder: Path, config: Path) -> list[str]:
    return [sys.executable, "-m", "model", "train", str(config), "--out", str(folder),
            "--device", "cpu"]  # fmt: skip


def environment() -> dict[str, str]:
    paths = os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))
    return os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@pytest.mark.slow
def test_killed_and_started_again_it_ends_with_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    """With loading processes, too, of which the run that nothing stopped had none."""
    config, folder = tmp_path / "small.toml", tmp_path / "killed"
    config.write_text(as_toml(small_tables(workers=1)))
    process = subprocess.Popen(
        command(folder, config), env=environment(), stderr=subprocess.PIPE, start_new_session=True
    )
    deadline = time.monotonic() + 120
    while not list(folder.glob("state-*.pt")):
        assert process.poll() is None, process.stderr and process.stderr.read().decode()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (folder / "state-00000008.pt").exists(), "it was done before it was killed"
    done = subprocess.run(
        command(folder, config), env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert weights(folder) == weights(whole)
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["iteration"] for line in lines] == list(range(1, 9))


def test_it_goes_on_in_the_middle(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same without a process of its own, stopped by an error in the fourth iteration."""
    calls = cut_power(monkeypatch, train_module, "add_gradients", 4)
    with pytest.raises(RuntimeError, match="power cut"):
        run(tmp_path)
    assert [path.name for path in sorted(tmp_path.glob("state-*"))] == ["state-00000002.pt"]
    run(tmp_path)
    assert len(calls) == 4 + 6
    assert weights(tmp_path) == weights(whole)
    assert read_header(tmp_path / MODEL_FILE) == read_header(whole / MODEL_FILE)


def test_what_it_writes(whole: Path) -> None:
    states = sorted(path.name for path in whole.glob("state-*.pt"))
    assert states == ["state-00000006.pt", "state-00000008.pt"]  # the last two are kept
    _, about = read_header(whole / MODEL_FILE)
    trained = about["trained"]
    assert trained["iterations"] == 8
    assert sum(trained["images"].values()) == 8 * 4
    assert trained["config"]["optimizer"]["lr"] == 1e-4
    assert not load_checkpoint(whole / MODEL_FILE).training
    lines = [json.loads(line) for line in (whole / "metrics.jsonl").read_text().splitlines()]
    assert [line["iteration"] for line in lines] == list(range(1, 9))
    factors = {"synthetic_semantic": 3, "synthetic_panoptic": 5, "synthetic_boxes": 2}
    for line in lines:
        (name,) = set(line) & set(factors)
        drops = sum(line["iteration"] > drop for drop in (7, 8))  # 0.9 and 0.95 of 8, rounded
        assert line["lr"] == pytest.approx(1e-4 * factors[name] * 0.1**drops)
        assert line[name]["total"] > 0
        assert (line[name]["projection"] > 0) == (name == "synthetic_boxes")
    assert list((whole / "tensorboard").glob("events*"))


@pytest.mark.parametrize(
    "changes", [{"start": "model.safetensors"}, {"text": {"file": "text.npz"}}]
)
def test_it_overwrites_no_file_that_it_starts_from(tmp_path: Path, changes: dict) -> None:
    (name,) = changes["text"].values() if "text" in changes else changes.values()
    (tmp_path / name).write_bytes(b"mine")
    config = train_config_from_dict(small_tables(**changes))
    with pytest.raises(InputError, match=f"{name}: --out would overwrite an input file"):
        train_run(config, tmp_path, "config.toml", tmp_path, "cpu")
    assert (tmp_path / name).read_bytes() == b"mine"


def test_two_data_sets_of_one_name_are_named(tmp_path: Path) -> None:
    data = small_tables()["data"]
    with pytest.raises(InputError, match=r"data.*two data sets have the name 'synthetic_boxes'"):
        run(tmp_path, data=[*data, data[-1] | {"images": 5}])
    assert not list(tmp_path.iterdir())


def test_its_text_embeddings_are_for_prediction(whole: Path) -> None:
    names = Vocabulary(("hoop", "plus sign", "stripes"), (True, True, False))
    assert read_embeddings(whole / TEXT_FILE, names).shape == (3, 32)


def test_a_run_that_is_done_stays_as_it_is(whole: Path) -> None:
    before = weights(whole), read_header(whole / MODEL_FILE)
    run(whole)
    assert (weights(whole), read_header(whole / MODEL_FILE)) == before


@pytest.mark.parametrize("left", ["nothing", "an older model"])
def test_killed_between_the_last_state_and_the_model_it_still_writes_the_model(
    left: str, whole: Path, tmp_path: Path
) -> None:
    for name in ("config.json", "metrics.jsonl", "state-00000006.pt", "state-00000008.pt"):
        (tmp_path / name).write_bytes((whole / name).read_bytes())
    if left == "an older model":
        save_checkpoint(tmp_path / MODEL_FILE, build_dataseg(read_header(whole / MODEL_FILE)[0]))
    run(tmp_path)
    assert weights(tmp_path) == weights(whole)
    assert read_header(tmp_path / MODEL_FILE) == read_header(whole / MODEL_FILE)


def test_it_does_not_go_on_with_another_configuration(whole: Path) -> None:
    before = weights(whole)
    with pytest.raises(InputError, match=r"optimizer\.lr.*started with 0\.0001, not 0\.01"):
        run(whole, optimizer={"lr": 0.01})
    data = small_tables()["data"]
    data[1]["which"] = "boxes"
    with pytest.raises(InputError, match=r"data\[1\]\.source\.which.*started with 'panoptic'"):
        run(whole, data=data)
    run(whole, workers=1, log_every=3, checkpoint_every=5)  # these may change
    assert weights(whole) == before


def test_a_loss_that_is_no_number_stops_it_and_saves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = train_module.add_gradients
    calls = []

    def diverging(*arguments: object) -> torch.Tensor:
        losses = steps(*arguments)  # type: ignore[arg-type]
        calls.append(1)
        return losses * np.nan if len(calls) == 4 else losses

    monkeypatch.setattr(train_module, "add_gradients", diverging)
    where = r"iteration 4, synthetic_\w+: the loss is nan.*images were synthetic/\w+/train/0000"
    with pytest.raises(InputError, match=where):
        run(tmp_path)
    assert [path.name for path in tmp_path.glob("state-*")] == ["state-00000002.pt"]
    assert read_header(tmp_path / MODEL_FILE)[1]["trained"]["iterations"] == 2


def test_a_damaged_state_is_named(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes((whole / "config.json").read_bytes())
    state = (whole / "state-00000008.pt").read_bytes()
    (tmp_path / "state-00000008.pt").write_bytes(state[: len(state) // 2])
    # A model that was trained longer than the state says would be lost in silence.
    with pytest.raises(InputError, match=r"state-00000008\.pt: cannot be read"):
        run(tmp_path)


def test_boxes_do_not_go_with_the_weights_of_masks(tmp_path: Path) -> None:
    data = small_tables()["data"]
    data[2]["weights"] = "coco_panoptic"
    with pytest.raises(InputError, match=r"data\[2\]\.weights.*has boxes"):
        run(tmp_path, data=data)


def test_a_batch_is_cut_into_equal_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from model.runtime.distributed import Ranks

    with pytest.raises(InputError, match=r"batch_size.*multiple of 3 processes"):
        train_module._check_batch(
            train_config_from_dict(small_tables()), Ranks(0, 3, torch.device("cpu")), "x.toml"
        )


@pytest.mark.slow
def test_the_command_shows_recipes_and_names_faults(tmp_path: Path) -> None:
    train = functools.partial(
        forked.run, "model.commands.main:main", "train", preload=("model.training.loop",)
    )
    assert "3e-5" in train("paper_r50", "--show").stdout
    broken = tmp_path / "broken.toml"
    broken.write_text(as_toml(small_tables(iterations=0)))
    done = train(broken, "--out", tmp_path, "--device", "cpu")
    assert done.returncode == 1
    assert done.stderr == f"error: {broken}: field 'iterations': must be at least 1\n"
