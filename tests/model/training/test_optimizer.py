"""Learning rate and weight decay of each kind of parameter, and their course over a run."""

import pytest
import torch

from model.network.config import BackboneConfig, DaTaSegConfig, preset
from model.network.dataseg import DaTaSeg, build_dataseg
from model.training.config import OptimizerConfig
from model.training.optimizer import make_optimizer, parameter_groups, set_learning_rate
from model.training.schedule import rate_factor


def small(backbone: BackboneConfig) -> DaTaSeg:
    config = DaTaSegConfig(
        backbone, hidden_dim=32, num_heads=4, dim_feedforward=64, decoder_layers=1, text_dim=16
    )
    return build_dataseg(config)


def groups_by_name(network: DaTaSeg, config: OptimizerConfig) -> dict[str, tuple[float, float]]:
    """The factor and the decay of each parameter."""
    found = {}
    for group in parameter_groups(network, config):
        for name in group["names"]:
            assert name not in found
            found[name] = (group["factor"], group["weight_decay"])
    return found


def test_only_matrices_and_kernels_decay() -> None:
    network = build_dataseg(preset("tiny"))
    found = groups_by_name(network, OptimizerConfig(lr=1.0))
    parameters = dict(network.named_parameters())
    assert set(found) == set(parameters)
    modules = dict(network.named_modules())
    for name, (_, decay) in found.items():
        owner = modules[name.rpartition(".")[0]]
        matrix = isinstance(owner, (torch.nn.Linear, torch.nn.Conv2d))
        assert decay == (0.05 if matrix and name.endswith(".weight") else 0), name
    for name in ("decoder.queries", "decoder.heads.classifier.background",
                 "decoder.level_embeddings", "decoder.heads.norm.weight"):  # fmt: skip
        assert found[name][1] == 0


def test_a_convolutional_backbone_has_its_own_rate() -> None:
    found = groups_by_name(build_dataseg(preset("tiny")), OptimizerConfig(lr=1.0, backbone_lr=0.1))
    for name, (factor, _) in found.items():
        assert factor == (0.1 if name.startswith("backbone.") else 1.0)


def test_a_vit_learns_slower_towards_its_input() -> None:
    network = small(BackboneConfig("vitdet_tiny"))
    found = groups_by_name(network, OptimizerConfig(lr=1.0, layer_decay=0.5))
    assert found["backbone.net.blocks.3.attn.qkv.weight"] == (0.5, 0.05)
    assert found["backbone.net.blocks.0.attn.qkv.weight"] == (0.5**4, 0.05)
    assert found["backbone.net.patch_embed.proj.weight"] == (0.5**5, 0.05)
    assert found["backbone.net.pos_embed"] == (0.5**5, 0)
    assert found["backbone.net.blocks.1.attn.rel_pos_h"][1] == 0
    assert found["backbone.outputs.0.0.weight"] == (1.0, 0.05)  # the pyramid is no layer of it
    assert found["decoder.queries"] == (1.0, 0)


def test_layers_of_a_vit_of_timm() -> None:
    network = small(BackboneConfig("test_vit3"))  # nine layers, registers, layer scale
    found = groups_by_name(network, OptimizerConfig(lr=1.0, layer_decay=0.5))
    assert found["backbone.net.norm.weight"] == (1.0, 0)
    assert found["backbone.net.blocks.8.attn.qkv.weight"] == (0.5, 0.05)
    assert found["backbone.net.blocks.8.ls1.gamma"] == (0.5, 0)
    assert found["backbone.net.patch_embed.proj.weight"] == (0.5**10, 0.05)
    assert found["backbone.net.reg_token"] == found["backbone.net.pos_embed"] == (0.5**10, 0)


def test_frozen_batch_norm_is_not_trained() -> None:
    network = small(BackboneConfig("test_resnet", freeze_norm=True))
    names = [name for name in groups_by_name(network, OptimizerConfig(lr=1.0)) if "bn" in name]
    assert names == []


def test_the_rate_is_multiplied_group_by_group() -> None:
    network = build_dataseg(preset("tiny"))
    optimizer = make_optimizer(network, OptimizerConfig(lr=1.0, backbone_lr=0.1))
    set_learning_rate(optimizer, 2.0)
    assert {group["lr"] for group in optimizer.param_groups} == {2.0, 0.2}


@pytest.mark.parametrize(
    ("iteration", "factor"),
    [(0, 1.0), (449_999, 1.0), (450_000, 0.1), (474_999, 0.1), (475_000, 0.01), (499_999, 0.01)],
)
def test_the_papers_steps(iteration: int, factor: float) -> None:
    assert rate_factor(iteration, 500_000, 0, (0.9, 0.95)) == pytest.approx(factor)


def test_warm_up_rises_to_one() -> None:
    factors = [rate_factor(i, 100, 4, (0.9,)) for i in range(6)]
    assert factors == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
