"""ViTDet: a plain vision transformer with windowed attention.

Li et al., "Exploring plain vision transformer backbones for object detection"; detectron2's
configurations of it (design note A14). Parameters are named as MAE's and timm's ViTs name theirs.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from timm.layers.drop import DropPath
from timm.layers.mlp import Mlp
from torch import nn

from model.network.backbones.feature_pyramid import SimpleFeaturePyramid
from model.network.config import BackboneConfig

_PATCH = 16
_WINDOW = 14
PRETRAINED_GRID = 14  # MAE's 224 pixels in patches of 16


@dataclass(frozen=True)
class ViTSize:
    """Size of a transformer, and the indices of its blocks with global attention."""

    hidden_dim: int
    depth: int
    num_heads: int
    global_blocks: tuple[int, ...]


SIZES = {
    "vitdet_b": ViTSize(768, 12, 12, (2, 5, 8, 11)),
    "vitdet_l": ViTSize(1024, 24, 16, (5, 11, 17, 23)),
    "vitdet_tiny": ViTSize(48, 4, 3, (1, 3)),  # for tests
}


class WindowAttention(nn.Module):
    """Self-attention on a grid of tokens with decomposed relative positions (MViTv2, eq. 4).

    Args:
        hidden_dim: Channels.
        num_heads: Attention heads.
        grid: Rows and columns for which relative positions are learned; for another size they are
            resized linearly.
    """

    def __init__(self, hidden_dim: int, num_heads: int, grid: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.proj = nn.Linear(hidden_dim, hidden_dim)
        self.rel_pos_h = nn.Parameter(torch.zeros(2 * grid - 1, hidden_dim // num_heads))
        self.rel_pos_w = nn.Parameter(torch.zeros(2 * grid - 1, hidden_dim // num_heads))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """(B, h, w, C) -> the same."""
        _, height, width, _ = tokens.shape
        split = self.qkv(tokens.flatten(1, 2)).unflatten(2, (3, self.num_heads, -1))
        query, key, value = split.permute(2, 0, 3, 1, 4).unbind(0)  # (B, heads, L, C / heads)
        grid = query.unflatten(2, (height, width))
        rows = torch.einsum("bnhwc,hkc->bnhwk", grid, _relative(self.rel_pos_h, height))
        columns = torch.einsum("bnhwc,wkc->bnhwk", grid, _relative(self.rel_pos_w, width))
        bias = rows[..., :, None] + columns[..., None, :]  # (B, heads, h, w, h, w)
        attended = F.scaled_dot_product_attention(
            query, key, value, attn_mask=bias.flatten(4).flatten(2, 3)
        )
        return self.proj(attended.transpose(1, 2).flatten(2)).unflatten(1, (height, width))


def _relative(table: torch.Tensor, size: int) -> torch.Tensor:
    """(2 * grid - 1, C) learned offsets -> (size, size, C) for each query and key coordinate."""
    if len(table) != 2 * size - 1:
        resized = F.interpolate(table.T[None], size=2 * size - 1, mode="linear")
        table = resized[0].T
    position = torch.arange(size, device=table.device)
    return table[position[:, None] - position + size - 1]


class Block(nn.Module):
    """A pre-norm transformer block, its attention within windows or over the whole grid."""

    def __init__(self, size: ViTSize, windowed: bool, grid: int, drop_path: float) -> None:
        super().__init__()
        self.windowed = windowed
        self.norm1 = nn.LayerNorm(size.hidden_dim, eps=1e-6)
        self.attn = WindowAttention(size.hidden_dim, size.num_heads, _WINDOW if windowed else grid)
        self.norm2 = nn.LayerNorm(size.hidden_dim, eps=1e-6)
        self.mlp = Mlp(size.hidden_dim, 4 * size.hidden_dim)
        self.drop_path = DropPath(drop_path)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """(B, h, w, C) -> the same."""
        normed = self.norm1(tokens)
        attended = _in_windows(normed, self.attn) if self.windowed else self.attn(normed)
        tokens = tokens + self.drop_path(attended)
        return tokens + self.drop_path(self.mlp(self.norm2(tokens)))


def _in_windows(tokens: torch.Tensor, attention: nn.Module) -> torch.Tensor:
    """Attend within windows of 14 x 14, the grid padded with zeros to whole windows."""
    _, height, width, _ = tokens.shape
    padded = F.pad(tokens, (0, 0, 0, -width % _WINDOW, 0, -height % _WINDOW))
    windows = padded.unflatten(2, (-1, _WINDOW)).unflatten(1, (-1, _WINDOW))
    windows = windows.transpose(2, 3)  # (B, rows, columns, 14, 14, C)
    counts = windows.shape[:3]
    attended = attention(windows.flatten(0, 2)).unflatten(0, counts)
    return attended.transpose(2, 3).flatten(3, 4).flatten(1, 2)[:, :height, :width]


class ViT(nn.Module):
    """The plain transformer, without its class token and final norm."""

    def __init__(self, size: ViTSize, grid: int, drop_path: float) -> None:
        super().__init__()
        self.pos_embed = nn.Parameter(
            nn.init.trunc_normal_(torch.empty(1, PRETRAINED_GRID**2, size.hidden_dim), std=0.02)
        )
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, size.hidden_dim, _PATCH, _PATCH)})
        self.blocks = nn.Sequential(
            *(
                Block(
                    size,
                    windowed=i not in size.global_blocks,
                    grid=grid,
                    drop_path=drop_path * i / max(size.depth - 1, 1),
                )
                for i in range(size.depth)
            )
        )
        for module in self.blocks.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) -> (B, C, H / 16, W / 16)."""
        tokens = self.patch_embed["proj"](images).permute(0, 2, 3, 1)
        pretrained = self.pos_embed.unflatten(1, (PRETRAINED_GRID, PRETRAINED_GRID))
        positions = F.interpolate(
            pretrained.permute(0, 3, 1, 2),
            size=tokens.shape[1:3],
            mode="bicubic",
            align_corners=False,
        )
        return self.blocks(tokens + positions.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def resize_positions(positions: torch.Tensor, grid: int) -> torch.Tensor:
    """Positions of a square grid of tokens, resized bicubically, without a class token's.

    Args:
        positions: (1, L, C) or (1, 1 + L, C) with L a square.
        grid: Rows and columns wanted.

    Returns:
        (1, grid * grid, C).
    """
    rows = int(positions.shape[1] ** 0.5)  # a class token more does not make another square
    positions = positions[:, -rows * rows :]
    if rows == grid:
        return positions
    square = positions.unflatten(1, (rows, rows)).permute(0, 3, 1, 2)
    resized = F.interpolate(square, size=(grid, grid), mode="bicubic", align_corners=False)
    return resized.flatten(2).transpose(1, 2)


class ViTDet(SimpleFeaturePyramid):
    """The transformer with its simple feature pyramid.

    Args:
        config: `name` and `drop_path` are used.
        hidden_dim: Channels of the outputs.
        grid: Rows of tokens at the training size (1024 pixels: 64), for which the global blocks
            learn relative positions.
    """

    def __init__(self, config: BackboneConfig, hidden_dim: int, grid: int = 64) -> None:
        size = SIZES[config.name]
        super().__init__(ViT(size, grid, config.drop_path), size.hidden_dim, hidden_dim)
