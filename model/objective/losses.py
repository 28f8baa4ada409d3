"""The losses of section 3.5, one value a mask: focal, dice, projection; and the classification's.

Focal and dice follow MaskFormer's criterion (which the paper cites for both), the projection loss
follows BoxInst's, whose dice has squares. All take mask logits before the sigmoid and come in the
precision of their input, half precision raised to single.
"""

from typing import Any

import torch
from torch.nn import functional

FOCAL_ALPHA = 0.25
FOCAL_GAMMA = 2

_PROJECTION_EPSILON = 1e-5  # BoxInst's


def focal_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Focal binary cross-entropy (RetinaNet's, alpha 0.25, gamma 2), mean over the pixels.

    Args:
        logits: (M, P) float.
        targets: (M, P) bool.

    Returns:
        (M,), ≥ 0.
    """
    logits = _full_precision(logits)
    signed = torch.where(targets, logits, -logits)  # large where the prediction is right
    wrong = torch.sigmoid(-signed)
    alpha = torch.where(targets, FOCAL_ALPHA, 1 - FOCAL_ALPHA)
    return (alpha * wrong**FOCAL_GAMMA * functional.softplus(-signed)).mean(-1)


def dice_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """1 - (2 Σpt + 1) / (Σp + Σt + 1): dice without squares, smoothed by one (MaskFormer).

    Args:
        logits: (M, P) float.
        targets: (M, P) bool.

    Returns:
        (M,), 0 to 1.
    """
    chances = torch.sigmoid(_full_precision(logits))
    targets = targets.to(chances.dtype)
    overlap = (chances * targets).sum(-1)
    return 1 - (2 * overlap + 1) / (chances.sum(-1) + targets.sum(-1) + 1)


def projection_loss(
    logits: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor
) -> torch.Tensor:
    """Eq. 3: how far a mask's shadows on the two axes are from its box's.

    A shadow is the maximum along the other axis; it is taken of the logits, as the sigmoid rises.

    Args:
        logits: (M, h, w) float.
        rows: (M, h) bool, those that the box covers.
        columns: (M, w) bool, likewise.

    Returns:
        (M,), 0 to 2: about 0 where the mask reaches all borders of its box and stays inside.
    """
    logits = _full_precision(logits)
    return shadow_loss(logits.amax(-1), rows) + shadow_loss(logits.amax(-2), columns)


def shadow_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """1 - 2 Σpt / (Σp² + Σt²): dice with squares (BoxInst), for one axis of Eq. 3.

    Args:
        logits: (M, L) float, maxima along the other axis.
        targets: (M, L) bool.

    Returns:
        (M,), 0 to 1.
    """
    chances = torch.sigmoid(_full_precision(logits))
    targets = targets.to(chances.dtype)
    squares = (chances**2).sum(-1) + targets.sum(-1) + _PROJECTION_EPSILON
    return 1 - 2 * (chances * targets).sum(-1) / squares


def shadow_loss_of_pairs(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """`shadow_loss` of each of N shadows, (N, L), with each of G, (G, L): (N, G)."""
    chances = torch.sigmoid(_full_precision(logits))
    targets = targets.to(chances.dtype)
    squares = (chances**2).sum(-1)[:, None] + targets.sum(-1) + _PROJECTION_EPSILON
    return 1 - 2 * (chances @ targets.T) / squares


def classification_loss(
    logits: torch.Tensor, labels: torch.Tensor, background_weight: float
) -> torch.Tensor:
    """Cross-entropy over K classes and the background, a weighted sum over the slots (DETR).

    Args:
        logits: (S, K + 1) float, the background's last.
        labels: (S,) int64: 0 to K, K for the background; -100 leaves a slot out.
        background_weight: What a slot of the background counts; any other counts 1.

    Returns:
        A scalar, ≥ 0; who calls divides by the sum of the weights.
    """
    logits = _full_precision(logits)
    weights = torch.ones_like(logits[0])
    weights[-1] = background_weight
    return functional.cross_entropy(logits, labels, weights, reduction="sum")


def mask_losses(logits: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """`focal_loss` and `dice_loss` together, in a fraction of their memory.

    Autograd would keep eight arrays of the masks' size for the way back; this keeps the logits
    and the targets, which live anyway, and works the sigmoid out again.

    Args:
        logits: (M, P) float.
        targets: (M, P) bool.

    Returns:
        Both (M,).
    """
    return _MaskLosses.apply(logits, targets)  # type: ignore[return-value]


class _MaskLosses(torch.autograd.Function):
    """Focal and dice by hand. With u = logit or -logit, large where right, and q = 1 - σ(u):

    focal's term is f = α q² L with L = softplus(-u), so df/du = -α q² (2 (1 - q) L + q).
    """

    @staticmethod
    def forward(ctx: Any, logits: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, ...]:
        exact = _full_precision(logits)
        sums = targets.sum(-1, dtype=exact.dtype)
        chances = torch.sigmoid(exact)
        total = chances.sum(-1) + sums + 1
        overlap = chances.masked_fill_(~targets, 0).sum(-1)
        dice = 1 - (2 * overlap + 1) / total
        wrong, loss, alpha = _focal_parts(exact, targets)
        focal = loss.mul_(wrong).mul_(wrong).mul_(alpha).mean(-1)
        ctx.save_for_backward(logits, targets, total, 2 * overlap + 1)
        return focal, dice

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        logits, targets, total, doubled = ctx.saved_tensors
        of_focal, of_dice = gradients
        exact = _full_precision(logits)
        wrong, loss, alpha = _focal_parts(exact, targets)
        # df/du up to its sign, then turned into df/dlogit by the sign of u.
        slope = loss.mul_(2 * (1 - wrong)).add_(wrong).mul_(wrong).mul_(wrong).mul_(alpha)
        slope.mul_(of_focal[:, None] / max(logits.shape[-1], 1))
        slope = torch.where(targets, -slope, slope)
        # d(dice)/dp = (2a + 1) / total² - 2t / total, and dp/dlogit = p (1 - p) = q (1 - q).
        outside = of_dice * doubled / total**2
        inside = outside - 2 * of_dice / total
        bend = torch.where(targets, inside[:, None], outside[:, None])
        slope.addcmul_(bend, wrong.mul_(1 - wrong))
        return slope.to(logits.dtype), None


def _focal_parts(
    logits: torch.Tensor, targets: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """q, softplus(-u) and α of `_MaskLosses`, each (M, P)."""
    against = torch.where(targets, -logits, logits)  # -u
    alpha = torch.where(targets, FOCAL_ALPHA, 1 - FOCAL_ALPHA)
    return torch.sigmoid(against), functional.softplus(against), alpha


def _full_precision(values: torch.Tensor) -> torch.Tensor:
    return values if values.dtype == torch.float64 else values.float()
