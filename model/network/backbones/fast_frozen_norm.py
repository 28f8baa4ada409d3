"""Frozen batch norm, folded into the convolution before it.

A frozen batch norm is y = x * scale + shift with constants. Folded into the weights of the
convolution, it needs no pass over the feature map and stores no feature map for the backward pass.
Parameters and buffers keep timm's names and shapes. `nn.BatchNorm2d` in evaluation mode is the
reference.
"""

import torch
import torch.fx
from timm.layers.norm_act import BatchNormAct2d
from torch import nn

from model.network.fast_convolution import conv2d

_KINDS = (nn.BatchNorm2d, BatchNormAct2d)
_NAMES = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


class FrozenBatchNorm(nn.Module):
    """Batch norm with constant parameters, with the state of `nn.BatchNorm2d`.

    Attributes:
        folded: Whether the convolution before it includes the norm.
        after: What follows within the module: dropout and activation of timm's `BatchNormAct2d`.
    """

    weight: torch.Tensor
    bias: torch.Tensor
    running_mean: torch.Tensor
    running_var: torch.Tensor

    def __init__(self, norm: nn.BatchNorm2d, folded: bool) -> None:
        super().__init__()
        for name in _NAMES:
            self.register_buffer(name, getattr(norm, name).detach().clone())
        self.eps = norm.eps
        self.folded = folded
        names = ("drop", "act") if isinstance(norm, BatchNormAct2d) else ()
        self.after = nn.Sequential(*(norm.get_submodule(name) for name in names))

    def scale_and_shift(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The (C,) constants of y = x * scale + shift."""
        scale = self.weight * (self.running_var + self.eps).rsqrt()
        return scale, self.bias - self.running_mean * scale

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(B, C, h, w) -> the same, normalised."""
        if not self.folded:
            scale, shift = self.scale_and_shift()
            features = torch.addcmul(shift[:, None, None], features, scale[:, None, None])
        return self.after(features)


class FoldedConv2d(nn.Module):
    """A bias-free convolution that includes the frozen norm after it.

    The norm is in a tuple, so that it is not a child and its state appears under one name only.
    """

    def __init__(self, convolution: nn.Conv2d, norm: FrozenBatchNorm) -> None:
        super().__init__()
        self.weight = convolution.weight
        self.kernel_size = convolution.kernel_size
        self.stride = convolution.stride
        assert isinstance(convolution.padding, tuple)
        self.padding = convolution.padding
        self.dilation = convolution.dilation
        self.groups = convolution.groups
        self._norm = (norm,)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(B, C_in, h, w) -> (B, C_out, h', w'), convolved and normalised."""
        scale, shift = self._norm[0].scale_and_shift()
        return conv2d(
            features,
            self.weight * scale[:, None, None, None],
            shift,
            self.stride,
            self.padding,
            self.dilation,
            self.groups,
        )


def freeze_batch_norm(net: nn.Module) -> None:
    """Freeze every batch norm of `net` in place, and fold where possible.

    A norm is folded if its only input is a plain bias-free convolution that nothing else reads,
    which a symbolic trace of `net` shows. If `net` cannot be traced, norms are frozen without
    folding.
    """
    before = _convolutions_before_norms(net)
    for name, module in list(net.named_modules()):
        if not isinstance(module, nn.BatchNorm2d):
            continue
        if type(module) not in _KINDS:
            module.requires_grad_(False)  # the backbone keeps it in evaluation mode
            continue
        frozen = FrozenBatchNorm(module, folded=name in before)
        net.set_submodule(name, frozen)
        if name in before:
            convolution = net.get_submodule(before[name])
            assert isinstance(convolution, nn.Conv2d)
            net.set_submodule(before[name], FoldedConv2d(convolution, frozen))


def _convolutions_before_norms(net: nn.Module) -> dict[str, str]:
    """Names of the foldable batch norms, each with the name of the convolution before it."""
    try:
        graph = _Tracer().trace(net)
    except Exception:  # a forward pass may do anything; then nothing is folded
        return {}
    calls = [str(node.target) for node in graph.nodes if node.op == "call_module"]
    found = {}
    for node in graph.nodes:
        source = node.args[0] if node.args else None
        if node.op != "call_module" or not isinstance(source, torch.fx.Node):
            continue
        if source.op != "call_module" or len(source.users) != 1:
            continue
        norm, convolution = str(node.target), str(source.target)
        if calls.count(norm) > 1 or calls.count(convolution) > 1:
            continue
        conv_module = net.get_submodule(convolution)
        plain = type(net.get_submodule(norm)) in _KINDS and type(conv_module) is nn.Conv2d
        if not plain or conv_module.bias is not None or isinstance(conv_module.padding, str):
            continue
        if conv_module.padding_mode == "zeros":
            found[norm] = convolution
    return found


class _Tracer(torch.fx.Tracer):
    """Sees timm's norms and convolutions as one call each."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, (*_KINDS, nn.Conv2d)) or super().is_leaf_module(
            m, module_qualified_name
        )
