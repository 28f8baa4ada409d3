"""A run that starts from a checkpoint: its network, what is frozen, and that it resumes exactly."""

import json
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file
from small_run import as_toml, cut_power, small_tables

from model.runtime.checkpoint import load_checkpoint, read_header, save_checkpoint
from model.training import loop
from model.training.config import read_train_config, train_config_from_dict
from model.training.resume import CONFIG_FILE
from model.training.saving import MODEL_FILE
from o365seg.errors import InputError


def run(folder: Path, tables: dict[str, Any]) -> None:
    loop.train_run(train_config_from_dict(tables, "c.toml"), Path(), "c.toml", folder, "cpu")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the semantic set alone."""
    folder = tmp_path_factory.mktemp("first")
    run(folder, small_tables(data=small_tables()["data"][:1], iterations=2))
    return folder / MODEL_FILE


def from_first(first: Path, **changes: Any) -> dict[str, Any]:
    """A run on the two other sets without a [model] table."""
    tables = small_tables(data=small_tables()["data"][1:], start=str(first), iterations=4)
    del tables["model"]
    return tables | changes


def test_its_network_is_the_checkpoint_s_with_changes(first: Path, tmp_path: Path) -> None:
    config = train_config_from_dict(from_first(first))
    assert config.network == read_header(first)[0]
    config = train_config_from_dict(from_first(first, model={"num_queries": 7}))
    assert config.network.num_queries == 7
    assert config.network.hidden_dim == 32
    file = tmp_path / "run.toml"  # paths are relative to the file
    (tmp_path / "start.safetensors").write_bytes(first.read_bytes())
    file.write_text(as_toml(from_first(Path("start.safetensors"))))
    assert read_train_config(file).network == read_header(first)[0]
    with pytest.raises(InputError, match=r"nowhere\.safetensors.*no such file"):
        read_train_config(file, {"start": "nowhere.safetensors"})


def test_it_begins_with_the_checkpoint_s_weights_on_other_data(
    first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, from_first(first, optimizer={"lr": 1e-12}, model={"num_queries": 7}))
    old, written = load_checkpoint(first).state_dict(), load_checkpoint(tmp_path / MODEL_FILE)
    for name, tensor in written.state_dict().items():
        wanted = old[name][:7] if "quer" in name and tensor.shape[0] == 7 else old[name]
        assert torch.allclose(tensor, wanted, atol=1e-6), name
    said = capsys.readouterr().err
    assert f"{first}: {len(old) - 2} used, 2 resized, 0 missing, 0 unused\n" in said
    assert "  resized: decoder.queries, decoder.query_positions\n" in said
    assert "text embeddings" not in said
    assert read_header(tmp_path / MODEL_FILE)[1]["trained"]["config"]["start"] == str(first)


@pytest.mark.parametrize(
    ("freeze_norm", "frozen", "sets", "noted"),
    [
        (False, [], 3, True),
        (False, [], 1, False),
        (True, [], 3, False),
        (False, ["backbone"], 3, False),
        (False, ["pixel_decoder"], 3, True),
    ],
)
def test_batch_norm_that_would_mix_data_sets_is_noted(
    freeze_norm: bool,
    frozen: list[str],
    sets: int,
    noted: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tables = small_tables()
    name = "test_resnet"
    weights = tmp_path / "pretrained.safetensors"
    save_file(timm.create_model(name, features_only=True).state_dict(), weights)
    model = tables["model"] | {"backbone": {"name": name, "freeze_norm": freeze_norm}}
    model["backbone_weights"] = str(weights)
    changed = tables | {"model": model, "data": tables["data"][:sets], "freeze": frozen}
    run(tmp_path / "run", changed | {"iterations": 1})
    said = capsys.readouterr().err
    assert ("batch norm learns the statistics of all data sets" in said) == noted


def test_missing_pretrained_tensors_are_reported_unless_quiet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only the first of several processes says so."""
    tables = small_tables()
    name = "test_resnet"
    state = timm.create_model(name, features_only=True).state_dict()
    del state[next(iter(state))]
    weights = tmp_path / "pretrained.safetensors"
    save_file(state, weights)
    model = tables["model"] | {"backbone": {"name": name}, "backbone_weights": str(weights)}
    config = train_config_from_dict(tables | {"model": model})
    loop.make_network(config, Path(), quiet=True)
    assert capsys.readouterr().err == ""
    loop.make_network(config, Path())
    assert "1 missing" in capsys.readouterr().err


def test_it_resumes_exactly_even_where_the_checkpoint_is_gone_or_moved(
    first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    model = small_tables()["model"]
    own = tmp_path / "own.safetensors"
    own.write_bytes(first.read_bytes())
    run(tmp_path / "whole", from_first(own, average=0.9))
    cut_power(monkeypatch, loop, "add_gradients", 4)
    with pytest.raises(RuntimeError, match="power cut"):
        run(tmp_path / "cut", from_first(own, average=0.9, model=model))
    own.unlink()
    capsys.readouterr()
    run(tmp_path / "cut", from_first(tmp_path / "moved.safetensors", average=0.9, model=model))
    assert f"began from {own}; {tmp_path}/moved.safetensors is not read" in capsys.readouterr().err
    trained = read_header(tmp_path / "cut" / MODEL_FILE)[1]["trained"]
    assert trained["config"]["start"] == str(own)
    one, other = (load_checkpoint(tmp_path / n / MODEL_FILE) for n in ("whole", "cut"))
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name]), name


def test_a_run_without_a_model_table_resumes_where_the_checkpoint_is_gone(
    first: Path, tmp_path: Path
) -> None:
    """Its network is the one in the folder."""
    own, folder, file = tmp_path / "own.safetensors", tmp_path / "run", tmp_path / "c.toml"
    own.write_bytes(first.read_bytes())
    begun = folder / CONFIG_FILE
    tables = from_first(own, model={"num_queries": 7}, iterations=1)
    file.write_text(as_toml(tables))
    run(folder, tables)
    own.unlink()
    config = read_train_config(file, {"iterations": 2}, begun)
    assert config.network.num_queries == 7
    loop.train_run(config, tmp_path, str(file), folder, "cpu", ("iterations",))
    changed = read_train_config(file, {"iterations": 2, "model.num_queries": 8}, begun)
    with pytest.raises(InputError, match=r"'network\.num_queries': .* with 7, not 8"):
        loop.train_run(changed, tmp_path, str(file), folder, "cpu", ("iterations",))
    with pytest.raises(InputError, match=r"own\.safetensors.*no such file"):
        read_train_config(file, {}, tmp_path / "another run" / CONFIG_FILE)


def test_a_resumed_run_does_not_read_the_backbone_s_weights(tmp_path: Path) -> None:
    weights = tmp_path / "pretrained.safetensors"
    save_file(timm.create_model("test_resnet", features_only=True).state_dict(), weights)
    model = small_tables()["model"] | {"backbone": {"name": "test_resnet"}}
    model["backbone_weights"] = str(weights)
    run(tmp_path / "run", small_tables(model=model, iterations=1))
    weights.unlink()
    run(tmp_path / "run", small_tables(model=model, iterations=1))


def test_frozen_parts_stay_as_they_are(first: Path, tmp_path: Path) -> None:
    tables = from_first(first, freeze=["backbone", "decoder.queries"])
    tables["optimizer"] = {"lr": 1e-2}
    run(tmp_path, tables)
    old, now = load_checkpoint(first).state_dict(), load_checkpoint(tmp_path / MODEL_FILE)
    for name, tensor in now.state_dict().items():
        frozen = name.startswith(("backbone.", "pixel_")) or name == "decoder.queries"
        assert torch.equal(tensor, old[name]) == frozen, name


def test_batch_norm_of_a_frozen_part_keeps_its_statistics(tmp_path: Path) -> None:
    """Which training mode would change without any gradient."""
    tables = small_tables(iterations=2, freeze=["backbone"])
    tables["model"] = {"preset": "tiny", "text_dim": 32}
    config = train_config_from_dict(tables)
    start = loop.make_network(config, Path()).state_dict()
    run(tmp_path, tables)
    written = load_checkpoint(tmp_path / MODEL_FILE).state_dict()
    names = [name for name in start if "running_mean" in name]
    assert names
    for name in names:
        assert torch.equal(written[name], start[name]), name


@pytest.mark.parametrize(
    ("freeze", "message"),
    [
        (["backbon"], r"'freeze\[0\]': unknown part of the network 'backbon'; did you mean 'back"),
        (["backbone", "decoder.layer"], r"'freeze\[1\]': unknown part .* 'decoder\.layers'"),
        (["backbone", "decoder"], "'freeze': nothing is left to train"),
    ],
)
def test_a_wrong_part_is_named(freeze: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        run(tmp_path / "run", small_tables(freeze=freeze))
    assert not (tmp_path / "run").exists()


def test_other_text_embeddings_are_said(
    first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from model.runtime.distributed import Ranks
    from model.training.starting import make_network, start_from

    config = train_config_from_dict(from_first(first, text={}))
    start_from(make_network(config, Path()), config, Path(), Ranks(0, 1, torch.device("cpu")))
    said = capsys.readouterr().err
    assert "text embeddings of generated data, not of ViT-L-14 openai" in said


def test_weights_that_are_not_finite_are_refused_at_the_start(first: Path, tmp_path: Path) -> None:
    network = load_checkpoint(first)
    with torch.no_grad():
        network.state_dict()["decoder.queries"][0] = torch.nan
    save_checkpoint(tmp_path / "start.safetensors", network)
    wrong = from_first(tmp_path / "start.safetensors")
    with pytest.raises(InputError, match=r"decoder\.queries: has a value that is not finite"):
        run(tmp_path / "run", wrong)
    weights = tmp_path / "pretrained.safetensors"
    state = timm.create_model("test_resnet", features_only=True).state_dict()
    state["conv1.0.weight"][0] = torch.inf
    save_file(state, weights)
    model = small_tables()["model"] | {"backbone": {"name": "test_resnet"}}
    with pytest.raises(InputError, match=r"conv1\.0\.weight: has a value that is not finite"):
        run(tmp_path / "run", small_tables(model=model | {"backbone_weights": str(weights)}))


def test_a_checkpoint_s_modules_on_other_data_need_the_new_names(tmp_path: Path) -> None:
    tables = small_tables()
    model = tables["model"] | {"dataset_modules": {"datasets": ["synthetic_semantic"]}}
    run(tmp_path / "one", tables | {"model": model, "data": tables["data"][:1], "iterations": 1})
    start = tmp_path / "one" / MODEL_FILE
    changes = {"data": tables["data"][1:2], "iterations": 1}
    with pytest.raises(InputError, match="for synthetic_panoptic; list this run's data sets here"):
        run(tmp_path / "two", from_first(start, **changes))
    named = {"dataset_modules": {"datasets": ["synthetic_panoptic"]}}
    run(tmp_path / "two", from_first(start, model=named, **changes))


def test_the_configuration_is_recorded_whole(first: Path, tmp_path: Path) -> None:
    run(tmp_path, from_first(first, iterations=1))
    stored = json.loads((tmp_path / "config.json").read_text())
    assert stored["start"] == str(first)
    assert stored["network"]["num_queries"] == 10
