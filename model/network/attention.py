"""Multi-head attention, feedforward networks and sine positions: parts of the transformers."""

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from model.network.padding import Padding


class Attention(nn.Module):
    """Multi-head attention, computed by `scaled_dot_product_attention`.

    Args:
        hidden_dim: Channels of queries, keys and values.
        num_heads: Attention heads; divides `hidden_dim`.
    """

    def __init__(self, hidden_dim: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.query = nn.Linear(hidden_dim, hidden_dim)
        self.key = nn.Linear(hidden_dim, hidden_dim)
        self.value = nn.Linear(hidden_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim, hidden_dim)

    def forward(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Attend.

        Args:
            query: (B, N, C).
            key: (B, L, C).
            value: (B, L, C).
            mask: bool, broadcast to (B, heads, N, L): True where a query may attend. No row may
                be all False.

        Returns:
            (B, N, C).
        """
        attended = F.scaled_dot_product_attention(
            self._split(self.query(query)),
            self._split(self.key(key)),
            self._split(self.value(value)),
            attn_mask=mask,
        )
        return self.out(attended.transpose(1, 2).flatten(2))

    def _split(self, tokens: torch.Tensor) -> torch.Tensor:
        """(B, L, C) -> (B, heads, L, C / heads)."""
        return tokens.unflatten(2, (self.num_heads, -1)).transpose(1, 2)


class Feedforward(nn.Sequential):
    """Linear, ReLU, Linear on the last dimension."""

    def __init__(self, hidden_dim: int, dim_feedforward: int, dropout: float) -> None:
        super().__init__(
            nn.Linear(hidden_dim, dim_feedforward),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(dim_feedforward, hidden_dim),
        )


def init_transformer(module: nn.Module) -> None:
    """Xavier-uniform matrices, as in DETR and Mask2Former."""
    for parameter in module.parameters():
        if parameter.dim() > 1:
            nn.init.xavier_uniform_(parameter)


def sine_positions(
    features: torch.Tensor, padding: Padding | None, temperature: float = 10_000.0
) -> torch.Tensor:
    """Two-dimensional sine positions of a feature map's cells (DETR, normalised form).

    Rows and columns are counted from 1 and divided by those of the image without its padding,
    so that an image has the same positions however it is padded.

    Args:
        features: (B, C, h, w), of which only shape, type and device matter; C a multiple of 4.
        padding: Where the images are; None where nothing is padded.
        temperature: Ratio of the longest to the shortest wavelength.

    Returns:
        (B or 1, h * w, C): first half rows, second half columns, sines and cosines interleaved.
    """
    _, channels, height, width = features.shape
    pairs = channels // 4
    device = features.device
    step = torch.arange(pairs, device=device, dtype=torch.float32)
    frequency = 2 * math.pi * temperature ** (-step / pairs)

    def encode(count: int, extent: torch.Tensor) -> torch.Tensor:
        position = torch.arange(1, count + 1, device=device, dtype=torch.float32)
        angle = (position / extent[:, None])[..., None] * frequency  # (B, count, pairs)
        return torch.stack((angle.sin(), angle.cos()), dim=-1).flatten(-2)

    if padding is None:
        extents = (torch.full((1,), side, device=device) for side in (height, width))
    else:
        extents = padding.extents(height, width).unbind(1)
    row_extent, column_extent = extents
    rows = encode(height, row_extent)[:, :, None].expand(-1, -1, width, -1)
    columns = encode(width, column_extent)[:, None].expand(-1, height, -1, -1)
    return torch.cat((rows, columns), dim=-1).flatten(1, 2).to(features.dtype)
