"""The losses of section 3.5: focal, dice and projection loss of each mask, and cross-entropy.

Focal and dice loss follow MaskFormer's criterion (which the paper cites for both); the projection
loss follows BoxInst, whose dice has squares. All take mask logits before the sigmoid and return
the precision of their input, but single precision for half precision.
"""

import torch
import torch.nn.functional as F  # noqa: N812

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
    logits = full_precision(logits)
    signed = torch.where(targets, logits, -logits)  # large if the prediction is right
    wrong = torch.sigmoid(-signed)
    alpha = torch.where(targets, FOCAL_ALPHA, 1 - FOCAL_ALPHA)
    return (alpha * wrong**FOCAL_GAMMA * F.softplus(-signed)).mean(-1)


def dice_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """1 - (2 Σpt + 1) / (Σp + Σt + 1): dice without squares, smoothed by one (MaskFormer).

    Args:
        logits: (M, P) float.
        targets: (M, P) bool.

    Returns:
        (M,), 0 to 1.
    """
    probs = torch.sigmoid(full_precision(logits))
    targets = targets.to(probs.dtype)
    overlap = (probs * targets).sum(-1)
    return 1 - (2 * overlap + 1) / (probs.sum(-1) + targets.sum(-1) + 1)


def projection_loss(
    logits: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor
) -> torch.Tensor:
    """Eq. 3: dice loss between the projections of a mask and of its box, on both axes.

    A projection is the maximum along the other axis. It is taken of the logits, as the sigmoid is
    monotonic.

    Args:
        logits: (M, h, w) float.
        rows: (M, h) bool, the rows that the box covers.
        columns: (M, w) bool, the columns that it covers.

    Returns:
        (M,), 0 to 2: about 0 if the mask touches all sides of its box and stays inside.
    """
    logits = full_precision(logits)
    return axis_loss(logits.amax(-1), rows) + axis_loss(logits.amax(-2), columns)


def axis_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """1 - 2 Σpt / (Σp² + Σt²): dice with squares (BoxInst), for one axis of Eq. 3.

    Args:
        logits: (M, L) float, projections of the masks.
        targets: (M, L) bool, projections of the boxes.

    Returns:
        (M,), 0 to 1.
    """
    probs = torch.sigmoid(full_precision(logits))
    targets = targets.to(probs.dtype)
    squares = (probs**2).sum(-1) + targets.sum(-1) + _PROJECTION_EPSILON
    return 1 - 2 * (probs * targets).sum(-1) / squares


def pairwise_axis_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """`axis_loss` of every pair of (N, L) logits and (G, L) targets: (N, G)."""
    probs = torch.sigmoid(full_precision(logits))
    targets = targets.to(probs.dtype)
    squares = (probs**2).sum(-1)[:, None] + targets.sum(-1) + _PROJECTION_EPSILON
    return 1 - 2 * (probs @ targets.T) / squares


def classification_loss(
    logits: torch.Tensor, labels: torch.Tensor, background_weight: float
) -> torch.Tensor:
    """Cross-entropy over K classes and the background, as a weighted sum over the slots (DETR).

    Args:
        logits: (S, K + 1) float, the background's last.
        labels: (S,) int64: 0 to K, K for the background; -100 ignores a slot.
        background_weight: Weight of background slots, ≥ 0; other slots have weight 1.

    Returns:
        A scalar, ≥ 0; the caller divides it by the sum of the weights.
    """
    logits = full_precision(logits)
    weights = torch.ones_like(logits[0])
    weights[-1] = background_weight
    return F.cross_entropy(logits, labels, weights, reduction="sum")


def full_precision(values: torch.Tensor) -> torch.Tensor:
    """The values in single precision; double precision stays."""
    return values if values.dtype == torch.float64 else values.float()
