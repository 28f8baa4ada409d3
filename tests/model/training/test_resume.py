"""What may change when a run goes on: paths freely, length and rate on the user's word."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from PIL import Image
from small_run import as_toml, cut_power, small_tables

from model.commands.train import parse_settings
from model.data import loader
from model.data.sampler import Draw
from model.runtime.checkpoint import load_checkpoint, read_header
from model.text.embedding_files import read_names, save_embeddings
from model.training import loop
from model.training.config import (
    read_train_config,
    train_config_from_dict,
    train_config_to_dict,
)
from model.training.log import FiniteGuard
from model.training.loop import train_run
from model.training.resume import find_changes
from model.training.saving import MODEL_FILE
from model.training.state import _states
from o365seg.errors import InputError


def run(folder: Path, named: tuple[str, ...] = (), **changes: object) -> None:
    config = train_config_from_dict(small_tables(**changes))
    train_run(config, Path(), "config.toml", folder, "cpu", named)


def test_a_longer_run_is_the_run_that_was_longer_from_the_start(tmp_path: Path) -> None:
    """Up to the drops of the rate, which lie at fractions of the length."""
    constant = {"lr": 1e-4, "drops": [1.0]}
    run(tmp_path / "one", iterations=2, optimizer=constant)
    with pytest.raises(InputError, match=r"'iterations': .*add --set iterations=…"):
        run(tmp_path / "one", iterations=4, optimizer=constant)
    run(tmp_path / "one", ("iterations",), iterations=4, optimizer=constant)
    run(tmp_path / "two", iterations=4, optimizer=constant)
    one, two = (load_checkpoint(tmp_path / name / MODEL_FILE) for name in ("one", "two"))
    for name, tensor in two.state_dict().items():
        assert torch.equal(one.state_dict()[name], tensor), name
    about = read_header(tmp_path / "one" / MODEL_FILE)[1]["trained"]
    assert about["iterations"] == 4
    assert about["changes"] == [{"iteration": 2, "field": "iterations", "before": 2, "now": 4}]
    assert "changes" not in read_header(tmp_path / "two" / MODEL_FILE)[1]["trained"]


def test_after_a_loss_that_is_not_finite_it_goes_on_past_the_batch_at_a_lower_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps, seen = loop.add_gradients, []

    def diverging(*arguments: object) -> torch.Tensor:
        losses = steps(*arguments)  # type: ignore[arg-type]
        seen.append(1)
        return losses * np.nan if len(seen) == 4 else losses

    monkeypatch.setattr(loop, "add_gradients", diverging)
    with pytest.raises(InputError, match=r"iteration 4, .*--set 'skip=\[4\]' --set optimizer\.lr"):
        run(tmp_path)
    seen.extend([1] * 10)  # sound from here on
    run(tmp_path, ("skip", "optimizer.lr"), skip=[4], optimizer={"lr": 1e-5})
    assert len(seen) == 14 + 5  # of iterations 3 to 8, the fourth is not even looked at
    about = read_header(tmp_path / MODEL_FILE)[1]["trained"]
    assert about["iterations"] == 8
    assert [(c["iteration"], c["field"], c["now"]) for c in about["changes"]] == [
        (2, "optimizer.lr", 1e-5),
        (2, "skip[0]", 4),
    ]
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [line["iteration"] for line in lines] == [1, 2, 3, 5, 6, 7, 8]


def test_a_second_loss_that_is_not_finite_adds_to_the_list() -> None:
    """The list of the option replaces the earlier one."""
    guard = FiniteGuard((1205,))
    guard.watch(1210, "coco", ("a.jpg",), torch.tensor(torch.nan), torch.tensor(1.0))
    with pytest.raises(InputError, match=r"--set 'skip=\[1205, 1210\]' --set optimizer\.lr=…"):
        guard.settle()


def test_a_run_goes_on_past_an_image_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its batch is not loaded, and all others are the same; also when it is resumed once more."""
    run(tmp_path / "whole", skip=[4])
    load, loaded = loader._Drawn.__getitem__, []

    def damaged(drawn: loader._Drawn, draw: Draw) -> object:
        loaded.append(draw)
        broken = loaded.index(draw) == 13  # the second image of the fourth iteration
        return InputError("is no image", file="broken.png") if broken else load(drawn, draw)

    monkeypatch.setattr(loader._Drawn, "__getitem__", damaged)
    with pytest.raises(InputError) as caught:
        run(tmp_path / "cut")
    assert str(caught.value) == (
        "broken.png: is no image. To go on without iteration 4, whose batch has this image: "
        "--set 'skip=[4]'"
    )
    before = len(loaded)
    with monkeypatch.context() as cut:
        cut_power(cut, loop, "add_gradients", 4)  # of iterations 3, 5, 6 and 7
        with pytest.raises(RuntimeError, match="power cut"):
            run(tmp_path / "cut", ("skip",), skip=[4])
    assert len(loaded) - before == 4 * 4
    run(tmp_path / "cut", ("skip",), skip=[4])
    one, other = (load_checkpoint(tmp_path / name / MODEL_FILE) for name in ("whole", "cut"))
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name]), name


def test_before_the_first_state_anything_may_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_power(monkeypatch, loop, "add_gradients", 2)
    with pytest.raises(RuntimeError, match="power cut"):
        run(tmp_path)
    (tmp_path / "changes.json").write_text(
        '[{"iteration": 2, "field": "f", "before": 1, "now": 2}]'
    )
    run(tmp_path, iterations=1, seed=3)
    assert json.loads((tmp_path / "config.json").read_text())["seed"] == 3
    assert "changes" not in read_header(tmp_path / MODEL_FILE)[1]["trained"]
    assert not (tmp_path / "changes.json").exists()


def test_a_wrong_path_in_the_first_start_leaves_the_folder_free(tmp_path: Path) -> None:
    data = small_tables()["data"]
    data[0] = {"name": "ade20k_semantic", "root": str(tmp_path / "nowhere")}
    with pytest.raises(InputError, match="nowhere"):
        run(tmp_path / "run", data=data)
    assert not (tmp_path / "run" / "config.json").exists()
    run(tmp_path / "run", iterations=1)


def test_paths_may_change_and_nothing_else_of_a_data_set() -> None:
    tables = small_tables()
    tables["data"][0] = {"name": "ade20k_semantic", "root": "/data/ade"}
    old = train_config_to_dict(train_config_from_dict(tables))
    tables["data"][0]["root"] = "/moved/./ade"
    assert find_changes(old, train_config_from_dict(tables), "run.toml") == []
    tables["data"][0]["name"] = "coco_panoptic"
    with pytest.raises(InputError, match=r"data\[0\]\.source\.name"):
        find_changes(old, train_config_from_dict(tables), "run.toml")


def test_text_embeddings_may_move_but_not_change(tmp_path: Path) -> None:
    """`text.file` is a path, and says nothing of what it holds."""
    run(tmp_path / "start", iterations=1)
    one, other = tmp_path / "one.npz", tmp_path / "other.npz"
    one.write_bytes((tmp_path / "start" / "text.npz").read_bytes())
    names, rows = read_names(one), np.load(one)["embeddings"]
    assert names is not None
    last = names.index("hoop")
    rows[last] = np.roll(rows[last], 1)
    save_embeddings(other, names, rows, {})
    run(tmp_path / "run", iterations=1, text={"file": str(one)})
    kept = (tmp_path / "run" / "text.npz").read_bytes()
    with pytest.raises(InputError) as caught:
        run(tmp_path / "run", ("iterations",), iterations=2, text={"file": str(other)})
    assert str(caught.value) == (
        f"config.toml: field 'text.file': the embedding of 'hoop' is not that of "
        f"{tmp_path / 'run' / 'text.npz'}, with which this run started; restore the value, or "
        "choose another --out"
    )
    one.rename(tmp_path / "moved.npz")
    moved = {"file": str(tmp_path / "moved.npz")}
    run(tmp_path / "run", ("iterations",), iterations=2, text=moved)
    assert (tmp_path / "run" / "text.npz").read_bytes() == kept
    (tmp_path / "run" / "text.npz").unlink()  # it is made again
    run(tmp_path / "run", ("iterations",), iterations=2, text=moved)
    assert (tmp_path / "run" / "text.npz").exists()


def test_the_file_of_a_vocabulary_may_move_if_its_classes_are_the_same(tmp_path: Path) -> None:
    for folder in ("images", "labels"):
        (tmp_path / folder).mkdir()
        for number in range(4):
            pixels = np.full((64, 64), number % 2 + 1, np.uint8)
            Image.fromarray(pixels).save(tmp_path / folder / f"{number}.png")
    old, new = tmp_path / "old.txt", tmp_path / "new.txt"
    old.write_text("hoop\nstripes:stuff\n")
    data = {"layout": "label_maps", "images": str(tmp_path / "images"), "name": "own"}
    data |= {"labels": str(tmp_path / "labels"), "scale": [1.0, 1.0]}
    folder = tmp_path / "run"
    run(folder, iterations=1, data=[data | {"vocabulary": str(old)}])
    old.rename(new)
    moved = [data | {"vocabulary": str(new)}]
    run(folder, ("iterations",), iterations=2, data=moved)
    new.write_text("stripes:stuff\nhoop\n")  # the same embeddings, but labels mean others
    with pytest.raises(InputError) as caught:
        run(folder, ("iterations",), iterations=3, data=moved)
    assert str(caught.value) == (
        f"{folder / 'state-00000002.pt'}: this run started with other classes of own: "
        "number 1 was hoop, and is stripes:stuff"
    )


def test_data_sets_of_another_size_are_refused(tmp_path: Path) -> None:
    run(tmp_path, iterations=2)
    path = _states(tmp_path)[-1]
    state = torch.load(path, weights_only=True)
    state["sizes"]["synthetic_boxes"] = 13
    torch.save(state, path)
    with pytest.raises(InputError, match="started with 13 images of synthetic_boxes, not 12"):
        run(tmp_path, ("iterations",), iterations=4)


def test_settings_of_the_command_line_replace_the_file_s(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text(as_toml(small_tables()))
    given = parse_settings(["optimizer.lr=1e-5", "skip=[3]", "precision=bf16", "iterations=9"])
    config = read_train_config(file, given)
    assert (config.optimizer.lr, config.skip, config.iterations) == (1e-5, (3,), 9)
    assert config.precision == "bf16"
    given = parse_settings(["data[0].lr=7", "data.1.flip=0", "optimizer.drops[1]=1.0"])
    file.write_text(as_toml(small_tables(optimizer={"lr": 1e-4, "drops": [0.5, 0.6]})))
    config = read_train_config(file, given)
    assert (config.data[0].lr, config.data[1].flip, config.optimizer.drops) == (7, 0, (0.5, 1.0))
    with pytest.raises(InputError, match=r"'optimizer\.lr': is 0\.0001 and has no 'x' to set"):
        read_train_config(file, {"optimizer.lr.x": 2})
    with pytest.raises(InputError, match=r"'data\[-1\]': unknown key"):
        read_train_config(file, {"data[-1].lr": 2})
    with pytest.raises(InputError, match="unknown key 'optimiser'; did you mean 'optimizer'"):
        read_train_config(file, {"optimiser": 3})
    with pytest.raises(typer.BadParameter, match="must be NAME=VALUE, not 'iterations'"):
        parse_settings(["iterations"])


@pytest.mark.slow
@pytest.mark.parametrize("limit", [20_000, 200], ids=["the state", "the log"])
def test_a_full_disk_is_one_line_and_older_states_stay(limit: int, tmp_path: Path) -> None:
    """No file may become larger than the limit, as on a full disk."""
    constant = {"lr": 1e-4, "drops": [1.0]}
    run(tmp_path / "run", iterations=2, optimizer=constant)
    kept = {name: (tmp_path / "run" / name).read_bytes()
            for name in ("state-00000002.pt", "model.safetensors")}  # fmt: skip
    config = tmp_path / "run.toml"
    config.write_text(as_toml(small_tables(iterations=2, optimizer=constant)))
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK.format(limit=limit), "train", str(config), "--out",
         str(tmp_path / "run"), "--device", "cpu", "--extend", "4"],
        env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].endswith("cannot be written: File too large")
    for name, content in kept.items():
        assert (tmp_path / "run" / name).read_bytes() == content
    assert not list((tmp_path / "run").glob(".*"))  # no temporary file is left
    run(tmp_path / "run", ("iterations",), iterations=4, optimizer=constant)


FULL_DISK = """
import model.training.loop as loop, resource, signal
from model.commands.main import main
iterate = loop._iterate
def limited(*arguments):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
    return iterate(*arguments)
loop._iterate = limited
main()
"""
