"""Configurations that version 0.1.0 wrote: checkpoints, runs and TOML files."""

from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("timm")

from safetensors.torch import save_file  # noqa: E402

from model.network.config import (  # noqa: E402
    BackboneConfig,
    DaTaSegConfig,
    DatasetModulesConfig,
    config_to_dict,
)
from model.network.dataseg import build_dataseg  # noqa: E402
from model.network.names_0_1 import current_network_names  # noqa: E402
from model.runtime.checkpoint import load_checkpoint, read_header  # noqa: E402
from model.training.config import (  # noqa: E402
    train_config_from_dict,
    train_config_to_dict,
)
from model.training.resume import check_folder, find_changes  # noqa: E402
from o365seg.errors import InputError  # noqa: E402
from o365seg.formats.json_files import write_json_atomic  # noqa: E402

# The header of a checkpoint that 0.1.0 wrote, byte by byte.
HEADER = {
    "format": "dataseg-1",
    "config": (
        '{"backbone":{"name":"vitdet_tiny","freeze_norm":false,"drop_path":0.0},'
        '"width":8,"heads":2,"feedforward":8,"encoder_layers":6,"decoder_layers":1,'
        '"queries":3,"text_width":4,"classifier":"cosine","dropout":0.0,'
        '"share_heads":false,"dataset_modules":{"datasets":["a","b"],"queries":2,'
        '"classification":true,"context":false}}'
    ),
    "about": "{}",
}
MODULES = DatasetModulesConfig(("a", "b"), num_queries=2)
CONFIG = DaTaSegConfig(
    BackboneConfig("vitdet_tiny"),
    hidden_dim=8,
    num_heads=2,
    dim_feedforward=8,
    decoder_layers=1,
    num_queries=3,
    text_dim=4,
    mask_padding="inference",  # as 0.1.0 did
    dataset_modules=MODULES,
)


def test_a_checkpoint_opens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network = build_dataseg(CONFIG)
    path = tmp_path / "old.safetensors"
    save_file({name: t.contiguous() for name, t in network.state_dict().items()}, path, HEADER)
    assert read_header(path)[0] == CONFIG
    again = load_checkpoint(path)
    assert again.config == CONFIG
    for name, tensor in network.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1  # once a file, however often it is opened
    assert lines[0] == (
        f"{path}: 'width' is now 'hidden_dim', 'heads' is now 'num_heads', "
        "'feedforward' is now 'dim_feedforward', 'queries' is now 'num_queries', "
        "'text_width' is now 'text_dim', 'dataset_modules.queries' is now 'num_queries'; "
        "old names still work"
    )


def test_a_run_and_its_toml_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    old = {"preset": "tiny", "queries": 7, "text_width": 16, "dataset_modules": OLD_MODULES}
    now = {"preset": "tiny", "num_queries": 7, "text_dim": 16, "dataset_modules": NEW_MODULES}
    configs = [train_config_from_dict(tables(model), "run.toml") for model in (old, now)]
    assert configs[0] == configs[1]
    assert "run.toml: 'queries' is now 'num_queries'" in capsys.readouterr().err
    written = train_config_to_dict(configs[1])
    written["network"] = in_old_names(written["network"])
    find_changes(written, configs[1], "run.toml")
    changed = replace(configs[1], network=replace(configs[1].network, num_queries=8))
    with pytest.raises(InputError, match=r"network\.num_queries"):
        find_changes(written, changed, "run.toml")


def test_a_run_keeps_the_padding_it_began_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = train_config_from_dict(tables({"preset": "tiny", "dataset_modules": NEW_MODULES}))
    assert config.network.mask_padding == "always"
    written = train_config_to_dict(config)
    write_json_atomic(tmp_path / "config.json", written)
    (tmp_path / "state-00000001.pt").touch()  # a run that has begun
    assert check_folder(tmp_path, config, "run.toml", ()) == (config, [])
    assert capsys.readouterr().err == ""
    written["network"] = in_old_names(written["network"])
    write_json_atomic(tmp_path / "config.json", written)
    kept, changes = check_folder(tmp_path, config, "run.toml", ())
    assert kept == replace(config, network=replace(config.network, mask_padding="inference"))
    assert changes == []
    assert capsys.readouterr().err == (
        f"{tmp_path}: began under version 0.1.0 and goes on with mask_padding = 'inference'\n"
    )


def test_todays_names_stay() -> None:
    assert current_network_names(config_to_dict(CONFIG)) == (config_to_dict(CONFIG), {})


OLD_MODULES = {"datasets": ["a", "b"], "queries": 4}
NEW_MODULES = {"datasets": ["a", "b"], "num_queries": 4}


def tables(model: dict) -> dict:
    return {
        "model": model,
        "data": [{"name": "coco_panoptic", "root": "coco"}],
        "optimizer": {"lr": 1e-4},
        "iterations": 1,
        "batch_size": 1,
    }


def in_old_names(network: dict) -> dict:
    names = {
        "hidden_dim": "width",
        "num_heads": "heads",
        "dim_feedforward": "feedforward",
        "num_queries": "queries",
        "text_dim": "text_width",
    }
    modules = network["dataset_modules"]
    inner = {names.get(key, key): value for key, value in modules.items()}
    renamed = {names.get(key, key): value for key, value in network.items()}
    del renamed["mask_padding"]
    return renamed | {"dataset_modules": inner}
