"""Convolution with a fast backward pass on a CPU.

oneDNN computes the gradient of a convolution's weights four times slower channels-last than
channels-first (on AVX2: 1.3 s against 0.36 s for 256 channels, 3 x 3, on 128 x 128), while all
other operations are faster channels-last. Only that gradient uses channels-first copies.
`torch.nn.functional.conv2d` is the reference.
"""

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812


def conv2d(
    features: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    stride: tuple[int, ...] = (1, 1),
    padding: tuple[int, ...] = (1, 1),
    dilation: tuple[int, ...] = (1, 1),
    groups: int = 1,
) -> torch.Tensor:
    """`torch.nn.functional.conv2d`, except for the order of sums in the weights' gradient."""
    training_on_cpu = torch.is_grad_enabled() and features.device.type == "cpu"
    pointwise = weight.shape[-2:] == (1, 1)
    # Autocast casts the arguments of PyTorch's functions only.
    casting = torch.is_autocast_enabled("cpu")
    if pointwise or casting or not training_on_cpu or torch.compiler.is_compiling():
        return F.conv2d(features, weight, bias, stride, padding, dilation, groups)
    options = (list(stride), list(padding), list(dilation), False, [0, 0], groups)
    result = _Convolution.apply(features, weight, bias, options)
    assert isinstance(result, torch.Tensor)
    return result


class _Convolution(torch.autograd.Function):
    """The convolution, with a backward pass in two parts."""

    @staticmethod
    def forward(
        ctx: Any,
        features: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        options: tuple,
    ) -> torch.Tensor:
        ctx.save_for_backward(features, weight)
        ctx.options = options
        return torch.ops.aten.convolution(features, weight, bias, *options)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple:
        features, weight = ctx.saved_tensors
        gradient = gradients[0]
        to_features = to_weight = to_bias = None
        derive = torch.ops.aten.convolution_backward
        if ctx.needs_input_grad[0]:
            to_features = derive(
                gradient, features, weight, None, *ctx.options, [True, False, False]
            )[0]
        if ctx.needs_input_grad[1]:
            first = torch.contiguous_format
            to_weight = derive(
                gradient.contiguous(memory_format=first),
                features.contiguous(memory_format=first),
                weight.contiguous(memory_format=first),
                None,
                *ctx.options,
                [False, True, False],
            )[1]
        if ctx.needs_input_grad[2]:
            to_bias = gradient.sum((0, 2, 3))
        return to_features, to_weight, to_bias, None
