"""Focal and dice loss in one function that stores little for the backward pass.

Autograd would store eight tensors of the masks' size for `losses.focal_loss` and
`losses.dice_loss`, which are the reference. This stores the logits and the targets, which exist
anyway, and computes the sigmoid again.
"""

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

from model.objective.losses import FOCAL_ALPHA, full_precision


def mask_losses(logits: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """`losses.focal_loss` and `losses.dice_loss`, with less memory.

    Args:
        logits: (M, P) float.
        targets: (M, P) bool.

    Returns:
        Focal and dice loss, (M,) each.
    """
    return _MaskLosses.apply(logits, targets)  # type: ignore[return-value]


class _MaskLosses(torch.autograd.Function):
    """Both losses with their derivatives.

    Let u be the logit inside the target and -logit outside, and q = 1 - σ(u). The focal term is
    f = α q² L with L = softplus(-u), so df/du = -α q² (2 (1 - q) L + q).
    """

    @staticmethod
    def forward(ctx: Any, logits: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, ...]:
        exact = full_precision(logits)
        sums = targets.sum(-1, dtype=exact.dtype)
        probs = torch.sigmoid(exact)
        total = probs.sum(-1) + sums + 1
        overlap = probs.masked_fill_(~targets, 0).sum(-1)
        dice = 1 - (2 * overlap + 1) / total
        wrong, loss, alpha = _focal_terms(exact, targets)
        focal = loss.mul_(wrong).mul_(wrong).mul_(alpha).mean(-1)
        ctx.save_for_backward(logits, targets, total, 2 * overlap + 1)
        return focal, dice

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        logits, targets, total, doubled = ctx.saved_tensors
        of_focal, of_dice = gradients
        exact = full_precision(logits)
        wrong, loss, alpha = _focal_terms(exact, targets)
        # df/du without its sign, then df/dlogit with the sign of u.
        slope = loss.mul_(2 * (1 - wrong)).add_(wrong).mul_(wrong).mul_(wrong).mul_(alpha)
        slope.mul_(of_focal[:, None] / max(logits.shape[-1], 1))
        slope = torch.where(targets, -slope, slope)
        # d(dice)/dp = (2a + 1) / total² - 2t / total, and dp/dlogit = p (1 - p) = q (1 - q).
        outside = of_dice * doubled / total**2
        inside = outside - 2 * of_dice / total
        bend = torch.where(targets, inside[:, None], outside[:, None])
        slope.addcmul_(bend, wrong.mul_(1 - wrong))
        return slope.to(logits.dtype), None


def _focal_terms(
    logits: torch.Tensor, targets: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """q, softplus(-u) and α of `_MaskLosses`, each (M, P)."""
    against = torch.where(targets, -logits, logits)  # -u
    alpha = torch.where(targets, FOCAL_ALPHA, 1 - FOCAL_ALPHA)
    return torch.sigmoid(against), F.softplus(against), alpha
