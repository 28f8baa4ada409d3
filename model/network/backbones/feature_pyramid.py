"""The simple feature pyramid of a plain transformer: backbone and pixel decoder in one.

Li et al., "Exploring plain vision transformer backbones for object detection"; detectron2's
configurations of it (design note A14).
"""

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from model.network.padding import Padding
from model.network.pixel_decoder import ChannelNorm, PixelFeatures


class SimpleFeaturePyramid(nn.Module):
    """A transformer with feature maps at stride 16, and four scales computed from its last map.

    Attention includes padding, as in the original, so an image's features depend on how far it is
    padded, but not on the content of the padding.

    Args:
        net: The transformer; its layers are `net.blocks`.
        channels: Channels of its feature map.
        hidden_dim: Channels of the outputs.
    """

    def __init__(self, net: nn.Module, channels: int, hidden_dim: int) -> None:
        super().__init__()
        self.net: Any = net
        self.scales = nn.ModuleList(
            (
                nn.Sequential(
                    nn.ConvTranspose2d(channels, channels // 2, 2, 2),
                    ChannelNorm(channels // 2),
                    nn.GELU(),
                    nn.ConvTranspose2d(channels // 2, channels // 4, 2, 2),
                ),
                nn.ConvTranspose2d(channels, channels // 2, 2, 2),
                nn.Identity(),
                nn.MaxPool2d(2),
            )
        )
        channels_of_levels = (channels // 4, channels // 2, channels, channels)
        self.outputs = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(c, hidden_dim, 1, bias=False),
                ChannelNorm(hidden_dim),
                nn.Conv2d(hidden_dim, hidden_dim, 3, padding=1, bias=False),
                ChannelNorm(hidden_dim),
            )
            for c in channels_of_levels
        )

    @property
    def depth(self) -> int:
        """The transformer's number of layers."""
        return len(self.net.blocks)

    def feature_map(self, images: torch.Tensor) -> torch.Tensor:
        """Normalised (B, 3, H, W) images -> (B, channels, H / 16, W / 16)."""
        return self.net(images)

    def forward(self, images: torch.Tensor, padding: Padding | None) -> PixelFeatures:
        """Normalised (B, 3, H, W) images -> levels, and their sum at stride 4 (section 4)."""
        features = self.feature_map(images)
        maps = [out(scale(features)) for scale, out in zip(self.scales, self.outputs, strict=True)]
        finest = maps[0]
        total = finest
        for coarser in maps[1:]:
            total = total + F.interpolate(
                coarser, size=finest.shape[-2:], mode="bilinear", align_corners=False
            )
        return PixelFeatures((maps[3], maps[2], maps[1]), total)
