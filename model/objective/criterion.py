"""The training loss (paper, Eq. 4): MERGE, one matching, then the losses of all decoder layers.

Groups and matching come from the last layer and are used for every layer (appendix E: "the same
matching indices"); each layer's own proposals are merged and compared. A batch has one data set
(section 3.5), and therefore one kind of supervision and one set of weights.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import distributed

from model.network.outputs import Outputs
from model.objective.fast_mask_losses import mask_losses
from model.objective.fast_merge import matched_masks
from model.objective.loss_weights import BACKGROUND_WEIGHT, LossWeights, Weights
from model.objective.losses import classification_loss, projection_loss
from model.objective.matching import Matches, match
from model.objective.merge import group_proposals, merge_logits, mergeable_classes
from model.objective.targets import BatchTargets, BoxTarget, MaskTarget
from o365seg.formats.task import Task

_LEFT_OUT = -100  # a label that `classification_loss` ignores


@dataclass(frozen=True)
class Counts:
    """The divisors of a batch's losses. They depend on the ground truth only.

    A batch can therefore be processed in shards, by several processes or one after the other, with
    the same gradient as in one piece.

    Attributes:
        masks: Number of ground-truth masks (Mask2Former's `num_masks`).
        slots: Sum of the slots' weights in the cross-entropy: of N proposals per image, G are
            matched and have weight 1; the others are background and have weight 0.05. Slots that
            MERGE leaves empty are included, as their number depends on the network.
    """

    masks: torch.Tensor | float
    slots: torch.Tensor | float


def batch_counts(gt_counts: Sequence[int], num_queries: int, device: torch.device) -> Counts:
    """The counts of a step, averaged over the processes; at least one mask.

    They are averaged because data parallelism averages the gradients.

    Args:
        gt_counts: Number of ground-truth masks of each image that this process has in the step.
        num_queries: Proposals of the network per image, N.
        device: Device of the counts if there are several processes.
    """
    masks = sum(gt_counts)
    matched = sum(min(count, num_queries) for count in gt_counts)
    slots = matched + BACKGROUND_WEIGHT * (len(gt_counts) * num_queries - matched)
    if not (distributed.is_available() and distributed.is_initialized()):
        return Counts(max(masks, 1), slots)
    # Filled on the device, as a copy from the host would wait for it.
    counts = torch.stack([torch.full((), float(n), device=device) for n in (masks, slots)])
    distributed.all_reduce(counts)
    means = counts / distributed.get_world_size()
    return Counts(means[0].clamp(min=1), means[1])


@dataclass(frozen=True)
class Losses:
    """Scalars of one batch. All but `total` are unweighted sums over the layers.

    Attributes:
        total: The loss to minimise, Eq. 4 summed over the layers; the only one with a gradient.
        cross_entropy: Cross-entropy of the slots, including background.
        focal: Mean focal loss of a mask; zero for boxes.
        dice: Mean dice loss of a mask; zero for boxes.
        projection: Mean projection loss of a box; zero for masks.
    """

    total: torch.Tensor
    cross_entropy: torch.Tensor
    focal: torch.Tensor
    dice: torch.Tensor
    projection: torch.Tensor


def training_losses(
    outputs: Outputs, targets: BatchTargets, task: Task, is_thing: torch.Tensor,
    weights: LossWeights, counts: Counts | None = None,
) -> Losses:  # fmt: skip
    """The losses of a batch of one data set.

    Args:
        outputs: Proposals of all layers for B images.
        targets: Ground truth of the B images, on the same device.
        task: Task of the data set; determines the classes that merge.
        is_thing: (K,) bool, on the same device.
        weights: Weights of the data set.
        counts: Divisors of the whole step; None if the batch is the whole step.

    Raises:
        ValueError: weights for the other kind of supervision.
    """
    _check(targets, weights)
    final = outputs.final
    groups = group_proposals(final.logits, mergeable_classes(task, is_thing))
    merging = task is not Task.INSTANCE
    matches = match(final, groups, targets, weights.cost, merging=merging)
    groups = matches.groups
    labels = _slot_labels(groups.valid, matches, targets, background=len(is_thing))
    gt = _MatchedGroundTruth(targets, matches)
    if counts is None:
        counts = batch_counts(targets.counts, final.logits.shape[1], final.logits.device)
    zero = final.logits.new_zeros((), dtype=torch.float32)
    sums = Losses(zero, zero, zero, zero, zero)
    for layer in outputs.layers:
        logits = merge_logits(layer.logits.float(), groups) if merging else layer.logits
        cross_entropy = classification_loss(logits.flatten(0, 1), labels, BACKGROUND_WEIGHT)
        of_masks = gt.losses(matched_masks(layer.masks, matches), zero)
        parts = Losses(zero, cross_entropy / counts.slots, *(x / counts.masks for x in of_masks))
        sums = _add(sums, replace(parts, total=_weigh(parts, weights.loss)))
    return sums


class _MatchedGroundTruth:
    """The ground truth of the matched slots, the same for every layer."""

    def __init__(self, targets: BatchTargets, matches: Matches) -> None:
        def matched(joined: torch.Tensor) -> torch.Tensor:
            return joined if matches.complete else joined[matches.targets]

        self._masks = None
        if isinstance(targets.joined, MaskTarget):
            self._masks = matched(targets.joined.masks).flatten(1)
        else:
            self._rows = matched(targets.joined.rows)
            self._columns = matched(targets.joined.columns)

    def losses(self, masks: torch.Tensor, zero: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Focal, dice and projection loss of (M, h, w) mask logits, each summed."""
        if self._masks is None:
            return zero, zero, projection_loss(masks, self._rows, self._columns).sum()
        focal, dice = mask_losses(masks.flatten(1), self._masks)
        return focal.sum(), dice.sum(), zero


def _check(targets: BatchTargets, weights: LossWeights) -> None:
    boxes = isinstance(targets.joined, BoxTarget)
    for part in (weights.cost, weights.loss):
        if (boxes and (part.focal or part.dice)) or (not boxes and part.projection):
            raise ValueError(f"not weights for {'boxes' if boxes else 'masks'}: {part}")


def _slot_labels(
    valid: torch.Tensor, matches: Matches, targets: BatchTargets, background: int
) -> torch.Tensor:
    """(B * N,) int64: the class of matched slots, background for other valid slots."""
    labels = torch.where(valid.flatten(), background, _LEFT_OUT)
    return labels.index_copy(0, matches.slots, targets.joined.labels[matches.targets])


def _weigh(parts: Losses, weights: Weights) -> torch.Tensor:
    return (
        weights.cross_entropy * parts.cross_entropy
        + weights.focal * parts.focal
        + weights.dice * parts.dice
        + weights.projection * parts.projection
    )


def _add(sums: Losses, parts: Losses) -> Losses:
    return Losses(
        total=sums.total + parts.total,
        cross_entropy=sums.cross_entropy + parts.cross_entropy.detach(),
        focal=sums.focal + parts.focal.detach(),
        dice=sums.dice + parts.dice.detach(),
        projection=sums.projection + parts.projection.detach(),
    )
