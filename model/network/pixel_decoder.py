"""The pixel decoder of convolutional backbones: a transformer encoder and a feature pyramid.

MaskFormer's, with layer norm and GELU (section 4); design notes A2–A5.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from model.network.attention import Attention, Feedforward, init_transformer, sine_positions
from model.network.fast_convolution import Conv2d
from model.network.padding import Padding


@dataclass(frozen=True)
class PixelFeatures:
    """The output of a pixel decoder.

    Attributes:
        levels: (B, C, H / 32, W / 32), (B, C, H / 16, W / 16), (B, C, H / 8, W / 8): the maps that
            the transformer decoder attends to, in this order.
        mask_features: (B, C, H / 4, W / 4), F of section 3.1.
    """

    levels: tuple[torch.Tensor, torch.Tensor, torch.Tensor]
    mask_features: torch.Tensor


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of a (B, C, h, w) map at each position ("LN" of detectron2)."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=1e-6)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """(B, C, h, w) -> the same, normalised; no copy where the input is channels-last."""
        return super().forward(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def conv_norm(channels_in: int, channels: int, kernel: int) -> nn.Sequential:
    """A convolution without bias, followed by a norm (whose shift replaces the bias)."""
    convolution = Conv2d(channels_in, channels, kernel, padding=kernel // 2, bias=False)
    nn.init.kaiming_uniform_(convolution.weight, a=1)
    return nn.Sequential(convolution, ChannelNorm(channels))


class EncoderLayer(nn.Module):
    """A post-norm transformer encoder layer with positions added to queries and keys (DETR)."""

    def __init__(
        self, hidden_dim: int, num_heads: int, dim_feedforward: int, dropout: float
    ) -> None:
        super().__init__()
        self.attention = Attention(hidden_dim, num_heads)
        self.attention_norm = nn.LayerNorm(hidden_dim)
        self.feedforward = Feedforward(hidden_dim, dim_feedforward, dropout)
        self.feedforward_norm = nn.LayerNorm(hidden_dim)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, tokens: torch.Tensor, positions: torch.Tensor, mask: torch.Tensor | None
    ) -> torch.Tensor:
        """(B, L, C) -> (B, L, C); `mask` as `Attention` takes it."""
        positioned = tokens + positions
        tokens = tokens + self.dropout(self.attention(positioned, positioned, tokens, mask))
        tokens = self.attention_norm(tokens)
        tokens = tokens + self.dropout(self.feedforward(tokens))
        return self.feedforward_norm(tokens)


class PixelDecoder(nn.Module):
    """Encoder layers on the coarsest map, then a feature pyramid down to stride 4.

    Args:
        channels: Channels of the backbone's maps, finest first.
        hidden_dim: Channels of the outputs.
        num_heads: Attention heads.
        dim_feedforward: Hidden channels of the encoder's feedforward networks.
        layers: Encoder layers.
        dropout: Dropout in the encoder.
    """

    def __init__(
        self,
        channels: Sequence[int],
        hidden_dim: int,
        num_heads: int,
        dim_feedforward: int,
        layers: int,
        dropout: float,
    ) -> None:
        super().__init__()
        *finer, coarsest = channels
        self.project = Conv2d(coarsest, hidden_dim, 1)
        nn.init.kaiming_uniform_(self.project.weight, a=1)
        self.encoder = nn.ModuleList(
            EncoderLayer(hidden_dim, num_heads, dim_feedforward, dropout) for _ in range(layers)
        )
        init_transformer(self.encoder)
        self.laterals = nn.ModuleList(conv_norm(c, hidden_dim, 1) for c in reversed(finer))
        self.outputs = nn.ModuleList(conv_norm(hidden_dim, hidden_dim, 3) for _ in channels)
        self.mask_features = Conv2d(hidden_dim, hidden_dim, 3, padding=1)
        nn.init.kaiming_uniform_(self.mask_features.weight, a=1)

    def forward(self, features: Sequence[torch.Tensor], padding: Padding | None) -> PixelFeatures:
        """The backbone's four maps, finest first -> levels and mask features."""
        *finer, coarsest = features
        pyramid = [self._smooth(0, self._encode(self.project(coarsest), padding), padding)]
        for i, feature in enumerate(reversed(finer)):
            upsampled = F.interpolate(pyramid[-1], scale_factor=2.0, mode="nearest")
            pyramid.append(self._smooth(i + 1, self.laterals[i](feature) + upsampled, padding))
        coarse, middle, fine, finest = pyramid
        finest = finest if padding is None else padding.blank(finest)
        return PixelFeatures((coarse, middle, fine), self.mask_features(finest))

    def _encode(self, features: torch.Tensor, padding: Padding | None) -> torch.Tensor:
        """The transformer encoder over the coarsest map's cells: (B, C, h, w) -> the same."""
        positions = sine_positions(features, padding)
        mask = None
        if padding is not None:
            mask = padding.inside(*features.shape[-2:]).flatten(1)[:, None, None]  # (B, 1, 1, L)
        tokens = features.flatten(2).transpose(1, 2)  # (B, L, C)
        for layer in self.encoder:
            tokens = layer(tokens, positions, mask)
        return tokens.transpose(1, 2).unflatten(2, features.shape[-2:])

    def _smooth(self, i: int, features: torch.Tensor, padding: Padding | None) -> torch.Tensor:
        """Level i's 3 x 3 convolution, norm and GELU."""
        features = features if padding is None else padding.blank(features)
        return F.gelu(self.outputs[i](features))
