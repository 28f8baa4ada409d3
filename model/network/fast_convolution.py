"""Convolution with a fast backward pass on a CPU.

Channels-last, oneDNN computes outputs and gradients of inputs at the processor's peak on AVX2, but
the gradient of the weights four to seven times slower (1.7 s against 0.25 s for 256 channels,
3 x 3, on 128 x 128). So only that gradient is computed otherwise: as one matrix product for each
position in the kernel, or, for few channels or a stride, from channels-first copies. A 1 x 1
convolution is one matrix product for the whole batch; PyTorch's own has one for each image.
`torch.nn.functional.conv2d` is the reference.
"""

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

_WIDE = 64  # channels from which products by position beat oneDNN's channels-first


class Conv2d(nn.Conv2d):
    """`nn.Conv2d`, computed by `conv2d`."""

    def _conv_forward(
        self, input: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None
    ) -> torch.Tensor:
        if self.padding_mode != "zeros" or isinstance(self.padding, str):
            return super()._conv_forward(input, weight, bias)
        return conv2d(input, weight, bias, self.stride, self.padding, self.dilation, self.groups)


def speed_up(net: nn.Module) -> None:
    """Make every plain `nn.Conv2d` of `net` a `Conv2d`, in place."""
    for module in net.modules():
        if type(module) is nn.Conv2d:
            module.__class__ = Conv2d


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
    # Autocast casts the arguments of PyTorch's functions only.
    casting = torch.is_autocast_enabled("cpu")
    if groups > 1 or casting or not training_on_cpu or torch.compiler.is_compiling():
        return F.conv2d(features, weight, bias, stride, padding, dilation, groups)
    pointwise = (*weight.shape[-2:], *stride, *padding) == (1, 1, 1, 1, 0, 0)
    if pointwise:
        result = _Pointwise.apply(features, weight, bias)
    else:
        result = _Convolution.apply(features, weight, bias, stride, padding, dilation)
    assert isinstance(result, torch.Tensor)
    return result


class _Pointwise(torch.autograd.Function):
    """A 1 x 1 convolution as products over the pixels of the batch."""

    @staticmethod
    def forward(
        ctx: Any, features: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None
    ) -> torch.Tensor:
        ctx.save_for_backward(features, weight)
        return _product(features, weight.flatten(1).T, bias)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple:
        features, weight = ctx.saved_tensors
        (gradient,) = gradients
        to_features = to_weight = to_bias = None
        if ctx.needs_input_grad[0]:
            to_features = _product(gradient, weight.flatten(1), None)
        if ctx.needs_input_grad[1]:
            to_weight = (_pixels(gradient).T @ _pixels(features)).view_as(weight)
        if ctx.needs_input_grad[2]:
            to_bias = _pixels(gradient).sum(0)
        return to_features, to_weight, to_bias


def _product(
    features: torch.Tensor, matrix: torch.Tensor, bias: torch.Tensor | None
) -> torch.Tensor:
    """(B, C, h, w), (C, D) and (D,) -> (B, D, h, w), channels-last.

    It is written where it stays: autograd allows no change in place, such as that of a ReLU, of a
    view that a function of ours returns.
    """
    batch, _, height, width = features.shape
    shape = batch, matrix.shape[1], height, width
    result = torch.empty(shape, dtype=features.dtype, memory_format=torch.channels_last)
    if bias is None:
        torch.mm(_pixels(features), matrix, out=_pixels(result))
    else:
        torch.addmm(bias, _pixels(features), matrix, out=_pixels(result))
    return result


def _pixels(features: torch.Tensor) -> torch.Tensor:
    """(B, C, h, w) -> (B * h * w, C), a view of a channels-last map."""
    return features.permute(0, 2, 3, 1).reshape(-1, features.shape[1])


class _Convolution(torch.autograd.Function):
    """The convolution, with a backward pass in two parts."""

    @staticmethod
    def forward(
        ctx: Any,
        features: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        stride: tuple[int, ...],
        padding: tuple[int, ...],
        dilation: tuple[int, ...],
    ) -> torch.Tensor:
        ctx.save_for_backward(features, weight)
        ctx.options = stride, padding, dilation, False, [0, 0], 1
        return torch.ops.aten.convolution(features, weight, bias, *ctx.options)

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
            stride, padding, dilation = ctx.options[:3]
            dense = (*stride, *dilation) == (1, 1, 1, 1)
            if dense and min(weight.shape[:2]) >= _WIDE:
                to_weight = _weight_gradient(gradient, features, weight.shape, padding)
            else:
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
        return to_features, to_weight, to_bias, None, None, None


def _weight_gradient(
    gradient: torch.Tensor,
    features: torch.Tensor,
    shape: torch.Size,
    padding: tuple[int, ...],
) -> torch.Tensor:
    """The gradient of (C_out, C_in, k, l) weights at stride 1, a product for each (k, l).

    Both maps are padded to the same rows and columns, so that with all pixels in one row, those
    that a position of the kernel joins are the same distance apart everywhere.
    """
    outputs, inputs, height, width = shape
    tall, wide = padding
    maps = F.pad(features.permute(0, 2, 3, 1), (0, 0, wide, wide, tall, tall))
    rows, columns = maps.shape[1:3]
    right, below = columns - gradient.shape[3], rows - gradient.shape[2]
    slopes = F.pad(gradient.permute(0, 2, 3, 1), (0, 0, 0, right, 0, below))
    maps, slopes = maps.reshape(-1, inputs), slopes.reshape(-1, outputs)
    count = len(maps) - (height - 1) * columns - (width - 1)  # the rest of `slopes` is zero
    slopes = slopes[:count].T
    products = features.new_empty(height, width, outputs, inputs)
    for row in range(height):
        for column in range(width):
            first = row * columns + column
            torch.mm(slopes, maps[first : first + count], out=products[row, column])
    return products.permute(2, 3, 0, 1)
