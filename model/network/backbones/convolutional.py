"""Convolutional and hierarchical backbones, with feature maps at strides 4, 8, 16 and 32."""

from functools import cache
from typing import Any

import timm
import torch
from torch import nn

from model.network.backbones.fast_frozen_norm import freeze_batch_norm
from model.network.config import BackboneConfig
from model.network.fast_convolution import speed_up
from model.network.padding import Padding
from o365seg.errors import InputError

STRIDES = (4, 8, 16, 32)


class ConvBackbone(nn.Module):
    """Any timm model that supports `features_only` at four strides: ResNet-50, ConvNeXt, Swin, ….

    Padding is set to zero before every convolution and pooling over neighbours, so that an image
    has the same features with and without padding. This holds for networks of convolutions,
    pointwise layers, and norms over channels or with frozen statistics. Layers over the whole map
    (squeeze-and-excitation, attention, batch norm in training) depend on the size of the padding,
    but not on its content.

    Attributes:
        net: timm's model, with timm's state keys.
        channels: Channels of the four maps, finest first.
    """

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        net = _create(config)
        self.channels: tuple[int, ...] = tuple(net.feature_info.channels())
        self.net: nn.Module = net
        self.freeze_norm = config.freeze_norm
        self._channels_last = getattr(net, "output_fmt", None) == "NHWC"  # Swin
        # Kept until the next forward pass: activation checkpointing needs it in the backward pass.
        self._padding: Padding | None = None
        if config.freeze_norm:
            freeze_batch_norm(self.net)
        speed_up(self.net)
        for module in self.net.modules():
            if getattr(module, "kernel_size", 1) not in (1, (1, 1)):
                module.register_forward_pre_hook(self._blank)

    def train(self, mode: bool = True) -> "ConvBackbone":
        """Set the mode; frozen norms stay frozen."""
        super().train(mode)
        if self.freeze_norm:
            for module in self.net.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        return self

    def forward(self, images: torch.Tensor, padding: Padding | None) -> list[torch.Tensor]:
        """Normalised (B, 3, H, W) images -> (B, channels[i], H / 4 / 2**i, W / 4 / 2**i)."""
        self._padding = padding
        features = self.net(images)
        if self._channels_last:
            features = [feature.permute(0, 3, 1, 2) for feature in features]
        return features

    def _blank(self, module: nn.Module, inputs: tuple[torch.Tensor]) -> tuple | None:
        return None if self._padding is None else (self._padding.blank(inputs[0]),)


def _create(config: BackboneConfig) -> Any:
    """A randomly initialised timm model with features at the four strides."""
    if not timm.is_model(config.name):
        raise InputError(f"timm has no model {config.name!r}", field="backbone.name")
    options = _size_options(config.name)
    if config.drop_path:
        options["drop_path_rate"] = config.drop_path
    try:
        net: Any = timm.create_model(config.name, features_only=True, **options)
        info = net.feature_info
        levels = [i for i, stride in enumerate(info.reduction()) if stride in STRIDES]
        if [info.reduction()[i] for i in levels] == list(STRIDES):
            return timm.create_model(
                config.name, features_only=True, out_indices=tuple(levels), **options
            )
    except (RuntimeError, TypeError, AttributeError, AssertionError) as error:
        raise InputError(
            f"timm's {config.name} has no feature maps: {str(error).splitlines()[0]}",
            field="backbone.name",
        ) from None
    raise InputError(
        f"timm's {config.name} has features at strides {info.reduction()}, not at {STRIDES}",
        field="backbone.name",
    )


@cache
def _fits(name: str, **options: Any) -> bool:
    """Whether a timm model, with those options, takes images of a size that it was not made for."""
    try:
        with torch.device("meta"):
            net = timm.create_model(name, features_only=True, **options)
            net(torch.empty(1, 3, 96, 128))
    except (RuntimeError, TypeError, AttributeError, AssertionError):
        return False
    return True


def _size_options(name: str) -> dict[str, Any]:
    """Options with which a timm model takes images of any size.

    Raises:
        InputError: there are none.
    """
    pretrained = timm.get_pretrained_cfg(name)
    if pretrained is None or not pretrained.fixed_input_size or _fits(name):
        return {}
    if _fits(name, strict_img_size=False):
        return {"strict_img_size": False}
    raise InputError(
        f"timm's {name} takes images of {pretrained.input_size[1]} pixels only",
        field="backbone.name",
    )
