"""The moving average of the weights: its formula, and what a run writes of it."""

from pathlib import Path
from typing import Any

import pytest
import torch
from small_run import cut_power, small_tables

from model.network.activation_checkpointing import checkpoint_activations
from model.network.config import preset
from model.network.dataseg import build_dataseg
from model.runtime.checkpoint import load_checkpoint
from model.training import loop
from model.training.averaging import AveragedNetwork
from model.training.config import train_config_from_dict
from model.training.saving import MODEL_FILE
from model.training.starting import make_network


def run(folder: Path, **changes: object) -> None:
    config = train_config_from_dict(small_tables(**changes))
    loop.train_run(config, Path(), "config.toml", folder, "cpu")


def test_it_is_the_formula_of_weights_and_statistics() -> None:
    network = build_dataseg(preset("tiny"))
    average = AveragedNetwork(network, 0.5)
    wanted = {name: tensor.clone().double() for name, tensor in network.state_dict().items()}
    for done in range(1, 12):
        for tensor in network.state_dict().values():
            if tensor.is_floating_point():
                tensor.normal_()
            else:
                tensor.fill_(done)
        average.update(network, done)
        decay = min(0.5, (1 + done) / (10 + done))
        for name, tensor in network.state_dict().items():
            if tensor.is_floating_point():
                wanted[name] = decay * wanted[name] + (1 - decay) * tensor
            else:
                wanted[name] = tensor.double()
    assert any("running_mean" in name for name in wanted)
    for name, tensor in average.network.state_dict().items():
        assert torch.allclose(tensor.double(), wanted[name], atol=1e-6), name
    assert not average.network.training
    assert not any(parameter.requires_grad for parameter in average.network.parameters())


def test_a_run_writes_the_average_and_trains_as_without(tmp_path: Path) -> None:
    for name, average in (("plain", None), ("averaged", 0.9)):
        run(tmp_path / name, average=average, iterations=4, checkpoint_every=1, keep=4)
    wanted = AveragedNetwork(load_checkpoint(tmp_path / "plain" / MODEL_FILE), 0.9)
    wanted.network.load_state_dict(
        make_network(train_config_from_dict(small_tables()), Path()).state_dict()
    )
    trained = load_checkpoint(tmp_path / "plain" / MODEL_FILE)
    for done in range(1, 5):
        states = [
            torch.load(tmp_path / name / f"state-{done:08}.pt", weights_only=True)
            for name in ("plain", "averaged")
        ]
        for name, tensor in states[0]["network"].items():
            assert torch.equal(tensor, states[1]["network"][name]), name
        trained.load_state_dict(states[0]["network"])
        wanted.update(trained, done)
    written = load_checkpoint(tmp_path / "averaged" / MODEL_FILE).state_dict()
    for name, tensor in wanted.network.state_dict().items():
        assert torch.equal(tensor, written[name]), name


def test_it_goes_on_with_its_average(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path / "whole", average=0.9)
    cut_power(monkeypatch, loop, "add_gradients", 4)
    with pytest.raises(RuntimeError, match="power cut"):
        run(tmp_path / "cut", average=0.9)
    run(tmp_path / "cut", average=0.9)
    assert (tmp_path / "cut" / MODEL_FILE).read_bytes() == (
        tmp_path / "whole" / MODEL_FILE
    ).read_bytes()


def test_blocks_that_are_computed_twice_belong_to_the_copy() -> None:
    network = build_dataseg(preset("tiny"))
    blocks = checkpoint_activations(network)
    average = AveragedNetwork(network, 0.5)
    copies = dict(average.network.named_modules())
    names = [name for name, module in network.named_modules() if module in blocks]
    assert names
    for name in names:
        forward: Any = copies[name].forward
        assert forward.args[0].__self__ is copies[name]
