"""Frozen batch norm, folded into the convolution before it while the network runs.

A frozen batch norm is y = x * scale + shift with constants. Multiplied into the convolution's
weights it costs no pass over the feature map and keeps no feature map for the backward pass, in
training as in inference. Names and shapes of parameters and buffers stay as timm has them.
"""

import torch
import torch.fx
from torch import nn

from model.network.fast_convolution import conv2d

_NAMES = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


class FrozenBatchNorm(nn.Module):
    """Batch norm with everything constant, its state laid out as `nn.BatchNorm2d` has it.

    Attributes:
        folded: The convolution before it does its work, so it hands its input on.
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

    def scale_and_shift(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The (C,) constants of y = x * scale + shift."""
        scale = self.weight * (self.running_var + self.eps).rsqrt()
        return scale, self.bias - self.running_mean * scale

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(B, C, h, w) -> the same, normalised."""
        if self.folded:
            return features
        scale, shift = self.scale_and_shift()
        return features * scale[:, None, None] + shift[:, None, None]


class FoldedConv2d(nn.Module):
    """A bias-free convolution that does the work of the frozen norm after it as well.

    The norm is held in a tuple, not as a child, so that its state stays under its own name only.
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
    """Freeze every `nn.BatchNorm2d` of `net` in place, folding those that can be.

    Foldable is a norm whose input is a plain bias-free convolution that nothing else reads, which
    a symbolic trace of `net` tells; where it cannot be traced, or a norm does more than normalise
    (timm's norms with an activation inside), norms are frozen without folding.
    """
    before = _convolutions_before_norms(net)
    for name, module in list(net.named_modules()):
        if not isinstance(module, nn.BatchNorm2d):
            continue
        if type(module) is not nn.BatchNorm2d:
            module.requires_grad_(False)  # its owner keeps it in evaluation mode
            continue
        frozen = FrozenBatchNorm(module, folded=name in before)
        net.set_submodule(name, frozen)
        if name in before:
            convolution = net.get_submodule(before[name])
            assert isinstance(convolution, nn.Conv2d)
            net.set_submodule(before[name], FoldedConv2d(convolution, frozen))


def _convolutions_before_norms(net: nn.Module) -> dict[str, str]:
    """The name of the convolution that can take each batch norm in, by the norm's name."""
    try:
        graph = torch.fx.symbolic_trace(net).graph
    except Exception:  # a net may do anything in its forward pass; then nothing is folded
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
        plain = type(net.get_submodule(norm)) is nn.BatchNorm2d and type(conv_module) is nn.Conv2d
        if not plain or conv_module.bias is not None or isinstance(conv_module.padding, str):
            continue
        if conv_module.padding_mode == "zeros":
            found[norm] = convolution
    return found
