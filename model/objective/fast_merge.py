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
        first = _rows(masks, matches.slots)
        if len(matches.sizes) == 1:
            return first
        count = len(matches.slots)
        owners = matches.owners[count:]
        others = _rows(masks, matches.members[count:])  # (P - M, h, w)
        merged = first.clone().index_reduce_(0, owners, others, "amax")
        # Of equal members the first wins: the lowest rank among those that did not lose.
        ranks = _ranks(matches)[count:]
        last = torch.iinfo(ranks.dtype).max
        winner = torch.zeros_like(first, dtype=ranks.dtype).masked_fill_(first < merged, last)
        lost = others < merged.index_select(0, owners)
        winner.index_reduce_(0, owners, torch.where(lost, last, ranks), "amin")
        ctx.save_for_backward(winner)
        return merged

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        (of_merged,) = gradients
        of_masks = of_merged.new_zeros(ctx.shape)
        matches: Matches = ctx.matches
        if not ctx.saved_tensors:
            of_masks.flatten(0, 1).index_copy_(0, matches.slots, of_merged)
            return of_masks, None
        (winner,) = ctx.saved_tensors
        rows = matches.members.new_zeros(len(matches.slots), len(matches.sizes))
        rows[matches.owners, matches.ranks] = matches.members
        rows = rows.gather(1, winner.flatten(1).long())  # (M, h * w): the row that won each pixel
        of_masks.flatten(0, 1).flatten(1).scatter_(0, rows, of_merged.flatten(1))
        return of_masks, None


def _rows(masks: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Rows of a flattened batch, without flattening it, which would copy one layer of many."""
    count = masks.shape[1]
    return masks[rows // count, rows % count]


def _ranks(matches: Matches) -> torch.Tensor:
    """`Matches.ranks` as (P, 1, 1), in the smallest type, as there is one per pixel."""
    dtype = torch.uint8 if len(matches.sizes) < 256 else torch.int16
    return matches.ranks.to(dtype)[:, None, None]
