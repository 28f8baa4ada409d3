"""The transformer decoder with masked attention: Mask2Former's, as in appendix E (A6–A9)."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from model.network.attention import Attention, Feedforward, init_transformer, sine_positions
from model.network.config import DaTaSegConfig
from model.network.heads import Heads
from model.network.outputs import Outputs, Proposals
from model.network.padding import Padding
from model.network.pixel_decoder import PixelFeatures

_LEVELS = 3


class DecoderLayer(nn.Module):
    """Cross-attention to a level, self-attention among the queries, feedforward; post-norm."""

    def __init__(
        self, hidden_dim: int, num_heads: int, dim_feedforward: int, dropout: float
    ) -> None:
        super().__init__()
        self.cross = Attention(hidden_dim, num_heads)
        self.cross_norm = nn.LayerNorm(hidden_dim)
        self.self_attention = Attention(hidden_dim, num_heads)
        self.self_norm = nn.LayerNorm(hidden_dim)
        self.feedforward = Feedforward(hidden_dim, dim_feedforward, dropout)
        self.feedforward_norm = nn.LayerNorm(hidden_dim)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        queries: torch.Tensor,
        query_positions: torch.Tensor,
        keys: torch.Tensor,
        values: torch.Tensor,
        mask: torch.Tensor | None,
    ) -> torch.Tensor:
        """Refine (B, N, C) queries by (B, L, C) keys and values under a (B, 1, N or 1, L) mask."""
        crossed = self.cross(queries + query_positions, keys, values, mask)
        queries = self.cross_norm(queries + self.dropout(crossed))
        positioned = queries + query_positions
        related = self.self_attention(positioned, positioned, queries)
        queries = self.self_norm(queries + self.dropout(related))
        return self.feedforward_norm(queries + self.dropout(self.feedforward(queries)))


class Decoder(nn.Module):
    """Learned queries through the decoder layers; layer i attends to level i % 3.

    Args:
        config: The network's configuration.
    """

    def __init__(self, config: DaTaSegConfig) -> None:
        super().__init__()
        hidden_dim = config.hidden_dim
        self.queries = nn.Parameter(torch.randn(config.num_queries, hidden_dim))
        self.query_positions = nn.Parameter(torch.randn(config.num_queries, hidden_dim))
        modules = config.dataset_modules
        self.own_queries = self.own_positions = None
        if modules is not None and modules.num_queries:
            own = (len(modules.datasets), modules.num_queries, hidden_dim)
            self.own_queries = nn.Parameter(torch.randn(own))
            self.own_positions = nn.Parameter(torch.randn(own))
        self.level_embeddings = nn.Parameter(torch.randn(_LEVELS, hidden_dim))
        self.layers = nn.ModuleList(
            DecoderLayer(hidden_dim, config.num_heads, config.dim_feedforward, config.dropout)
            for _ in range(config.decoder_layers)
        )
        init_transformer(self.layers)
        self.heads = Heads(config)

    def forward(
        self,
        features: PixelFeatures,
        text_embeddings: torch.Tensor,
        padding: Padding | None,
        dataset_index: int | None,
    ) -> Outputs:
        """Predict mask proposals: of every layer in training mode, otherwise of the last layer."""
        memories = [self._memory(i, level, padding) for i, level in enumerate(features.levels)]
        coarse_masks = [_at_level(features.mask_features, level) for level in features.levels]
        mask_features = features.mask_features.flatten(2)  # (B, C, h * w)
        grid = features.mask_features.shape[-2:]
        queries, positions = self._queries(len(mask_features), dataset_index)
        logits, embeddings = [], []
        mask = memories[0].inside
        for i, layer in enumerate(self.layers):
            memory = memories[i % _LEVELS]
            queries = layer(queries, positions, memory.keys, memory.values, mask)
            embedding = self.heads.mask_embeddings(i, queries)
            last = i + 1 == len(self.layers)
            if self.training or last:
                logits.append(self.heads.class_logits(i, queries, text_embeddings, dataset_index))
                embeddings.append(embedding)
            if not last:
                level = (i + 1) % _LEVELS
                mask = attention_mask(embedding, coarse_masks[level], memories[level].inside)
        # One product for all layers: a third of the time of one each, the backward pass above all.
        masks = torch.stack(embeddings, 1).flatten(1, 2) @ mask_features
        masks = masks.unflatten(1, (len(embeddings), -1)).unflatten(
            -1, grid
        )  # (B, layers, N, h, w)
        return Outputs(
            tuple(Proposals(*pair) for pair in zip(logits, masks.unbind(1), strict=True))
        )

    def _queries(self, batch: int, dataset_index: int | None) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, N, C) query features and positions; those of the data set follow the shared ones."""
        queries, positions = self.queries, self.query_positions
        if self.own_queries is not None and self.own_positions is not None:
            assert dataset_index is not None
            queries = torch.cat((queries, self.own_queries[dataset_index]))
            positions = torch.cat((positions, self.own_positions[dataset_index]))
        return queries.expand(batch, -1, -1), positions.expand(batch, -1, -1)

    def _memory(self, i: int, level: torch.Tensor, padding: Padding | None) -> "_Memory":
        """Level i as keys and values: tokens with a level embedding; positions on the keys."""
        values = level.flatten(2).transpose(1, 2) + self.level_embeddings[i]  # (B, L, C)
        inside = None
        if padding is not None:
            inside = padding.inside(*level.shape[-2:]).flatten(1)[:, None, None]  # (B, 1, 1, L)
        return _Memory(values + sine_positions(level, padding), values, inside)


@dataclass(frozen=True)
class _Memory:
    """One level as (B, L, C) keys and values, with a mask of the cells inside the images."""

    keys: torch.Tensor
    values: torch.Tensor
    inside: torch.Tensor | None  # (B, 1, 1, L) bool, None if nothing is padded be


def _at_level(mask_features: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
    """(B, C, L): the mask features resized to a level, detached.

    Resizing and the dot product are both linear, so masks computed from these equal resized masks,
    and no masks at stride 4 are computed for attention alone.
    """
    resized = F.interpolate(
        mask_features.detach(), size=level.shape[-2:], mode="bilinear", align_corners=False
    )
    return resized.flatten(2)


def attention_mask(
    embeddings: torch.Tensor, coarse_masks: torch.Tensor, inside: torch.Tensor | None
) -> torch.Tensor:
    """Where each query may attend: inside its own mask, or anywhere if that is empty (A8).

    Args:
        embeddings: (B, N, C) mask embeddings of the layer before.
        coarse_masks: (B, C, L) mask features at the level's resolution.
        inside: (B, 1, 1, L) bool, the cells that hold any of the image; None where all do.

    Returns:
        (B, 1, N, L) bool, no row all False. Not differentiated.
    """
    inner = (embeddings.detach() @ coarse_masks >= 0)[:, None]  # sigmoid(x) >= 0.5
    if inside is not None:
        inner = inner & inside
    empty = ~inner.any(dim=-1, keepdim=True)
    return inner | (empty if inside is None else empty & inside)
