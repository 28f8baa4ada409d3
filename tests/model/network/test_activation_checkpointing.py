"""Activation checkpointing: the same gradients from less memory."""

import dataclasses

import pytest
import torch

from model.network.activation_checkpointing import checkpoint_activations
from model.network.config import BackboneConfig, preset
from model.network.dataseg import DaTaSeg, build_dataseg
from model.network.describe import describe

TEXT = torch.randn(5, 768, generator=torch.Generator().manual_seed(1))
BACKBONES = [
    BackboneConfig("vitdet_tiny", drop_path=0.5),
    BackboneConfig("test_vit", drop_path=0.5),
    BackboneConfig("test_resnet", freeze_norm=True),
    BackboneConfig("test_resnet"),  # its batch norm is trained
    BackboneConfig("test_convnext"),
]


def step(network: DaTaSeg) -> dict[str, torch.Tensor]:
    """Gradients of padded images, and the buffers after it."""
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(2)) * 255
    torch.manual_seed(3)  # of dropout and drop path
    outputs = network(images, TEXT, torch.tensor([[40, 64], [64, 50]]))
    terms = [p.logits.square().mean() + p.masks.square().mean() for p in outputs.layers]
    torch.stack(terms).sum().backward()
    found = {name: p.grad for name, p in network.named_parameters() if p.grad is not None}
    return found | dict(network.named_buffers())


def make(backbone: BackboneConfig) -> DaTaSeg:
    config = dataclasses.replace(
        preset("tiny"), backbone=backbone, dropout=0.1, mask_padding="always"
    )
    torch.manual_seed(0)
    return build_dataseg(config).train()


@pytest.mark.parametrize("backbone", BACKBONES, ids=str)
def test_gradients_are_the_same(backbone: BackboneConfig) -> None:
    network, other = make(backbone), make(backbone)
    assert checkpoint_activations(other)
    assert other.state_dict().keys() == network.state_dict().keys()
    kept, recomputed = step(network), step(other)
    assert kept.keys() == recomputed.keys()
    for name, tensor in kept.items():
        torch.testing.assert_close(recomputed[name], tensor, rtol=1e-5, atol=1e-8, msg=name)


def test_blocks_with_trained_batch_norm_are_left_out() -> None:
    trained, frozen = make(BACKBONES[3]), make(BACKBONES[2])
    layers = len(trained.decoder.layers) + 1  # of the encoder
    assert len(checkpoint_activations(trained)) == layers
    assert len(checkpoint_activations(frozen)) > layers


def test_it_keeps_less() -> None:
    described = describe(dataclasses.replace(preset("tiny"), backbone=BACKBONES[0]), 256)
    assert 0 < described.checkpointed_bytes < 0.6 * described.activation_bytes
