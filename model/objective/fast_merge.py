"""MERGE of the matched slots only, which are the masks that a loss needs.

`merge.merge_masks`, the reference, merges all N slots; a loss needs the matched ones, about a
fifth. Here only their members are read. For the backward pass one byte per pixel is stored: the
member with the maximum (nothing if no slot has two members).
"""

from typing import Any

import torch

from model.objective.matching import Matches


def matched_masks(masks: torch.Tensor, matches: Matches) -> torch.Tensor:
    """Eq. 1 for the matched slots.

    Args:
        masks: (B, N, h, w) float, the mask logits of any layer, before MERGE.
        matches: Of B times N proposals.

    Returns:
        (M, h, w), differentiable in `masks`: the gradient goes to the member with the maximum,
        the first one if several are equal.
    """
    return _GroupMaximum.apply(masks, matches)  # type: ignore[return-value]


class _GroupMaximum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, masks: torch.Tensor, matches: Matches) -> torch.Tensor:
        ctx.matches, ctx.shape = matches, masks.shape
        if len(matches.sizes) == 1:
            return _rows(masks, matches.slots)
        values = _rows(masks, matches.members)  # (P, h, w)
        grid = (len(matches.slots), *masks.shape[2:])
        merged = values.new_empty(grid)
        merged.index_reduce_(0, matches.owners, values, "amax", include_self=False)
        lost = values < merged.index_select(0, matches.owners)
        # Of equal members the first wins: the lowest rank among those that did not lose.
        ranks = _ranks(matches)
        contenders = ranks.expand_as(lost).masked_fill(lost, torch.iinfo(ranks.dtype).max)
        winner = contenders.new_empty(grid)
        winner.index_reduce_(0, matches.owners, contenders, "amin", include_self=False)
        ctx.save_for_backward(winner, ranks)
        return merged

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        (of_merged,) = gradients
        of_masks = of_merged.new_zeros(ctx.shape)
        rows = of_masks.flatten(0, 1)
        if not ctx.saved_tensors:
            rows.index_copy_(0, ctx.matches.slots, of_merged)
            return of_masks, None
        winner, ranks = ctx.saved_tensors
        owners = ctx.matches.owners
        lost = winner.index_select(0, owners) != ranks
        of_members = of_merged.index_select(0, owners).masked_fill_(lost, 0)
        rows.index_copy_(0, ctx.matches.members, of_members)
        return of_masks, None


def _rows(masks: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Rows of a flattened batch, without flattening it, which would copy one layer of many."""
    count = masks.shape[1]
    return masks[rows // count, rows % count]


def _ranks(matches: Matches) -> torch.Tensor:
    """`Matches.ranks` as (P, 1, 1), in the smallest type, as there is one per pixel."""
    dtype = torch.uint8 if len(matches.sizes) < 256 else torch.int16
    return matches.ranks.to(dtype)[:, None, None]
