"""`describe` counts without data what a real network keeps."""

import dataclasses

import pytest
import torch

from model.network.config import BackboneConfig, preset
from model.network.dataseg import build_dataseg
from model.network.describe import describe

SIZE, CLASSES = 128, 7


@pytest.mark.parametrize("backbone", ["test_resnet", "test_vit", "vitdet_tiny"])
def test_activations_are_those_of_a_real_step(backbone: str) -> None:
    """Fused attention keeps no weights; attention with a learned bias (ViTDet) does."""
    config = dataclasses.replace(preset("tiny"), backbone=BackboneConfig(backbone))
    network = build_dataseg(config).train()
    own = {t.untyped_storage().data_ptr() for t in (*network.parameters(), *network.buffers())}
    kept: dict[int, torch.UntypedStorage] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        outputs = network(torch.rand(1, 3, SIZE, SIZE), torch.rand(CLASSES, config.text_dim))
    assert outputs.layers
    real = sum(storage.nbytes() for storage in kept.values())
    described = describe(config, SIZE, CLASSES)
    assert described.activation_bytes == pytest.approx(real, rel=0.02)
    parameters = sum(p.numel() for p in network.parameters() if p.requires_grad)
    assert described.optimiser_bytes == described.weight_bytes + 12 * parameters
