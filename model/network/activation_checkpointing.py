"""Activation checkpointing: less memory in training for about a third more arithmetic.

Blocks of the network keep their inputs only; the backward pass computes the rest again, with the
same random numbers and so the same gradients.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from model.network.backbones.convolutional import ConvBackbone
from model.network.dataseg import DaTaSeg


def checkpoint_activations(network: DaTaSeg) -> list[nn.Module]:
    """Make blocks compute their activations again in the backward pass; state keys stay.

    Blocks are the layers of transformers and the blocks of other backbones. Blocks with trained
    batch norm are left out: a second forward pass would count in its statistics twice.

    Args:
        network: The network, changed in place.

    Returns:
        These blocks.
    """
    blocks = [block for block in _blocks(network) if not _has_trained_norm(block)]
    for block in blocks:
        # On the instance, so that neither names nor types of modules change.
        block.forward = partial(_recomputed, block.forward)
    return blocks


def _recomputed(forward: Any, *inputs: Any, **options: Any) -> Any:
    return checkpoint(forward, *inputs, use_reentrant=False, **options)


def _blocks(network: DaTaSeg) -> Iterator[nn.Module]:
    if isinstance(network.backbone, ConvBackbone):
        for stage in network.backbone.net.children():
            blocks = stage if isinstance(stage, nn.Sequential) else [stage]
            yield from (block for block in blocks if any(block.children()))  # not single layers
    else:
        yield from network.backbone.net.blocks
    if network.pixel_decoder is not None:
        yield from network.pixel_decoder.encoder
    yield from network.decoder.layers


def _has_trained_norm(block: nn.Module) -> bool:
    norms = [module for module in block.modules() if isinstance(module, _BatchNorm)]
    return any(parameter.requires_grad for norm in norms for parameter in norm.parameters())
