"""MERGE for the matched slots alone: the masks that a loss needs, and no others.

`merge.merge_masks` builds all N slots. Of those a loss looks at the matched ones, a fifth or so;
here only their members are read, and what is kept for the way back is a byte a pixel that says
which member won (and nothing at all where no slot has two).
"""

from typing import Any

import torch

from model.matching import Matches


def matched_masks(masks: torch.Tensor, matches: Matches) -> torch.Tensor:
    """Eq. 1 for the matched slots.

    Args:
        masks: (B, N, h, w) float, the mask logits of any layer, before MERGE.
        matches: Of B times N proposals.

    Returns:
        (M, h, w), differentiable in `masks`: the gradient goes to the member that won, the first
        of equals.
    """
    return _GroupMaximum.apply(masks, matches)  # type: ignore[return-value]


class _GroupMaximum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, masks: torch.Tensor, matches: Matches) -> torch.Tensor:
        merged = _rows(masks, matches.slots)
        ctx.matches, ctx.shape = matches, masks.shape
        if len(matches.sizes) == 1:
            return merged
        rank_dtype = torch.uint8 if len(matches.sizes) <= 256 else torch.int16
        winner = torch.zeros_like(merged, dtype=rank_dtype)
        for rank, (members, owners) in enumerate(_ranks(matches)):
            if rank:
                challenger = _rows(masks, members)
                holder = merged.index_select(0, owners)
                beaten = challenger > holder
                merged.index_copy_(0, owners, torch.maximum(holder, challenger))
                winner.index_copy_(0, owners, winner[owners].masked_fill_(beaten, rank))
        ctx.save_for_backward(winner)
        return merged

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        (of_merged,) = gradients
        of_masks = of_merged.new_zeros(ctx.shape)
        rows = of_masks.flatten(0, 1)
        if not ctx.saved_tensors:
            rows.index_copy_(0, ctx.matches.slots, of_merged)
            return of_masks, None
        (winner,) = ctx.saved_tensors
        for rank, (members, owners) in enumerate(_ranks(ctx.matches)):
            lost = winner[owners] != rank
            rows.index_copy_(0, members, of_merged[owners].masked_fill_(lost, 0))
        return of_masks, None


def _rows(masks: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Rows of a flattened batch, which is not flattened: the masks of one of many layers that lie
    in one tensor would be copied whole."""
    count = masks.shape[1]
    return masks[rows // count, rows % count]


def _ranks(matches: Matches) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Members and the pairs they belong to: all first members, all second members, …"""
    sizes = list(matches.sizes)
    return list(zip(matches.members.split(sizes), matches.owners.split(sizes), strict=True))
