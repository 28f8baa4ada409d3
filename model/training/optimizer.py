"""AdamW with a learning rate and a weight decay for each kind of parameter (appendix F, T3, T4).

The factors are of the learning rate, never of the loss: AdamW does not notice a loss's scale.
"""

import re
from collections.abc import Iterable
from typing import Any

import torch

from model.network.backbones.feature_pyramid import SimpleFeaturePyramid
from model.network.dataseg import DaTaSeg
from model.training.config import OptimizerConfig

_BACKBONE = "backbone.net."


def make_optimizer(network: DaTaSeg, config: OptimizerConfig) -> torch.optim.AdamW:
    """Make AdamW over the trained parameters; groups have a learning rate multiplier, `factor`."""
    groups = parameter_groups(network, config)
    # Fused: one pass over everything, and step counts that stay on the device.
    return torch.optim.AdamW(groups, lr=config.lr, betas=(0.9, 0.999), fused=True)


def parameter_groups(network: DaTaSeg, config: OptimizerConfig) -> list[dict[str, Any]]:
    """Group parameters by learning rate multiplier and weight decay.

    Returns:
        Dictionaries with `params`, `names`, `factor` and `weight_decay`, in a fixed order.
    """
    backbone = network.backbone
    depth = backbone.depth if isinstance(backbone, SimpleFeaturePyramid) else None
    groups: dict[tuple[float, float], dict[str, Any]] = {}
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        factor = 1.0
        if name.startswith(_BACKBONE):
            factor = config.backbone_lr
            if depth is not None:
                factor *= config.layer_decay ** (depth + 1 - vit_layer(name, depth))
        decay = config.weight_decay if is_decayed(name, parameter) else 0.0
        group = groups.setdefault(
            (factor, decay), {"params": [], "names": [], "factor": factor, "weight_decay": decay}
        )
        group["params"].append(parameter)
        group["names"].append(name)
    return [groups[key] for key in sorted(groups)]


def is_decayed(name: str, parameter: torch.Tensor) -> bool:
    """Whether weight decay applies: to matrices and kernels, not to norms, biases and embeddings.

    Exactly the former have the name `weight` and at least two dimensions.
    """
    return name.rpartition(".")[2] == "weight" and parameter.dim() >= 2


def vit_layer(name: str, depth: int) -> int:
    """The layer of a ViT's parameter: 0 for the patches, positions and extra tokens, i + 1 for
    block i, `depth` + 1 for the norm after the last (detectron2's `get_vit_lr_decay_rate`)."""
    found = re.match(rf"{re.escape(_BACKBONE)}blocks\.(\d+)\.", name)
    if found:
        return int(found[1]) + 1
    return depth + 1 if name.startswith(f"{_BACKBONE}norm.") else 0


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set each group's learning rate to `rate` times its factor."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["factor"]


def trained(network: torch.nn.Module) -> Iterable[torch.nn.Parameter]:
    """Return the parameters that require a gradient."""
    return [parameter for parameter in network.parameters() if parameter.requires_grad]
